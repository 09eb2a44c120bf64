"""The nouns of the report card: what was sent, what came back, what a check found.

Which checks there are, and what each is worth, is `sandbox.core.cardbook`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sandbox.core.letters import nearly
from sandbox.core.markup import Ink
from sandbox.core.model import Basic, Bearer, Connection, Outcome, Request, Response
from sandbox.core.phrases import seconds
from sandbox.core.present import shown_url
from sandbox.core.profile import Profile
from sandbox.core.report import secrets

Status = Literal["passed", "failed", "warned", "skipped"]
UNTOLD = "not one valid delivery is taken, so that nothing else can be told"
"""Why all but the first check is skipped, where that is so."""
STATUSES: tuple[Status, ...] = ("failed", "warned", "skipped", "passed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One request of a check and what became of it."""

    what: str  # "an event that no one has documented yet"
    request: Request
    outcome: Outcome
    elapsed_ms: float

    @property
    def status(self) -> int | None:
        """The status of the answer; None where there was none."""
        return self.outcome.status if isinstance(self.outcome, Response) else None

    @property
    def taken(self) -> bool:
        """Whether the consumer took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the consumer refused it as a client's fault: any 4xx."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def answer(self) -> str:
        """``401``, or ``no answer: timeout``."""
        outcome = self.outcome
        if isinstance(outcome, Response):
            return str(outcome.status)
        return f"no answer ({outcome.type}: {outcome.message.replace(self.request.url, shown_url(self.request.url))})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found: one sentence, and the exchange that decided."""

    id: str
    status: Status
    reason: str
    decisive: Posted | None = None
    advice: str = ""  # what to change; only where something was found
    code: tuple[str, str] = ("", "")  # the same in Python and in Node
    posted: int = 0  # requests that the check sent
    elapsed_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One consumer, examined."""

    connection: Connection = field(repr=False)
    findings: Sequence[Finding]
    allowed: str  # for one attempt, as it is written: 10s
    bound: str  # for the whole card
    made_at: datetime
    elapsed_ms: float
    version: str
    profile: Profile = field(default_factory=Profile)

    @property
    def ink(self) -> Ink:
        """Writes what the consumer said."""
        return ink_of(self.connection)

    @property
    def passed(self) -> bool:
        """Nothing failed; a warning is none."""
        return not any(item.status == "failed" for item in self.findings)

    @property
    def counts(self) -> Counter[Status]:
        """How many checks came to what."""
        return Counter(item.status for item in self.findings)

    @property
    def posted(self) -> int:
        """How many requests were sent in all."""
        return sum(item.posted for item in self.findings)

    @property
    def in_words(self) -> str:
        """``2 failed, 1 warned, 15 passed of 18 checks``."""
        counts = self.counts
        said = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
        return f"{said} of {len(self.findings)} checks in {seconds(self.elapsed_ms)}"


def ink_of(connection: Connection) -> Ink:
    """Writes what a consumer said, without the secrets of its *connection*."""
    known = list(secrets([connection]))
    if isinstance(connection.auth, Bearer | Basic):
        # One check sends them wrong in one letter: whoever reads that can guess the rest.
        known += [nearly(said) for said in known]
    return Ink(known)
