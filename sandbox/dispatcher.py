"""Event to deliveries to attempts: the loop at the heart of the sandbox.

::

    dispatch(event) ─► emitted ─► one job for each subscribed connection, due at once
        ┌─ render ─► attempting ─► send ─► attempted
        │      the retry policy decides: done, again after a delay, give up
        └─ again: due after the delay, on the clock's agenda (no task waits)
    done or given up ─► settled

What is due stands in its connection's lane; as many workers as the connection
allows take from it.  A slow subscriber holds up nobody but itself.  A lane can be
held: what falls due meanwhile waits in it, and holds no clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, assert_never

from sandbox.clock import Clock, Rank, Waiter, later, wall_now
from sandbox.closing import INTERRUPTED, ended, lost
from sandbox.core.catalogue import subscribes
from sandbox.core.entries import Attempting, Emitted, Resent, Settled
from sandbox.core.envelope import Rendering, Target
from sandbox.core.errors import Conflict, SandboxError, UsageError
from sandbox.core.faults import Faults
from sandbox.core.ids import Seed
from sandbox.core.ledger import Pending
from sandbox.core.model import Event, Exchange, Status, TransportError
from sandbox.core.retry import Again, Done, GiveUp, RetryPolicy
from sandbox.journal import Journal
from sandbox.lanes import Job, Lane, stands
from sandbox.mishaps import Mishaps, Scope, send
from sandbox.transport import Transport

Spawn = Callable[[Coroutine[Any, Any, None]], object]
_NO_TIME = timedelta()


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
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock, self._transport, self._journal = clock, transport, journal
        self._seed, self._run_id, self._spawn = seed, run_id, spawn
        self._stamp = stamp  # when an attempt was planned for -> what its headers say
        self._on_idle = on_idle  # called when nothing is pending any more
        self._lanes: dict[str, Lane] = {}
        self._jobs: dict[str, Job] = {}  # what has not settled, by delivery id
        self._ordered = 0
        self._waiting: dict[Waiter, None] = {}
        self._mishaps = Mishaps(seed)
        self._on_due = self.fall_due  # one for all jobs: bound anew, each would keep its own
        self._closed = False

    @property
    def pending(self) -> int:
        """How many deliveries have not settled."""
        return len(self._jobs)

    def connect(self, target: Target, policy: RetryPolicy) -> None:
        """From now on, events that *target* subscribes to are delivered to it.

        Where the connection is known, this is how it has changed: the next attempt
        goes by it.  For one that is not active, or held, what is due waits.
        """
        lane = self._lanes.get(target.id)
        if lane is None:
            self._lanes[target.id] = Lane(target, policy)
            return
        lane.target, lane.policy = target, policy
        self._hold(lane, held=stands(target.connection))
        if not lane.held:
            # More at once is meant for what stands in line already, too.
            for _ in range(min(len(lane.due), target.connection.concurrency - lane.workers)):
                self._man(lane)

    def disconnect(self, connection_id: str, reason: str) -> None:
        """Deliver nothing more to this connection; what is pending ends as FAILED, for this *reason*."""
        if self._lanes.pop(connection_id, None) is not None:
            self._give_up((job for job in self._jobs.values() if job.lane.target.id == connection_id), reason)

    def give_up(self, reason: str) -> None:
        """Everything that is pending ends as FAILED, for this *reason*."""
        self._give_up(self._jobs.values(), reason)

    def close(self) -> None:
        """Nothing new is taken on any more; what is pending stays so."""
        self._closed = True

    def take_up(self, pending: Pending) -> None:
        """Go on with a delivery where another dispatcher left it.

        An attempt that was in flight is closed as ``interrupted``: it counts, and its
        number is not used again.
        """
        lane, cut, last = self._lanes.get(pending.connection_id), pending.in_flight, pending.last
        now = self._clock.now()
        if lane is None:
            for entry in lost(pending, now):
                self._journal.append(entry)
            return
        job = self._job(lane, pending.event, pending.delivery_id, pending.due or now, pending.faults)
        self._jobs[job.id] = job
        job.attempts, job.base = pending.begun, pending.base
        if cut is not None:
            self._close(job, cut, INTERRUPTED)
        elif pending.due is not None:
            job.due = job.planned = self._mishaps.falls_due(job)
            self._clock.schedule(job.due, Rank.ATTEMPT, job.order, job)
        else:
            assert last is not None, "what has no attempt yet is due"
            _, _, status = self._judge(job, last.attempt, Exchange(outcome=last.outcome, elapsed_ms=0.0))
            self._settle(job, status or Status.DEAD_LETTER, now)

    def resend(
        self, delivery_id: str, event: Event, connection_id: str, attempts: int, faults: Faults = ()
    ) -> None:
        """One more attempt at once for a settled delivery, and the ladder anew; its numbers go on counting."""
        lane = self._lanes.get(connection_id)
        if lane is None:
            raise Conflict(f"the connection {connection_id} is not there any more")
        now = self._clock.now()
        job = self._job(lane, event, delivery_id, now, faults)
        job.attempts = job.base = attempts
        self._journal.append(
            Resent(
                at=now,
                run_id=self._run_id,
                delivery_id=delivery_id,
                event_id=event.id,
                connection_id=connection_id,
                next_attempt_at=self._mishaps.late(job, now),
            )
        )
        self._jobs[job.id] = job
        self._clock.schedule(now, Rank.ATTEMPT, job.order, job)

    def dispatch(
        self,
        event: Event,
        *,
        who: str = "",
        only: Iterable[str] | None = None,
        planned: datetime | None = None,
        faults: Faults = (),
        scope: Scope = 0,
    ) -> tuple[str, ...]:
        """Journal *event* and have it delivered; returns the deliveries' ids.

        *only* names connections by id; without it, all that subscribe receive it.
        *planned* is the moment for which it was planned, where real time is a little
        late.  The producer never waits for a delivery.  *faults* go wrong with it; what
        they hold back is let go at the latest by `release` of its *scope*.
        """
        if self._closed:
            raise Conflict("the sandbox was left meanwhile: nothing is emitted any more")
        if self._journal.ledger.knows(event.id, run_id=self._run_id):
            raise UsageError(f"the event id {event.id} was emitted already: Wexio never uses one twice")
        now = self._clock.now()
        jobs = []
        for lane in self._lanes.values():
            connection = lane.target.connection
            chosen = only is None or lane.target.id in only
            if chosen and connection.active and subscribes(connection.events, event.name):
                job = self._job(lane, event, self._delivery_id(event, lane), planned or now, faults)
                self._jobs[job.id] = job
                jobs.append(job)
        taken = tuple([(job.id, job.lane.target.id) for job in jobs])
        late = tuple([(job.id, at) for job in jobs if faults and (at := self._mishaps.late(job, now))])
        self._journal.append(
            Emitted(
                at=now, run_id=self._run_id, event=event, who=who, deliveries=taken, faults=faults, late=late
            )
        )
        for job in jobs:
            if not self._mishaps.holds(job, scope):
                self._clock.schedule(now, Rank.ATTEMPT, job.order, job)
        if faults:
            self._let_go(self._mishaps.complete(), planned or now)
        return tuple([job.id for job in jobs])

    def release(self, scope: Scope | None = None, planned: datetime | None = None) -> None:
        """Let go of what a fault has held back in this *scope*, or in all: it has ended."""
        self._let_go(self._mishaps.end(scope), planned or self._clock.now())

    def _let_go(self, jobs: Iterable[Job], planned: datetime) -> None:
        for job in jobs:
            self._ordered += 1
            job.order, job.due, job.planned = self._ordered, self._clock.now(), planned
            self._clock.schedule(job.due, Rank.ATTEMPT, job.order, job)

    def fall_due(self, job: Job) -> None:
        """An attempt is due, or the end of a delivery whose last attempt used up sandbox time."""
        if job.verdict is not None:
            self._settle(job, job.verdict, job.due)
            return
        if self._mishaps.delays(job, self._stamp):
            self._clock.schedule(job.due, Rank.ATTEMPT, job.order, job)
            return
        lane = job.lane
        lane.due.append(job)
        if not lane.held:
            self._clock.hold()
            self._man(lane)

    def _man(self, lane: Lane) -> None:
        """One more worker, if the connection allows one."""
        if lane.workers < lane.target.connection.concurrency:
            lane.workers += 1
            self._spawn(self._work(lane))

    def _hold(self, lane: Lane, *, held: bool) -> None:
        if held == lane.held:
            return
        lane.held = held
        # What stands in a lane holds the clock, unless the lane is held itself.
        for job in lane.due:
            if held:
                self._clock.release()
            else:
                # It goes out now, and is signed as of now: no plan has foreseen how long it would wait.
                job.planned = max(job.planned, self._clock.now())
                self._clock.hold()
                self._man(lane)

    async def _work(self, lane: Lane) -> None:
        try:
            # Too many, where the connection allows fewer than before.
            while lane.due and not lane.held and lane.workers <= lane.target.connection.concurrency:
                job = lane.due.popleft()
                if not job.cancelled:
                    await self._attempt(job)
                self._clock.release()
        finally:
            lane.workers -= 1

    async def _attempt(self, job: Job) -> None:
        lane, clock, journal = job.lane, self._clock, self._journal
        faults = self._mishaps.of(job)
        number = job.attempts = job.attempts + 1
        if lane.target.retired is not None:
            lane.target = lane.target.at(wall_now())
        stamp, job.signed_at = job.signed_at or self._stamp(job.planned), None
        rendering = Rendering(job.event, lane.target, number, stamp, faults=faults)
        request = rendering.request()  # first, so that the journal knows what it was signed with
        beginning = Attempting(
            at=clock.now(),
            run_id=self._run_id,
            delivery_id=job.id,
            event_id=job.event.id,
            connection_id=lane.target.id,
            attempt=number,
            rendering=rendering,
        )
        job.sending, exchange, timeout = True, INTERRUPTED, lane.policy.timeout
        journal.append(beginning)
        try:
            await journal.commit()
            exchange = await send(self._transport, request, faults, timeout=timeout)
            if faults and not job.reason and any(fault.do == "duplicate" for fault in faults):
                copy = await self._transport.send(request, timeout=timeout)
                # Before the entry that it is a copy of: what comes after that may be the delivery's end.
                journal.append(ended(beginning, copy, at=clock.now(), copy=True))
        except asyncio.CancelledError:
            # Whoever takes the delivery up goes on with the next attempt, if one is needed.
            job.sending = False
            # A journal that takes nothing more is no reason to go on: it tells of the
            # attempt when it is opened again.
            with suppress(SandboxError):
                self._close(job, beginning, exchange, go_on=False)
            raise
        job.sending = False
        self._close(job, beginning, exchange)

    def _close(self, job: Job, beginning: Attempting, exchange: Exchange, *, go_on: bool = True) -> None:
        """Journal how an attempt ended, and see to what follows; not to a next attempt unless *go_on*."""
        ended_at, due, status = self._judge(job, beginning.attempt, exchange)
        if job.reason and status is not Status.SUCCESS:
            due, status = None, Status.FAILED
        goes_out = None if due is None else self._mishaps.goes_out(job, due)
        self._journal.append(ended(beginning, exchange, at=ended_at, next_attempt_at=goes_out))
        if due is not None:
            job.due = due
            if go_on:
                self._clock.schedule(due, Rank.ATTEMPT, job.order, job)
        elif status is not None:
            # Only silence uses up sandbox time, and only where that stands still meanwhile.
            if isinstance(exchange.outcome, TransportError) and ended_at > self._clock.now():
                job.due, job.verdict = ended_at, status
                self._clock.schedule(ended_at, Rank.ATTEMPT, job.order, job)
            else:
                self._settle(job, status, ended_at)

    def _judge(
        self, job: Job, number: int, exchange: Exchange
    ) -> tuple[datetime, datetime | None, Status | None]:
        """When the attempt ended, when the next is due, or how the delivery ends."""
        policy, outcome = job.lane.policy, exchange.outcome
        silent = isinstance(outcome, TransportError) and outcome.type == "timeout"
        took = policy.timeout if silent else _NO_TIME
        ended_at = self._clock.ended(took)

        def draw() -> float:
            name = f"jitter/{job.lane.target.id}/{job.event.id}/{number}"
            return self._seed.stream(name).fraction()

        wall = wall_now() if policy.retry_after == "honour" else None
        match policy.decide(number - job.base, outcome, draw=draw, now=wall):
            case Done():
                return ended_at, None, Status.SUCCESS
            case GiveUp(status=status):
                return ended_at, None, Status(status)
            case Again(delay=delay):
                job.planned = later(later(job.planned, took), delay)
                return ended_at, later(ended_at, delay), None
            case other:
                assert_never(other)

    def _settle(self, job: Job, status: Status, at: datetime) -> None:
        self._journal.append(
            Settled(
                at=at,
                run_id=self._run_id,
                delivery_id=job.id,
                event_id=job.event.id,
                connection_id=job.lane.target.id,
                status=status,
                attempt_count=job.attempts,
                reason=job.reason if status is Status.FAILED else "",
            )
        )
        del self._jobs[job.id]
        if not self._jobs:
            waiting, self._waiting = self._waiting, {}
            for waiter in waiting:
                waiter.wake()
            self._on_idle()

    def _give_up(self, jobs: Iterable[Job], reason: str) -> None:
        now = self._clock.now()
        for job in tuple(jobs):
            job.reason = reason
            if not job.sending:
                job.cancelled = True
                self._settle(job, job.verdict or Status.FAILED, now)

    async def settled(self, until: datetime | None = None) -> bool:
        """Wait until nothing is pending, at most *until* (sandbox clock); whether that came about.

        The caller holds the clock.  What a fault has held back is let go: nobody could wait for it.
        """
        self.release()
        while self._jobs:
            waiter = Waiter(self._clock)
            self._waiting[waiter] = None
            if until is not None:
                self._clock.schedule(until, Rank.STEP, 0, waiter)
            try:
                on_time = await waiter.wait()
            finally:
                self._waiting.pop(waiter, None)
            if on_time:
                # What is due at the deadline itself comes too late: steps go before attempts.
                return not self._jobs
        return True

    def _job(self, lane: Lane, event: Event, id: str, due: datetime, faults: Faults) -> Job:
        self._ordered += 1
        return Job(self._on_due, lane, event, id, self._ordered, due, faults)

    def _delivery_id(self, event: Event, lane: Lane) -> str:
        name = f"{self._run_id}/{event.id}/{lane.target.id}"
        return "dlv_" + blake2b(name.encode(), digest_size=12).hexdigest()
