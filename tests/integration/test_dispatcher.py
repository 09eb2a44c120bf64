"""Event to deliveries to attempts, without a network and in no time."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from sandbox.clock import FOREVER, Rank, SteppingClock, SystemClock, breathe, running, wall_now
from sandbox.core.entries import Attempted, Attempting, Emitted, Settled
from sandbox.core.envelope import Target
from sandbox.core.errors import UsageError
from sandbox.core.ids import Seed
from sandbox.core.model import Connection, Event, Hmac, Response, Status
from sandbox.core.profile import Profile
from sandbox.core.retry import Backoff, RetryPolicy, preset
from sandbox.dispatcher import Dispatcher
from sandbox.journal import MemoryJournal
from sandbox.testing import TIMEOUT, ScriptedTransport

START = datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)


def event(number=1):
    return Event(
        id=f"evt_{number}",
        name="chat.created",
        occurred_at=START,
        organisation_id="0" * 24,
        data_json=b'{"chat":{}}',
        channel="VIBER",
    )


class Stage:
    """A dispatcher, its clock and its journal."""

    def __init__(self, group, transport, *, manual=False, clock=None, journal=None):
        self.transport = transport
        self.clock = clock or SteppingClock(start=START, manual=manual)
        self.journal = journal or MemoryJournal()
        self.dispatcher = Dispatcher(
            clock=self.clock,
            transport=transport,
            journal=self.journal,
            seed=Seed(1),
            run_id="run_1",
            spawn=group.create_task,
            stamp=lambda due: due,
        )

    def connect(self, name="a", retry="wexio", **changes):
        policy = retry if isinstance(retry, RetryPolicy) else preset(retry, Profile())
        connection = Connection(
            name=name, url=f"http://127.0.0.1:1/{name}", auth=Hmac("whsec_x"), id=name * 24, **changes
        )
        self.dispatcher.connect(Target(connection, Profile()), policy)

    async def settle(self):
        with running(self.clock):
            await self.dispatcher.settled()

    def of(self, kind):
        return [entry for entry in self.journal.entries if isinstance(entry, kind)]


@pytest.fixture
async def stage():
    async with asyncio.TaskGroup() as group:
        yield lambda *answers, **options: Stage(group, ScriptedTransport(*answers), **options)


def seconds(moments):
    return [(moment - START).total_seconds() for moment in moments]


async def test_a_delivery_that_is_taken_has_four_entries_in_order(stage):
    stage = stage(200)
    stage.connect()
    stage.dispatcher.dispatch(event())
    await stage.settle()
    assert [type(entry) for entry in stage.journal.entries] == [Emitted, Attempting, Attempted, Settled]
    [settled] = stage.of(Settled)
    assert (settled.status, settled.attempt_count) == (Status.SUCCESS, 1)


async def test_attempts_follow_the_ladder_and_count_upwards(stage):
    stage = stage(500, 503, 200)
    stage.connect()
    stage.dispatcher.dispatch(event())
    await stage.settle()
    attempted = stage.of(Attempted)
    assert [entry.attempt for entry in attempted] == [1, 2, 3]
    assert seconds(entry.started_at for entry in attempted) == [0, 5, 15]
    assert [dict(request.headers)["X-Wexio-Attempt"] for request in stage.transport.requests] == [
        "1",
        "2",
        "3",
    ]


async def test_an_attempt_that_timed_out_has_used_its_time(stage):
    stage = stage(TIMEOUT)
    stage.connect()
    stage.dispatcher.dispatch(event())
    await stage.settle()
    assert seconds(entry.started_at for entry in stage.of(Attempted)) == [0, 15, 35, 65, 115]
    [settled] = stage.of(Settled)
    assert seconds([settled.at]) == [125]
    assert settled.status is Status.DEAD_LETTER


async def test_a_refusal_for_good_is_not_tried_again(stage):
    stage = stage(410)
    stage.connect()
    stage.dispatcher.dispatch(event())
    await stage.settle()
    [settled] = stage.of(Settled)
    assert (settled.status, settled.attempt_count) == (Status.FAILED, 1)


async def test_every_subscribed_connection_gets_the_event_and_no_other(stage):
    stage = stage(200)
    stage.connect("a")
    stage.connect("b", events=["contact.created"])
    stage.connect("c", active=False)
    stage.connect("d", events=["contact.created", "chat.created"])
    stage.dispatcher.dispatch(event())
    await stage.settle()
    assert sorted(request.url[-1] for request in stage.transport.requests) == ["a", "d"]
    assert {dict(request.headers)["X-Wexio-Event-Id"] for request in stage.transport.requests} == {"evt_1"}


async def test_an_event_that_nobody_takes_is_journalled_all_the_same(stage):
    stage = stage(200)
    assert stage.dispatcher.dispatch(event()) == ()
    await stage.settle()
    assert [type(entry) for entry in stage.journal.entries] == [Emitted]


async def test_one_connections_trouble_is_not_anothers(stage):
    stage = stage(lambda request, number: 500 if request.url.endswith("a") else 200)
    stage.connect("a", retry="svix")
    stage.connect("b", retry="none")
    stage.dispatcher.dispatch(event())
    await stage.settle()
    assert {entry.connection_id[0]: (entry.status, entry.attempt_count) for entry in stage.of(Settled)} == {
        "a": (Status.DEAD_LETTER, 8),
        "b": (Status.SUCCESS, 1),
    }


class Slow(ScriptedTransport):
    """Answers only when told to, and counts what is in flight."""

    def __init__(self):
        super().__init__(200)
        self.in_flight = self.most = 0
        self.gate = asyncio.Event()

    async def send(self, request, *, timeout):
        exchange = await super().send(request, timeout=timeout)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await self.gate.wait()
        self.in_flight -= 1
        return exchange


@pytest.mark.parametrize("limit", [1, 3])
async def test_no_more_attempts_are_in_flight_than_the_connection_allows(limit):
    async with asyncio.TaskGroup() as group:
        stage = Stage(group, Slow())
        stage.connect(concurrency=limit)
        for number in range(10):
            stage.dispatcher.dispatch(event(number))
        while stage.transport.in_flight < limit:
            await breathe()
        stage.transport.gate.set()
        await stage.settle()
    assert stage.transport.most == limit
    assert [dict(r.headers)["X-Wexio-Event-Id"] for r in stage.transport.requests] == [
        f"evt_{number}" for number in range(10)
    ]


async def test_attempting_stands_in_the_journal_before_anything_is_sent():
    seen = []
    async with asyncio.TaskGroup() as group:
        transport = ScriptedTransport(
            lambda request, number: (seen.append(stage.journal.entries[-1]), 200)[1]
        )
        stage = Stage(group, transport)
        stage.connect()
        stage.dispatcher.dispatch(event())
        await stage.settle()
    assert isinstance(seen[0], Attempting)


async def cut_short(stage, group, far_enough):
    """Dispatch an event, and cancel its attempt as soon as it is *far_enough*; the tasks."""
    tasks = []
    stage.dispatcher._spawn = lambda work: tasks.append(group.create_task(work))
    stage.connect()
    stage.dispatcher.dispatch(event())
    while not far_enough():
        await breathe()
    tasks[0].cancel()
    return tasks


async def test_an_attempt_cut_short_is_closed_as_interrupted():
    async with asyncio.TaskGroup() as group:
        stage = Stage(group, Slow())
        await cut_short(stage, group, lambda: stage.transport.in_flight)
    last = stage.journal.entries[-1]
    assert isinstance(last, Attempted)
    assert last.outcome.type == "interrupted"


async def test_an_event_id_is_never_used_twice(stage):
    stage = stage(200)
    stage.connect()
    stage.dispatcher.dispatch(event())
    with pytest.raises(UsageError, match="emitted already"):
        stage.dispatcher.dispatch(event())
    await stage.settle()


async def test_a_manual_clock_holds_back_what_is_not_due(stage):
    stage = stage(500, 200, manual=True)
    stage.connect()
    stage.dispatcher.dispatch(event())
    await stage.clock.quiet()
    assert len(stage.transport.requests) == 1
    await stage.clock.advance(timedelta(seconds=4.999))
    assert len(stage.transport.requests) == 1
    await stage.clock.advance(timedelta(milliseconds=1))
    assert len(stage.transport.requests) == 2
    assert stage.dispatcher.pending == 0


async def test_the_journal_holds_the_very_bytes_that_were_sent(stage):
    stage = stage(500, 200)
    stage.connect()
    stage.dispatcher.dispatch(event())
    await stage.settle()
    assert [entry.request for entry in stage.of(Attempted)] == stage.transport.requests


async def test_jitter_is_the_same_for_the_same_seed_connection_event_and_attempt(stage):
    def times():
        one = stage(500)
        one.connect(retry=RetryPolicy(attempts=4, delays=Backoff(base=timedelta(seconds=5), jitter=0.2)))
        return one

    first, second = times(), times()
    for one in (first, second):
        one.dispatcher.dispatch(event())
        await one.settle()
    assert [e.started_at for e in first.of(Attempted)] == [e.started_at for e in second.of(Attempted)]
    gaps = [e.next_attempt_at - e.at for e in first.of(Attempted)[:-1]]
    assert all(0.8 * 5 * 2**n <= gap.total_seconds() <= 1.2 * 5 * 2**n for n, gap in enumerate(gaps))
    assert len({gap / 2**n for n, gap in enumerate(gaps)}) == 3


async def test_a_delivery_is_what_its_entries_say(stage):
    stage = stage(500, Response(status=200, body=b"thanks"), manual=True)
    stage.connect()
    [id] = stage.dispatcher.dispatch(event(), who="Alex Stone")
    await stage.clock.quiet()
    [delivery] = stage.journal.ledger.deliveries(event_id="evt_1")
    assert (delivery.id, delivery.status, delivery.attempt_count) == (id, Status.PENDING, 1)
    assert delivery.next_attempt_at == START + timedelta(seconds=5)
    await stage.clock.advance(timedelta(seconds=5))
    [delivery] = stage.journal.ledger.deliveries(run_id="run_1")
    assert (delivery.status, delivery.next_attempt_at, delivery.who) == (Status.SUCCESS, None, "Alex Stone")
    assert delivery.attempts[-1].outcome.body == b"thanks"
    assert delivery.settled_at == START + timedelta(seconds=5)


class SlowCommits(MemoryJournal):
    """A journal whose commits take a few turns of the loop, or wait for a gate."""

    def __init__(self):
        super().__init__()
        self.gate = asyncio.Event()
        self.waiting = 0

    async def commit(self):
        self.waiting += 1
        await self.gate.wait()


async def test_an_attempt_cut_short_before_it_was_sent_is_closed_as_well():
    async with asyncio.TaskGroup() as group:
        stage = Stage(group, ScriptedTransport(200), journal=SlowCommits())
        await cut_short(stage, group, lambda: stage.journal.waiting)
    assert stage.transport.requests == []
    attempting, attempted = stage.journal.entries[-2:]
    assert (attempting.attempt, attempted.attempt) == (1, 1)
    assert attempted.outcome.type == "interrupted"


async def test_nothing_is_sent_before_its_number_is_safe():
    async with asyncio.TaskGroup() as group:
        stage = Stage(group, ScriptedTransport(200), journal=SlowCommits())
        stage.connect()
        stage.dispatcher.dispatch(event())
        while not stage.journal.waiting:
            await breathe()
        assert stage.transport.requests == []
        stage.journal.gate.set()
        await stage.settle()
    assert len(stage.transport.requests) == 1


async def test_a_settling_in_the_very_moment_of_the_deadline_is_no_trouble_in_real_time():
    async with asyncio.TaskGroup() as group:
        transport = Slow()
        stage = Stage(group, transport, clock=SystemClock(start=START, speed=1000))
        stage.connect()
        stage.dispatcher.dispatch(event())
        until = START + timedelta(seconds=20)

        class Answers:
            cancelled = False

            def fall_due(self):
                transport.gate.set()

        # Both in one turn of the loop: the answer, and then the end of the wait for it.
        stage.clock.schedule(until, Rank.SUBSCRIBER, 0, Answers())
        assert await stage.dispatcher.settled(until)
    assert stage.dispatcher.pending == 0


async def test_who_gave_up_waiting_leaves_nothing_behind(stage):
    stage = stage(500, manual=True)
    stage.connect()
    stage.dispatcher.dispatch(event())
    for _ in range(3):
        waiting = asyncio.create_task(stage.settle())
        await breathe()
        waiting.cancel()
        await asyncio.wait({waiting})
    assert len(stage.dispatcher._waiting) == 0
    await stage.clock.quiet()


async def test_a_delay_beyond_the_calendar_is_the_end_of_time(stage):
    stage = stage(500, manual=True)
    stage.connect(retry=RetryPolicy(attempts=2, delays=(timedelta.max,)))
    stage.dispatcher.dispatch(event())
    await stage.clock.quiet()
    [attempted] = stage.of(Attempted)
    assert attempted.next_attempt_at == FOREVER


async def test_a_moment_to_retry_after_is_one_of_the_subscribers_clock(stage):
    # The sandbox's clock stands in another year; the subscriber's does not.
    soon = format_datetime(wall_now() + timedelta(minutes=10), usegmt=True)
    stage = stage(Response(status=503, headers=(("Retry-After", soon),)), 200)
    stage.connect(retry=replace(preset("wexio", Profile()), retry_after="honour"))
    stage.dispatcher.dispatch(event())
    await stage.settle()
    first, second = stage.of(Attempted)
    assert timedelta(minutes=9) < second.started_at - first.at <= timedelta(minutes=10)


async def test_what_is_stamped_is_the_plan_however_late_real_time_is(stage):
    async with asyncio.TaskGroup() as group:
        stage = Stage(
            group, ScriptedTransport(500, TIMEOUT, 200), clock=SystemClock(start=START, speed=50_000)
        )
        stage.connect(retry=RetryPolicy(attempts=3, delays=(timedelta(seconds=5), timedelta(seconds=10))))
        stage.dispatcher.dispatch(event())
        await stage.settle()
    stamps = [entry.rendering.stamp for entry in stage.of(Attempted)]
    gaps = [later - earlier for earlier, later in pairwise(stamps)]
    assert gaps == [timedelta(seconds=5), timedelta(seconds=10 + 10)]
