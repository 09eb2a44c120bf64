"""The journal in memory: facts in order, and readers that hold a position."""

import asyncio
from datetime import UTC, datetime

import pytest

from sandbox.clock import breathe
from sandbox.core.entries import Verdict
from sandbox.journal import MemoryJournal


def fact(number):
    return Verdict(
        at=datetime(2026, 4, 24, tzinfo=UTC),
        run_id=f"run_{number}",
        passed=True,
        expectations=(),
        deliveries={},
        seed=1,
        elapsed_ms=0.0,
    )


@pytest.fixture
def journal():
    return MemoryJournal()


async def read(journal, after=0):
    return [(seq, entry.run_id) async for seq, entry in journal.follow(after)]


async def test_a_reader_gets_what_was_and_what_comes_until_the_end(journal):
    journal.append(fact(1))
    reading = asyncio.create_task(read(journal))
    for number in (2, 3):
        await breathe()
        journal.append(fact(number))
    journal.close()
    assert await reading == [(1, "run_1"), (2, "run_2"), (3, "run_3")]


async def test_a_reader_goes_on_after_the_position_that_it_names(journal):
    for number in (1, 2, 3):
        journal.append(fact(number))
    journal.close()
    assert await read(journal, after=2) == [(3, "run_3")]
    assert await read(journal, after=3) == []


async def test_a_slow_reader_misses_nothing_and_holds_up_nobody(journal):
    slow = journal.follow()
    journal.append(fact(1))
    assert (await anext(slow))[0] == 1
    quick = asyncio.create_task(read(journal))
    for number in range(2, 1001):
        journal.append(fact(number))
    journal.close()
    assert len(await quick) == 1000
    assert [seq async for seq, _ in slow] == list(range(2, 1001))


async def test_a_reader_that_goes_away_is_not_missed(journal):
    leaving, staying = asyncio.create_task(read(journal)), asyncio.create_task(read(journal))
    await breathe()
    leaving.cancel()
    await asyncio.wait({leaving})
    journal.append(fact(1))
    journal.close()
    assert await staying == [(1, "run_1")]


async def test_who_asks_only_after_the_end_gets_everything(journal):
    journal.append(fact(1))
    journal.close()
    assert await read(journal) == [(1, "run_1")]
    assert [entry.run_id for entry in journal.entries] == ["run_1"]
