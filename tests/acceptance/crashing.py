"""A server's workspace that is killed again and again: a program of its own, for `test_crash`.

    python -m tests.acceptance.crashing DATABASE URL ROUNDS SEED EVENTS [FAULT...]

Each round forks a child that opens the database, takes up what is there, lets things
happen, and writes down each event that it has acknowledged.  The parent kills it with
SIGKILL at a random moment.  The last child is left alone until nothing is pending.
Prints one JSON object: the acknowledged events, and how the deliveries ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from contextlib import suppress
from datetime import timedelta

from sandbox.clock import wall_now
from sandbox.core.cast import Cast
from sandbox.core.config import Config
from sandbox.core.errors import Conflict
from sandbox.core.faults import Faults, as_faults
from sandbox.core.ids import Seed
from sandbox.core.model import Connection, Hmac
from sandbox.core.retry import Backoff, RetryPolicy
from sandbox.orders import EventOrder
from sandbox.store import SqliteJournal
from sandbox.transport import HttpTransport
from sandbox.workspace import Workspace

# Quick, and as long as it takes: whatever the receiver refuses is taken some time.
RETRY = RetryPolicy(
    attempts=1000, delays=Backoff(base=timedelta(milliseconds=20), factor=1.0), timeout=timedelta(seconds=5)
)
CONNECTIONS = 3
READY = b"ready\n"


async def live(
    database: str, url: str, told: int, *, events: int, last: bool, faults: Faults
) -> dict[str, int]:
    """One life of the workspace; *told* is where acknowledged events are written down."""
    transport = HttpTransport()
    async with (
        await SqliteJournal.open(database) as journal,
        Workspace(journal=journal, transport=transport, config=Config()) as workspace,
    ):
        for number in range(CONNECTIONS):
            connection = Connection(
                name=f"c{number}",
                url=url,
                id=f"{number}" * 24,
                auth=Hmac("whsec_x"),
                retry=RETRY,
                concurrency=8,
            )
            with suppress(Conflict):  # it outlived the last process
                await workspace.connect(connection)
        os.write(told, READY)
        if last:
            counts = await workspace.settle(timedelta(seconds=120))
        else:
            for _ in range(events):
                emitted, deliveries = await workspace.emit(EventOrder(count=2, faults=faults))
                os.write(told, json.dumps([[e.id for e in emitted], deliveries]).encode() + b"\n")
            counts = await workspace.settle(None)
            await asyncio.get_running_loop().create_future()
        await transport.close()
        return {str(status): number for status, number in counts.items()}


def main(database: str, url: str, rounds: int, seed: int, events: int, faults: Faults) -> None:
    # Names are slow to make for the first time; a child should die of us, not before its first word.
    warm = Cast(Seed(seed))
    for _ in range(500):
        warm.chat_created(at=wall_now())
    dice = random.Random(seed)
    acknowledged: list[list[list[str]]] = []
    for number in range(rounds + 1):
        last = number == rounds
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            counts = asyncio.run(live(database, url, writing, events=events, last=last, faults=faults))
            os.write(writing, json.dumps(counts).encode() + b"\n")
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as said:
            heard = b""
            if not last:
                if dice.random() < 0.8:  # else while it is still taking up what is there
                    # By what it has said as well as by time: a machine may be slow.
                    for _ in range(1 + dice.randrange(min(events, 10) + 1)):
                        heard += said.readline()
                time.sleep(dice.uniform(0.0, 0.05))
                os.kill(child, signal.SIGKILL)
            heard += said.read()
            lines = [line for line in heard.split(b"\n")[:-1] if line + b"\n" != READY]
        _, status = os.waitpid(child, 0)
        if last:
            assert status == 0, "the last child failed"
            sys.stdout.write(json.dumps({"acknowledged": acknowledged, "counts": json.loads(lines[-1])}))
        else:
            acknowledged += map(json.loads, lines)


if __name__ == "__main__":
    main(
        sys.argv[1],
        sys.argv[2],
        int(sys.argv[3]),
        int(sys.argv[4]),
        int(sys.argv[5]),
        as_faults(sys.argv[6:]),
    )
