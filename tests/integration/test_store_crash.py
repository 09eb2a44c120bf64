"""Killed at any moment, the journal holds everything that it acknowledged."""

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

from sandbox.core.ledger import Ledger
from sandbox.core.model import Status
from sandbox.store import SqliteJournal

ROOT = Path(__file__).parents[2]
ROUNDS = 12


def kill_after(path, turn, lines):
    """Start the process, kill it once it has printed so many lines, and return what it acknowledged."""
    command = [sys.executable, "-m", "tests.integration.crashing", path, str(turn), str(turn)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        told = []
        for line in process.stdout:
            told.append(line)
            if len(told) == lines:
                process.kill()  # it goes on printing meanwhile: that counts as well
        # What was cut off in the middle of a line was acknowledged, but not told in full.
        return [line.split() for line in told[1:] if line.endswith("\n")]


async def test_whatever_was_acknowledged_is_there_after_a_kill_and_can_be_taken_up(tmp_path):
    path, dice = tmp_path / "sandbox.db", random.Random(4)
    acknowledged = []
    for turn in range(ROUNDS):
        acknowledged += kill_after(path, turn, dice.randrange(2, 900))
        async with await SqliteJournal.open(path) as journal:
            await agrees(journal, acknowledged)


async def agrees(journal, acknowledged):
    """The journal holds what was *acknowledged*, and its parts agree with each other."""
    stands = {}
    for what, *about in acknowledged:
        if what == "seq":
            assert journal.seq >= int(about[0])
        else:
            stands[about[0]] = (what, *about[1:])
    pending = {item.delivery_id: item async for item in journal.pending()}
    full = Ledger()
    for _, entry in await everything(journal):
        full.apply(entry)
    deliveries = {item.id: item for item in full.deliveries()}
    for id, (what, *about) in stands.items():
        delivery, item = deliveries[id], pending.get(id)
        # What came later may be on disk as well, acknowledged or not: things have gone on, never back.
        assert delivery.attempt_count >= (int(about[0]) if what != "emitted" else 0)
        if what == "settled":
            assert delivery.status is Status.SUCCESS
            assert item is None
        if item is not None:
            assert item.begun == delivery.attempt_count
            assert item.due == delivery.next_attempt_at
            in_flight = len(delivery.attempts) < delivery.attempt_count
            assert (item.in_flight is not None) == in_flight
            assert in_flight or item.due is not None
            if in_flight:
                assert item.in_flight.rendering.signature.startswith("t=")
    assert {item.id for item in deliveries.values() if item.status is Status.PENDING} == set(pending)
    assert await journal.counts() == full.counts() == journal.ledger.counts()
    if deliveries:
        [(_, document)] = (await journal.documents("last")).items()
        assert document["id"] == list(deliveries.values())[-1].event_id


async def everything(journal):
    entries = []
    while more := await journal.entries(entries[-1][0] if entries else 0, 1000):
        entries += more
    assert [seq for seq, _ in entries] == list(range(1, len(entries) + 1))
    return entries


async def test_the_file_of_a_killed_process_is_whole(tmp_path):
    path = tmp_path / "sandbox.db"
    kill_after(path, 1, 500)
    await (await SqliteJournal.open(path)).aclose()
    file = sqlite3.connect(path)
    assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    file.close()
