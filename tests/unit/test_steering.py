"""The steered clock: what is due stays due, however the way changes in which time passes."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import Rank
from sandbox.core.errors import UsageError
from sandbox.steering import Position, SteeredClock
from tests.unit.test_clock import Note, Work

START = datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def due(clock, log, *seconds):
    for number in seconds:
        clock.schedule(START + number * SECOND, Rank.ATTEMPT, 0, Note(log, clock, f"{number}s"))


async def test_what_waits_under_a_manual_clock_comes_at_once_under_max():
    clock, log = SteeredClock(start=START, speed="manual"), []
    due(clock, log, 60, 3600)
    await clock.advance(90 * SECOND)
    assert log == [("60s", 60.0)]
    clock.set_speed("max")
    await clock.quiet()
    assert log == [("60s", 60.0), ("3600s", 3600.0)]


async def test_a_clock_of_real_time_can_be_told_to_jump():
    clock, log = SteeredClock(start=START, speed=1.0), []
    due(clock, log, 3600)
    clock.set_speed("max")
    await clock.quiet()
    assert log[0][1] == pytest.approx(3600, abs=1)


async def test_a_jumping_clock_can_be_told_to_pass_in_real_time():
    clock, log = SteeredClock(start=START, speed="manual"), []
    due(clock, log, 1000)
    clock.set_speed(100_000.0)
    while not log:
        await turn()
    assert log[0][0] == "1000s"


async def turn():
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.001, future.set_result, None)
    await future


async def test_nothing_falls_due_while_it_is_paused():
    clock, log = SteeredClock(start=START, speed=1_000_000.0), []
    clock.pause()
    clock.schedule(clock.now() + 5 * SECOND, Rank.ATTEMPT, 0, Note(log, clock, "later"))
    await turn()
    await turn()
    assert log == []
    clock.resume()
    while not log:
        await turn()


async def test_a_step_comes_to_the_next_thing_due_and_no_further():
    clock, log = SteeredClock(start=START, speed="max"), []
    clock.pause()
    due(clock, log, 5, 5, 10)
    assert await clock.step()
    assert log == [("5s", 5.0), ("5s", 5.0)]
    assert await clock.step()
    assert not await clock.step()
    assert [moment for _, moment in log] == [5.0, 5.0, 10.0]


async def test_a_step_returns_when_what_fell_due_has_ended():
    clock, log = SteeredClock(start=START, speed="max", paused=True), []
    clock.schedule(START + SECOND, Rank.ATTEMPT, 0, Work(log, clock, "attempt"))
    await clock.step()
    assert log == [("attempt", 1.0), ("attempt ended", 1.0)]


async def test_what_runs_holds_the_clock_also_after_it_has_been_switched():
    clock, log = SteeredClock(start=START, speed=1.0), []
    clock.hold()
    clock.set_speed("max")
    due(clock, log, 5)
    await turn()
    assert log == []
    clock.release()
    await clock.quiet()
    assert log == [("5s", 5.0)]


async def test_who_waits_for_an_advance_is_let_go_when_the_speed_changes():
    clock, log = SteeredClock(start=START, speed="manual"), []
    clock.hold()
    due(clock, log, 5)
    waiting = asyncio.create_task(clock.advance(10 * SECOND))
    await turn()
    clock.set_speed(1.0)
    await asyncio.wait_for(waiting, 5)
    clock.release()


async def test_only_a_manual_clock_can_be_advanced_and_only_a_paused_one_stepped():
    clock = SteeredClock(start=START, speed="max")
    with pytest.raises(UsageError, match="only a manual clock can be advanced"):
        await clock.advance(SECOND)
    with pytest.raises(UsageError, match="only a paused clock can be stepped"):
        await clock.step()


@pytest.mark.parametrize("speed", [0, -1, 1e7, "fast", float("nan"), None])
async def test_a_speed_that_cannot_be_is_refused(speed):
    clock = SteeredClock(start=START, speed="manual")
    with pytest.raises(UsageError, match="a number above 0"):
        clock.set_speed(speed)
    assert clock.speed == "manual"


@pytest.mark.parametrize(
    ("speed", "paused", "shown"),
    [(1.0, False, 60), (60.0, False, 3600), ("max", False, 0), ("manual", False, 0), (60.0, True, 0)],
)
def test_a_clock_goes_on_from_its_position(speed, paused, shown):
    wall = datetime(2026, 11, 1, tzinfo=UTC)
    position = Position(at=START, wall=wall, speed=speed, paused=paused)
    assert position.now(wall + timedelta(minutes=1)) == START + shown * SECOND


def test_a_wall_clock_that_was_turned_back_turns_back_nothing():
    wall = datetime(2026, 11, 1, tzinfo=UTC)
    position = Position(at=START, wall=wall, speed=1.0, paused=False)
    assert position.now(wall - timedelta(hours=1)) == START


@pytest.mark.parametrize(
    "steer",
    [
        lambda clock: (clock.pause(), clock.resume()),
        lambda clock: (clock.set_speed("max"), clock.set_speed("manual")),
    ],
    ids=["paused meanwhile", "another speed meanwhile"],
)
async def test_a_manual_clock_that_was_let_go_is_free_however_it_is_steered(steer):
    clock, log = SteeredClock(start=START, speed="manual"), []
    with clock.free():
        steer(clock)
        due(clock, log, 60)
        await clock.quiet()
    due(clock, log, 3600)
    await clock.quiet()
    assert log == [("60s", 60.0)]


async def test_a_paused_clock_stands_still_though_it_was_let_go():
    clock, log = SteeredClock(start=START, speed="manual", paused=True), []
    with clock.free():
        due(clock, log, 60)
        await clock.quiet()
        assert log == []
        clock.resume()
        await clock.quiet()
    assert log == [("60s", 60.0)]


@pytest.mark.parametrize("speed", [1.0, "max", "manual"])
async def test_what_ends_only_after_the_clock_was_stopped_is_no_trouble(speed):
    clock, log = SteeredClock(start=START, speed=speed), []
    clock.hold()
    clock.stop()
    clock.release()
    due(clock, log, 0)
    await turn()
    assert log == []


@pytest.mark.parametrize("speed", [1_000_000, "max"])
async def test_a_clock_can_begin_once_more_at_its_start(speed):
    clock = SteeredClock(start=START, speed=speed)
    await turn()
    assert clock.begin() == START
