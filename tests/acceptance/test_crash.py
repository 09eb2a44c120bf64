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

from tests.receiver import CLOSE, RESET, Receiver, Seen

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")

ROOT = Path(__file__).parents[2]


async def die_again_and_again(database, url, *, rounds, seed, events=3):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.acceptance.crashing"),
        *(str(database), url, str(rounds), str(seed), str(events)),
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
    ("rounds", "events"), [(250, 2), (20, 500)], ids=["often", "with-a-thousand-pending"]
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
