"""What a server keeps, without HTTP: on a real journal, with a scripted transport."""

import asyncio
import json
import sys
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from shutil import copyfile

import pytest

from sandbox.core.config import Config
from sandbox.core.entries import Verdict
from sandbox.core.errors import CannotRun, Conflict, NotFound, SettleTimeout, UsageError
from sandbox.core.model import Basic, Bearer, Connection, Hmac, NoAuth, Status
from sandbox.core.profile import Profile, SignatureProfile
from sandbox.core.retry import Backoff, RetryPolicy
from sandbox.core.scenario import (
    Answer,
    Emit,
    Expect,
    Outage,
    Range,
    Scenario,
    Settle,
    SubscriberScript,
    Wait,
)
from sandbox.orders import EventOrder, RunOrder
from sandbox.store import SqliteJournal
from sandbox.subscriber import Subscriber
from sandbox.testing import ScriptedTransport
from sandbox.transport import HttpTransport
from sandbox.workspace import Workspace

SECOND = timedelta(seconds=1)
URL = "http://127.0.0.1:1/hook"


@asynccontextmanager
async def workspace(*answers, path=":memory:", config=None, transport=None, **options):
    async with await SqliteJournal.open(path) as journal:
        wire = transport or ScriptedTransport(*answers)
        async with Workspace(journal=journal, transport=wire, config=config or Config(), **options) as made:
            made.wire = wire
            yield made


def crm(name="crm", **changes):
    return Connection(name=name, url=URL, **changes)


def attempts(made):
    return [dict(request.headers)["X-Wexio-Attempt"] for request in made.wire.requests]


async def status_of(made, id):
    return (await made.journal.delivery(id)).status


def order(*steps, **changes):
    scenario = Scenario(name="play", steps=steps, **changes)
    return RunOrder(scenario=scenario, source="name: play")


async def until(made, id, *statuses):
    while made.run(id).status not in statuses:
        await turn()
    return made.run(id)


async def ended_by(made):
    [end] = await asyncio.gather(asyncio.wait_for(made.until_broken(), 2), return_exceptions=True)
    return type(end)


async def turn():
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.002, future.set_result, None)
    await future


# --- connections ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        crm(),
        crm(auth=Hmac("whsec_x"), retry="svix", concurrency=1, events=["chat.created", "flow"]),
        crm(auth=Bearer("t"), retry=RetryPolicy(attempts=2, delays=(SECOND,), give_up_on=frozenset({410}))),
        crm(auth=Basic("u", "p"), active=False),
        crm(auth=NoAuth(), retry=RetryPolicy(attempts=3, delays=Backoff(base=SECOND, jitter=0.2))),
    ],
    ids=["generated", "hmac", "bearer", "basic", "none"],
)
async def test_a_connection_outlasts_the_process_secret_and_all(given, tmp_path):
    async with workspace(path=tmp_path / "db") as made:
        before = await made.connect(given)
    async with workspace(path=tmp_path / "db") as made:
        assert made.connections() == (before,)


async def test_a_generated_secret_is_drawn_and_signs(tmp_path):
    async with workspace() as made:
        held = await made.connect(crm())
        assert held.connection.auth.secret.startswith("whsec_")
        await made.emit(EventOrder())
        await made.settle(5 * SECOND)
        assert "X-Wexio-Signature" in dict(made.wire.requests[0].headers)


async def test_a_name_or_an_id_that_is_taken_is_a_conflict():
    async with workspace() as made:
        held = await made.connect(crm())
        with pytest.raises(Conflict, match="called 'crm' is there already"):
            await made.connect(crm())
        with pytest.raises(Conflict, match=f"the id {held.connection.id} is there already"):
            await made.connect(crm("other", id=held.connection.id))
        other = await made.connect(crm("other"))
        with pytest.raises(Conflict, match="called 'crm' is there already"):
            await made.change(other.connection.id, name="crm")


async def test_what_is_not_there_is_not_found():
    async with workspace() as made:
        for call in (
            made.change("f" * 24, name="x"),
            made.disconnect("f" * 24),
            made.rotate_secret("f" * 24),
            made.hold("f" * 24),
            made.release("f" * 24),
            made.resend("dlv_1"),
            made.pause("run_1"),
            made.emit(EventOrder(connection_ids=("f" * 24,))),
        ):
            with pytest.raises(NotFound, match="there is no"):
                await call


async def test_a_rotated_secret_signs_the_next_attempt():
    async with workspace(500, 200) as made:
        held = await made.connect(crm())
        await made.set_speed("manual")
        await made.emit(EventOrder())
        await made.advance(SECOND)
        new = await made.rotate_secret(held.connection.id)
        assert new.connection.auth.secret != held.connection.auth.secret
        await made.advance(5 * SECOND)
        await made.settle(SECOND)
        from sandbox.core.signing import check

        request = made.wire.requests[1]
        header = dict(request.headers)["X-Wexio-Signature"]
        t = float(header[2:].partition(",")[0])
        assert check(
            header=header, body=request.body, secret=new.connection.auth.secret.encode(), now=t
        ).valid


async def test_how_long_an_old_secret_signs_too_is_real_time_whatever_a_run_s_clock_says():
    profile = replace(Profile(), signature=SignatureProfile(rotation_overlap=timedelta(hours=1)))
    async with workspace(config=Config(profile=profile)) as made:
        held = await made.connect(crm())
        await made.rotate_secret(held.connection.id)
        later = datetime(2999, 1, 1, tzinfo=UTC)
        run = await made.play(order(Emit(), start=later, signature_time="sandbox"))
        await until(made, run.id, "finished", "failed")
        [request] = made.wire.requests
        assert dict(request.headers)["X-Wexio-Signature"].count("v1=") == 2


async def test_only_a_connection_that_signs_has_a_secret_to_rotate():
    async with workspace() as made:
        held = await made.connect(crm(auth=NoAuth()))
        with pytest.raises(Conflict, match="does not sign"):
            await made.rotate_secret(held.connection.id)


async def test_a_paused_connection_holds_what_is_pending_and_hears_of_nothing_new():
    async with workspace(500, 200) as made:
        held = await made.connect(crm())
        await made.set_speed("manual")
        _, [delivery] = await made.emit(EventOrder())
        await made.advance(SECOND)
        await made.change(held.connection.id, active=False)
        _, none = await made.emit(EventOrder())
        await made.advance(3600 * SECOND)
        assert none == []
        assert attempts(made) == ["1"]
        assert await status_of(made, delivery) == "PENDING"
        await made.change(held.connection.id, active=True)
        await made.settle(5 * SECOND)
        assert attempts(made) == ["1", "2"]


async def test_a_run_that_begins_while_its_connection_is_let_go_is_let_go_too():
    async with workspace() as made:
        held = await made.connect(crm())
        await made.hold(held.connection.id)
        play = order(Emit())
        one, other, _ = await asyncio.gather(
            made.play(play), made.play(play), made.release(held.connection.id)
        )
        async with asyncio.timeout(10):
            await until(made, one.id, "finished")
            await until(made, other.id, "finished")


async def test_a_held_connection_hears_of_everything_and_gets_it_when_it_is_let_go():
    async with workspace() as made:
        held = await made.connect(crm())
        await made.hold(held.connection.id)
        _, ids = await made.emit(EventOrder(count=3))
        with pytest.raises(SettleTimeout):
            await made.settle(0.05 * SECOND)
        assert made.wire.requests == []
        assert made.counts() == {Status.PENDING: 3}
        assert not (await made.release(held.connection.id)).connection.held
        assert await made.settle(5 * SECOND) == {Status.SUCCESS: len(ids)}


async def test_a_run_makes_its_deliveries_while_its_connection_is_held_before_and_after():
    async with workspace() as made:
        held = await made.connect(crm())
        runs = [await made.play(order(Emit(), Wait(duration=0.02 * SECOND), Emit()))]
        await made.hold(held.connection.id)
        runs.append(await made.play(order(Emit(), Emit())))
        for run in runs:
            while made.run(run.id).deliveries.total() < 2:
                await turn()
        sent = len(made.wire.requests)
        assert sent < 2
        assert [made.run(run.id).status for run in runs] == ["playing", "playing"]
        await made.release(held.connection.id)
        for run in runs:
            assert (await until(made, run.id, "finished")).deliveries == {Status.SUCCESS: 2}


@pytest.mark.parametrize("defined", [False, True], ids=["made", "defined"])
async def test_what_is_held_stays_so_over_a_restart_and_its_deliveries_wait_on(tmp_path, defined):
    config = Config(connections=(crm(),) if defined else ())
    async with workspace(path=tmp_path / "db", config=config) as made:
        [held] = made.connections() or [await made.connect(crm())]
        await made.hold(held.connection.id)
        await made.emit(EventOrder())
        run = await made.play(order(Emit()))
        while not made.run(run.id).deliveries:
            await turn()
    async with workspace(path=tmp_path / "db", config=config) as made:
        [held] = made.connections()
        assert held.connection.held
        assert held.read_only is defined
        with pytest.raises(SettleTimeout):
            await made.settle(0.05 * SECOND)
        assert made.wire.requests == []
        await made.release(held.connection.id)
        assert await made.settle(5 * SECOND) == {Status.SUCCESS: 2}


async def test_what_a_run_has_pending_is_not_held_by_a_connection_that_nobody_could_let_go(tmp_path):
    async with workspace(path=tmp_path / "db", config=Config(connections=(crm(),))) as made:
        [held] = made.connections()
        await made.hold(held.connection.id)
        run = await made.play(order(Emit()))
        while not made.run(run.id).deliveries:
            await turn()
    async with workspace(path=tmp_path / "db") as made:
        assert made.connections() == ()
        assert await made.settle(5 * SECOND) == {Status.SUCCESS: 1}


async def test_an_older_file_s_connection_is_not_held(tmp_path):
    async with workspace(path=tmp_path / "db") as made:
        before = await made.connect(crm())
        id = before.connection.id
        kept = (await made.journal.documents("connection"))[id]
        del kept["held"]
        made.journal.put_document("connection", id, kept)
    async with workspace(path=tmp_path / "db") as made:
        assert made.connections() == (before,)


async def test_what_is_held_can_be_given_up():
    async with workspace() as made:
        held = await made.connect(crm())
        await made.hold(held.connection.id)
        run = await made.play(order(Emit()))
        while not made.run(run.id).deliveries:
            await turn()
        assert (await made.stop(run.id)).deliveries == {Status.FAILED: 1}
        await made.emit(EventOrder())
        await made.disconnect(held.connection.id)
        assert made.counts() == {Status.FAILED: 2}
        assert made.wire.requests == []


async def test_a_deleted_connection_s_deliveries_fail_and_say_why():
    async with workspace(500) as made:
        held = await made.connect(crm())
        await made.set_speed("manual")
        _, [delivery] = await made.emit(EventOrder())
        await made.advance(SECOND)
        await made.disconnect(held.connection.id)
        found = await made.journal.delivery(delivery)
        assert (found.status, found.reason) == ("FAILED", "connection deleted")
        assert made.connections() == ()
        with pytest.raises(Conflict, match="not there any more"):
            await made.resend(delivery)


DEFINED = Config(connections=(crm("team"), crm("pinned", id="a" * 24, auth=Hmac("whsec_team"))))


async def test_the_configuration_file_s_connections_are_read_only_and_the_same_each_time(tmp_path):
    async with workspace(path=tmp_path / "db", config=DEFINED) as made:
        before = made.connections()
        assert [held.read_only for held in before] == [True, True]
        for call in (
            made.change(before[0].connection.id, name="x"),
            made.disconnect(before[0].connection.id),
            made.rotate_secret(before[0].connection.id),
        ):
            with pytest.raises(Conflict, match="defined by the configuration file"):
                await call
    async with workspace(path=tmp_path / "db", config=DEFINED) as made:
        assert made.connections() == before
    async with workspace(config=DEFINED) as made:
        assert made.connections()[0].connection.id == before[0].connection.id


async def test_what_the_configuration_file_no_longer_has_is_gone_with_its_deliveries(tmp_path):
    async with workspace(500, path=tmp_path / "db", config=DEFINED) as made:
        await made.set_speed("manual")
        _, deliveries = await made.emit(EventOrder())
        await made.advance(SECOND)
    async with workspace(path=tmp_path / "db") as made:
        assert made.connections() == ()
        assert made.counts() == {Status.FAILED: 2}
        assert (await made.journal.delivery(deliveries[0])).reason == "connection deleted"


# --- events and deliveries ---------------------------------------------------------------


async def test_events_go_to_the_connections_that_are_named():
    async with workspace() as made:
        first, second = await made.connect(crm("a")), await made.connect(crm("b"))
        events, deliveries = await made.emit(EventOrder(count=3, connection_ids=(second.connection.id,)))
        assert len(events) == len(deliveries) == 3
        await made.settle(5 * SECOND)
        page = await made.journal.page(connection_id=first.connection.id)
        assert page.items == []


@pytest.mark.parametrize("count", [0, 10_001])
async def test_a_number_of_events_beyond_measure_is_refused(count):
    async with workspace() as made:
        with pytest.raises(UsageError, match="1 to 10000"):
            await made.emit(EventOrder(count=count))


async def test_a_contact_can_be_pinned_on_the_spot():
    async with workspace() as made:
        await made.connect(crm())
        pins = {"firstName": "Zoë", "lastName": "Stone", "phoneNumber": "+46701740612"}
        [event], _ = await made.emit(EventOrder(channel="WHATSAPP", contact=pins))
        assert event.data["contact"]["firstName"] == "Zoë"
        [again], _ = await made.emit(EventOrder(channel="WHATSAPP", contact=pins))
        assert again.data["contact"]["peopleId"] == event.data["contact"]["peopleId"]
        with pytest.raises(UsageError, match="did you mean firstName"):
            await made.emit(EventOrder(contact={"firstname": "x"}))


async def test_who_was_rendered_from_a_seed_is_who_is_sent_from_it_and_each_event_is_its_own():
    async with workspace(200) as made:
        held = await made.connect(crm())
        asked = EventOrder(seed=7)
        request = made.render(asked, connection_id=held.connection.id, auth=None, attempt=1)
        rendered = json.loads(request.body)["data"]
        (first,), _ = await made.emit(asked)
        (again,), _ = await made.emit(asked)
        for event in (first, again):
            for part, field in (("chat", "externalChatId"), ("chat", "firstName"), ("contact", "firstName")):
                assert event.data[part].get(field) == rendered[part].get(field)
        assert first.channel == again.channel == rendered["chat"]["channel"]
        assert first.id != again.id


async def test_a_rendered_request_is_neither_sent_nor_noted():
    async with workspace() as made:
        held = await made.connect(crm(auth=Hmac("whsec_x")))
        request = made.render(
            EventOrder(channel="VIBER"), connection_id=held.connection.id, auth=None, attempt=3
        )
        assert dict(request.headers)["X-Wexio-Attempt"] == "3"
        assert b'"channel":"VIBER"' in request.body
        other = made.render(EventOrder(), connection_id=None, auth=Bearer("t"), attempt=1)
        assert dict(other.headers)["Authorization"] == "Bearer t"
        assert made.wire.requests == []
        assert made.journal.seq == 0


async def test_a_dead_delivery_can_be_sent_once_more():
    async with workspace(*[500] * 5, 200) as made:
        await made.connect(crm())
        await made.set_speed("max")
        _, [delivery] = await made.emit(EventOrder())
        assert await made.settle(5 * SECOND) == {Status.DEAD_LETTER: 1}
        await made.resend(delivery)
        assert await made.settle(5 * SECOND) == {Status.SUCCESS: 1}
        found = await made.journal.delivery(delivery)
        assert found.attempt_count == 6
        assert attempts(made) == ["1", "2", "3", "4", "5", "6"]


async def test_a_pending_delivery_is_not_sent_once_more():
    async with workspace(500) as made:
        await made.connect(crm())
        await made.set_speed("manual")
        _, [delivery] = await made.emit(EventOrder())
        await made.advance(SECOND)
        with pytest.raises(Conflict, match="is pending"):
            await made.resend(delivery)


async def test_what_is_sent_once_more_by_two_at_once_is_sent_once():
    async with workspace(500) as made:
        await made.connect(crm(retry="none"))
        _, [id] = await made.emit(EventOrder())
        await made.settle(5 * SECOND)
        first, second = await asyncio.gather(made.resend(id), made.resend(id), return_exceptions=True)
        assert first is None
        assert isinstance(second, Conflict)
        await made.settle(5 * SECOND)
        assert attempts(made) == ["1", "2"]


async def test_many_deliveries_of_a_run_that_has_ended_can_be_sent_once_more_at_once():
    async with workspace(500) as made:
        await made.connect(crm())
        run = await made.play(order(*[Emit()] * 3, retry="none"))
        await until(made, run.id, "finished")
        ids = [item.id for item in (await made.journal.page(run_id=run.id)).items]
        for _ in range(5):
            await asyncio.gather(*map(made.resend, ids))
            await made.settle(5 * SECOND)
        assert Counter(attempts(made)) == {str(number): 3 for number in range(1, 7)}


async def test_a_bug_in_what_a_run_that_has_ended_sends_once_more_ends_everything():
    def answer(request, number):
        if number > 1:
            raise ZeroDivisionError
        return 500

    async def served():
        async with workspace(answer) as made:
            await made.connect(crm())
            run = await made.play(order(Emit(), retry="none"))
            await until(made, run.id, "finished")
            [item] = (await made.journal.page(run_id=run.id)).items
            await made.resend(item.id)
            ended.append(await ended_by(made))

    ended = []
    with pytest.raises(ExceptionGroup):
        await served()
    assert ended == [ExceptionGroup]


async def test_settling_says_at_once_that_only_an_advance_can_help():
    async with workspace(500) as made:
        await made.connect(crm())
        await made.set_speed("manual")
        await made.emit(EventOrder())
        with pytest.raises(SettleTimeout, match=r"only an advance.*1 PENDING.*next attempt at") as caught:
            await made.settle(None)
        assert len(caught.value.waiting) == 2


@pytest.mark.parametrize("halt", ["manual", "pause"])
async def test_settling_that_has_begun_is_told_when_time_comes_to_a_halt(halt):
    async with workspace(500) as made:
        await made.connect(crm())
        if halt == "manual":
            await made.emit(EventOrder())
        else:
            run = await made.play(order(Emit()))
        while not made.wire.requests:
            await turn()
        settling = asyncio.create_task(made.settle(20 * SECOND))
        await turn()
        await (made.set_speed("manual") if halt == "manual" else made.pause(run.id))
        with pytest.raises(SettleTimeout, match="only an advance, a resume or a step"):
            await asyncio.wait_for(settling, 5)


async def test_settling_gives_up_when_its_time_has_passed():
    async with workspace(500) as made:
        await made.connect(crm())
        await made.emit(EventOrder())
        with pytest.raises(SettleTimeout, match=r"not settled within 0.05s: 1 PENDING"):
            await made.settle(0.05 * SECOND)


# --- after a restart ---------------------------------------------------------------------


async def test_a_pending_delivery_goes_on_with_its_number_and_due_time(tmp_path):
    async with workspace(500, path=tmp_path / "db") as made:
        await made.connect(crm())
        await made.set_speed("manual")
        [event], [delivery] = await made.emit(EventOrder())
        await made.advance(6 * SECOND)  # attempts 1 and 2
        before = await made.journal.delivery(delivery)
        clock = made.now()
    async with workspace(200, path=tmp_path / "db") as made:
        assert made.clock().speed == "manual"
        assert made.now() == clock
        after = await made.journal.delivery(delivery)
        assert (after.attempt_count, after.next_attempt_at) == (2, before.next_attempt_at)
        await made.advance(8 * SECOND)
        assert attempts(made) == []
        await made.advance(SECOND)
        assert attempts(made) == ["3"]
        assert made.counts() == {Status.SUCCESS: 1}
        assert dict(made.wire.requests[0].headers)["X-Wexio-Event-Id"] == event.id


async def test_a_clock_of_real_time_has_gone_on_meanwhile(tmp_path):
    async with workspace(path=tmp_path / "db") as made:
        await made.set_speed(3600.0)
        before = made.now()
    async with workspace(path=tmp_path / "db") as made:
        assert made.clock().speed == 3600.0
        assert made.now() > before


async def test_the_organisation_stays_the_same(tmp_path):
    async with workspace(path=tmp_path / "db") as made:
        [first], _ = await made.emit(EventOrder())
    async with workspace(path=tmp_path / "db") as made:
        [second], _ = await made.emit(EventOrder())
    assert first.organisation_id == second.organisation_id
    assert first.id != second.id


# --- runs ----------------------------------------------------------------------------------


async def test_a_run_has_a_clock_of_its_own_and_keeps_its_verdict(tmp_path):
    start = datetime(2026, 4, 24, tzinfo=UTC)
    async with workspace(500, 200, path=tmp_path / "db") as made:
        await made.connect(crm())
        run = await made.play(
            RunOrder(
                scenario=Scenario(
                    name="play", steps=(Emit(channels=("VIBER",)), Expect(deliveries=Range(min=1, max=1)))
                ),
                source="name: play",
                seed=7,
                speed="max",
                start=start,
            )
        )
        assert run.status == "playing"
        ended = await until(made, run.id, "finished")
        assert ended.verdict.passed
        assert ended.seed == 7
        assert ended.at >= start + 5 * SECOND
        assert ended.deliveries == {Status.SUCCESS: 1}
        assert made.now() > datetime(2026, 5, 1, tzinfo=UTC)
    async with workspace(path=tmp_path / "db") as made:
        kept = made.run(run.id)
        assert kept.verdict == ended.verdict
        assert kept.deliveries == {Status.SUCCESS: 1}


async def test_two_runs_of_one_seed_have_ids_of_their_own_and_the_same_people():
    async with workspace() as made:
        await made.connect(crm())
        ids = []
        for _ in range(2):
            run = await made.play(
                RunOrder(scenario=Scenario(name="play", steps=(Emit(),)), source="", seed=7, speed="max")
            )
            await until(made, run.id, "finished")
            ids.append(run.id)
        assert ids[0] != ids[1]
        first, second = made.wire.requests
        assert dict(first.headers)["X-Wexio-Event-Id"] == dict(second.headers)["X-Wexio-Event-Id"]
        assert made.counts() == {Status.SUCCESS: 2}


async def test_a_run_can_be_paused_stepped_sped_up_and_goes_on():
    async with workspace() as made:
        await made.connect(crm())
        run = await made.play(
            order(Emit(), Wait(duration=3600 * SECOND), Emit(), Wait(duration=3600 * SECOND))
        )
        while not made.wire.requests:
            await turn()
        assert (await made.pause(run.id)).status == "paused"
        stepped = await made.step(run.id)
        assert len(made.wire.requests) == 2  # what happens at that instant, happens
        assert stepped.at - run.at > 3599 * SECOND
        assert (await made.resume(run.id)).status == "playing"
        assert (await made.set_run_speed(run.id, "max")).speed == "max"
        assert (await until(made, run.id, "finished")).verdict.passed


async def test_only_a_paused_run_is_stepped_and_only_one_that_goes_on_is_steered():
    async with workspace() as made:
        await made.connect(crm())
        run = await made.play(order(Wait(duration=3600 * SECOND)))
        with pytest.raises(Conflict, match="only a paused one"):
            await made.step(run.id)
        with pytest.raises(UsageError, match="no manual clock"):
            await made.set_run_speed(run.id, "manual")
        await made.stop(run.id)
        for call in (made.pause(run.id), made.resume(run.id), made.step(run.id), made.stop(run.id)):
            with pytest.raises(Conflict, match="has ended: it is stopped"):
                await call


@pytest.mark.parametrize("paused", [False, True])
async def test_a_stopped_run_s_pending_deliveries_fail_and_can_be_sent_once_more(paused):
    async with workspace(500, 200) as made:
        await made.connect(crm())
        run = await made.play(order(Emit(), Wait(duration=3600 * SECOND)))
        while not made.wire.requests:
            await turn()
        if paused:
            await made.pause(run.id)
        stopped = await made.stop(run.id)
        assert stopped.status == "stopped"
        assert not stopped.verdict.passed
        assert stopped.verdict.expectations[0].actual == "it was stopped"
        assert stopped.deliveries == {Status.FAILED: 1}
        [delivery] = (await made.journal.page(run_id=run.id)).items
        assert (await made.journal.delivery(delivery.id)).reason == "stopped"
        await made.resend(delivery.id)
        assert await made.settle(5 * SECOND) == {Status.SUCCESS: 1}
        assert made.run(run.id).deliveries == {Status.SUCCESS: 1}


class Slow(SqliteJournal):
    """A journal that takes its time to commit a verdict."""

    def append(self, entry):
        super().append(entry)
        if isinstance(entry, Verdict):
            self.judged.set()

    async def commit(self):
        if self.judged.is_set():
            await super().commit()
            await self.gate.wait()
        await super().commit()


@asynccontextmanager
async def slow(path):
    async with await Slow.open(path) as journal:
        journal.judged, journal.gate = asyncio.Event(), asyncio.Event()
        async with Workspace(journal=journal, transport=ScriptedTransport(200), config=Config()) as made:
            try:
                yield made
            finally:
                journal.gate.set()


async def verdicts(journal):
    return [entry for _, entry in await journal.entries(0, 1000) if isinstance(entry, Verdict)]


async def test_a_run_that_is_stopped_while_its_verdict_is_being_committed_has_no_other():
    async with slow(":memory:") as made:
        await made.connect(crm())
        run = await made.play(order(Emit()))
        await made.journal.judged.wait()
        for steer in (made.stop, made.pause):
            with pytest.raises(Conflict, match="has ended: it is finished"):
                await asyncio.wait_for(steer(run.id), 5)
        made.journal.gate.set()
        await made.journal.commit()
        [verdict] = await verdicts(made.journal)
        assert verdict == made.run(run.id).verdict
        assert verdict.passed


async def test_a_process_that_ends_as_a_verdict_is_committed_has_judged_for_the_next_one_too(tmp_path):
    async with slow(tmp_path / "db") as made:
        await made.connect(crm())
        run = await made.play(order(Emit()))
        await made.journal.judged.wait()
        while made.journal.lag:
            await turn()
        # As it is left by who is killed now.
        for end in ("", "-wal"):
            copyfile(tmp_path / f"db{end}", tmp_path / f"left{end}")
    async with workspace(path=tmp_path / "left") as made:
        assert made.run(run.id).status == "finished"
        [verdict] = await verdicts(made.journal)
        assert verdict == made.run(run.id).verdict


async def test_a_run_that_is_stopped_before_its_first_step_ends_all_the_same():
    async with workspace() as made:
        await made.connect(crm())
        run = await made.play(order(Emit()))
        assert (await made.stop(run.id)).status == "stopped"


async def test_a_run_that_cannot_be_played_says_why():
    async with workspace() as made:
        await made.connect(crm())
        run = await made.play(order(Emit(contact="nobody")))
        failed = await until(made, run.id, "failed")
        assert "no contact is called 'nobody'" in failed.error
        assert not failed.verdict.passed


async def test_a_run_goes_to_the_scenario_s_connections_unless_told_otherwise():
    async with workspace() as made:
        held = await made.connect(crm())
        own = Connection(name="own", url="http://127.0.0.1:1/own")
        for ids, url in ((None, own.url), ((held.connection.id,), URL)):
            run = await made.play(
                RunOrder(
                    scenario=Scenario(name="play", steps=(Emit(),), connections=(own,)),
                    source="",
                    speed="max",
                    connection_ids=ids,
                )
            )
            await until(made, run.id, "finished")
            assert made.wire.requests[-1].url == url


async def test_without_any_connection_the_built_in_subscriber_receives():
    secrets = {}
    transport = HttpTransport()
    async with Subscriber(now=now, secrets=secrets) as subscriber:
        async with workspace(transport=transport, subscriber=subscriber, subscriber_secrets=secrets) as made:
            script = SubscriberScript(
                respond=(Answer(status=500), Answer()), outage=Outage(start=0 * SECOND, duration=SECOND)
            )
            scenario = Scenario(name="play", steps=(Emit(), Settle()), subscriber=script)
            run = await made.play(RunOrder(scenario=scenario, source="", speed="max"))
            ended = await until(made, run.id, "finished")
            assert ended.verdict.passed
            assert [request.answer.status for request in subscriber.requests] == [503, 200]
            assert all(request.verified for request in subscriber.requests)
        await transport.close()


def now():
    from sandbox.clock import wall_now

    return wall_now().timestamp()


async def test_without_connection_and_subscriber_there_is_nothing_to_deliver_to():
    async with workspace() as made:
        with pytest.raises(UsageError, match="nothing to deliver to"):
            await made.play(order(Emit()))


async def test_a_play_that_the_process_did_not_survive_is_over_but_its_deliveries_go_on(tmp_path):
    async with workspace(500, path=tmp_path / "db") as made:
        await made.connect(crm())
        run = await made.play(order(Emit(), Wait(duration=24 * 3600 * SECOND)))
        while not made.wire.requests:
            await turn()
        await made.pause(run.id)
    async with workspace(200, path=tmp_path / "db") as made:
        kept = made.run(run.id)
        assert kept.status == "interrupted"
        assert "the sandbox ended before" in kept.verdict.expectations[0].actual
        [delivery] = (await made.journal.page(run_id=run.id)).items
        assert delivery.status == "PENDING"
        assert await made.settle(20 * SECOND) == {Status.SUCCESS: 1}
        assert attempts(made) == ["2"]


async def test_at_the_end_the_pending_deliveries_of_all_runs_stay_so(tmp_path):
    async with workspace(500, path=tmp_path / "db") as made:
        await made.connect(crm())
        runs = [await made.play(order(Emit(), Wait(duration=24 * 3600 * SECOND))) for _ in range(3)]
        while len(made.wire.requests) < 3:
            await turn()
    async with workspace(200, path=tmp_path / "db") as made:
        for run in runs:
            kept = made.run(run.id)
            assert (kept.status, kept.error) == ("interrupted", None)
            assert kept.deliveries == {Status.PENDING: 1}


async def test_a_connection_that_changes_keeps_each_run_s_own_retry_policy():
    async with workspace(500) as made:
        held = await made.connect(crm())
        waits = Wait(duration=24 * 3600 * SECOND)
        policies = ("none", "svix")
        runs = [await made.play(order(Emit(), waits, retry=policy)) for policy in policies]
        await made.change(held.connection.id, concurrency=1)
        found = [made.run(run.id).connections[0] for run in runs]
        assert [item.retry.name for item in found] == list(policies)
        assert [item.concurrency for item in found] == [1, 1]


async def test_a_run_knows_after_a_crash_how_its_connection_has_changed(tmp_path):
    async with await SqliteJournal.open(tmp_path / "db") as journal:
        made = Workspace(journal=journal, transport=ScriptedTransport(500), config=Config())
        async with made:
            changed, gone = await made.connect(crm()), await made.connect(crm("gone"))
            run = await made.play(order(Emit(), retry="none"))
            await until(made, run.id, "finished")
            while made._runs.sandboxes:
                await turn()
            await made.change(changed.connection.id, auth=Hmac("whsec_new"))
            await made.disconnect(gone.connection.id)
            kept = (await journal.documents("run"))[run.id]["connections"]
    assert [(item["name"], item["auth"]["secret"]) for item in kept] == [("crm", "whsec_new")]


# --- the built-in subscriber, the clock, reset ------------------------------------------------


async def test_the_built_in_subscriber_suffers_an_outage_on_the_server_s_clock():
    async with Subscriber(now=now) as subscriber:
        transport = HttpTransport()
        async with workspace(transport=transport, subscriber=subscriber) as made:
            await made.connect(crm_at(subscriber.url))
            await made.set_speed("manual")
            await made.set_subscriber(
                respond=[Answer(status=202)], outage=Outage(start=0 * SECOND, duration=8 * SECOND)
            )
            await made.emit(EventOrder())
            await made.advance(20 * SECOND)
            assert [request.answer.status for request in subscriber.requests] == [503, 503, 202]
            await made.set_subscriber(respond=None, outage=Outage(start=0 * SECOND, duration=8 * SECOND))
            await made.advance(SECOND)
            await made.set_subscriber(respond=None, outage=None)
            await made.emit(EventOrder())
            await made.advance(SECOND)
            assert subscriber.requests[-1].answer.status == 202
        await transport.close()


def crm_at(url):
    return Connection(name="crm", url=url)


async def test_a_clock_that_passes_by_itself_is_not_advanced():
    async with workspace() as made:
        with pytest.raises(Conflict, match="set its speed to"):
            await made.advance(SECOND)


async def test_reset_forgets_events_deliveries_and_runs_and_keeps_connections(tmp_path):
    async with workspace(500, path=tmp_path / "db") as made:
        held = await made.connect(crm())
        await made.set_speed("manual")
        await made.emit(EventOrder(count=3))
        await made.advance(SECOND)
        run = await made.play(order(Emit(), Wait(duration=3600 * SECOND)))
        while not made.run(run.id).deliveries:
            await turn()
        await made.reset()
        assert made.counts() == {}
        assert made.runs() == ()
        assert (await made.journal.page()).items == []
        assert made.clock().speed == "manual"
        assert made.connections() == (held,)
        await made.emit(EventOrder())
        with pytest.raises(SettleTimeout):
            await made.settle(None)
        assert made.counts() == {Status.PENDING: 1}
    async with workspace(path=tmp_path / "db") as made:
        assert made.connections() == (held,)
        assert made.counts() == {Status.PENDING: 1}
        await made.reset(connections=True)
        assert made.connections() == ()


class Silent(ScriptedTransport):
    """Takes the request and says nothing."""

    async def send(self, request, *, timeout):
        await super().send(request, timeout=timeout)
        await asyncio.get_running_loop().create_future()


async def test_reset_does_not_wait_for_a_subscriber_that_says_nothing():
    async with workspace(transport=Silent()) as made:
        await made.connect(crm())
        await made.emit(EventOrder())
        while not made.wire.requests:
            await turn()
        await asyncio.wait_for(made.reset(), 2)
        assert made.counts() == {}


async def test_an_attempt_in_flight_at_the_end_counts_and_is_not_posted_again(tmp_path):
    async with workspace(transport=Silent(), path=tmp_path / "db") as made:
        await made.connect(crm())
        await made.set_speed("max")
        _, [delivery] = await made.emit(EventOrder())
        while not made.wire.requests:
            await turn()
    async with workspace(200, path=tmp_path / "db") as made:
        await made.settle(5 * SECOND)
        found = await made.journal.delivery(delivery)
        assert [item.attempt for item in found.attempts] == [1, 2]
        assert found.attempts[0].outcome.type == "interrupted"
        assert attempts(made) == ["2"]


async def test_a_reset_in_the_midst_of_many_events_stops_them_and_what_follows_is_delivered():
    async with workspace() as made:
        await made.connect(crm())
        many = asyncio.create_task(made.emit(EventOrder(count=10_000)))
        # By the time that a request goes out, all of them may have happened.
        while not made.counts():
            await turn()
        await made.reset()
        with pytest.raises(Conflict, match="nothing is emitted any more"):
            await many
        assert made.counts() == {}
        await made.emit(EventOrder())
        assert await made.settle(5 * SECOND) == {Status.SUCCESS: 1}


async def test_a_run_that_begins_during_a_reset_is_played_after_it():
    async with workspace(transport=Silent()) as made:
        await made.connect(crm())
        before = await made.play(order(Emit()))
        _, run = await asyncio.gather(made.reset(), made.play(order(Emit())))
        assert [item.id for item in made.runs()] == [run.id] != [before.id]
        while not made.counts():
            await turn()
        assert made.counts() == {Status.PENDING: 1}


async def test_an_outage_does_not_outlast_a_reset():
    async with Subscriber(now=now) as subscriber:
        transport = HttpTransport()
        async with workspace(transport=transport, subscriber=subscriber) as made:
            await made.connect(crm_at(subscriber.url))
            await made.set_speed("manual")
            await made.set_subscriber(respond=None, outage=Outage(start=0 * SECOND, duration=8 * SECOND))
            await made.advance(SECOND)
            await made.reset()
            assert made.script().outage is None
            await made.emit(EventOrder())
            await made.advance(SECOND)
            assert made.counts() == {Status.SUCCESS: 1}
        await transport.close()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be deleted there")
async def test_a_journal_that_fails_while_nothing_happens_ends_everything(tmp_path):
    async def served():
        async with workspace(path=tmp_path / "db") as made:
            await made.connect(crm())
            (tmp_path / "db").unlink()
            with pytest.raises(CannotRun):
                await made.journal.probe()
            ended.append(await ended_by(made))

    ended = []
    with pytest.raises(CannotRun, match="deleted or replaced"):
        await served()
    assert ended == [CannotRun]
