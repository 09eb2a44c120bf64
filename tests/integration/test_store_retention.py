"""What is kept and for how long: the oldest settled deliveries go first, what is pending stays."""

import asyncio
import sqlite3
from datetime import timedelta

import pytest

from sandbox.core.entries import Verdict
from sandbox.core.model import Response, Status, TransportError
from sandbox.store import Retention, SqliteJournal, Totals
from sandbox.store.schema import SEGMENT
from tests.integration.lives import BEARER, HMAC, START, Life

BIG = Response(status=200, headers=(), body=b"x" * 2000)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sandbox.db"


async def tidied(journal):
    """Prune until there is nothing to prune."""
    await journal.commit()
    journal._tidy()
    while journal._tidying:
        await journal._loop.run_in_executor(journal._writing, lambda: None)
        await asyncio.wait({asyncio.ensure_future(journal.commit())})


def fill(journal, numbers, outcome=BIG, **options):
    for number in numbers:
        Life(number, append=journal.append, **options).whole(outcome=outcome)


async def ids(journal):
    return [item.event_id for item in (await journal.page(limit=10_000)).items]


async def test_no_more_entries_are_kept_than_is_said_and_the_newest_stay(path):
    async with await SqliteJournal.open(path, retention=Retention(entries=4000)) as journal:
        fill(journal, range(2000))
        await tidied(journal)
        kept = await ids(journal)
        assert kept == [f"evt_{number}" for number in range(1999, 999, -1)]
        entries = await journal.entries(0, 10_000)
        assert len(entries) == 4 * len(kept)
        assert entries[-1][0] == journal.seq == 8000
        assert await journal.counts() == journal.ledger.counts() == {Status.SUCCESS: len(kept)}
        assert await journal.delivery("dlv_run_1_3_a") is None
        assert (await journal.delivery("dlv_run_1_1999_a")).attempt_count == 1


async def test_what_is_pruned_while_all_is_forgotten_is_taken_off_once(path):
    async with await SqliteJournal.open(path, retention=Retention(entries=50)) as journal:
        fill(journal, range(1500))
        await journal.commit()
        journal._tidy()
        assert journal._tidying
        await journal.forget()
        while journal._tidying:
            await journal._loop.run_in_executor(journal._writing, lambda: None)
            await asyncio.wait({asyncio.ensure_future(journal.commit())})
        assert journal.totals == Totals(events={}, attempts={})
        assert journal.ledger.counts() == await journal.counts() == {}


async def test_what_is_counted_is_what_is_kept(path):
    async with await SqliteJournal.open(path, retention=Retention(entries=60)) as journal:
        fill(journal, range(20), channel="VIBER")
        fill(journal, range(20, 40), TransportError(type="reset", message="gone"), channel=None)
        fill(journal, range(40, 45), Response(status=404), channel="VIBER")
        await tidied(journal)
        kept = journal.totals
        assert kept.events == {None: 10, "VIBER": 5}
        assert kept.attempts == {("reset", None): 10, ("4xx", "VIBER"): 5}
    async with await SqliteJournal.open(path) as journal:
        assert journal.totals == kept
        await journal.forget()
        assert journal.totals == Totals(events={}, attempts={})
        fill(journal, range(50, 51), channel="VIBER")
        assert journal.totals.events == {"VIBER": 1}
    async with await SqliteJournal.open(path) as journal:
        assert journal.totals == Totals(events={"VIBER": 1}, attempts={("2xx", "VIBER"): 1})


async def test_what_is_pending_stays_and_goes_once_it_has_settled(path):
    async with await SqliteJournal.open(path, retention=Retention(entries=40)) as journal:
        waiting = [Life(n, HMAC, BEARER, append=journal.append) for n in range(10_000, 10_300)]
        for life in waiting:
            life.emitted()
            life.attempting(1)
            life.attempted(which=1)
            life.settled(which=1)
        fill(journal, range(1000))
        await tidied(journal)
        assert len(await ids(journal)) == 600
        assert {item.delivery_id for item in [item async for item in journal.pending()]} == {
            life.ids[0] for life in waiting
        }
        assert [a.attempt for a in (await journal.delivery(waiting[0].ids[1])).attempts] == [1]
        for life in waiting[:200]:
            life.settled(Status.FAILED, reason="stopped")
        await tidied(journal)
        assert len(await ids(journal)) == 200
        assert await journal.counts() == {Status.PENDING: 100, Status.SUCCESS: 100}
    async with await SqliteJournal.open(path) as journal:
        assert len([item async for item in journal.pending()]) == 100
        assert await journal.counts() == journal.ledger.counts()


async def test_the_file_does_not_grow_for_ever(path):
    limit = 3_000_000
    sizes = []
    async with await SqliteJournal.open(path, retention=Retention(bytes=limit)) as journal:
        for turn in range(8):
            fill(journal, range(600), run=f"run_{turn}")
            await tidied(journal)
            sizes.append(path.stat().st_size)
        assert (await ids(journal))[0] == "evt_599"
    assert max(sizes) > limit / 2
    # At the end its log is part of it, and what is free was given back but for a little.
    assert path.stat().st_size < 2 * limit + 4_194_304
    file = sqlite3.connect(path)
    assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    file.close()


async def test_a_file_gives_back_what_it_no_longer_needs(path):
    async with await SqliteJournal.open(path) as journal:
        fill(journal, range(4000))
    before = path.stat().st_size
    async with await SqliteJournal.open(path, retention=Retention(entries=100)) as journal:
        await tidied(journal)
        assert len(await ids(journal)) == 25
    assert path.stat().st_size < before / 2


async def test_age_is_real_time_and_not_the_sandbox_s(path):
    async with await SqliteJournal.open(path) as journal:
        fill(journal, range(20), at=START - timedelta(days=4000))
        await tidied(journal)
        assert len(await ids(journal)) == 20
    with sqlite3.connect(path) as other:  # a month and a day go by
        other.execute("UPDATE marks SET wall = wall - 31 * 86400000000")
    other.close()
    async with await SqliteJournal.open(path) as journal:
        fill(journal, range(100, 105), at=START + timedelta(days=4000))
        await tidied(journal)
        assert len(await ids(journal)) == 5
        assert await ids(journal) == [f"evt_{number}" for number in (104, 103, 102, 101, 100)]


async def test_without_limits_nothing_goes(path):
    unlimited = Retention(age=None, entries=None, bytes=None)
    async with await SqliteJournal.open(path, retention=unlimited) as journal:
        fill(journal, range(50))
        await tidied(journal)
        assert len(await ids(journal)) == 50


async def test_numbers_go_on_where_everything_was_pruned(path):
    async with await SqliteJournal.open(path, retention=Retention(entries=0)) as journal:
        fill(journal, range(SEGMENT + 10))
        await tidied(journal)
        assert await ids(journal) == []
        seq = journal.seq
    async with await SqliteJournal.open(path) as journal:
        assert journal.seq == seq
        late = Life(7, append=journal.append)
        late.whole()
        await journal.commit()
        assert [number for number, _ in await journal.entries()] == [seq + n for n in (1, 2, 3, 4)]
        assert (await journal.delivery(late.id)).event_id == "evt_7"


async def test_a_follower_passes_over_what_was_pruned(path):
    async with await SqliteJournal.open(path, retention=Retention(entries=40)) as journal:
        fill(journal, range(2000))
        await tidied(journal)
        journal.close()
        heard = [seq async for seq, _ in journal.follow(after=1)]
        assert heard == list(range(7961, 8001))


async def test_a_verdict_goes_with_what_it_judged(path):
    async with await SqliteJournal.open(path, retention=Retention(entries=40)) as journal:
        for turn in range(10):
            fill(journal, range(300), run=f"run_{turn}")
            journal.append(
                Verdict(
                    at=START,
                    run_id=f"run_{turn}",
                    passed=True,
                    expectations=(),
                    deliveries={},
                    seed=1,
                    elapsed_ms=1.0,
                )
            )
        await tidied(journal)
        left = [entry for _, entry in await journal.entries(0, 1000) if isinstance(entry, Verdict)]
        assert [entry.run_id for entry in left] == ["run_9"]


async def test_what_was_recalled_is_safe_until_it_is_resent(path):
    async with await SqliteJournal.open(path, retention=Retention(entries=4)) as journal:
        fill(journal, range(300))
        life = Life(1000, append=journal.append)
        life.whole()
        await journal.recall(life.id)
        fill(journal, range(2000, 2300))
        await tidied(journal)
        life.resent()
        await tidied(journal)
        await journal.commit()
        assert (await journal.delivery(life.id)).status is Status.PENDING
        assert await journal.counts() == {Status.PENDING: 1}
