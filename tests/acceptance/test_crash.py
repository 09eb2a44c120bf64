"""Killed with SIGKILL at random moments, hundreds of times: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections import Counter
from pathlib import Path

import pytest

from sandbox.core.entries import Attempting
from sandbox.store import SqliteJournal
from tests.receiver import CLOSE, RESET, Receiver, Seen

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")

ROOT = Path(__file__).parents[2]


async def die_again_and_again(database, url, *, rounds, seed, events=3, faults=()):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.acceptance.crashing"),
        *(str(database), url, str(rounds), str(seed), str(events), *faults),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    assert process.returncode == 0, complained.decode()[-4000:]
    return json.loads(said)


def taken_at_the_third_try(seen: Seen):
    """Answers, refusals and broken connections, by attempt and id: the same for every run."""
    attempt = int(seen["X-Wexio-Attempt"])
    if attempt < 3 and int(seen["X-Wexio-Event-Id"][-2:], 16) % 3:
        return (503, RESET, CLOSE)[attempt % 3]
    return 200


@pytest.mark.parametrize(
    ("rounds", "events"), [(200, 2), (20, 500)], ids=["often", "with-a-thousand-pending"]
)
async def test_what_was_acknowledged_is_delivered_and_no_attempt_number_is_posted_twice(
    rounds, events, tmp_path
):
    async with Receiver(taken_at_the_third_try) as receiver:
        told = await die_again_and_again(
            tmp_path / "sandbox.db", receiver.url, rounds=rounds, seed=20261125, events=events
        )
        seen = list(receiver.seen)

    attempts = Counter(
        (json.loads(one.body)["meta"]["connectionId"], one["X-Wexio-Event-Id"], one["X-Wexio-Attempt"])
        for one in seen
    )
    assert [key for key, number in attempts.items() if number > 1] == []

    acknowledged = [event for events, _ in told["acknowledged"] for event in events]
    assert len(acknowledged) > rounds / 2, "the children died before they could say anything"
    arrived = {(connection, event) for connection, event, _ in attempts}
    assert {event for _, event in arrived} >= set(acknowledged)
    for number in range(3):
        assert {event for connection, event in arrived if connection == f"{number}" * 24} >= set(acknowledged)

    assert set(told["counts"]) == {"SUCCESS"}
    assert told["counts"]["SUCCESS"] >= 3 * len(acknowledged)
    with sqlite3.connect(tmp_path / "sandbox.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


FAULTS = (
    *("duplicate:chance=0.4", "reorder:window=2", "delay:by=30ms,chance=0.3", "drop:chance=0.2"),
    *("reset:chance=0.2", "slow_body:over=20ms,chance=0.3", "wrong_secret:chance=0.2"),
)


async def test_killed_while_things_go_wrong_on_purpose_nothing_is_lost_and_only_what_was_to_be_is_doubled(
    tmp_path,
):
    async with Receiver(taken_at_the_third_try) as receiver:
        path = tmp_path / "sandbox.db"
        told = await die_again_and_again(
            path, receiver.url, rounds=60, seed=20261126, events=5, faults=FAULTS
        )
        seen = list(receiver.seen)

    posted = Counter(
        (json.loads(one.body)["meta"]["connectionId"], one["X-Wexio-Event-Id"], int(one["X-Wexio-Attempt"]))
        for one in seen
    )
    begun, doubled = set(), set()
    async with await SqliteJournal.open(path) as journal:
        after = 0
        while entries := await journal.entries(after, 1000):
            after = entries[-1][0]
            for _, entry in entries:
                if isinstance(entry, Attempting):
                    key = entry.connection_id, entry.event_id, entry.attempt
                    assert key not in begun, "a number is used once"
                    begun.add(key)
                    if any(fault.do == "duplicate" for fault in entry.rendering.faults):
                        doubled.add(key)
    assert posted.keys() <= begun
    assert {key for key, number in posted.items() if number > 1} <= doubled
    assert max(posted.values()) == 2
    acknowledged = {event for events, _ in told["acknowledged"] for event in events}
    assert acknowledged, "the children died before they could say anything"
    assert doubled, "nothing was to be doubled: the test would prove nothing"
    for number in range(3):
        assert {event for connection, event, _ in posted if connection == f"{number}" * 24} >= acknowledged
    assert set(told["counts"]) == {"SUCCESS"}
