"""A scenario as values: what a YAML play means once it has been read and found right.

Reading one, with every problem and its place, is `sandbox.core.parse`; playing one
is `sandbox.player`.  Names are those of the public surface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sandbox.core.catalogue import CHANNELS
from sandbox.core.faults import Faults
from sandbox.core.model import Connection, Status
from sandbox.core.retry import RetryPolicy

NO_CONTACT: Final = "none"
"""``contact: none``: the documented case of a chat without a resolvable contact."""

Origin = Literal["inbound", "flow"]
SignatureTime = Literal["wall", "sandbox"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """``3`` is exactly three; ``{min: 1, max: 3}`` either end may be open."""

    min: int = 0
    max: int | None = None

    def holds(self, number: int) -> bool:
        """Whether *number* lies in the range, ends included."""
        return self.min <= number and (self.max is None or number <= self.max)

    def __str__(self) -> str:
        if self.max is None:
            return f"at least {self.min}"
        if self.min == self.max:
            return str(self.min)
        return f"{self.min} to {self.max}" if self.min else f"at most {self.max}"


# --- steps -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    """Something happens in Wexio."""

    event: str = "chat.created"
    channels: tuple[str, ...] = CHANNELS  # one is drawn from the seed where there are several
    contact: str | None = None  # a name in contacts, NO_CONTACT, or somebody new
    origin: Origin = "inbound"
    data: Mapping[str, Any] = field(default_factory=dict)  # merged over what was made up
    id: str | None = None
    occurred_at: datetime | None = None
    faults: Faults = ()  # what goes wrong with its deliveries, on purpose
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Let time pass."""

    duration: timedelta
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Play steps several times, ``every`` apart."""

    times: int
    steps: tuple[Step, ...]
    every: timedelta = timedelta()
    faults: Faults = ()  # of all that is emitted inside
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Wait until nothing is pending; running out of time is a failed expectation."""

    timeout: timedelta | None = None
    note: str | None = None
    line: int | None = field(default=None, compare=False)  # where it stands in its file


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """Judge the run's deliveries so far: those in ``status``, or all."""

    status: Status | None = None
    deliveries: Range | None = None
    attempts: Range | None = None  # holds for each selected delivery
    within: timedelta | None = None  # from emitted to settled, for each selected delivery
    note: str | None = None
    line: int | None = field(default=None, compare=False)  # where it stands in its file


Step = Emit | Wait | Repeat | Settle | Expect


# --- the built-in subscriber's script --------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One scripted answer: a status, silence (``timeout``) or a TCP reset."""

    status: int | Literal["timeout", "reset"] = 200
    after: timedelta = timedelta()  # real time
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """From when and for how long (scenario's clock) every request gets ``status``."""

    start: timedelta
    duration: timedelta
    status: int | Literal["down"] = 503  # down closes the port


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberScript:
    """What the built-in subscriber answers, by requests seen per (connection, event)."""

    respond: tuple[Answer, ...] = (Answer(),)  # the last one repeats
    outage: Outage | None = None


# --- the whole -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A play, ready to be played."""

    name: str
    description: str = ""
    seed: int | None = None
    start: datetime | None = None
    signature_time: SignatureTime | None = None
    organisation: str | None = None
    integrations: Mapping[str, str] = field(default_factory=dict)
    retry: RetryPolicy | str | None = None
    contacts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    connections: tuple[Connection, ...] = ()
    subscriber: SubscriberScript = field(default_factory=SubscriberScript)
    steps: tuple[Step, ...] = ()
