"""Faults from being asked for to being delivered: what a receiver sees, and what the journal says of it."""

import asyncio
import json
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import Connection, Hmac, Sandbox
from sandbox.core.entries import Attempted, Attempting, Emitted
from sandbox.core.errors import UsageError
from sandbox.core.faults import as_faults, collisions, parse_fault
from sandbox.core.model import NoAuth, Status
from sandbox.core.parse import parse_scenario
from sandbox.core.present import entry_json
from sandbox.core.retry import RetryPolicy
from sandbox.store import SqliteJournal
from sandbox.testing import ScriptedTransport
from tests.receiver import Receiver

START = datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)
RETRY = RetryPolicy(attempts=4, delays=(timedelta(seconds=5),) * 3, timeout=timedelta(seconds=5))


def connection(url="http://127.0.0.1:1/", name="crm", **options):
    return Connection(
        name=name,
        url=url,
        retry=RETRY,
        **{"auth": Hmac("whsec_x"), "id": name[0] * 24, "concurrency": 1} | options,
    )


def scenario(steps, seed=1):
    return parse_scenario(f"name: t\nseed: {seed}\nstart: 2026-04-24T14:02:10Z\nsteps:\n{steps}")


async def played(steps, transport=None, *, seed=1, to=None, journal=None, connections=None):
    """A scenario on a network that is none, or to a real receiver; the sandbox that has played it."""
    async with Sandbox(
        seed=seed,
        speed="max",
        start=START,
        signature_time="sandbox",
        transport=transport or (None if to else ScriptedTransport(200)),
        journal=journal,
    ) as sandbox:
        for each in connections or [connection(to) if to else connection()]:
            sandbox.connect(each)
        await sandbox.play(scenario(steps, seed))
        return sandbox


def attempts(sandbox):
    return [entry for entry in sandbox.journal.entries if isinstance(entry, Attempted)]


def after(sandbox):
    """When each attempt began, in seconds."""
    return [(entry.started_at - START).total_seconds() for entry in attempts(sandbox)]


async def emitted(*faults, transport, **options):
    async with Sandbox(seed=1, speed="max", transport=transport) as sandbox:
        sandbox.connect(connection(**options))
        event = await sandbox.emit("chat.created", channel="VIBER", faults=faults)
        await sandbox.settle()
        [delivery] = sandbox.deliveries(event.id)
        return delivery


# --- seen by a receiver --------------------------------------------------------------------


async def test_a_receiver_gets_the_bytes_that_the_journal_tells():
    steps = """
  - emit: chat.created
    faults: [{do: tampered_body, attempt: 1}, {do: unicode}, {do: stale, attempt: 2}]
"""
    async with Receiver(lambda seen: 200 if seen["X-Wexio-Attempt"] == "3" else 401) as receiver:
        sandbox = await played(steps, to=receiver.url)
    told = attempts(sandbox)
    assert [seen.body for seen in receiver.seen] == [entry.request.body for entry in told]
    assert [seen["X-Wexio-Signature"] for seen in receiver.seen] == [
        dict(entry.request.headers)["X-Wexio-Signature"] for entry in told
    ]
    assert [[fault.do for fault in entry.faults] for entry in told] == [
        ["tampered_body", "unicode"],
        ["unicode", "stale"],
        ["unicode"],
    ]


async def test_what_is_dropped_is_never_sent_and_is_a_failed_attempt():
    async with Receiver() as receiver:
        sandbox = await played(
            "  - emit: chat.created\n    faults: [{do: drop, attempt: 1}]", to=receiver.url
        )
    [seen] = receiver.seen
    assert seen["X-Wexio-Attempt"] == "2"
    assert [getattr(entry.outcome, "type", "answered") for entry in attempts(sandbox)] == [
        "dropped",
        "answered",
    ]
    assert after(sandbox) == [0, 5]


async def test_a_duplicate_is_the_same_request_twice_and_the_first_answer_decides():
    async with Receiver(lambda seen: 200 if seen.number == 1 else 500) as receiver:
        sandbox = await played("  - emit: chat.created\n    faults: [{do: duplicate}]", to=receiver.url)
    first, second = receiver.seen
    assert first.raw == second.raw
    [delivery] = sandbox.deliveries()
    assert (delivery.status, delivery.attempt_count) == (Status.SUCCESS, 1)
    assert [(entry.copy, entry.outcome.status) for entry in delivery.attempts] == [(False, 200), (True, 500)]
    assert len(delivery.counted) == 1


async def test_of_a_duplicate_whose_first_answer_refuses_the_copy_changes_nothing():
    transport = ScriptedTransport(500, 200, 200)
    delivery = await emitted("duplicate:attempt=1", transport=transport)
    assert [(entry.attempt, entry.copy) for entry in delivery.attempts] == [(1, False), (1, True), (2, False)]
    assert (delivery.status, delivery.attempt_count) == (Status.SUCCESS, 2)


async def test_no_copy_goes_to_a_connection_that_was_deleted_while_the_first_was_under_way():
    class Deleting(ScriptedTransport):
        async def send(self, request, *, timeout):
            sandbox.disconnect("c" * 24, "connection deleted")
            return await super().send(request, timeout=timeout)

    wire = Deleting(200)
    async with Sandbox(seed=1, speed="max", transport=wire) as sandbox:
        sandbox.connect(connection())
        await sandbox.emit(faults=["duplicate"])
        await sandbox.settle(5)
    assert len(wire.requests) == 1


async def test_a_real_reset_and_a_truncated_body_are_made_up_for_by_the_next_attempt():
    steps = """
  - emit: chat.created
    faults: [{do: reset, at: headers, attempt: 1}, {do: truncated_body, attempt: 2}, {do: reset, attempt: 3}]
"""
    async with Receiver() as receiver:
        sandbox = await played(steps, to=receiver.url)
    [seen] = receiver.seen
    assert seen["X-Wexio-Attempt"] == "4"
    assert [getattr(entry.outcome, "type", "answered") for entry in attempts(sandbox)] == [
        *("reset", "reset", "reset", "answered"),
    ]
    assert [delivery.status for delivery in sandbox.deliveries()] == [Status.SUCCESS]


# --- time -------------------------------------------------------------------------------------


async def test_a_delayed_attempt_begins_later_and_is_signed_as_of_when_it_fell_due():
    sandbox = await played("  - emit: chat.created\n    faults: [{do: delay, by: 10m}]")
    [entry] = attempts(sandbox)
    assert after(sandbox) == [600]
    assert dict(entry.request.headers)["X-Wexio-Timestamp"] == "2026-04-24T14:02:10.000Z"


async def test_every_attempt_is_delayed_and_the_ladder_counts_from_its_end():
    sandbox = await played(
        "  - emit: chat.created\n    faults: [{do: delay, by: 1m}]", ScriptedTransport(500, 500, 200)
    )
    assert after(sandbox) == [60, 125, 190]


async def goes_out(sandbox, faults):
    """When the first attempt, the second and the resend are said to go out and when they do, in seconds."""
    told, done = [], []

    async def on(seconds):
        await sandbox.advance(0)
        [delivery] = sandbox.deliveries()
        told.append((delivery.next_attempt_at - START).total_seconds())
        await sandbox.advance(seconds)
        done.append((sandbox.deliveries()[0].attempts[-1].started_at - START).total_seconds())

    await sandbox.emit("chat.created", faults=faults)
    await on(60)
    await on(65)
    [delivery] = sandbox.deliveries()
    event = next(entry.event for entry in sandbox.journal.entries if isinstance(entry, Emitted))
    sandbox.by_hand.dispatcher.resend(delivery.id, event, delivery.connection_id, 2, as_faults(faults))
    await on(60)
    return told, done


async def test_a_delivery_tells_when_a_delayed_attempt_will_really_go_out():
    async with Sandbox(
        seed=1, speed="manual", start=START, transport=ScriptedTransport(500, 200, 200)
    ) as sandbox:
        sandbox.connect(connection())
        assert await goes_out(sandbox, ["delay:by=1m"]) == ([60, 125, 185], [60, 125, 185])
        shown = [entry_json(seq, entry) for seq, entry in enumerate(sandbox.journal.entries, start=1)]
    [emitted] = [entry for entry in shown if entry["kind"] == "emitted"]
    assert emitted["deliveries"][0]["next_attempt_at"] == "2026-04-24T14:03:10.000Z"
    [resent] = [entry for entry in shown if entry["kind"] == "resent"]
    assert resent["next_attempt_at"] == "2026-04-24T14:05:15.000Z"
    first, *_ = [entry for entry in shown if entry["kind"] == "attempted"]
    assert first["next_attempt_at"] == "2026-04-24T14:04:15.000Z"


async def test_what_is_not_delayed_tells_nothing_of_it():
    async with Sandbox(seed=1, speed="manual", start=START, transport=ScriptedTransport(500)) as sandbox:
        sandbox.connect(connection())
        await sandbox.emit("chat.created", faults=["delay:by=1m,attempt=3", "wrong_secret"])
        await sandbox.advance(0)
        [emitted] = [entry for entry in sandbox.journal.entries if isinstance(entry, Emitted)]
        [delivery] = sandbox.deliveries()
    assert entry_json(1, emitted)["deliveries"] == [
        {"delivery_id": delivery.id, "connection_id": delivery.connection_id}
    ]
    assert delivery.next_attempt_at == START + timedelta(seconds=5)


async def test_a_delay_that_was_under_way_at_a_restart_ends_when_it_was_told_to(tmp_path):
    async with (
        await SqliteJournal.open(tmp_path / "j.db") as journal,
        Sandbox(seed=1, speed="manual", start=START, journal=journal) as sandbox,
    ):
        kept = sandbox.connect(connection())
        await sandbox.emit("chat.created", faults=["delay:by=1h"])
        await sandbox.advance("20m")
    transport = ScriptedTransport(200)
    options = {"signature_time": "sandbox", "transport": transport}
    async with (
        await SqliteJournal.open(tmp_path / "j.db") as journal,
        Sandbox(
            seed=1, speed="manual", start=START + timedelta(minutes=20), journal=journal, **options
        ) as sandbox,
    ):
        sandbox.connect(kept)
        [item] = [item async for item in journal.pending()]
        assert item.due == START + timedelta(hours=1)
        sandbox.by_hand.dispatcher.take_up(item)
        await sandbox.advance("39m")
        assert transport.requests == []
        await sandbox.advance("1m")
        [(_, emitted)] = await journal.entries(limit=1)
    [request] = transport.requests
    assert dict(request.headers)["X-Wexio-Timestamp"] == "2026-04-24T14:02:10.000Z"
    assert emitted.late == ((item.delivery_id, START + timedelta(hours=1)),)


async def test_a_delay_holds_up_nobody_else():
    steps = """
  - emit: chat.created
    faults: [{do: delay, by: 1h}]
  - emit: chat.created
"""
    sandbox = await played(steps)
    assert after(sandbox) == [0, 3600]


async def test_a_manual_clock_sees_a_delay_pass():
    transport = ScriptedTransport(200)
    async with Sandbox(seed=1, speed="manual", transport=transport) as sandbox:
        sandbox.connect(connection())
        await sandbox.emit("chat.created", faults=["delay:by=1h"])
        await sandbox.advance("59m")
        assert transport.requests == []
        await sandbox.advance("1m")
        assert len(transport.requests) == 1


# --- order --------------------------------------------------------------------------------------


def order(sandbox):
    """In which order the events' first attempts began, by number of emission."""
    emitted = [entry.event.id for entry in sandbox.journal.entries if hasattr(entry, "event")]
    begun = [entry.event_id for entry in sandbox.journal.entries if isinstance(entry, Attempting)]
    return [emitted.index(id) for id in dict.fromkeys(begun)]


REORDERED = """
  - repeat: {times}
    every: {every}
    faults: [{{do: reorder, window: {window}}}]
    steps: [{{emit: chat.created}}]
"""


@pytest.mark.parametrize(("times", "window"), [(2, 2), (8, 4), (10, 4), (3, 10)])
async def test_deliveries_are_held_by_the_window_and_come_out_of_order(times, window):
    sandbox = await played(REORDERED.format(times=times, window=window, every="0s"))
    seen = order(sandbox)
    assert sorted(seen) == list(range(times)), "every one, once"
    for start in range(0, times, window):
        part = seen[start : start + window]
        assert sorted(part) == list(range(start, min(start + window, times)))
        assert len(part) == 1 or part != sorted(part)


async def test_it_is_deliveries_that_are_held_and_not_steps():
    sandbox = await played(REORDERED.format(times=4, window=4, every="10s"))
    assert after(sandbox) == [30, 30, 30, 30]
    emissions = [entry.at for entry in sandbox.journal.entries if hasattr(entry, "event")]
    assert [(at - START).total_seconds() for at in emissions] == [0, 10, 20, 30]


async def test_the_end_of_the_repeat_lets_go_of_what_is_held():
    steps = REORDERED.format(times=3, window=100, every="10s") + "  - wait: 1h\n"
    assert after(await played(steps)) == [20, 20, 20]


async def test_nobody_waits_for_ever_for_what_is_held():
    steps = """
  - repeat: 2
    faults: [{do: reorder, window: 9}]
    steps: [{emit: chat.created}, {settle: 1m}]
"""
    sandbox = await played(steps)
    assert [delivery.status for delivery in sandbox.deliveries()] == [Status.SUCCESS] * 2
    assert [entry.faults for entry in attempts(sandbox)] == [(), ()], "one alone is not out of order"


async def test_each_connection_has_a_window_of_its_own():
    steps = REORDERED.format(times=4, window=4, every="0s")
    sandbox = await played(steps, connections=[connection(), connection(name="bi")])
    assert Counter(entry.connection_id[0] for entry in attempts(sandbox)) == {"c": 4, "b": 4}
    assert all([fault.do for fault in entry.faults] == ["reorder"] for entry in attempts(sandbox))


async def test_what_is_given_up_while_it_is_held_is_not_sent():
    transport = ScriptedTransport(200)
    async with Sandbox(seed=1, speed="manual", transport=transport) as sandbox:
        kept = sandbox.connect(connection())
        await sandbox.by_hand.several(1, "chat.created", faults=(parse_fault("delay:by=1h"),))
        sandbox.disconnect(kept.id, "connection deleted")
        await sandbox.advance("2h")
        assert [delivery.status for delivery in sandbox.deliveries()] == [Status.FAILED]
    assert transport.requests == []


# --- what nobody could notice ----------------------------------------------------------------------


async def test_where_nothing_is_signed_a_wrong_secret_is_neither_done_nor_told():
    delivery = await emitted("wrong_secret", transport=ScriptedTransport(200), auth=NoAuth())
    assert delivery.attempts[0].faults == ()


@pytest.mark.parametrize(
    "faults", [["reorder"], ["drop", "wrong_secret"], ["explode"], [{"do": "delay", "by": 3}]]
)
async def test_what_makes_no_sense_is_refused_before_anything_happens(faults):
    async with Sandbox(seed=1, transport=ScriptedTransport(200)) as sandbox:
        sandbox.connect(connection())
        if faults == [{"do": "delay", "by": 3}]:
            await sandbox.emit("chat.created", faults=faults)  # seconds, in Python
            return
        with pytest.raises(UsageError):
            await sandbox.emit("chat.created", faults=faults)
        assert list(sandbox.deliveries()) == []


# --- the same again -----------------------------------------------------------------------------------

MANY = """
  - repeat: 20
    every: 100ms
    faults: [{do: duplicate, chance: 0.3}, {do: drop, chance: 0.2}, {do: reorder, window: 3, chance: 0.5}]
    steps:
      - emit: chat.created
        faults: [{do: wrong_secret, chance: 0.3}, {do: delay, by: 2s, chance: 0.3}]
"""


def lines(sandbox):
    return [
        {name: value for name, value in entry_json(0, entry).items() if name not in ("elapsed_ms", "timing")}
        for entry in sandbox.journal.entries
    ]


async def test_the_same_seed_has_the_same_go_wrong_in_the_same_order():
    answers = [500, 200, 200, 503, 200]
    one = lines(await played(MANY, ScriptedTransport(*answers)))
    assert one == lines(await played(MANY, ScriptedTransport(*answers)))
    kinds = {fault["do"] for line in one if line["kind"] == "attempted" for fault in line.get("faults", ())}
    assert kinds == {"duplicate", "drop", "reorder", "wrong_secret", "delay"}
    assert one != lines(await played(MANY, ScriptedTransport(*answers), seed=2))


async def test_a_step_that_is_added_leaves_the_faults_of_the_others_as_they_were():
    def told(sandbox):
        return {
            (entry.rendering.event.data["chat"]["firstName"], entry.attempt): [
                fault.do for fault in entry.faults
            ]
            for entry in attempts(sandbox)
        }

    plain = "  - repeat: 9\n    faults: [{do: duplicate, chance: 0.4}]\n    steps: [{emit: chat.created}]\n"
    one = told(await played(plain))
    other = told(await played(plain + "  - emit: chat.created\n"))
    assert one.items() <= other.items()
    assert set(map(tuple, one.values())) == {(), ("duplicate",)}


# --- nothing is lost -----------------------------------------------------------------------------------

FAULTS = st.lists(
    st.builds(
        lambda kind, attempt, chance: (
            {"do": kind, "chance": chance} | ({"attempt": attempt} if attempt and kind != "reorder" else {})
        ),
        st.sampled_from(
            [
                "missing_signature",
                "malformed_signature",
                "wrong_secret",
                "stale",
                "future",
                "tampered_body",
                "extra_fields",
                "unknown_event",
                "unicode",
                "delay",
                "drop",
                "duplicate",
                "reorder",
                "truncated_body",
                "reset",
            ]
        ),
        st.sampled_from([None, 1, 2]),
        st.sampled_from([0.3, 0.6, 1.0]),
    ),
    max_size=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    faults=FAULTS,
    seed=st.integers(0, 99),
    answers=st.lists(st.sampled_from([200, 200, 500]), min_size=1, max_size=5),
)
def test_whatever_goes_wrong_every_delivery_ends_and_no_attempt_is_posted_twice_but_a_marked_copy(
    faults, seed, answers
):
    given_ = [
        parse_fault(
            ":".join(filter(None, [fault["do"], ",".join(f"{k}={v}" for k, v in fault.items() if k != "do")]))
        )
        for fault in faults
    ]
    if [*collisions(given_)]:
        return
    steps = f"""
  - repeat: 7
    every: 1s
    faults: {json.dumps(faults)}
    steps: [{{emit: chat.created}}]
"""
    transport = ScriptedTransport(lambda request, number: answers[number % len(answers)])
    sandbox = asyncio.run(
        played(steps, transport, seed=seed, connections=[connection(), connection(name="bi")])
    )
    deliveries = list(sandbox.deliveries())
    assert len(deliveries) == 14
    assert all(delivery.status in (Status.SUCCESS, Status.DEAD_LETTER) for delivery in deliveries)
    told = attempts(sandbox)
    counted = Counter((entry.delivery_id, entry.attempt) for entry in told if not entry.copy)
    assert set(counted.values()) == {1}
    for delivery in deliveries:
        assert [entry.attempt for entry in delivery.counted] == list(range(1, delivery.attempt_count + 1))
    for entry in told:
        assert entry.copy <= any(fault.do == "duplicate" for fault in entry.faults)
    dropped = sum(any(fault.do == "drop" for fault in entry.faults) for entry in told)
    assert len(transport.requests) == len(told) - dropped
    asked = {fault.do for fault in given_}
    assert {fault.do for entry in told for fault in entry.faults} <= asked


# --- on disk ------------------------------------------------------------------------------------------


async def test_a_journal_on_disk_makes_the_same_bytes_again_and_keeps_every_mark(tmp_path):
    transport = ScriptedTransport(401, 200)
    async with (
        await SqliteJournal.open(tmp_path / "j.db") as journal,
        Sandbox(seed=1, speed="max", transport=transport, journal=journal) as sandbox,
    ):
        sandbox.connect(connection())
        kinds = [
            "tampered_body",
            "stale",
            "duplicate",
            "large_body:size=3kB,attempt=1",
            "malformed_signature",
        ]
        await sandbox.emit("chat.created", faults=kinds)
        await sandbox.settle()
        told = [entry_json(seq, entry) async for seq, entry in first(journal.follow(), 6)]
        live = list(transport.requests)
    async with await SqliteJournal.open(tmp_path / "j.db") as journal:
        again = [entry_json(seq, entry) async for seq, entry in first(journal.follow(), 6)]
        [line] = (await journal.page()).items
        delivery = await journal.delivery(line.id)
    assert again == told
    assert again[0]["faults"][3] == {"do": "large_body", "size": "3kB", "attempt": 1}
    assert [entry.request for entry in delivery.attempts] == [
        Same(request) for request in (live[0], live[1], live[2], live[3])
    ]
    assert [(entry.attempt, entry.copy) for entry in delivery.attempts] == [
        *((1, False), (1, True), (2, False), (2, True)),
    ]
    assert delivery.attempt_count == 2


class Same:
    """Equal to a request with the same body, headers and way of sending."""

    def __init__(self, request):
        self.request = request

    def __eq__(self, other):
        return all(
            getattr(self.request, name) == getattr(other, name) for name in ("body", "headers", "sending")
        )

    def __hash__(self):
        return hash(self.request.body)


async def first(entries, number):
    async for item in entries:
        yield item
        number -= 1
        if not number:
            return


async def test_after_a_restart_a_delivery_goes_wrong_as_it_was_asked_to(tmp_path):
    async with (
        await SqliteJournal.open(tmp_path / "j.db") as journal,
        Sandbox(seed=1, speed="manual", transport=ScriptedTransport(500), journal=journal) as sandbox,
    ):
        kept = sandbox.connect(connection())
        await sandbox.emit("chat.created", faults=["wrong_secret:attempt=2", "delay:by=1h,attempt=2"])
        await sandbox.advance(0)
    transport = ScriptedTransport(200)
    async with (
        await SqliteJournal.open(tmp_path / "j.db") as journal,
        Sandbox(seed=1, speed="max", transport=transport, journal=journal) as sandbox,
    ):
        sandbox.connect(kept)
        [item] = [item async for item in journal.pending()]
        sandbox.by_hand.dispatcher.take_up(item)
        await sandbox.settle()
        await journal.commit()
        delivery = await journal.delivery(item.delivery_id)
    assert [[fault.do for fault in entry.faults] for entry in delivery.attempts] == [
        [],
        ["wrong_secret", "delay"],
    ]
    assert delivery.attempts[1].started_at == item.due
    assert item.due - delivery.attempts[0].at == timedelta(hours=1, seconds=5)
    assert dict(transport.requests[0].headers)["X-Wexio-Attempt"] == "2"


async def test_killed_between_a_copy_and_its_original_the_attempt_counts_and_is_not_sent_again(tmp_path):
    async with (
        await SqliteJournal.open(tmp_path / "j.db") as journal,
        Sandbox(seed=1, speed="max", transport=ScriptedTransport(200), journal=journal) as sandbox,
    ):
        kept = sandbox.connect(connection())
        await sandbox.emit("chat.created", faults=["duplicate"])
        await sandbox.settle()
    cut_after_the_copy(tmp_path / "j.db")
    transport = ScriptedTransport(200)
    async with (
        await SqliteJournal.open(tmp_path / "j.db") as journal,
        Sandbox(seed=1, speed="max", transport=transport, journal=journal) as sandbox,
    ):
        sandbox.connect(kept)
        [item] = [item async for item in journal.pending()]
        assert item.in_flight is not None
        sandbox.by_hand.dispatcher.take_up(item)
        await sandbox.settle()
        await journal.commit()
        delivery = await journal.delivery(item.delivery_id)
    assert [(entry.attempt, entry.copy) for entry in delivery.attempts] == [
        (1, False),
        (1, True),
        (2, False),
        (2, True),
    ]
    assert delivery.attempts[0].outcome.type == "interrupted"
    assert {dict(request.headers)["X-Wexio-Attempt"] for request in transport.requests} == {"2"}


def cut_after_the_copy(path):
    """The file as it would be, had the process died right after the copy was on disk."""
    with sqlite3.connect(path) as file:
        assert [kind for (kind,) in file.execute("SELECT kind FROM entries ORDER BY seq")] == [1, 2, 3, 3, 4]
        file.execute("DELETE FROM entries WHERE seq > 3")
        file.execute(
            "UPDATE deliveries SET status = 0, in_flight = 1, due = NULL, settled_at = NULL, last = 3, begun = 1"
        )
        file.execute("DELETE FROM zones WHERE status = 0")
        file.execute("UPDATE zones SET status = 0")
    file.close()
