"""The clocks: what is due when, and when time may pass."""

import asyncio
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import FOREVER, Agenda, Rank, SteppingClock, SystemClock, Waiter, breathe, later, running
from sandbox.core.errors import UsageError

START = datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Note:
    """Writes down its name and the moment at which it fell due."""

    def __init__(self, log, clock, name):
        self.log, self.clock, self.name, self.cancelled = log, clock, name, False

    def fall_due(self):
        self.log.append((self.name, (self.clock.now() - START).total_seconds()))


class Work(Note):
    """Something that runs for a few turns of the loop and holds the clock meanwhile."""

    def fall_due(self):
        super().fall_due()
        self.clock.hold()
        self.task = asyncio.create_task(self.run())

    async def run(self):
        for _ in range(5):
            await breathe()
        self.log.append((self.name + " ended", (self.clock.now() - START).total_seconds()))
        self.clock.release()


def test_an_agenda_sorts_by_moment_then_rank_then_order_then_insertion():
    agenda, log = Agenda(), []
    names = {}
    for moment, rank, order, name in [
        (1, Rank.ATTEMPT, 2, "attempt 2"),
        (1, Rank.ATTEMPT, 1, "attempt 1"),
        (1, Rank.STEP, 9, "step"),
        (1, Rank.SUBSCRIBER, 9, "subscriber"),
        (0, Rank.ATTEMPT, 9, "early"),
        (1, Rank.STEP, 9, "second step"),
    ]:
        item = Note(log, None, name)
        names[item] = name
        agenda.push(START + moment * SECOND, rank, order, item)
    came = []
    while agenda.peek():
        came.append(names[agenda.pop()])
    assert came == ["early", "subscriber", "step", "second step", "attempt 1", "attempt 2"]


def test_a_cancelled_item_is_not_seen():
    agenda = Agenda()
    item = Note([], None, "gone")
    agenda.push(START, Rank.STEP, 0, item)
    item.cancelled = True
    assert agenda.peek() is None


async def test_a_stepping_clock_jumps_from_one_due_moment_to_the_next():
    clock, log = SteppingClock(start=START), []
    for seconds in (86_400, 5, 10):
        clock.schedule(START + seconds * SECOND, Rank.ATTEMPT, 0, Note(log, clock, "x"))
    await clock.quiet()
    assert log == [("x", 5.0), ("x", 10.0), ("x", 86_400.0)]


async def test_a_stepping_clock_stands_still_while_anything_is_running():
    clock, log = SteppingClock(start=START), []
    clock.schedule(START + SECOND, Rank.ATTEMPT, 0, Work(log, clock, "attempt"))
    clock.schedule(START + 2 * SECOND, Rank.ATTEMPT, 0, Note(log, clock, "next"))
    await clock.quiet()
    assert log == [("attempt", 1.0), ("attempt ended", 1.0), ("next", 2.0)]


async def test_attempts_of_one_instant_run_together_and_steps_one_after_the_other():
    clock, log = SteppingClock(start=START), []
    for rank, name in [(Rank.ATTEMPT, "a1"), (Rank.ATTEMPT, "a2"), (Rank.STEP, "s1"), (Rank.STEP, "s2")]:
        clock.schedule(START, rank, 0, Work(log, clock, name))
    await clock.quiet()
    assert [name for name, _ in log] == [
        "s1",
        "s1 ended",
        "s2",
        "s2 ended",
        "a1",
        "a2",
        "a1 ended",
        "a2 ended",
    ]


async def test_a_manual_clock_does_what_is_due_now_and_nothing_beyond():
    clock, log = SteppingClock(start=START, manual=True), []
    clock.schedule(START, Rank.ATTEMPT, 0, Note(log, clock, "now"))
    clock.schedule(START + SECOND, Rank.ATTEMPT, 0, Note(log, clock, "later"))
    await clock.quiet()
    assert log == [("now", 0.0)]
    assert clock.stuck()


async def test_advance_steps_through_every_due_moment_in_order_and_stops_at_its_end():
    clock, log = SteppingClock(start=START, manual=True), []
    clock.schedule(START + SECOND, Rank.ATTEMPT, 0, Work(log, clock, "first"))
    clock.schedule(START + 3 * SECOND, Rank.ATTEMPT, 0, Note(log, clock, "beyond"))
    await clock.advance(2 * SECOND)
    assert log == [("first", 1.0), ("first ended", 1.0)]
    assert clock.now() == START + 2 * SECOND
    await clock.advance(SECOND)
    assert log[-1] == ("beyond", 3.0)


async def test_time_cannot_be_turned_back():
    with pytest.raises(UsageError, match="turned back"):
        await SteppingClock(start=START, manual=True).advance(-SECOND)


async def test_a_woken_waiter_takes_hold_of_the_clock_before_time_can_pass():
    clock, log = SteppingClock(start=START), []
    waiter = Waiter(clock)
    clock.schedule(START + 60 * SECOND, Rank.STEP, 0, waiter)

    class Wakes(Note):
        def fall_due(self):
            super().fall_due()
            waiter.wake()

    clock.schedule(START + SECOND, Rank.ATTEMPT, 0, Wakes(log, clock, "wakes"))
    with running(clock):
        on_time = await waiter.wait()
        assert not on_time
        assert clock.now() == START + SECOND


async def test_a_waiter_whose_moment_comes_says_so():
    clock = SteppingClock(start=START)
    waiter = Waiter(clock)
    clock.schedule(START + SECOND, Rank.STEP, 0, waiter)
    with running(clock):
        assert await waiter.wait()
        assert clock.now() == START + SECOND


async def test_a_cancelled_wait_leaves_the_clock_held_as_it_was():
    clock = SteppingClock(start=START)

    async def wait():
        with running(clock):
            await Waiter(clock).wait()

    task = asyncio.create_task(wait())
    await breathe()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.stuck()  # nothing holds it, and nothing is due


async def test_a_free_manual_clock_moves_by_itself_and_is_manual_again_afterwards():
    clock, log = SteppingClock(start=START, manual=True), []
    clock.schedule(START + SECOND, Rank.ATTEMPT, 0, Note(log, clock, "x"))
    with clock.free():
        await clock.quiet()
    clock.schedule(START + 9 * SECOND, Rank.ATTEMPT, 0, Note(log, clock, "y"))
    await clock.quiet()
    assert log == [("x", 1.0)]


async def test_a_faster_clock_lets_waits_pass_sooner():
    clock = SystemClock(start=START, speed=10_000)
    waiter = Waiter(clock)
    clock.schedule(START + timedelta(minutes=5), Rank.STEP, 0, waiter)
    began = asyncio.get_running_loop().time()
    assert await waiter.wait()
    assert asyncio.get_running_loop().time() - began < 5
    assert clock.now() >= START + timedelta(minutes=5)


async def test_real_time_fires_in_order_however_things_were_scheduled():
    clock, log = SystemClock(start=START, speed=1000), []
    last = Waiter(clock)
    clock.schedule(START + 30 * SECOND, Rank.STEP, 0, last)
    for seconds in (20, 10, 0):
        clock.schedule(START + seconds * SECOND, Rank.ATTEMPT, 0, Note(log, clock, seconds))
    await last.wait()
    assert [name for name, _ in log] == [0, 10, 20]


@pytest.mark.parametrize("speed", [0, -1, 1e9])
async def test_a_speed_that_makes_no_sense_is_refused(speed):
    with pytest.raises(UsageError, match="speed"):
        SystemClock(start=START, speed=speed)


def test_a_moment_beyond_the_calendar_is_the_end_of_time():
    assert later(START, timedelta(days=900_000_000)) == FOREVER


async def test_a_wait_that_is_cancelled_in_the_very_moment_of_its_waking_leaves_the_clock_held_once():
    clock = SteppingClock(start=START)
    waiter = Waiter(clock)

    async def wait():
        with running(clock):
            await waiter.wait()

    task = asyncio.create_task(wait())
    await breathe()
    waiter.wake()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.stuck()


async def test_whoever_lets_a_manual_clock_go_free_does_not_stop_another_who_does():
    clock, log = SteppingClock(start=START, manual=True), []
    with ExitStack() as first, ExitStack() as second:
        first.enter_context(clock.free())
        second.enter_context(clock.free())
        first.close()
        clock.schedule(START + SECOND, Rank.ATTEMPT, 0, Note(log, clock, "free"))
        await clock.quiet()
    clock.schedule(START + 9 * SECOND, Rank.ATTEMPT, 0, Note(log, clock, "manual"))
    await clock.quiet()
    assert log == [("free", 1.0)]


async def test_letting_a_manual_clock_go_free_does_not_shorten_an_advance():
    clock, log = SteppingClock(start=START, manual=True), []
    for seconds in (1, 5):
        clock.schedule(START + seconds * SECOND, Rank.ATTEMPT, 0, Note(log, clock, "x"))
    advancing = asyncio.create_task(clock.advance(5 * SECOND))
    await breathe()
    with clock.free():
        pass
    await advancing
    assert log == [("x", 1.0), ("x", 5.0)]


async def test_who_waits_for_quiet_is_told_when_a_free_clock_is_manual_again():
    clock = SteppingClock(start=START, manual=True)
    clock.hold()
    with clock.free():
        waiting = asyncio.create_task(clock.quiet())
        clock.schedule(START + SECOND, Rank.ATTEMPT, 0, Note([], clock, "beyond"))
        await breathe()
        clock.release()
    async with asyncio.timeout(5):
        await waiting
    assert clock.now() == START


@pytest.mark.parametrize("stepping", [True, False], ids=["stepping", "real"])
async def test_on_a_stopped_clock_nothing_falls_due_any_more(stepping):
    clock = SteppingClock(start=START) if stepping else SystemClock(start=START, speed=100_000)
    log = []
    clock.schedule(START + SECOND, Rank.ATTEMPT, 0, Note(log, clock, "before"))
    clock.stop()
    clock.schedule(START + SECOND, Rank.ATTEMPT, 0, Note(log, clock, "after"))
    other = Waiter(SystemClock(start=START, speed=1000))
    other._clock.schedule(START + 20 * SECOND, Rank.STEP, 0, other)
    await other.wait()
    assert log == []


async def test_real_time_can_begin_once_more_at_its_start():
    clock = SystemClock(start=START, speed=1_000_000)
    while clock.now() < START + timedelta(seconds=100):
        await breathe()
    assert clock.begin() == START
    assert clock.now() < START + timedelta(seconds=100)


async def test_what_was_cancelled_is_passed_over_in_real_time_as_well():
    clock, log = SystemClock(start=START, speed=1000), []
    gone = Note(log, clock, "gone")
    clock.schedule(START + SECOND, Rank.ATTEMPT, 0, gone)
    gone.cancelled = True
    last = Waiter(clock)
    clock.schedule(START + 20 * SECOND, Rank.STEP, 0, last)
    await last.wait()
    assert log == []
