"""Time: what is due when, and when it is allowed to pass.

One agenda (a heap) holds every wait of a run, and at most one timer runs however
many are pending.  At one instant the subscriber's changes come first, then steps,
then attempts in the order of emission.

`SystemClock` is real time, perhaps sped up.  `SteppingClock` stands still while
anything is running, and moves only to the next thing due: by itself (``max``) or
when told to (``manual``).

The only module that reads the machine's clock or sleeps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from heapq import heappop, heappush
from typing import Protocol

from sandbox.core.errors import UsageError

FOREVER = datetime.max.replace(tzinfo=UTC)


def wall_now() -> datetime:
    """The machine's time, which a subscriber compares its own with."""
    return datetime.now(UTC)


def later(moment: datetime, duration: timedelta) -> datetime:
    """*moment* + *duration*, or the end of time where that lies beyond it."""
    try:
        return moment + duration
    except OverflowError:
        return FOREVER


class Rank(IntEnum):
    """What comes first among things due at one instant."""

    SUBSCRIBER = 0
    STEP = 1
    ATTEMPT = 2


class Scheduled(Protocol):
    """Something that waits for its moment."""

    cancelled: bool

    def fall_due(self) -> None:
        """Its moment has come.  Must not block; what goes on running calls `Clock.hold`."""


class Agenda:
    """What is due when, in order; cancelled items are dropped when they surface."""

    __slots__ = ("_heap", "_pushed")

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, int, int, Scheduled]] = []
        self._pushed = 0

    def push(self, moment: datetime, rank: Rank, order: int, item: Scheduled) -> None:
        """Add *item*; *order* decides among items of one moment and rank."""
        self._pushed += 1
        heappush(self._heap, (moment, rank, order, self._pushed, item))

    def peek(self) -> tuple[datetime, int] | None:
        """The moment and rank of what comes next."""
        heap = self._heap
        while heap:
            moment, rank, _, _, item = heap[0]
            if not item.cancelled:
                return moment, rank
            heappop(heap)
        return None

    def pop(self) -> Scheduled:
        """Take out what comes next (peek said that there is something)."""
        return heappop(self._heap)[-1]


class Clock(Protocol):
    """The sandbox's time, as its parts see it."""

    def now(self) -> datetime:
        """The present moment."""

    def schedule(self, moment: datetime, rank: Rank, order: int, item: Scheduled) -> None:
        """Have *item* fall due at *moment*, or at once where that is past."""

    def hold(self) -> None:
        """Something is running: a clock that steps stands still until its `release`."""

    def release(self) -> None:
        """What held the clock has ended."""

    def ended(self, took: timedelta) -> datetime:
        """The end of an attempt that ends now in real time and has used up *took* if time stands still."""

    def next_due(self) -> datetime | None:
        """When the next thing falls due."""

    def stuck(self) -> bool:
        """Whether nothing more will happen unless somebody advances the clock."""


class Waiter:
    """Somebody who waits for a moment, or to be woken before it.

    Waking takes hold of the clock in the same breath, so that no time can pass
    between the reason to wake and the waking.
    """

    __slots__ = ("_clock", "_future", "cancelled")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.cancelled = False

    def fall_due(self) -> None:
        self._end(on_time=True)

    def wake(self) -> None:
        """End the wait early; harmless where it has ended."""
        self._end(on_time=False)

    def _end(self, *, on_time: bool) -> None:
        self.cancelled = True
        if not self._future.done():
            self._clock.hold()
            self._future.set_result(on_time)

    async def wait(self) -> bool:
        """Let go of the clock until woken; True where the moment came first.  The caller holds the clock."""
        self._clock.release()
        try:
            return await self._future
        except asyncio.CancelledError:
            self.cancelled = True
            if self._future.cancelled() or not self._future.done():
                self._clock.hold()
            raise


@contextmanager
def running(clock: Clock) -> Iterator[None]:
    """Hold *clock* while something runs."""
    clock.hold()
    try:
        yield
    finally:
        clock.release()


async def breathe() -> None:
    """Let everything else have a turn; no sandbox time passes."""
    await asyncio.sleep(0)


class SystemClock:
    """Real time from *start* on, *speed* times as fast."""

    _stopped = False

    def __init__(self, *, start: datetime, speed: float = 1.0, agenda: Agenda | None = None) -> None:
        if not 0 < speed <= 1_000_000:
            raise UsageError(f"speed is {speed:g}: a number above 0, at most 1000000, or max")
        self._loop = asyncio.get_running_loop()
        self._start, self._speed = start, speed
        self._began = self._loop.time()
        self._agenda = Agenda() if agenda is None else agenda
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._armed = FOREVER
        if coming := self._agenda.peek():
            self._arm(coming[0])

    def now(self) -> datetime:
        # In whole microseconds, which cost half of what a timedelta makes of a fraction.
        passed = round((self._loop.time() - self._began) * self._speed * 1_000_000)
        return later(self._start, timedelta(0, 0, passed))

    def begin(self) -> datetime:
        """Start over, now, at the start; for a clock on which nothing has been scheduled."""
        assert self._agenda.peek() is None, "time is turned back"
        self._began = self._loop.time()
        return self._start

    def schedule(self, moment: datetime, rank: Rank, order: int, item: Scheduled) -> None:
        if self._stopped:
            return
        self._agenda.push(moment, rank, order, item)
        if moment < self._armed:
            self._arm(moment)

    def hold(self) -> None:
        """Real time does not wait."""

    def release(self) -> None:
        """Real time does not wait."""

    def ended(self, took: timedelta) -> datetime:
        return self.now()

    def next_due(self) -> datetime | None:
        coming = self._agenda.peek()
        return coming[0] if coming else None

    def stuck(self) -> bool:
        return False

    def stop(self) -> None:
        """Nothing falls due any more; the agenda is somebody else's now."""
        if self._timer is not None:
            self._timer.cancel()
        self._stopped, self._agenda, self._timer = True, Agenda(), None

    def _arm(self, moment: datetime) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed = moment
        wait = (moment - self.now()).total_seconds() / self._speed
        self._timer = (
            self._loop.call_later(wait, self._fire) if wait > 0 else self._loop.call_soon(self._fire)
        )

    def _fire(self) -> None:
        self._timer, self._armed = None, FOREVER
        now = self.now()
        while (coming := self._agenda.peek()) and coming[0] <= now:
            self._agenda.pop().fall_due()
        if coming and coming[0] < self._armed:
            self._arm(coming[0])


class SteppingClock:
    """Time that moves from one thing due to the next, and only while nothing is running.

    It moves by itself, or, where *manual*, as far as `advance` says.  It goes on from
    another clock's *agenda*, with as many things *running*, and as many who let it go *free*.
    """

    _stopped = False

    def __init__(
        self,
        *,
        start: datetime,
        manual: bool = False,
        agenda: Agenda | None = None,
        running: int = 0,
        free: int = 0,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._now = start
        self._manual, self._allowed = manual, start
        self._free = free
        self._agenda = Agenda() if agenda is None else agenda
        self._running = running
        self._turn: asyncio.Handle | None = None
        self._quiet: list[asyncio.Future[None]] = []
        self._ask_for_a_turn()

    def now(self) -> datetime:
        return self._now

    def schedule(self, moment: datetime, rank: Rank, order: int, item: Scheduled) -> None:
        if not self._stopped:
            self._agenda.push(moment, rank, order, item)
            self._ask_for_a_turn()

    def hold(self) -> None:
        self._running += 1

    def release(self) -> None:
        self._running -= 1
        assert self._running >= 0 or self._stopped, "released more often than held"
        self._ask_for_a_turn()

    def ended(self, took: timedelta) -> datetime:
        return later(self._now, took) if took else self._now

    def next_due(self) -> datetime | None:
        coming = self._agenda.peek()
        return coming[0] if coming else None

    def stuck(self) -> bool:
        coming = self._agenda.peek()
        return not self._running and (coming is None or coming[0] > self._limit)

    @property
    def _limit(self) -> datetime:
        return self._allowed if self._manual and not self._free else FOREVER

    async def advance(self, duration: timedelta) -> None:
        """Move by *duration* through every moment at which something is due, in order.

        Returns when all that fell due has its outcome.
        """
        if duration < timedelta():
            raise UsageError("time cannot be turned back")
        target = later(self._now, duration)
        self._allowed = max(self._allowed, target)
        await self.quiet()
        self._now = max(self._now, target)

    @contextmanager
    def free(self) -> Iterator[None]:
        """Let the clock move by itself meanwhile, as under ``max``; several may at once."""
        self.let_go()
        try:
            yield
        finally:
            self.take_back()

    def let_go(self) -> None:
        """One more who lets the clock move by itself, until its `take_back`."""
        self._free += 1
        self._ask_for_a_turn()

    def take_back(self) -> None:
        """One fewer."""
        self._free -= 1
        self._allowed = max(self._allowed, self._now)
        self._ask_for_a_turn()  # somebody may be waiting for the limit that is there again

    async def quiet(self) -> None:
        """Wait until nothing is running and nothing is due within the limit."""
        while not self.stuck():
            future: asyncio.Future[None] = self._loop.create_future()
            self._quiet.append(future)
            self._ask_for_a_turn()
            await future

    def stop(self) -> None:
        """Nothing falls due any more, and who waits for quiet has it; the agenda is somebody else's now."""
        if self._turn is not None:
            self._turn.cancel()
        self._stopped, self._agenda, self._turn, self._running = True, Agenda(), None, 0
        self._wake()

    def _ask_for_a_turn(self) -> None:
        if not self._running and self._turn is None and not self._stopped:
            self._turn = self._loop.call_soon(self._step)

    def _step(self) -> None:
        self._turn = None
        agenda, rank = self._agenda, -1
        while not self._running or rank == Rank.ATTEMPT:
            coming = agenda.peek()
            if coming is None or coming[0] > self._limit:
                break
            moment, rank_of_next = coming
            if self._running and (moment > self._now or rank_of_next != rank):
                return
            rank = rank_of_next
            self._now = max(self._now, moment)
            agenda.pop().fall_due()
        if not self._running:
            self._wake()

    def _wake(self) -> None:
        waiting, self._quiet = self._quiet, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
