"""What a server asks of a dispatcher: hold, change, give up, resend, take up what another left."""

import asyncio
from datetime import timedelta

import pytest

from sandbox.clock import breathe
from sandbox.core.entries import Attempted, Attempting, Emitted, Resent, Settled
from sandbox.core.envelope import Rendering, Target
from sandbox.core.errors import CannotRun, UsageError
from sandbox.core.ledger import Pending
from sandbox.core.model import Connection, Hmac, Status, TransportError
from sandbox.journal import MemoryJournal
from sandbox.testing import ScriptedTransport
from tests.integration.test_dispatcher import START, Slow, Stage, cut_short, event, seconds, stage

__all__ = ["stage"]  # the fixture
SECOND = timedelta(seconds=1)


def numbers(stage):
    return [dict(request.headers)["X-Wexio-Attempt"] for request in stage.transport.requests]


def statuses(stage):
    return [delivery.status for delivery in stage.journal.ledger.deliveries()]


# --- holding -----------------------------------------------------------------------


async def test_a_held_connection_gets_nothing_until_it_is_active_again(stage):
    stage = stage(500, 200, manual=True)
    stage.connect(name="a")
    stage.dispatcher.dispatch(event())
    await stage.clock.quiet()
    stage.connect(name="a", active=False)
    await stage.clock.advance(3600 * SECOND)
    assert numbers(stage) == ["1"]
    assert statuses(stage) == [Status.PENDING]
    stage.connect(name="a")
    await stage.clock.quiet()
    assert numbers(stage) == ["1", "2"]
    assert statuses(stage) == [Status.SUCCESS]


async def test_what_already_stands_in_line_is_held_and_lets_the_clock_go(stage):
    async with asyncio.TaskGroup() as group:
        stage = Stage(group, Slow(), manual=True)
        stage.connect(concurrency=1)
        for number in range(3):
            stage.dispatcher.dispatch(event(number))
        while not stage.transport.in_flight:
            await breathe()
        stage.connect(concurrency=1, active=False)
        stage.transport.gate.set()
        await stage.clock.quiet()
        assert len(stage.transport.requests) == 1
        assert stage.dispatcher.pending == 2
        stage.connect(concurrency=1)
        await stage.clock.quiet()
        assert len(stage.transport.requests) == 3


async def test_an_event_that_happens_while_a_connection_is_not_active_is_not_for_it(stage):
    stage = stage(200)
    stage.connect(active=False)
    assert stage.dispatcher.dispatch(event()) == ()


async def test_an_event_that_happens_while_a_connection_is_held_waits_until_it_is_let_go(stage):
    stage = stage(500, 200, 200, manual=True)
    stage.connect()
    [tried] = stage.dispatcher.dispatch(event(1))
    await stage.clock.quiet()
    stage.connect(held=True)
    await stage.clock.advance(2 * SECOND)
    [new] = stage.dispatcher.dispatch(event(2))
    await stage.clock.advance(3598 * SECOND)
    assert numbers(stage) == ["1"]
    assert statuses(stage) == [Status.PENDING, Status.PENDING]
    stage.connect()
    await stage.clock.quiet()
    assert [entry.delivery_id for entry in stage.of(Attempted)] == [tried, new, tried]
    assert statuses(stage) == [Status.SUCCESS, Status.SUCCESS]


@pytest.mark.parametrize("held", [{"held": True}, {"active": False}], ids=["held", "paused"])
async def test_what_had_to_wait_is_signed_as_of_when_it_goes_out(stage, held):
    stage = stage(500, 500, 200, manual=True)
    stage.connect()
    stage.dispatcher.dispatch(event())
    await stage.clock.quiet()
    stage.connect(**held)
    await stage.clock.advance(3600 * SECOND)
    stage.connect()
    await stage.clock.advance(3600 * SECOND)
    assert seconds(entry.rendering.stamp for entry in stage.of(Attempted)) == [0, 3600, 3610]


async def test_a_connection_that_is_held_and_paused_needs_both_to_be_let_go(stage):
    stage = stage(500, 200, manual=True)
    stage.connect()
    stage.dispatcher.dispatch(event())
    await stage.clock.quiet()
    for waits in ({"active": False, "held": True}, {"held": True}, {"active": False}):
        stage.connect(**waits)
        await stage.clock.advance(3600 * SECOND)
        assert numbers(stage) == ["1"]
    stage.connect()
    await stage.clock.quiet()
    assert numbers(stage) == ["1", "2"]


async def test_a_change_counts_from_the_next_attempt_on(stage):
    stage = stage(500, 200)
    stage.connect(name="a")
    stage.dispatcher.dispatch(event())
    while not stage.transport.requests:
        await breathe()
    stage.connect(name="a", retry="svix")
    await stage.settle()
    first, second = stage.of(Attempted)
    assert seconds([first.next_attempt_at]) == [5]
    assert second.outcome.status == 200


async def busy(stage, number):
    """Until so many requests have gone out and wait for their answers."""
    for _ in range(200):
        if stage.transport.in_flight == number:
            return
        await breathe()
    assert stage.transport.in_flight == number


async def test_more_at_once_counts_for_what_stands_in_line_already():
    async with asyncio.TaskGroup() as group:
        stage = Stage(group, Slow())
        stage.connect(concurrency=1)
        for number in range(6):
            stage.dispatcher.dispatch(event(number))
        await busy(stage, 1)
        stage.connect(concurrency=4)
        await busy(stage, 4)
        stage.transport.gate.set()
        await stage.settle()
        assert len(stage.transport.requests) == 6


class Counting(Slow):
    """Also remembers how many were in flight when the gate was open already."""

    def __init__(self):
        super().__init__()
        self.afterwards = []

    async def send(self, request, *, timeout):
        exchange = await ScriptedTransport.send(self, request, timeout=timeout)
        self.in_flight += 1
        if self.gate.is_set():
            self.afterwards.append(self.in_flight)
            await breathe()
        await self.gate.wait()
        self.in_flight -= 1
        return exchange


async def test_fewer_at_once_counts_as_soon_as_those_in_flight_are_over():
    async with asyncio.TaskGroup() as group:
        stage = Stage(group, Counting())
        stage.connect(concurrency=4)
        for number in range(12):
            stage.dispatcher.dispatch(event(number))
        await busy(stage, 4)
        stage.connect(concurrency=1)
        stage.transport.gate.set()
        await stage.settle()
        assert stage.transport.afterwards == [1] * 8


class Full(MemoryJournal):
    """A journal whose disk fills up after so many entries."""

    room = 2

    def append(self, entry):
        if len(self.entries) >= self.room:
            raise CannotRun("the disk is full")
        super().append(entry)


async def test_a_journal_that_takes_nothing_more_does_not_hide_that_an_attempt_was_cut_short():
    async with asyncio.TaskGroup() as group:
        stage = Stage(group, Slow(), journal=Full())
        tasks = await cut_short(stage, group, lambda: stage.transport.in_flight)
        await asyncio.wait(tasks)
        assert tasks[0].cancelled()
    assert [type(entry) for entry in stage.journal.entries] == [Emitted, Attempting]


# --- giving up ---------------------------------------------------------------------


async def test_a_removed_connection_s_deliveries_end_as_failed_and_say_why(stage):
    stage = stage(500, manual=True)
    stage.connect(name="a")
    stage.connect(name="b")
    stage.dispatcher.dispatch(event())
    await stage.clock.quiet()
    stage.dispatcher.disconnect("a" * 24, "connection deleted")
    await stage.clock.advance(3600 * SECOND)
    [gone, other] = stage.of(Settled)
    assert (gone.connection_id, gone.status, gone.reason) == ("a" * 24, "FAILED", "connection deleted")
    assert (other.connection_id, other.status, other.reason) == ("b" * 24, "DEAD_LETTER", "")
    assert stage.dispatcher.pending == 0


@pytest.mark.parametrize(("answer", "status"), [(200, "SUCCESS"), (500, "FAILED")])
async def test_an_attempt_in_flight_may_still_succeed_when_all_is_given_up(answer, status):
    async with asyncio.TaskGroup() as group:
        stage = Stage(group, Slow())
        stage.transport._answers = (answer,)
        stage.connect()
        stage.dispatcher.dispatch(event())
        while not stage.transport.in_flight:
            await breathe()
        stage.dispatcher.give_up("stopped")
        assert stage.of(Settled) == []
        stage.transport.gate.set()
        await stage.settle()
    [settled] = stage.of(Settled)
    assert settled.status == status
    assert settled.reason == ("" if status == "SUCCESS" else "stopped")
    assert len(stage.of(Attempting)) == 1


async def test_giving_up_leaves_no_job_behind_in_a_lane():
    async with asyncio.TaskGroup() as group:
        stage = Stage(group, Slow())
        stage.connect(concurrency=1)
        for number in range(5):
            stage.dispatcher.dispatch(event(number))
        while not stage.transport.in_flight:
            await breathe()
        stage.dispatcher.give_up("stopped")
        stage.transport.gate.set()
        await stage.settle()
        await stage.clock.quiet()
    assert len(stage.transport.requests) == 1
    assert [settled.attempt_count for settled in stage.of(Settled)] == [0, 0, 0, 0, 1]


# --- once more ---------------------------------------------------------------------


async def test_a_resent_delivery_counts_on_and_climbs_the_ladder_anew(stage):
    stage = stage(*[500] * 5, 500, 200)
    stage.connect()
    [delivery_id] = stage.dispatcher.dispatch(event())
    await stage.settle()
    [dead] = stage.journal.ledger.deliveries()
    assert dead.status is Status.DEAD_LETTER
    again = stage.clock.now()
    stage.dispatcher.resend(delivery_id, event(), "a" * 24, dead.attempt_count)
    [pending] = stage.journal.ledger.deliveries()
    assert (pending.status, pending.next_attempt_at) == (Status.PENDING, again)
    await stage.settle()
    assert numbers(stage) == ["1", "2", "3", "4", "5", "6", "7"]
    sixth, seventh = stage.of(Attempted)[5:]
    assert sixth.at == again
    assert seventh.at == again + 5 * SECOND
    assert len(stage.of(Resent)) == 1
    [taken] = stage.journal.ledger.deliveries()
    assert (taken.status, taken.attempt_count) == (Status.SUCCESS, 7)


async def test_a_resent_delivery_that_is_never_taken_has_as_many_attempts_again(stage):
    stage = stage(500)
    stage.connect()
    [delivery_id] = stage.dispatcher.dispatch(event())
    await stage.settle()
    stage.dispatcher.resend(delivery_id, event(), "a" * 24, 5)
    await stage.settle()
    assert [settled.attempt_count for settled in stage.of(Settled)] == [5, 10]


async def test_nothing_is_resent_to_a_connection_that_is_gone(stage):
    with pytest.raises(UsageError, match="is not there any more"):
        stage(200).dispatcher.resend("dlv_1", event(), "a" * 24, 1)


# --- taking up ---------------------------------------------------------------------


def left(**facts):
    return Pending(
        delivery_id="dlv_1",
        run_id="run_1",
        connection_id="a" * 24,
        event=event(),
        emitted_at=START,
        **facts,
    )


def in_flight(attempt):
    target = Target(Connection(name="a", url="http://127.0.0.1:1/a", auth=Hmac("whsec_x"), id="a" * 24))
    return Attempting(
        at=START,
        run_id="run_1",
        delivery_id="dlv_1",
        event_id="evt_1",
        connection_id="a" * 24,
        attempt=attempt,
        rendering=Rendering(event(), target, attempt, START),
    )


async def test_a_delivery_goes_on_at_its_due_time_with_its_next_number(stage):
    stage = stage(500, 200)
    stage.connect()
    emit(stage)
    due = START + 7 * SECOND
    stage.dispatcher.take_up(left(begun=2, due=due))
    await stage.settle()
    third, fourth = stage.of(Attempted)
    assert [third.attempt, fourth.attempt] == [3, 4]
    assert third.at == due
    assert fourth.at == due + 20 * SECOND  # the third delay of the ladder


async def test_a_delivery_that_had_been_resent_keeps_its_place_on_the_ladder(stage):
    stage = stage(500, 200)
    stage.connect()
    emit(stage)
    stage.dispatcher.take_up(left(begun=6, base=5, due=START))
    await stage.settle()
    seventh, _ = stage.of(Attempted)
    assert seventh.attempt == 7
    assert seconds([seventh.next_attempt_at]) == [10]  # the second delay


async def test_an_attempt_that_was_in_flight_counts_and_is_not_posted_again(stage):
    stage = stage(200)
    stage.connect()
    emit(stage)
    stage.dispatcher.take_up(left(begun=1, in_flight=in_flight(1)))
    await stage.settle()
    interrupted, taken = stage.of(Attempted)
    assert (interrupted.attempt, interrupted.outcome.type) == (1, "interrupted")
    assert seconds([interrupted.next_attempt_at]) == [5]
    assert numbers(stage) == ["2"]
    assert taken.attempt == 2


async def test_a_last_attempt_that_was_in_flight_ends_in_dead_letter(stage):
    stage = stage(200)
    stage.connect()
    emit(stage)
    stage.dispatcher.take_up(left(begun=5, in_flight=in_flight(5)))
    await stage.settle()
    assert statuses(stage) == [Status.DEAD_LETTER]
    assert stage.transport.requests == []


async def test_an_end_that_was_not_written_down_is_written_when_it_is_taken_up(stage):
    stage = stage(200)
    stage.connect()
    emit(stage)
    cut = in_flight(5)
    last = Attempted(
        at=START,
        run_id="run_1",
        delivery_id="dlv_1",
        event_id="evt_1",
        connection_id="a" * 24,
        attempt=5,
        rendering=cut.rendering,
        outcome=TransportError(type="timeout", message="too late"),
        started_at=START,
        elapsed_ms=1.0,
    )
    stage.dispatcher.take_up(left(begun=5, last=last))
    assert statuses(stage) == [Status.DEAD_LETTER]
    assert stage.dispatcher.pending == 0


async def test_who_was_interrupted_says_when_the_next_attempt_is_due():
    async with asyncio.TaskGroup() as group:
        stage = Stage(group, Slow())
        await cut_short(stage, group, lambda: stage.transport.in_flight)
    [cut] = stage.of(Attempted)
    assert cut.outcome.type == "interrupted"
    assert seconds([cut.next_attempt_at]) == [5]


async def test_somebody_is_told_when_nothing_is_pending_any_more(stage):
    stage, told = stage(500, 200), []
    stage.dispatcher._on_idle = lambda: told.append(stage.dispatcher.pending)
    stage.connect(name="a")
    stage.connect(name="b")
    stage.dispatcher.dispatch(event())
    await stage.settle()
    assert told == [0]


def emit(stage):
    """The journal knows the delivery, as one on disk does."""
    stage.journal.append(Emitted(at=START, run_id="run_1", event=event(), deliveries=(("dlv_1", "a" * 24),)))
