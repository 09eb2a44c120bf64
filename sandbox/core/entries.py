"""The journal's entries: the facts, in the words of the public surface.

An entry does not know its ``seq``: that is its place in the journal.  The state of
a delivery is folded from these and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sandbox.core.envelope import Rendering
from sandbox.core.faults import ON_DELIVERY, Faults
from sandbox.core.model import NO_TIMING, Event, Outcome, Request, Status


class Emitted(NamedTuple):
    """Something happened, and these connections will hear of it."""

    at: datetime
    run_id: str
    event: Event
    who: str = ""  # for people: the contact's or the chat's name
    deliveries: tuple[tuple[str, str], ...] = ()  # (delivery id, connection id)
    faults: Faults = ()  # what was asked to go wrong with them
    late: tuple[tuple[str, datetime], ...] = ()  # of those that a fault delays: when they first go out

    def due(self, delivery_id: str) -> datetime:
        """When the first attempt of this delivery goes out."""
        return dict(self.late).get(delivery_id, self.at) if self.late else self.at


class Attempting(NamedTuple):
    """Durable before the first byte goes out: this number is used up."""

    at: datetime
    run_id: str
    delivery_id: str
    event_id: str
    connection_id: str
    attempt: int
    # What is about to be sent: it lets whoever finds this attempt unfinished say so.
    rendering: Rendering | None = None


class Attempted(NamedTuple):
    """One POST and its outcome."""

    at: datetime  # the end of the attempt, on the sandbox's clock
    run_id: str
    delivery_id: str
    event_id: str
    connection_id: str
    attempt: int
    rendering: Rendering  # what the request is made from: the same bytes each time
    outcome: Outcome
    started_at: datetime
    elapsed_ms: float  # real time
    timing: Mapping[str, float] = NO_TIMING
    next_attempt_at: datetime | None = None
    # The fault `duplicate`: the same request once more, after its answer.  It is no attempt of
    # its own, and decides nothing.
    copy: bool = False

    @property
    def faults(self) -> Faults:
        """What went wrong with this attempt, on purpose."""
        return self.rendering.faults

    @property
    def went_wrong(self) -> str:
        """The same in words for people, ``wrong_secret, delay by 3s``; empty where nothing did."""
        faults = self.rendering.faults
        if self.copy:
            faults = tuple(fault for fault in faults if fault.do not in ON_DELIVERY)
        return ", ".join([*(["copy"] if self.copy else []), *map(str, faults)])

    @property
    def request(self) -> Request:
        """The request, byte for byte as it was sent."""
        return self.rendering.request()


class Settled(NamedTuple):
    """The end of a delivery."""

    at: datetime
    run_id: str
    delivery_id: str
    event_id: str
    connection_id: str
    status: Status
    attempt_count: int
    reason: str = ""  # where no attempt decided it: "stopped", "connection deleted"


class Resent(NamedTuple):
    """A settled delivery is PENDING again: one attempt at once, the ladder anew, the numbers go on."""

    at: datetime
    run_id: str
    delivery_id: str
    event_id: str
    connection_id: str
    next_attempt_at: datetime | None = None  # where a fault delays it; None, at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What was expected, whether it held, and what was the case instead."""

    text: str
    passed: bool
    actual: str
    # What only those know who have just played it; the journal keeps neither.
    line: int | None = field(default=None, compare=False, repr=False)  # in the scenario's file
    about: tuple[str, ...] = field(
        default=(), compare=False, repr=False
    )  # deliveries by id: `expectations.ABOUT`


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a run ended."""

    at: datetime
    run_id: str
    passed: bool
    expectations: tuple[Expectation, ...]
    deliveries: Mapping[Status, int]
    seed: int
    elapsed_ms: float  # real time


Entry = Emitted | Attempting | Attempted | Settled | Resent | Verdict
