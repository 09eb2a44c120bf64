"""The journal on disk: what is appended can be read again, by every way there is."""

import asyncio
import json
import stat
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.core.entries import Expectation, Settled, Verdict
from sandbox.core.errors import UsageError
from sandbox.core.model import Connection, Hmac, Response, Status, TransportError
from sandbox.core.present import entry_json
from sandbox.core.scenario import Emit, Scenario, Settle
from sandbox.engine import Sandbox
from sandbox.store import SqliteJournal, schema
from sandbox.testing import ScriptedTransport
from tests.integration.lives import BASIC, BEARER, BROKEN, HMAC, NONE, START, Life, target

PLACES = ("disk", "memory")


@pytest.fixture(params=PLACES)
async def journal(request, tmp_path):
    path = ":memory:" if request.param == "memory" else tmp_path / "sandbox.db"
    async with await SqliteJournal.open(path) as journal:
        yield journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sandbox.db"


def lives(journal, number, **options):
    """*number* deliveries that succeeded."""
    told = [Life(n, append=journal.append, **options) for n in range(1, number + 1)]
    for life in told:
        life.whole()
    return told


def verdict(run="run_1"):
    return Verdict(
        at=START,
        run_id=run,
        passed=False,
        expectations=(Expectation(text="all", passed=False, actual="\ud83d half"),),
        deliveries={Status.SUCCESS: 3, Status.FAILED: 1},
        seed=7,
        elapsed_ms=1.5,
    )


# --- entries ---------------------------------------------------------------------


async def test_every_kind_of_entry_is_shown_from_disk_as_it_was_live(journal):
    life = Life(1, HMAC, BEARER, BASIC, NONE, append=journal.append)
    live = [life.emitted()]
    live += [life.attempting(0), life.attempted(BROKEN, 0, timedelta(seconds=5))]
    live += [life.attempting(0), life.attempted(TransportError(type="timeout", message="no answer"), 0)]
    live.append(life.settled(Status.FAILED, 0, reason="stopped"))
    await journal.recall(life.ids[0])
    live.append(life.resent(0))
    for which in (1, 2, 3):
        live += [life.attempting(which), life.attempted(which=which), life.settled(which=which)]
    await journal.recall(life.ids[1])
    live.append(life.resent(1, late=timedelta(seconds=3)))
    live.append(Life(2, HMAC, NONE, append=journal.append).emitted(late=timedelta(hours=1)))
    journal.append(verdict())
    live.append(verdict())
    await journal.commit()
    stored = await journal.entries(0, 100)
    assert [seq for seq, _ in stored] == list(range(1, len(live) + 1))
    assert [entry_json(seq, entry) for seq, entry in stored] == [
        entry_json(seq, entry) for seq, entry in enumerate(live, 1)
    ]


async def test_a_stored_request_has_the_bytes_that_were_sent_without_the_secret(journal):
    [life] = lives(journal, 1)
    await journal.commit()
    [attempt] = (await journal.delivery(life.id)).attempts
    assert attempt.request == life.renderings[0].request()
    assert attempt.rendering.target.secret is None


async def test_no_secret_of_a_connection_gets_into_entries(path):
    url = "http://127.0.0.1:1/hook?key=secret-in-query"
    error = TransportError(type="connect", message=f"cannot connect to {url}")
    async with await SqliteJournal.open(path) as journal:
        for number, item in enumerate((HMAC, BEARER, BASIC), 1):
            Life(number, item, append=journal.append).whole()
        Life(9, target("e", url=url), append=journal.append).whole(Status.FAILED, error)
    written = path.read_bytes()
    for secret in (b"whsec_x", b"token-of-b", b"password-of-c", b"secret-in-query"):
        assert secret not in written
    assert b"cannot connect to" in written


async def test_text_that_no_file_can_hold_is_no_trouble(journal):
    life = Life(1, append=journal.append)
    journal.append(life.emitted()._replace(who="half \ud83d of a face"))
    other = Life(2, append=journal.append)
    other.emitted()
    other.attempting()
    other.attempted(Response(status=200, headers=(("X-Name", "caf\udce9"), ('"', "\\")), body=b""))
    await journal.commit()
    [(_, attempted)] = await journal.entries(4, 1)
    assert attempted.outcome.headers == (("X-Name", "caf\udce9"), ('"', "\\"))
    [(_, emitted)] = await journal.entries(1, 1)
    assert emitted.who == "half \ufffd of a face"


async def test_an_entry_that_was_not_signed_yet_is_signed_for_the_journal(journal):
    life = Life(1, append=journal.append)
    life.emitted()
    life.attempting()
    life.renderings[0] = replace(life.renderings[0], signature=None)
    life.attempted()
    await journal.commit()
    [attempt] = (await journal.delivery(life.id)).attempts
    assert attempt.request == life.renderings[0].request()


# --- pages -----------------------------------------------------------------------


async def ids(journal, **wanted):
    return [item.id for item in (await journal.page(**wanted)).items]


async def test_pages_are_newest_first_and_stay_put_while_more_is_emitted(journal):
    told = lives(journal, 5)
    await journal.commit()
    first = await journal.page(limit=2)
    Life(6, append=journal.append).whole()
    await journal.commit()
    second = await journal.page(limit=2, cursor=first.next_cursor)
    third = await journal.page(limit=2, cursor=second.next_cursor)
    seen = [item.id for page in (first, second, third) for item in page.items]
    assert seen == [life.id for life in reversed(told)]
    assert third.next_cursor is None


async def test_a_page_that_ends_with_the_last_delivery_has_no_next_one(journal):
    lives(journal, 2)
    await journal.commit()
    assert (await journal.page(limit=2)).next_cursor is None
    assert (await journal.page(limit=1)).next_cursor is not None
    assert (await SqliteJournal.page(journal, channel="NONE")).items == []


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.0", "٣", "9" * 40])
async def test_a_cursor_that_is_none_is_refused(journal, cursor):
    with pytest.raises(UsageError, match="take next_cursor"):
        await journal.page(cursor=cursor)


async def test_deliveries_are_filtered_by_all_that_is_asked_together(journal):
    told = {}
    for number, (run, channel, status, at) in enumerate(
        [
            ("run_1", "VIBER", Status.SUCCESS, START),
            ("run_1", "TELEGRAM", Status.FAILED, START + timedelta(hours=2)),
            ("run_2", "VIBER", Status.FAILED, START - timedelta(days=400)),
            ("run_2", None, Status.DEAD_LETTER, START),
        ],
        1,
    ):
        told[number] = Life(number, HMAC, BEARER, run=run, channel=channel, at=at, append=journal.append)
        told[number].whole(status)
    waiting = Life(5, run="run_3", append=journal.append)
    waiting.emitted()
    await journal.commit()

    assert await ids(journal, run_id="run_1", limit=3) == [*reversed(told[2].ids), told[1].ids[1]]
    assert await ids(journal, status=Status.PENDING) == waiting.ids
    assert await ids(journal, status=Status.FAILED, channel="VIBER") == told[3].ids[::-1]
    assert await ids(journal, connection_id=BEARER.id) == [told[n].ids[1] for n in (4, 3, 2, 1)]
    assert await ids(journal, event_id="evt_3", connection_id=HMAC.id) == [told[3].ids[0]]
    assert await ids(journal, since=START + timedelta(hours=2)) == told[2].ids[::-1]
    assert await ids(journal, until=START) == told[3].ids[::-1]
    assert (
        await ids(journal, since=START, until=START + timedelta(seconds=1), status=Status.SUCCESS)
        == (told[1].ids[::-1])
    )
    assert await ids(journal, run_id="run_9") == await ids(journal, event_id="evt_9") == []
    assert await ids(journal, run_id="run_1", connection_id="f" * 24) == []


async def test_a_delivery_is_found_by_its_state_of_now_not_of_then(journal):
    life = Life(1, append=journal.append)
    life.emitted()
    await journal.commit()
    assert await ids(journal, status=Status.PENDING) == [life.id]
    life.attempting()
    life.attempted()
    life.settled(Status.DEAD_LETTER)
    await journal.commit()
    assert await ids(journal, status=Status.PENDING) == []
    assert await ids(journal, status=Status.DEAD_LETTER) == [life.id]


async def test_ids_are_found_across_sealed_segments_and_the_open_one(path):
    async with await SqliteJournal.open(path) as journal:
        number = schema.SEGMENT + 100
        for n in range(1, number):
            Life(n, append=journal.append).emitted()
        twin = Life(3, run="run_2", append=journal.append)  # the same event id in another run
        twin.emitted()
        await journal.commit()
        for n in (1, schema.SEGMENT - 1, schema.SEGMENT, number - 1):
            assert (await journal.delivery(f"dlv_run_1_{n}_a")).event_id == f"evt_{n}"
            assert await ids(journal, event_id=f"evt_{n}") == [f"dlv_run_1_{n}_a"]
        assert await ids(journal, event_id="evt_3") == [twin.id, "dlv_run_1_3_a"]
        assert await journal.delivery("dlv_none") is None
    async with await SqliteJournal.open(path) as journal:
        late = Life(number, append=journal.append)
        late.emitted()
        await journal.commit()
        assert await ids(journal, event_id=late.event.id) == [late.id]
        assert (await journal.delivery("dlv_run_1_5_a")).event_id == "evt_5"
        page = await journal.page(status=Status.PENDING, limit=number)
        seen = [item.id for item in page.items]
        while page.next_cursor:
            page = await journal.page(status=Status.PENDING, limit=1000, cursor=page.next_cursor)
            seen += [item.id for item in page.items]
        assert len(seen) == len(set(seen)) == number + 1


async def test_counts_are_by_run_and_in_all(journal):
    lives(journal, 3)
    Life(9, HMAC, BEARER, run="run_2", append=journal.append).emitted()
    await journal.commit()
    for counts in (journal.counts, lambda run_id=None: _later(journal.ledger.counts(run_id=run_id))):
        assert await counts() == Counter({Status.SUCCESS: 3, Status.PENDING: 2})
        assert await counts(run_id="run_2") == Counter({Status.PENDING: 2})
        assert await counts(run_id="run_3") == Counter()


async def _later(value):
    return value


async def test_a_delivery_comes_with_all_its_attempts_and_how_it_stands(journal):
    life = Life(1, append=journal.append)
    life.emitted()
    for _ in range(3):
        life.attempting()
        life.attempted(BROKEN, again=timedelta(seconds=5))
    await journal.commit()
    delivery = await journal.delivery(life.id)
    assert [item.attempt for item in delivery.attempts] == [1, 2, 3]
    assert delivery.attempts[2].outcome == BROKEN
    assert (delivery.status, delivery.attempt_count) == (Status.PENDING, 3)
    assert delivery.next_attempt_at == START + timedelta(seconds=5)
    assert delivery._replace(attempts=()) == next(iter(journal.ledger.deliveries()))


# --- following -------------------------------------------------------------------


async def follow(journal, after=0):
    return [(seq, entry) async for seq, entry in journal.follow(after)]


async def test_a_follower_hears_what_was_and_what_comes_each_once_and_in_order(journal):
    first, second = Life(1, append=journal.append), Life(2, append=journal.append)
    told = first.whole()
    await journal.commit()
    follower = asyncio.create_task(follow(journal))
    late = asyncio.create_task(follow(journal, after=6))
    for entry in (second.emitted, second.attempting, second.attempted, second.settled):
        told.append(entry())
        await journal.commit()
    journal.close()
    heard = await follower
    assert [seq for seq, _ in heard] == list(range(1, 9))
    assert [entry_json(*pair) for pair in heard] == [
        entry_json(seq, entry) for seq, entry in enumerate(told, 1)
    ]
    assert await late == heard[6:]


async def test_a_follower_is_shown_nothing_that_is_not_on_disk(journal):
    Life(1, append=journal.append).emitted()
    heard = []

    async def listen():
        async for seq, _ in journal.follow():
            heard.append((seq, journal.lag))

    listener = asyncio.create_task(listen())
    await journal.commit()
    journal.close()
    await listener
    assert heard == [(1, 0)]


async def test_a_slow_follower_misses_nothing_of_thousands(journal):
    reader = journal.follow()
    lives(journal, 1)
    await journal.commit()
    assert (await anext(reader))[0] == 1
    lives(journal, 2000, run="run_2")  # far beyond what is kept in memory
    await journal.commit()
    journal.close()
    assert [seq async for seq, _ in reader] == list(range(2, 8005))


async def test_followers_of_a_closed_journal_end(path):
    journal = await SqliteJournal.open(path)
    idle = asyncio.create_task(follow(journal))
    await asyncio.wait({idle}, timeout=0)
    await journal.aclose()
    assert await idle == []
    assert [pair async for pair in journal.follow()] == []


async def test_nothing_is_appended_to_a_closed_journal(journal):
    journal.close()
    with pytest.raises(UsageError, match="closed"):
        Life(1, append=journal.append).emitted()
    with pytest.raises(UsageError, match="closed"):
        journal.put_document("run", "a", {})


async def test_a_journal_that_let_go_of_its_file_answers_no_more(path):
    journal = await SqliteJournal.open(path)
    await journal.aclose()
    await journal.aclose()
    with pytest.raises(UsageError, match="answers no more"):
        await journal.page()


# --- memory ----------------------------------------------------------------------


async def test_what_has_settled_is_not_kept_in_memory(journal):
    lives(journal, 3)
    Life(9, append=journal.append).emitted()
    assert [item.id for item in journal.ledger.deliveries()] == ["dlv_run_1_9_a"]
    assert not journal.ledger.knows("evt_9", run_id="run_1")


async def test_what_is_to_be_judged_is_kept_until_its_verdict(journal):
    journal.ledger.watch("run_1")
    lives(journal, 2)
    Life(9, append=journal.append).emitted()
    lives(journal, 2, run="run_2")
    assert [item.status for item in journal.ledger.deliveries(run_id="run_1")] == [
        Status.SUCCESS,
        Status.SUCCESS,
        Status.PENDING,
    ]
    assert [item.id for item in journal.ledger.deliveries(event_id="evt_1")] == ["dlv_run_1_1_a"]
    assert journal.ledger.knows("evt_1", run_id="run_1")
    assert not journal.ledger.knows("evt_1", run_id="run_2")
    journal.append(verdict("run_1"))
    journal.append(verdict("run_2"))  # which nobody watched
    assert [item.id for item in journal.ledger.deliveries()] == ["dlv_run_1_9_a"]
    assert not journal.ledger.knows("evt_1", run_id="run_1")


# --- documents -------------------------------------------------------------------


async def test_documents_are_kept_in_the_order_in_which_they_came(path):
    async with await SqliteJournal.open(path) as journal:
        for name in ("b", "a", "c"):
            journal.put_document("connection", name, {"name": name, "text": "\ud83d"})
        journal.put_document("run", "a", {"other": True})
        await journal.commit()
        journal.put_document("connection", "b", {"name": "changed"})
        journal.remove_document("connection", "a")
        journal.remove_document("connection", "never was")
        await journal.commit()
        assert list((await journal.documents("connection")).items()) == [
            ("b", {"name": "changed"}),
            ("c", {"name": "c", "text": "\ud83d"}),
        ]
    async with await SqliteJournal.open(path) as journal:
        assert await journal.documents("run") == {"a": {"other": True}}
        assert await journal.documents("clock") == {}


async def test_a_document_is_on_disk_without_a_commit_soon_after(path):
    async with await SqliteJournal.open(path) as journal:
        journal.put_document("run", "a", {})
        journal.remove_document("run", "a")
        journal.put_document("run", "b", {"n": 1})
    async with await SqliteJournal.open(path) as journal:
        assert await journal.documents("run") == {"b": {"n": 1}}


# --- taking up again -------------------------------------------------------------


async def pending(journal):
    return [item async for item in journal.pending()]


async def test_after_a_restart_everything_pending_is_told_with_how_it_stands(path):
    async with await SqliteJournal.open(path) as journal:
        lives(journal, 2)
        fresh, waiting, cut, judged = (Life(n, append=journal.append) for n in (11, 12, 13, 14))
        for life in (fresh, waiting, cut, judged):
            life.emitted()
        for life in (waiting, cut, judged):
            life.attempting()
            life.attempted(BROKEN, again=timedelta(seconds=5))
        cut.attempting()
        judged.attempting()
        judged.attempted(BROKEN)
        seq = journal.seq
    async with await SqliteJournal.open(path) as journal:
        assert journal.seq == seq
        found = {item.delivery_id: item for item in await pending(journal)}
        assert list(found) == [fresh.id, waiting.id, cut.id, judged.id]
        told = (fresh, waiting, cut, judged)
        assert [item.event for item in found.values()] == [life.event for life in told]
        assert (found[fresh.id].begun, found[fresh.id].due, found[fresh.id].emitted_at) == (0, START, START)
        assert (found[waiting.id].begun, found[waiting.id].due) == (1, START + timedelta(seconds=5))
        assert found[waiting.id].in_flight is found[waiting.id].last is None
        assert found[cut.id].in_flight.attempt == found[cut.id].begun == 2
        assert found[cut.id].in_flight.rendering.request() == cut.renderings[0].request()
        assert found[cut.id].due is None
        assert found[judged.id].last.outcome == BROKEN
        assert (found[judged.id].due, found[judged.id].in_flight) == (None, None)
        assert journal.ledger.counts() == await journal.counts() == {Status.SUCCESS: 2, Status.PENDING: 4}

        # And it goes on: the attempt that was cut off is closed, and its number is used up.
        item = found[cut.id]
        cut.append = journal.append
        cut.renderings[0] = item.in_flight.rendering
        cut.attempted(TransportError(type="interrupted", message="cut"))
        cut.attempting()
        cut.attempted()
        cut.settled()
        await journal.commit()
        assert [a.attempt for a in (await journal.delivery(cut.id)).attempts] == [1, 2, 3]


async def test_a_resent_delivery_is_pending_again_and_its_ladder_begins_anew(path):
    async with await SqliteJournal.open(path) as journal:
        life = Life(1, append=journal.append)
        life.whole(Status.DEAD_LETTER)
        recalled = await journal.recall(life.id)
        assert (recalled.begun, recalled.base, recalled.due, recalled.in_flight) == (1, 0, None, None)
        assert recalled.event == life.event
        life.at += timedelta(hours=1)
        life.resent()
        await journal.commit()
        assert await journal.counts() == journal.ledger.counts() == {Status.PENDING: 1}
        assert await ids(journal, status=Status.PENDING) == [life.id]
    async with await SqliteJournal.open(path) as journal:
        [item] = await pending(journal)
        assert (item.begun, item.base, item.due) == (1, 1, START + timedelta(hours=1))
        life.append = journal.append
        life.attempting()
        life.attempted()
        life.settled()
        await journal.commit()
        delivery = await journal.delivery(life.id)
        assert (delivery.status, delivery.attempt_count, len(delivery.attempts)) == (Status.SUCCESS, 2, 2)


async def test_a_delivery_that_nobody_recalled_is_not_resent(journal):
    [life] = lives(journal, 1)
    seq = journal.seq
    with pytest.raises(UsageError, match="must be recalled"):
        life.resent()
    assert journal.seq == seq
    assert await journal.recall("dlv_none") is None


async def test_of_two_who_recall_a_delivery_only_one_resends_it(journal):
    [life] = lives(journal, 1)
    first = await journal.recall(life.id)
    late = asyncio.create_task(journal.recall(life.id))
    await asyncio.wait({late}, timeout=0)
    life.resent()
    assert first.due is None
    assert (await late).due == START  # it is pending again, and told so
    with pytest.raises(UsageError, match="must be recalled"):
        life.resent()
    await journal.commit()
    assert await journal.counts() == journal.ledger.counts() == {Status.PENDING: 1}


async def test_recalling_what_is_pending_tells_how_it_stands_and_changes_nothing(journal):
    life = Life(1, append=journal.append)
    life.emitted()
    assert (await journal.recall(life.id)).due == START
    life.attempting()
    life.attempted()
    life.settled()
    await journal.commit()
    assert journal.ledger.counts() == {Status.SUCCESS: 1}


async def test_a_journal_that_forgets_keeps_its_documents_and_its_numbers(path):
    async with await SqliteJournal.open(path) as journal:
        lives(journal, 3)
        waiting = Life(9, append=journal.append)
        waiting.emitted()
        journal.put_document("connection", "a", {"x": 1})
        with pytest.raises(UsageError, match="pending"):
            await journal.forget()
        waiting.settled(Status.FAILED, reason="stopped")
        seq = journal.seq
        await journal.forget()
        assert (await journal.page()).items == await journal.entries() == []
        assert await journal.counts() == journal.ledger.counts() == {}
        assert await journal.delivery("dlv_run_1_1_a") is None
        assert await journal.documents("connection") == {"a": {"x": 1}}
        assert journal.seq == seq
        journal.close()
        assert await follow(journal) == []
    async with await SqliteJournal.open(path) as journal:
        assert journal.seq == seq
        late = Life(1, append=journal.append)
        late.whole()
        await journal.commit()
        assert [number for number, _ in await journal.entries()] == [seq + n for n in (1, 2, 3, 4)]
        assert await ids(journal) == [late.id]


# --- the file --------------------------------------------------------------------


async def test_the_file_and_its_companions_are_for_their_owner_only(tmp_path):
    path = tmp_path / "new folder" / "sandbox.db"
    async with await SqliteJournal.open(path) as journal:
        lives(journal, 1)
        await journal.commit()
        modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in path.parent.iterdir()}
    assert {modes[f"sandbox.db{end}"] for end in ("", "-wal", "-shm")} == {0o600}


async def test_a_commit_that_is_cancelled_takes_nobody_with_it(journal):
    Life(1, append=journal.append).emitted()
    commits = [asyncio.create_task(journal.commit()) for _ in range(3)]
    await asyncio.wait(commits, timeout=0)
    commits[1].cancel()
    await asyncio.wait(commits)
    assert [task.cancelled() for task in commits] == [False, True, False]
    assert journal.lag == 0


async def test_a_commit_with_nothing_to_write_returns_at_once(journal):
    await journal.commit()
    assert journal.trouble is None


async def test_what_nobody_commits_is_on_disk_in_a_moment_all_the_same(journal):
    reader = journal.follow()
    Life(1, append=journal.append).emitted()
    assert journal.lag == 1
    seq, _ = await anext(reader)
    assert (seq, journal.lag) == (1, 0)


async def test_settled_entries_say_why_only_where_no_attempt_decided(journal):
    [life] = lives(journal, 1)
    await journal.commit()
    [(_, settled)] = await journal.entries(3, 1)
    assert isinstance(settled, Settled)
    assert "reason" not in json.dumps(entry_json(4, settled))
    assert life.id == settled.delivery_id


# --- with the engine -------------------------------------------------------------


async def test_a_sandbox_plays_on_a_journal_on_disk_and_another_goes_on_after_it(path):
    connection = Connection(name="crm", url="http://127.0.0.1:1/", auth=Hmac("whsec_x"), id="a" * 24)
    scenario = Scenario(
        name="two chats", steps=(Emit(channels=("VIBER",)), Emit(channels=("TELEGRAM",)), Settle())
    )
    async with await SqliteJournal.open(path) as journal:
        transport = ScriptedTransport(200, 500, 200)
        async with Sandbox(seed=1, speed="max", transport=transport, journal=journal) as sandbox:
            sandbox.connect(connection)
            verdict = await sandbox.play(scenario)
            assert verdict.passed
            assert list(journal.ledger.deliveries()) == []
            page = await journal.page()
            attempts = [(await journal.delivery(item.id)).attempts for item in page.items]
            sent = {attempt.request.body for some in attempts for attempt in some}
            assert sent == {request.body for request in transport.requests}
            assert len(sent) == 3
        async with Sandbox(
            seed=2, speed="manual", transport=ScriptedTransport(500), journal=journal
        ) as sandbox:
            sandbox.connect(connection)
            event = await sandbox.emit("chat.created")
            await sandbox.advance(0)
    async with await SqliteJournal.open(path) as journal:
        [item] = await pending(journal)
        assert (item.event, item.begun) == (event, 1)
        transport = ScriptedTransport(200)
        async with Sandbox(seed=3, speed="max", transport=transport, journal=journal) as sandbox:
            sandbox.connect(connection)
            sandbox.by_hand.dispatcher.take_up(item)
            await sandbox.settle()
        await journal.commit()
        [request] = transport.requests
        assert ("X-Wexio-Attempt", "2") in request.headers
        delivery = await journal.delivery(item.delivery_id)
        assert (delivery.status, [a.attempt for a in delivery.attempts]) == (Status.SUCCESS, [1, 2])
