"""Event to deliveries to attempts: the loop at the heart of the sandbox.

::

    dispatch(event) ─► emitted ─► one job for each subscribed connection, due at once
        ┌─ render ─► attempting ─► send ─► attempted
        │      the retry policy decides: done, again after a delay, give up
        └─ again: due after the delay, on the clock's agenda (no task waits)
    done or given up ─► settled

What is due stands in its connection's lane; as many workers as the connection
allows take from it.  A slow subscriber holds up nobody but itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, assert_never

from sandbox.clock import Clock, Rank, Waiter
from sandbox.core.catalogue import subscribes
from sandbox.core.entries import Attempted, Attempting, Emitted, Settled
from sandbox.core.envelope import Rendering, Target
from sandbox.core.errors import UsageError
from sandbox.core.ids import Seed
from sandbox.core.model import Event, Exchange, Status, TransportError
from sandbox.core.retry import Again, Done, GiveUp, RetryPolicy
from sandbox.journal import Journal
from sandbox.transport import Transport

Spawn = Callable[[Coroutine[Any, Any, None]], object]
_NO_TIME = timedelta()


class Lane:
    """What is due for one connection, and the workers that send it."""

    __slots__ = ("due", "policy", "target", "workers")

    def __init__(self, target: Target, policy: RetryPolicy) -> None:
        self.target, self.policy = target, policy
        self.due: deque[_Job] = deque()
        self.workers = 0


class _Job:
    """A delivery that has not settled."""

    __slots__ = ("attempts", "cancelled", "due", "event", "id", "lane", "order", "owner", "verdict")

    def __init__(
        self, owner: Dispatcher, lane: Lane, event: Event, id: str, order: int, due: datetime
    ) -> None:
        self.owner, self.lane, self.event, self.id = owner, lane, event, id
        self.order, self.due = order, due
        self.attempts = 0
        self.verdict: Status | None = None
        self.cancelled = False

    def fall_due(self) -> None:
        self.owner.fall_due(self)


class Dispatcher:
    """Delivers the events of one run, on that run's clock."""

    def __init__(
        self,
        *,
        clock: Clock,
        transport: Transport,
        journal: Journal,
        seed: Seed,
        run_id: str,
        spawn: Spawn,
        stamp: Callable[[datetime], datetime],
    ) -> None:
        self._clock, self._transport, self._journal = clock, transport, journal
        self._seed, self._run_id, self._spawn = seed, run_id, spawn
        self._stamp = stamp  # when an attempt fell due -> what its headers say
        self._lanes: dict[str, Lane] = {}
        self._emitted = 0
        self._pending = 0
        self._waiting: list[Waiter] = []

    @property
    def pending(self) -> int:
        """How many deliveries have not settled."""
        return self._pending

    def connect(self, target: Target, policy: RetryPolicy) -> None:
        """From now on, events that *target* subscribes to are delivered to it."""
        self._lanes[target.id] = Lane(target, policy)

    def dispatch(self, event: Event, *, who: str = "", only: Iterable[str] | None = None) -> tuple[str, ...]:
        """Journal *event* and have it delivered; returns the deliveries' ids.

        *only* names connections by id; without it, all that subscribe receive it.
        The producer never waits for a delivery.
        """
        if self._journal.ledger.knows(event.id, run_id=self._run_id):
            raise UsageError(f"the event id {event.id} was emitted already: Wexio never uses one twice")
        now = self._clock.now()
        jobs = []
        for lane in self._lanes.values():
            connection = lane.target.connection
            chosen = only is None or lane.target.id in only
            if chosen and connection.active and subscribes(connection.events, event.name):
                self._emitted += 1
                jobs.append(_Job(self, lane, event, self._delivery_id(event, lane), self._emitted, now))
        deliveries = tuple((job.id, job.lane.target.id) for job in jobs)
        self._journal.append(
            Emitted(at=now, run_id=self._run_id, event=event, who=who, deliveries=deliveries)
        )
        self._pending += len(jobs)
        for job in jobs:
            self._clock.schedule(now, Rank.ATTEMPT, job.order, job)
        return tuple(job.id for job in jobs)

    def fall_due(self, job: _Job) -> None:
        """An attempt is due, or the end of a delivery whose last attempt used up sandbox time."""
        if job.verdict is not None:
            self._settle(job, job.verdict, job.due)
            return
        self._clock.hold()
        lane = job.lane
        lane.due.append(job)
        if lane.workers < lane.target.connection.concurrency:
            lane.workers += 1
            self._spawn(self._work(lane))

    async def _work(self, lane: Lane) -> None:
        try:
            while lane.due:
                await self._attempt(lane.due.popleft())
                self._clock.release()
        finally:
            lane.workers -= 1

    async def _attempt(self, job: _Job) -> None:
        lane, clock, journal = job.lane, self._clock, self._journal
        number = job.attempts = job.attempts + 1
        rendering = Rendering(job.event, lane.target, number, self._stamp(job.due))
        started_at = clock.now()
        facts: dict[str, Any] = {
            "run_id": self._run_id,
            "delivery_id": job.id,
            "event_id": job.event.id,
            "connection_id": lane.target.id,
            "attempt": number,
        }
        journal.append(Attempting(at=started_at, **facts))
        await journal.commit()
        facts |= {"rendering": rendering, "started_at": started_at}
        try:
            exchange = await self._transport.send(rendering.request(), timeout=lane.policy.timeout)
        except asyncio.CancelledError:
            cut = TransportError(type="interrupted", message="the sandbox stopped during this attempt")
            journal.append(Attempted(at=clock.now(), outcome=cut, elapsed_ms=0.0, **facts))
            raise
        ended_at, due, status = self._judge(job, number, exchange)
        journal.append(
            Attempted(
                at=ended_at,
                outcome=exchange.outcome,
                elapsed_ms=exchange.elapsed_ms,
                timing=exchange.timing,
                next_attempt_at=due,
                **facts,
            )
        )
        if due is not None:
            job.due = due
            clock.schedule(due, Rank.ATTEMPT, job.order, job)
        elif status is not None:
            if ended_at > clock.now():
                job.due, job.verdict = ended_at, status
                clock.schedule(ended_at, Rank.ATTEMPT, job.order, job)
            else:
                self._settle(job, status, ended_at)

    def _judge(
        self, job: _Job, number: int, exchange: Exchange
    ) -> tuple[datetime, datetime | None, Status | None]:
        """When the attempt ended, when the next is due, or how the delivery ends."""
        policy, outcome = job.lane.policy, exchange.outcome
        silent = isinstance(outcome, TransportError) and outcome.type == "timeout"
        ended_at = self._clock.ended(policy.timeout if silent else _NO_TIME)

        def draw() -> float:
            name = f"jitter/{job.lane.target.id}/{job.event.id}/{number}"
            return self._seed.stream(name).fraction()

        match policy.decide(number, outcome, draw=draw, now=ended_at):
            case Done():
                return ended_at, None, Status.SUCCESS
            case GiveUp(status=status):
                return ended_at, None, Status(status)
            case Again(delay=delay):
                return ended_at, ended_at + delay, None
            case other:
                assert_never(other)

    def _settle(self, job: _Job, status: Status, at: datetime) -> None:
        self._journal.append(
            Settled(
                at=at,
                run_id=self._run_id,
                delivery_id=job.id,
                event_id=job.event.id,
                connection_id=job.lane.target.id,
                status=status,
                attempt_count=job.attempts,
            )
        )
        self._pending -= 1
        if not self._pending:
            waiting, self._waiting = self._waiting, []
            for waiter in waiting:
                waiter.wake()

    async def settled(self, until: datetime | None = None) -> bool:
        """Wait until nothing is pending, at most *until* (sandbox clock); whether that came about.

        The caller holds the clock.
        """
        while self._pending:
            waiter = Waiter(self._clock)
            self._waiting.append(waiter)
            if until is not None:
                self._clock.schedule(until, Rank.STEP, 0, waiter)
            if await waiter.wait():
                # What is due at the deadline itself comes too late: steps go before attempts.
                self._waiting.remove(waiter)
                return not self._pending
        return True

    def _delivery_id(self, event: Event, lane: Lane) -> str:
        name = f"{self._run_id}/{event.id}/{lane.target.id}"
        return "dlv_" + blake2b(name.encode(), digest_size=12).hexdigest()
