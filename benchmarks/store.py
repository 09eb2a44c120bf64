"""Aim 1, second half: what the journal on disk costs, how it grows, and how soon it answers."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, thread_time
from typing import Any, Final

from benchmarks.figures import Figure, table
from benchmarks.measure import Contender, Sample, has_uvloop, in_turns, middle, ratios, run, timed_async
from benchmarks.senders import IN_FLIGHT, connection, engine, first_contacts, warm_up
from benchmarks.sink import sink
from sandbox import Sandbox
from sandbox.core.entries import Attempted, Attempting, Emitted, Entry, Settled
from sandbox.core.envelope import Rendering, Target
from sandbox.core.model import Connection, Event, Hmac, Response, Status
from sandbox.store import Retention, SqliteJournal
from sandbox.transport import HttpTransport

PART: Final = "1 the journal on disk"

_START: Final = datetime(2026, 4, 24, tzinfo=UTC)
_CHANNELS: Final = ("WHATSAPP", "VIBER", "INSTAGRAM", "TELEGRAM")
_TARGETS: Final = [
    Target(Connection(name=f"c{n}", url="http://127.0.0.1:3000/", auth=Hmac("whsec_x"), id=f"{n:024x}"))
    for n in range(8)
]
_DATA: Final = b'{"chat":{"text":"%b"}}' % (b"x" * 1000)
_HEADERS: Final = (
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Length", "2"),
    ("Date", "Fri, 24 Apr 2026 14:02:10 GMT"),
    ("Server", "Python/3.11 aiohttp/3.10.5"),
)
_UNLIMITED: Final = Retention(age=None, entries=None, bytes=None)


def measure(*, quick: bool) -> Iterator[Figure]:
    """The engine with it beside without it, then the journal alone: writing, bytes, questions."""
    count, repetitions, rows = (200, 1, 2_000) if quick else (4_000, 5, 100_000)
    warm_up()
    uvloop = has_uvloop()
    with sink() as (name, address), TemporaryDirectory() as folder:
        url = f"{address}/webhooks/wexio"
        contenders: dict[str, Contender] = {
            "memory": partial(engine, HttpTransport, url, count, uvloop=uvloop),
            "disk": lambda: run(_engine_on_disk(url, count, Path(folder)), uvloop=uvloop),
        }
        samples = in_turns(contenders, repetitions)
    for what, key in (("with the journal in memory", "memory"), ("with the journal on disk", "disk")):
        rates = [sample.rate for sample in samples[key]]
        yield Figure(
            part=PART, what=f"engine {what}, to {name}", value=middle(rates), unit="per s", samples=rates
        )
    values = ratios(samples["disk"], samples["memory"], lambda sample: sample.rate)
    yield Figure(
        part=PART,
        what="on disk of in memory",
        value=middle(values),
        unit="times",
        aim=0.8,
        better="more",
        samples=values,
    )
    values = ratios(samples["memory"], samples["disk"], lambda sample: sample.cpu)
    yield Figure(
        part=PART,
        what="the same by CPU time, both threads",
        value=middle(values),
        unit="times",
        better="more",
        samples=values,
    )
    with TemporaryDirectory() as folder:
        yield from run(_alone(rows, Path(folder) / "sandbox.db"), uvloop=uvloop)


async def _engine_on_disk(url: str, count: int, folder: Path) -> Sample:
    """As `senders.engine`, until every entry is on disk."""
    path, way = folder / "sandbox.db", HttpTransport()
    try:
        async with (
            await SqliteJournal.open(path, retention=_UNLIMITED) as journal,
            Sandbox(seed=1, transport=way, journal=journal) as sandbox,
        ):
            sandbox.connect(connection(url))
            await sandbox.play(first_contacts(IN_FLIGHT))
            return await timed_async(count, sandbox.play(first_contacts(count)))
    finally:
        await way.close()
        for file in folder.glob("sandbox.db*"):
            file.unlink()


# --- the journal alone ----------------------------------------------------------------


async def _alone(count: int, path: Path) -> list[Figure]:
    """Figures of a journal with *count* deliveries, of four entries each."""
    figure, found = partial(Figure, part=PART), list[Figure]()
    async with await SqliteJournal.open(path, retention=_UNLIMITED) as journal:
        seconds, appending, cpu = await _fill(journal, count)
    found += (
        figure(what="written alone, a commit for every 64", value=count / seconds, unit="per s"),
        figure(what="  an append, on the loop's thread", value=appending / count / 4 * 1e6, unit="µs CPU"),
        figure(what="  a delivery, on both threads", value=cpu / count * 1e6, unit="µs CPU"),
        figure(
            what=f"  a delivery on disk, {len(_DATA):,} of it data",
            value=path.stat().st_size / count,
            unit="bytes",
        ),
    )
    began = perf_counter()
    async with await SqliteJournal.open(path, retention=_UNLIMITED) as journal:
        found.append(
            figure(
                what=f"opened again, with {count:,} deliveries",
                value=(perf_counter() - began) * 1000,
                unit="ms",
            )
        )
        for what, ask in (await _questions(journal, count)).items():
            taken = [await _milliseconds(ask) for _ in range(9)]
            found.append(figure(what=f"  {what}", value=median(taken), unit="ms", samples=taken))
    return found


async def _questions(
    journal: SqliteJournal, count: int
) -> dict[str, Callable[[], Coroutine[Any, Any, object]]]:
    middle = _START + timedelta(milliseconds=count // 2)
    [rare] = (await journal.page(status=Status.DEAD_LETTER, limit=1)).items
    [(_, first), *_] = await journal.entries(0, 1)
    assert isinstance(first, Emitted)
    [(oldest, _)] = first.deliveries
    return {
        "the newest": journal.page,
        "a common channel": lambda: journal.page(channel="VIBER"),
        "a rare channel": lambda: journal.page(channel="SMS"),
        "a rare connection": lambda: journal.page(connection_id=_TARGETS[7].id),
        "a rare status": lambda: journal.page(status=Status.DEAD_LETTER),
        "a rare status of one run": lambda: journal.page(status=Status.DEAD_LETTER, run_id="run_0"),
        "what never comes together": lambda: journal.page(channel="VIBER", connection_id=_TARGETS[7].id),
        "the oldest run": lambda: journal.page(run_id="run_0"),
        "a second in the middle": lambda: journal.page(since=middle, until=middle + timedelta(seconds=1)),
        "what is pending: nothing": lambda: journal.page(status=Status.PENDING),
        "the oldest event": lambda: journal.page(event_id=first.event.id),
        "an event that is not there": lambda: journal.page(event_id="evt_none"),
        "the oldest delivery": lambda: journal.delivery(oldest),
        "a rare delivery": lambda: journal.delivery(rare.id),
        "500 entries": lambda: journal.entries(count, 500),
        "counts": journal.counts,
    }


async def _milliseconds(ask: Callable[[], Coroutine[Any, Any, object]]) -> float:
    began = perf_counter()
    await ask()
    return (perf_counter() - began) * 1000


async def _fill(journal: SqliteJournal, count: int, at_once: int = 64) -> tuple[float, float, float]:
    """Seconds on the clock, on the loop's thread inside `append`, and of the process beyond making the entries."""
    dice = random.Random(1)
    appending = making = 0.0
    began, cpu = perf_counter(), process_time()
    for start in range(0, count, at_once):
        before = thread_time()
        entries = [
            entry for index in range(start, min(start + at_once, count)) for entry in _life(index, dice)
        ]
        made = thread_time()
        for entry in entries:
            journal.append(entry)
        appending += thread_time() - made
        making += made - before
        await journal.commit()
    return perf_counter() - began, appending, process_time() - cpu - making


def _life(number: int, dice: random.Random) -> Iterator[Entry]:
    """The four entries of a delivery; one in 100,000 ends badly, and as rarely the connection is a rare one."""
    rare, at = number % 100_000 == 0, _START + timedelta(milliseconds=number)
    event = Event(
        id=f"evt_{dice.getrandbits(128):032x}",
        name="chat.created",
        occurred_at=at,
        organisation_id="0" * 24,
        data_json=_DATA,
        channel="SMS" if rare else _CHANNELS[number % 4],
    )
    target = _TARGETS[7 if rare else number % 7]
    facts: dict[str, Any] = {
        "run_id": f"run_{number // 100_000}",
        "delivery_id": f"dlv_{dice.getrandbits(96):024x}",
        "event_id": event.id,
        "connection_id": target.id,
    }
    yield Emitted(
        at=at,
        run_id=facts["run_id"],
        event=event,
        who="Alex Stone",
        deliveries=((facts["delivery_id"], target.id),),
    )
    rendering = Rendering(event, target, 1, at)
    rendering.request()
    yield Attempting(at=at, attempt=1, rendering=rendering, **facts)
    yield Attempted(
        at=at,
        attempt=1,
        rendering=rendering,
        outcome=Response(status=200, headers=_HEADERS, body=b"ok"),
        started_at=at,
        elapsed_ms=1.2345,
        timing={"connect": 0.5, "first_byte": 1.1},
        **facts,
    )
    yield Settled(at=at, status=Status.DEAD_LETTER if rare else Status.SUCCESS, attempt_count=1, **facts)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        print(table(run(_alone(int(sys.argv[1]), Path(folder) / "sandbox.db"), uvloop=has_uvloop())))
