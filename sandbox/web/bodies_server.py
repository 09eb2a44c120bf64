"""What is given out of scenarios, runs and the server itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sandbox.web.bodies_out import AuthOut, Counts, Duration, Moment, Out, VerdictOut

# --- scenarios and runs ----------------------------------------------------------------


class ProblemLineOut(Out):
    """One thing about a scenario's text, and where."""

    message: str
    hint: str | None
    severity: Literal["error", "warning"]
    line: int
    column: int
    length: int
    source_line: str | None


class LintOut(Out):
    """What is wrong with a scenario's text."""

    valid: bool
    """Whether it can be played: there may still be warnings."""
    problems: list[ProblemLineOut]


class ScenarioLineOut(Out):
    """A scenario that can be played by its name."""

    name: str
    shipped: bool
    """false: one of your own."""
    title: str
    description: str
    valid: bool


class ScenariosOut(Out):
    """All of them, one's own first."""

    items: list[ScenarioLineOut]


class ScenarioOut(ScenarioLineOut):
    """The same with its text."""

    source: str
    """Secrets masked."""
    problems: list[ProblemLineOut]


class RunLineOut(Out):
    """One playing of a scenario."""

    id: str
    name: str
    status: Literal["playing", "paused", "finished", "stopped", "interrupted", "failed"]
    seed: int
    speed: float | Literal["max", "manual"]
    signature_time: Literal["wall", "sandbox"]
    started_at: Moment
    """Real time."""
    ended_at: Moment | None
    begins_at: Moment
    """Where the run's own clock began."""
    at: Moment
    """The run's own clock."""
    step: int | None
    """The present step, from 0; null: none is being played."""
    step_at: Moment | None
    """When it began, on the run's own clock."""
    note: str | None
    """Of the present step, or of the last one that had any."""
    deliveries: Counts
    verdict: VerdictOut | None
    error: str | None


class RunsOut(Out):
    """All of them, newest first."""

    items: list[RunLineOut]


class StepOut(Out):
    """A step of the scenario's first level."""

    kind: Literal["emit", "wait", "repeat", "settle", "expect"]
    says: str
    """What happens in it."""
    note: str | None
    """For a presenter."""
    channels: list[str]
    """On which something may happen in it."""
    takes_ms: float | None
    """On the run's own clock; null: that is not known before it is over."""


class RunConnectionOut(Out):
    """Where the run delivers to."""

    id: str
    name: str
    url: str
    auth: AuthOut


class RunOut(RunLineOut):
    """The same with its steps, its connections and its text."""

    steps: list[StepOut]
    connections: list[RunConnectionOut]
    source: str
    """Secrets masked."""


# --- the server ------------------------------------------------------------------------


class ClockOut(Out):
    """The server's clock."""

    at: Moment
    speed: float | Literal["max", "manual"]
    paused: bool
    next_due: Moment | None
    """When the next thing falls due."""


class OutageOut(Out):
    """A time in which every request fails."""

    from_: Duration = Field(alias="from")
    for_: Duration = Field(alias="for")
    status: int | Literal["down"]


class AnswerOut(Out):
    """A status with a delay or headers."""

    status: int | str
    after: Duration | None = None
    headers: dict[str, str] | None = None


class SubscriberOut(Out):
    """The built-in subscriber."""

    url: str
    respond: list[int | str | AnswerOut]
    outage: OutageOut | None
    """One that is to come, or to end."""
    next: list[int | str | AnswerOut]
    """What the next requests get, whichever they are, before `respond` goes on."""
    requests: int
    """How many of the last ones are remembered."""


class FactOut(Out):
    """One thing that the platform does."""

    setting: str
    value: str
    """As the configuration file spells it."""
    says: str
    standing: Literal["documented", "inferred", "assumed"]


class ProfileOut(Out):
    """Everything that can be set, and how sure we are of it."""

    items: list[FactOut]


class OldestOut(Out):
    """What has been pending longest."""

    delivery_id: str
    emitted_at: Moment
    age: Duration
    """On its own clock."""
    next_attempt_at: Moment | None


class PendingOut(Out):
    """What has not settled."""

    count: int
    oldest: OldestOut | None


class LatencyOut(Out):
    """How long the last attempts since then took, in real milliseconds; null where there were none."""

    attempts: int
    """So many of the last ones."""
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    max_ms: float | None


class AttemptsOut(Out):
    """All attempts of the deliveries that there are."""

    total: int
    by_outcome: Annotated[dict[str, int], Field(examples=[{"2xx": 40, "5xx": 3, "timeout": 1}])]
    by_channel: Annotated[dict[str, int], Field(examples=[{"WHATSAPP": 30, "VIBER": 14}])]
    accepted_by_channel: Annotated[dict[str, int], Field(examples=[{"WHATSAPP": 28, "VIBER": 12}])]
    """Those of them that were answered with a 2xx."""


class StatsOut(Out):
    """The numbers of the overview."""

    seq: int
    """The last entry of the journal: where a stream of what follows begins."""
    since: Moment
    """When the server started or was reset: latencies, and the course of things, are told from here on."""
    events: int
    """All there are in the journal, as of everything that is counted here."""
    events_by_channel: dict[str, int]
    deliveries: Counts
    """All there are."""
    attempts: AttemptsOut
    pending: PendingOut
    latency: LatencyOut
    runs: dict[str, int]
    """By status."""
    streams: int
    """How many live streams are open."""
    clock: ClockOut


class WhileOut(Out):
    """What happened in a short while."""

    at: Moment
    """When it began, in real time."""
    events: int
    accepted: int
    """Attempts that were answered with a 2xx."""
    refused: int
    """All other attempts."""


class CourseOut(Out):
    """How things went, since the server started or was reset."""

    at: Moment
    """Now, in real time."""
    every_ms: float
    """How long a while is."""
    items: list[WhileOut]
    """Oldest first; those in which nothing happened are left out."""


class HealthOut(Out):
    """It is there."""

    status: Literal["ok"]
    version: str


class ReadyOut(Out):
    """It can work."""

    status: Literal["ready"]
    checks: dict[str, str]
