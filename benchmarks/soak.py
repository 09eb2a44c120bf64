"""The server under load: events through its API to a subscriber, its memory meanwhile, what the disk costs.

``python -m benchmarks soak``, or with fewer events ``python -m benchmarks.soak 20000``.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import aiohttp

from benchmarks.figures import Figure, table
from benchmarks.measure import middle, run
from benchmarks.sink import sink

PART: Final = "soak"
_MANY: Final = 200_000
_AT_ONCE: Final = 200  # events of one call
_POSTING: Final = 4  # calls under way
_MOST_PENDING: Final = 4_000  # more are not posted before some have settled
_WARM: Final = 400  # events before it is measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """One server's: how fast, how much of the processor, and megabytes."""

    rate: float  # deliveries/s, from the first call until nothing is pending
    cpu: float  # microseconds of the server's for each delivery
    before: float
    middle: float
    after: float


def measure(*, quick: bool, events: int = _MANY) -> Iterator[Figure]:
    """Deliveries/s with the journal on disk and in memory, and megabytes before, during, after."""
    events, few, rounds = (400, 400, 1) if quick else (events, min(events, 10_000), 3)
    disk, memory = list[Soak](), list[Soak]()
    with sink() as (_, url), tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            turn = [(disk, f"{folder}/{number}.db"), (memory, ":memory:")]
            for soaks, database in turn if number % 2 == 0 else reversed(turn):
                soaks.append(_soak(database, url, few))
        long = _soak(f"{folder}/long.db", url, events)
    for name, soaks in (("on disk", disk), ("in memory", memory)):
        rates = [soak.rate for soak in soaks]
        what = f"through the API, journal {name}"
        yield Figure(part=PART, what=what, value=middle(rates), unit="deliveries/s", samples=rates)
    ratios = [one.rate / other.rate for one, other in zip(disk, memory, strict=True)]
    yield Figure(
        part=PART,
        what="on disk, of that in memory",
        value=middle(ratios),
        unit="",
        aim=0.8,
        better="more",
        samples=ratios,
    )
    yield Figure(part=PART, what="memory before", value=long.before, unit="MB")
    yield Figure(part=PART, what=f"memory after {events // 2:,} events", value=long.middle, unit="MB")
    yield Figure(part=PART, what=f"memory after {events:,} events", value=long.after, unit="MB")
    growth = long.after - long.middle
    yield Figure(part=PART, what="its growth in the second half", value=growth, unit="MB", aim=20)
    yield Figure(part=PART, what="the server's CPU", value=long.cpu, unit="µs each")


def _soak(database: str, target: str, events: int) -> Soak:
    with _served(database) as (process, url):
        return run(_drive(process, url, target, events), uvloop=True)


@contextmanager
def _served(database: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "sandbox", "serve", "--port", "0", "--db", database, "--no-subscriber"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        yield process, said.split()[2].rstrip("/")
    finally:
        process.terminate()
        process.communicate()


async def _drive(process: subprocess.Popen[str], url: str, target: str, events: int) -> Soak:
    async with aiohttp.ClientSession(base_url=url) as session:
        await _call(session, "connections", {"name": "sink", "url": target, "auth": {"type": "HMAC"}})
        await _emit(session, _WARM)
        before, used = _memory(process), _cpu(process)
        began = perf_counter()
        await _emit(session, events // 2)
        between = _memory(process)
        await _emit(session, events - events // 2)
        seconds = perf_counter() - began
        counts = await _call(session, "settle", {})
        assert counts == {"deliveries": {"SUCCESS": events + _WARM}}, counts
        return Soak(
            rate=events / seconds,
            cpu=(_cpu(process) - used) / events * 1e6,
            before=before,
            middle=between,
            after=_memory(process),
        )


async def _emit(session: aiohttp.ClientSession, events: int) -> None:
    """Post so many, in calls of some each, and wait until all have settled."""
    left = iter([_AT_ONCE] * (events // _AT_ONCE) + [events % _AT_ONCE] * (events % _AT_ONCE > 0))

    async def post() -> None:
        for count in left:
            await _call(session, "events", {"event": "chat.created", "count": count})
            # As much as is in flight at once anyway is waited for by whoever posts.
            if (await _pending(session)) > _MOST_PENDING:
                await _call(session, "settle", {})

    async with asyncio.TaskGroup() as group:
        for _ in range(_POSTING):
            group.create_task(post())
    await _call(session, "settle", {})


async def _pending(session: aiohttp.ClientSession) -> int:
    async with session.get("/api/v1/stats") as answer:
        return int((await answer.json())["pending"]["count"])


async def _call(session: aiohttp.ClientSession, what: str, body: dict[str, Any]) -> Any:
    async with session.post(f"/api/v1/{what}", json=body) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()


def _memory(process: subprocess.Popen[str]) -> float:
    """Megabytes that are resident; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cpu(process: subprocess.Popen[str]) -> float:
    """Seconds of the processor; a guess of nothing where the system does not tell."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(table(measure(quick=False, events=int(sys.argv[1]))))
