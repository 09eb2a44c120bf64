"""Plays a scenario's steps, and judges its expectations."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, assert_never

from sandbox.clock import Clock, Rank, Waiter, breathe, later
from sandbox.core.cast import Cast
from sandbox.core.entries import Expectation
from sandbox.core.expectations import judge, others_succeeded, settled_in_time
from sandbox.core.faults import Faults
from sandbox.core.ledger import Delivery, Ledger
from sandbox.core.scenario import Emit, Expect, Outage, Repeat, Scenario, Settle, Step, Wait
from sandbox.dispatcher import Dispatcher, Spawn

if TYPE_CHECKING:
    from sandbox.subscriber import Subscriber

_BREATH = 32  # emissions between two turns for everybody else
_UNSPOILED = nullcontext()


class Player:
    """One playing of one scenario; holds the clock except where a step waits."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        run_id: str,
        at: datetime,
        clock: Clock,
        cast: Cast,
        dispatcher: Dispatcher,
        ledger: Ledger,
        subscriber: Subscriber | None,
        spawn: Spawn,
        narrate: Callable[[str], None] | None = None,
        arrive: Callable[[int, datetime], None] | None = None,
    ) -> None:
        self._scenario, self._run_id = scenario, run_id
        self._clock, self._cast, self._dispatcher, self._ledger = clock, cast, dispatcher, ledger
        self._subscriber, self._spawn = subscriber, spawn
        self._narrate, self._arrive = narrate, arrive
        self._at = at  # the instant of the present step: waits add up, lateness does not
        self._since_breath = 0
        self._faults: Faults = ()  # those of the repeats that are being played
        self._scope = self._scopes = 0  # of the innermost that holds something back; how many there were
        self._judged: set[str] = set()
        self._expectations: list[Expectation] = []

    async def play(self) -> tuple[Expectation, ...]:
        """Play to the end, wait until all has settled, and say what held.

        The caller holds the clock.
        """
        outage = ScriptedOutage(self._clock, self._subscriber, self._scenario.subscriber.outage, self._spawn)
        outage.announce(self._at)
        try:
            for index, step in enumerate(self._scenario.steps):
                if self._arrive is not None:
                    self._arrive(index, self._at)
                await self._steps((step,))
            await self._dispatcher.settled()
        finally:
            outage.cancel()
        await outage.end()
        others = [item for item in self._deliveries() if item.id not in self._judged]
        if others or not self._judged:
            self._expectations.append(others_succeeded(others, any_judged=bool(self._judged)))
        return tuple(self._expectations)

    async def _steps(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if step.note and self._narrate is not None:
                self._narrate(step.note)
            match step:
                case Emit():
                    await self._emit(step)
                case Wait(duration=duration):
                    await self._wait(duration)
                case Repeat():
                    await self._repeat(step)
                case Settle():
                    await self._settle(step)
                case Expect():
                    self._expect(step)
                case other:
                    assert_never(other)

    async def _repeat(self, step: Repeat) -> None:
        with self._going_wrong(step.faults):
            for turn in range(step.times):
                if turn:
                    await self._wait(step.every)
                await self._steps(step.steps)

    def _going_wrong(self, faults: Faults) -> AbstractContextManager[None]:
        """*faults* besides those that hold already; what they held back is let go at the end."""
        return self._spoiled(faults) if faults else _UNSPOILED

    @contextmanager
    def _spoiled(self, faults: Faults) -> Iterator[None]:
        outer, self._faults = (self._faults, self._scope), self._faults + faults
        if any(fault.do == "reorder" for fault in faults):
            self._scopes += 1
            self._scope = self._scopes
        yield
        if self._scope != outer[1]:
            self._dispatcher.release(self._scope, planned=self._at)
        self._faults, self._scope = outer

    async def _emit(self, step: Emit) -> None:
        cameo = self._cast.chat_created(
            at=self._at,
            channels=step.channels,
            contact=step.contact,
            origin=step.origin,
            data=step.data,
            event_id=step.id,
            occurred_at=step.occurred_at,
        )
        with self._going_wrong(step.faults):
            self._dispatcher.dispatch(
                cameo.event, who=cameo.who, planned=self._at, faults=self._faults, scope=self._scope
            )
        self._since_breath += 1
        if self._since_breath == _BREATH:
            self._since_breath = 0
            await breathe()

    async def _wait(self, duration: timedelta) -> None:
        if not duration:
            return
        self._at = later(self._at, duration)
        waiter = Waiter(self._clock)
        self._clock.schedule(self._at, Rank.STEP, 0, waiter)
        await waiter.wait()

    async def _settle(self, step: Settle) -> None:
        until = None if step.timeout is None else later(self._at, step.timeout)
        settled = await self._dispatcher.settled(until)
        self._at = max(self._at, self._clock.now())
        if step.timeout is not None:
            pending = () if settled else [d for d in self._deliveries() if d.settled_at is None]
            self._expectations.append(settled_in_time(step.timeout, pending, step.line))

    def _expect(self, step: Expect) -> None:
        expectation, selected = judge(step, self._deliveries())
        self._expectations.append(expectation)
        if step.status is not None:
            self._judged.update(selected)

    def _deliveries(self) -> list[Delivery]:
        return list(self._ledger.deliveries(run_id=self._run_id))


class ScriptedOutage:
    """The outage that a scenario scripts for its subscriber; over at the latest when the scenario is."""

    def __init__(
        self,
        clock: Clock,
        subscriber: Subscriber | None,
        outage: Outage | None,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._clock, self._subscriber, self._spawn = clock, subscriber, spawn
        self.outage = outage
        self._changes: list[_Change] = []
        self._begun = False

    def announce(self, at: datetime) -> None:
        """Have it begin and end at its moments; the scenario begins *at*."""
        if self._subscriber is None or self.outage is None:
            return
        begins = later(at, self.outage.start)
        ends = later(begins, self.outage.duration)
        for moment, change in ((begins, self._begin), (ends, self.end)):
            self._changes.append(_Change(self._clock, change, self._spawn))
            self._clock.schedule(moment, Rank.SUBSCRIBER, 0, self._changes[-1])

    @property
    def ahead(self) -> bool:
        """Whether it has yet to begin, or to end."""
        return any(not (change.cancelled or change.done) for change in self._changes)

    def cancel(self) -> None:
        """What has not begun or ended yet will not do so by itself."""
        for change in self._changes:
            change.cancelled = True

    async def abandon(self) -> None:
        """It is over now, and does not begin if it has not."""
        self.cancel()
        await self.end()

    async def _begin(self) -> None:
        assert self._subscriber is not None
        assert self.outage is not None
        self._begun = True
        await self._subscriber.fail(self.outage.status)

    async def end(self) -> None:
        """Recover, if it has begun."""
        if self._subscriber is not None and self._begun:
            self._begun = False
            await self._subscriber.recover()


class _Change:
    """Something that happens to the subscriber at its moment."""

    def __init__(self, clock: Clock, change: Callable[[], Coroutine[Any, Any, None]], spawn: Spawn) -> None:
        self._clock, self._change, self._spawn = clock, change, spawn
        self.cancelled = self.done = False

    def fall_due(self) -> None:
        self.done = True
        self._clock.hold()
        self._spawn(self._run())

    async def _run(self) -> None:
        try:
            await self._change()
        finally:
            self._clock.release()
