"""What stands in line: a lane for each connection, a job for each delivery that has not settled."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from sandbox.core.envelope import Target
from sandbox.core.faults import Faults
from sandbox.core.model import Connection, Event, Status
from sandbox.core.retry import RetryPolicy


def stands(connection: Connection) -> bool:
    """Whether nothing goes out to *connection* for now: it is paused, or held."""
    return connection.held or not connection.active


class Lane:
    """What is due for one connection, and the workers that send it."""

    __slots__ = ("due", "held", "policy", "target", "workers")

    def __init__(self, target: Target, policy: RetryPolicy) -> None:
        self.target, self.policy = target, policy
        self.due: deque[Job] = deque()
        self.workers = 0
        self.held = stands(target.connection)


class Job:
    """A delivery that has not settled."""

    __slots__ = (
        *("attempts", "base", "cancelled", "due", "event", "faults", "id", "lane", "order"),
        *("planned", "reason", "reordered", "sending", "signed_at", "verdict", "_on_due"),
    )

    def __init__(
        self,
        on_due: Callable[[Job], None],
        lane: Lane,
        event: Event,
        id: str,
        order: int,
        due: datetime,
        faults: Faults,
    ) -> None:
        self._on_due, self.lane, self.event, self.id = on_due, lane, event, id
        self.order, self.due = order, due
        self.planned = due  # when the next attempt is due if answers take no time: the same in every run
        self.attempts = self.base = 0
        self.faults = faults  # what was asked for
        self.reordered = False  # its first attempt was held, and let go out of order
        self.signed_at: datetime | None = None  # of an attempt that is delayed: when it fell due
        self.verdict: Status | None = None
        self.sending = False
        self.reason = ""  # why it was given up while its attempt was in flight
        self.cancelled = False  # settled before its turn came

    def fall_due(self) -> None:
        self._on_due(self)
