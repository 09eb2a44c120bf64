"""An outage in numbers: what piled up, how hard it came back, how long until it was over.

A `Tally` is folded from journal entries, in the sandbox's time.  An attempt that the
outage swallowed has the outcome ``dropped``; all others went over the wire.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sandbox.core.durations import format_duration
from sandbox.core.entries import Attempted, Emitted, Entry, Settled
from sandbox.core.errors import UsageError
from sandbox.core.model import Response, Status, TransportError
from sandbox.core.scenario import Emit, Repeat, Scenario, Settle

MOST: Final = 100_000
"""Events of one drill; each is remembered with all its attempts."""
_RATE: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)/(s|m|h)")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_BARS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens: events at a steady *rate* a second for as long as the *outage* lasts.

    Raises `UsageError` where that is none, or too many.
    """

    outage: timedelta
    rate: float
    written: str  # the rate as it was given: 2/s

    def __post_init__(self) -> None:
        if self.outage > timedelta(days=365):
            raise UsageError("an outage of more than a year is none to drill")
        if self.count < 1:
            raise UsageError(f"nothing happens at {self.written} within {format_duration(self.outage)}")
        if self.count > MOST:
            raise UsageError(
                f"{self.written} for {format_duration(self.outage)} are {self.count:,} events; at most "
                f"{MOST:,} are played: lower --rate or --outage"
            )

    @property
    def every(self) -> timedelta:
        """The time between two events."""
        return timedelta(seconds=1 / self.rate)

    @property
    def count(self) -> int:
        """How many events there are."""
        return round(self.outage.total_seconds() * self.rate)

    def scenario(self) -> Scenario:
        """The same as a play, without its outage."""
        return Scenario(
            name=f"an outage of {format_duration(self.outage)} at {self.written}",
            steps=(Repeat(times=self.count, every=self.every, steps=(Emit(),)), Settle()),
        )


def parse_rate(text: str) -> float:
    """``2/s``, ``30/m`` or ``100/h`` as a number a second.  Raises ValueError."""
    found = _RATE.fullmatch(text)
    rate = float(found[1]) / _UNITS[found[2]] if found else 0.0
    if not 0 < rate <= 10_000:
        raise ValueError(f"{text!r} is not a rate: 2/s, 30/m or 100/h are")
    return rate


@dataclass(slots=True)
class Tally:
    """What has happened so far.  *over* is when the outage ends, on the sandbox's clock."""

    over: datetime
    emitted: int = 0
    held_back: int = 0  # attempts that the outage swallowed
    sent: int = 0  # attempts that went over the wire
    backlog: int = 0  # deliveries that were pending when the outage ended
    lost_before: int = 0  # deliveries that were given up before it ended
    answers: Counter[str] = field(default_factory=Counter)
    settled: Counter[Status] = field(default_factory=Counter)
    by_second: Counter[int] = field(default_factory=Counter)  # requests, by seconds after the outage
    by_event: Counter[str] = field(default_factory=Counter)  # requests that may have been received
    last: datetime | None = None
    silent: int = 0  # requests that met nobody
    slowest_ms: float = 0.0

    def tell(self, entry: Entry) -> None:
        """Fold one more *entry* in."""
        match entry:
            case Emitted():
                self.emitted += 1
            case Attempted():
                self._attempted(entry)
            case Settled():
                self.settled[entry.status] += 1
                self.lost_before += entry.at < self.over
                if entry.status is Status.SUCCESS:
                    self.last = max(self.last or entry.at, entry.at)

    def _attempted(self, entry: Attempted) -> None:
        outcome = entry.outcome
        if isinstance(outcome, TransportError) and outcome.type == "dropped":
            self.held_back += 1
            return
        self.sent += 1
        self.answers[str(outcome.status) if isinstance(outcome, Response) else outcome.type] += 1
        if isinstance(outcome, TransportError) and outcome.type in ("connect", "dns", "tls", "blocked"):
            self.silent += 1
        else:
            self.by_event[entry.event_id] += 1
        self.by_second[int((entry.started_at - self.over).total_seconds())] += 1
        self.slowest_ms = max(self.slowest_ms, entry.elapsed_ms)

    def report(self, plan: Plan, *, elapsed_ms: float, pending: int, policy: str, seed: int) -> Report:
        """All of it, judged."""
        peak = max(self.by_second.values(), default=0)
        minutes: Counter[int] = Counter()
        for second, number in self.by_second.items():
            minutes[second // 60] += number
        return Report(
            plan=plan,
            policy=policy,
            seed=seed,
            events=self.emitted,
            backlog=self.emitted - self.lost_before,
            held_back=self.held_back,
            sent=self.sent,
            peak_second=peak,
            peak_minute=max(minutes.values(), default=0),
            recovery=None if self.last is None else max(self.last - self.over, timedelta()),
            duplicates=sum(number - 1 for number in self.by_event.values()),
            answers=dict(self.answers.most_common()),
            settled={status: self.settled[status] for status in Status if self.settled[status]},
            pending=pending,
            silent=self.sent > 0 and self.silent == self.sent,
            slowest_ms=self.slowest_ms,
            elapsed_ms=elapsed_ms,
            waves=_waves(self.by_second),
        )


def _waves(by_second: Counter[int]) -> tuple[tuple[timedelta, timedelta, int], ...]:
    """Requests in a dozen spans of the recovery: from when, to when, how many."""
    if not by_second:
        return ()
    end = max(by_second) + 1
    span = max(1, -(-end // _BARS))
    counts: Counter[int] = Counter()
    for second, number in by_second.items():
        counts[max(second, 0) // span] += number
    return tuple(
        (timedelta(seconds=index * span), timedelta(seconds=(index + 1) * span), counts[index])
        for index in range(-(-end // span))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a drill went."""

    plan: Plan
    policy: str
    seed: int
    events: int
    backlog: int  # deliveries pending when the outage ended
    held_back: int
    sent: int
    peak_second: int
    peak_minute: int
    recovery: timedelta | None  # from the end of the outage to the last success; None without one
    duplicates: int  # requests that repeated an event which may have been received
    answers: dict[str, int]
    settled: dict[Status, int]
    pending: int
    silent: bool  # not one request met anybody
    slowest_ms: float
    elapsed_ms: float
    waves: tuple[tuple[timedelta, timedelta, int], ...]

    @property
    def delivered(self) -> int:
        """Deliveries that came through."""
        return self.settled.get(Status.SUCCESS, 0)

    @property
    def lost(self) -> int:
        """Deliveries that were given up."""
        return sum(self.settled.values()) - self.delivered

    @property
    def passed(self) -> bool:
        """Everything has come through."""
        return self.delivered == self.events == self.plan.count

    def json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "passed": self.passed,
            "outage": format_duration(self.plan.outage),
            "rate": self.plan.written,
            "retry": self.policy,
            "seed": self.seed,
            "events": self.events,
            "backlog": self.backlog,
            "held_back": self.held_back,
            "requests": self.sent,
            "peak": {"per_second": self.peak_second, "per_minute": self.peak_minute},
            "time_to_recover": None if self.recovery is None else format_duration(self.recovery),
            "duplicates": self.duplicates,
            "dead_letters": self.settled.get(Status.DEAD_LETTER, 0),
            "deliveries": {str(status): number for status, number in self.settled.items()},
            "pending": self.pending,
            "answers": self.answers,
            "waves": [
                {"from": format_duration(start), "to": format_duration(end), "requests": number}
                for start, end, number in self.waves
            ],
            "slowest_ms": round(self.slowest_ms, 3),
            "elapsed_ms": round(self.elapsed_ms, 3),
        }
