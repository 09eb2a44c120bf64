"""However lives interleave, what the file says of deliveries is what folding all entries says."""

import asyncio
import random
import sqlite3
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.core.entries import Attempted, Emitted
from sandbox.core.ledger import Ledger
from sandbox.core.model import Status, TransportError, kind_of
from sandbox.store import Retention, SqliteJournal, Totals, schema
from tests.integration.lives import BEARER, BROKEN, HMAC, NONE, START, Life

SILENT = TransportError(type="timeout", message="no answer")
RUNS, CHANNELS = ("run_1", "run_2"), ("VIBER", "TELEGRAM", None)
steps = st.lists(
    st.tuples(
        st.sampled_from(["emit", "go", "go", "go", "go", "resend", "commit", "reopen"]), st.integers(0, 2**16)
    ),
    max_size=120,
)


class World:
    """A journal on disk, and beside it a ledger that keeps everything."""

    def __init__(self, path):
        self.path, self.full = path, Ledger()
        self.stages, self.number = {}, 0
        self.events, self.attempts = Counter(), Counter()

    async def open(self):
        self.journal = await SqliteJournal.open(self.path, retention=Retention(age=None))

    def append(self, entry):
        self.journal.append(entry)
        self.full.apply(entry)
        match entry:
            case Emitted():
                self.events[entry.event.channel] += 1
            case Attempted(copy=False):
                self.attempts[kind_of(entry.outcome), entry.rendering.event.channel] += 1

    async def step(self, what, chance):
        dice = random.Random(chance)
        waiting = [key for key, stage in self.stages.items() if stage != "settled"]
        done = [key for key, stage in self.stages.items() if stage == "settled"]
        match what:
            case "emit":
                self.number += 1
                targets = dice.sample([HMAC, BEARER, NONE], dice.randrange(1, 4))
                life = Life(
                    self.number,
                    *targets,
                    run=dice.choice(RUNS),
                    channel=dice.choice(CHANNELS),
                    at=START + timedelta(minutes=dice.randrange(-300, 300)),
                    append=self.append,
                )
                life.emitted(dice.choice([None, None, timedelta(minutes=3)]))
                self.stages |= {(life, which): "due" for which in range(len(targets))}
            case "go" if waiting:
                life, which = dice.choice(waiting)
                self.stages[life, which] = self._go(life, which, dice)
            case "resend" if done:
                life, which = dice.choice(done)
                assert (await self.journal.recall(life.ids[which])) is not None
                life.resent(which, dice.choice([None, timedelta(minutes=3)]))
                self.stages[life, which] = "due"
            case "commit":
                await self.journal.commit()
            case "reopen":
                await self.journal.aclose()
                await self.open()

    def _go(self, life, which, dice):
        match self.stages[life, which]:
            case "due":
                life.attempting(which)
                return "sending"
            case "sending" if dice.random() < 0.5:
                if dice.random() < 0.3:
                    life.attempted(BROKEN, which, copy=True)
                life.attempted(dice.choice([BROKEN, SILENT]), which, again=timedelta(seconds=5))
                return "due"
            case "sending":
                life.attempted(which=which)
                return "ending"
            case _:
                life.settled(dice.choice([*Status][1:]), which, dice.choice(["", "stopped"]))
                return "settled"

    async def agrees(self):
        await self.journal.commit()
        expected = {item.id: item for item in self.full.deliveries()}
        assert self.journal.totals == Totals(events=self.events, attempts=self.attempts)
        newest_first = list(reversed(expected.values()))
        page = await self.journal.page(limit=1000)
        assert list(page.items) == [item._replace(attempts=()) for item in newest_first]
        for run in (*RUNS, None):
            assert await self.journal.counts(run) == self.full.counts(run_id=run)
            assert self.journal.ledger.counts(run_id=run) == self.full.counts(run_id=run)
        for status in Status:
            for channel in (*CHANNELS[:2], None):
                page = await self.journal.page(status=status, channel=channel, limit=1000)
                assert [item.id for item in page.items] == [
                    item.id
                    for item in newest_first
                    if item.status is status and channel in (None, item.channel)
                ]
        since, until = START - timedelta(minutes=61), START + timedelta(minutes=59)
        page = await self.journal.page(since=since, until=until, limit=1000)
        assert [item.id for item in page.items] == [
            item.id for item in newest_first if since <= item.emitted_at < until
        ]
        pending = [item async for item in self.journal.pending()]
        assert [(item.delivery_id, item.begun, item.due) for item in pending] == [
            (item.id, item.attempt_count, item.next_attempt_at)
            for item in expected.values()
            if item.status is Status.PENDING
        ]
        for item in expected.values():
            found = await self.journal.delivery(item.id)
            assert found._replace(attempts=()) == item._replace(attempts=())
            assert [attempt.request.body for attempt in found.attempts] == [
                attempt.request.body for attempt in item.attempts
            ]
        assert list(self.journal.ledger.deliveries()) == [
            item._replace(attempts=()) for item in expected.values() if item.status is Status.PENDING
        ]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_the_projection_is_the_fold_of_all_entries(plan):
    async def play():
        with tempfile.TemporaryDirectory() as folder:
            world = World(Path(folder) / "sandbox.db")
            await world.open()
            for what, chance in plan:
                await world.step(what, chance)
            await world.agrees()
            await world.step("reopen", 0)
            await world.agrees()
            await world.journal.aclose()
            rebuild_agrees(world.path)

    asyncio.run(play())


def rebuild_agrees(path):
    """The zones and the totals are what counting gives, without anything left over."""
    file = sqlite3.connect(path)
    counted = file.execute(
        "SELECT position >> 12, status, run, connection, channel, count(*) FROM deliveries GROUP BY 1, 2, 3, 4, 5"
    ).fetchall()
    kept = file.execute(
        "SELECT segment, status, run, connection, channel, sum(count) FROM zones WHERE count <> 0 "
        "GROUP BY 1, 2, 3, 4, 5"
    ).fetchall()
    assert sorted(kept) == sorted(counted)
    totals = file.execute("SELECT what, channel, count FROM totals").fetchall()
    assert sorted(totals) == sorted(file.execute(schema.counted()).fetchall())
    file.close()
