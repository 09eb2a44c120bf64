"""What is measured while the server runs: fed by the journal, read by /stats and /metrics.

How many events and attempts there are is no matter of a process: that is the journal's to say.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client import Counter as Metric

from sandbox.clock import wall_now
from sandbox.core.entries import Attempted, Emitted, Entry
from sandbox.core.model import kind_of
from sandbox.journal import Journal

WINDOW: Final = 1000
"""So many of the last attempts say how long attempts take."""

EVERY: Final = timedelta(seconds=5)
"""How finely the course of things is told …"""
KEPT: Final = 720
"""… and for how many such whiles: an hour in all, in real time."""

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, math.inf)


@dataclass(slots=True, kw_only=True)
class While:
    """What happened from *at* on, for as long as `EVERY`."""

    at: datetime  # real time
    events: int = 0
    accepted: int = 0  # attempts that were answered with a 2xx
    refused: int = 0  # every other one


class Tally:
    """How things have gone since it began, or since `restart`: how long attempts took, and when was how much.

    ``registry`` holds counters for Prometheus; those go on counting over a restart.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._metric_events = Metric(
            "wexio_sandbox_events", "Events emitted.", ["event", "channel"], registry=self.registry
        )
        self._metric_attempts = Metric(
            "wexio_sandbox_attempts",
            "Attempts that have ended.",
            ["channel", "outcome"],
            registry=self.registry,
        )
        self._metric_seconds = Histogram(
            "wexio_sandbox_attempt_duration_seconds",
            "How long attempts took, in real time.",
            ["channel"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.streams = 0
        self.restart()

    def restart(self) -> None:
        """Measure from nothing again."""
        self.since: datetime = wall_now()
        self._last: deque[float] = deque(maxlen=WINDOW)
        self.course: deque[While] = deque(maxlen=KEPT)

    def apply(self, entry: Entry) -> None:
        """Count one more entry."""
        match entry:
            case Emitted(event=event):
                self._now().events += 1
                self._metric_events.labels(event.name, event.channel or "none").inc()
            case Attempted(copy=True):
                pass  # the fault `duplicate`: it is no attempt
            case Attempted(rendering=rendering, outcome=outcome, elapsed_ms=elapsed):
                channel, kind = rendering.event.channel or "none", kind_of(outcome)
                if kind == "2xx":
                    self._now().accepted += 1
                else:
                    self._now().refused += 1
                self._last.append(elapsed)
                self._metric_attempts.labels(channel, kind).inc()
                self._metric_seconds.labels(channel).observe(elapsed / 1000)

    def _now(self) -> While:
        """The present while; those in which nothing happens are not there."""
        seconds = EVERY.total_seconds()
        at = datetime.fromtimestamp(wall_now().timestamp() // seconds * seconds, UTC)
        if not self.course or self.course[-1].at != at:
            self.course.append(While(at=at))
        return self.course[-1]

    async def follow(self, journal: Journal, *, after: int) -> None:
        """Count whatever the journal tells beyond *after*, until it is closed."""
        async for _, entry in journal.follow(after):
            self.apply(entry)

    def latencies(self, *shares: float) -> Sequence[float | None]:
        """For each of *shares* (0.5 is half), in how many milliseconds so many of the last attempts were over."""
        ordered = sorted(self._last)
        if not ordered:
            return [None] * len(shares)
        return [round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3) for share in shares]

    @property
    def measured(self) -> int:
        """How many attempts `latencies` speaks of."""
        return len(self._last)
