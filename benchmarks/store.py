"""What the journal on disk costs: run it alone, ``python benchmarks/store.py [deliveries [folder]]``.

Prints the cost of an append on the loop's thread, how many deliveries a second go to
disk (with and without what the filters need), how long questions take at that size,
and how many bytes a delivery occupies.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time, thread_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from sandbox.core.entries import Attempted, Attempting, Emitted, Entry, Settled
from sandbox.core.envelope import Rendering, Target
from sandbox.core.model import Connection, Event, Hmac, Response, Status
from sandbox.store import Retention, SqliteJournal
from sandbox.store.batch import Batch
from sandbox.store.scribe import Scribe

START = datetime(2026, 4, 24, tzinfo=UTC)
CHANNELS = ("WHATSAPP", "VIBER", "INSTAGRAM", "TELEGRAM")
TARGETS = [
    Target(Connection(name=f"c{n}", url="http://127.0.0.1:3000/", auth=Hmac("whsec_x"), id=f"{n:024x}"))
    for n in range(8)
]
DATA = b'{"chat":{"text":"%b"}}' % (b"x" * 1000)
HEADERS = (
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Length", "2"),
    ("Date", "Fri, 24 Apr 2026 14:02:10 GMT"),
    ("Server", "Python/3.11 aiohttp/3.10.5"),
)
UNLIMITED = Retention(age=None, entries=None, bytes=None)


def life(number: int, dice: random.Random) -> Iterator[Entry]:
    """The four entries of a delivery; one in 100,000 ends badly, and as rarely the connection is a rare one."""
    at = START + timedelta(milliseconds=number)
    event = Event(
        id=f"evt_{dice.getrandbits(128):032x}",
        name="chat.created",
        occurred_at=at,
        organisation_id="0" * 24,
        data_json=DATA,
        channel=CHANNELS[number % 4] if number % 100_000 else "SMS",
    )
    target = TARGETS[number % 7] if number % 100_000 else TARGETS[7]
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
        outcome=Response(status=200, headers=HEADERS, body=b"ok"),
        started_at=at,
        elapsed_ms=1.2345,
        timing={"connect": 0.5, "first_byte": 1.1},
        **facts,
    )
    status = Status.SUCCESS if number % 100_000 else Status.DEAD_LETTER
    yield Settled(at=at, status=status, attempt_count=1, **facts)


async def fill(journal: SqliteJournal, number: int, at_once: int = 64) -> tuple[float, float, float]:
    """Seconds on the clock, on the loop's thread inside `append`, and of the process beyond making the entries."""
    dice = random.Random(1)
    appending = making = 0.0
    began, cpu = perf_counter(), process_time()
    for start in range(0, number, at_once):
        before = thread_time()
        entries = [
            entry for index in range(start, min(start + at_once, number)) for entry in life(index, dice)
        ]
        made = thread_time()
        for entry in entries:
            journal.append(entry)
        appending += thread_time() - made
        making += made - before
        await journal.commit()
    return perf_counter() - began, appending, process_time() - cpu - making


async def timed(ask: Callable[[], Coroutine[Any, Any, Any]], times: int = 9) -> str:
    taken = []
    for _ in range(times):
        began = perf_counter()
        await ask()
        taken.append((perf_counter() - began) * 1000)
    return f"{statistics.median(taken):8.2f} ms (longest {max(taken):.2f})"


async def compare(folder: Path) -> None:
    """How fast it writes with what the filters need, without, and with ordinary indices instead."""
    rates: dict[str, list[float]] = {}
    for turn in range(3):
        for how in ("as it is", "without filters", "ordinary indices"):
            path = folder / f"{turn} {how}.db"
            journal = await SqliteJournal.open(path, retention=UNLIMITED)
            if how != "as it is":
                _leave_out_zones(journal._scribe)
            if how == "ordinary indices":
                file = sqlite3.connect(path)
                for column in ("status", "connection", "channel", "run"):
                    rows = " WHERE status <> 1" if column == "status" else ""
                    file.execute(f"CREATE INDEX by_{column} ON deliveries ({column}, position){rows}")
                file.close()
            seconds, _, _ = await fill(journal, 20_000, at_once=512)
            await journal.aclose()
            path.unlink()
            rates.setdefault(how, []).append(20_000 / seconds)
    usual = statistics.median(rates["without filters"])
    for how, found in rates.items():
        rate = statistics.median(found)
        print(f"{how:18}{rate:12,.0f} deliveries/s, a commit for every 512 ({rate / usual:.2f})")


def _leave_out_zones(scribe: Scribe) -> None:
    turn = scribe.turn

    def without() -> Batch:
        batch = turn()
        for part in (batch.zones, batch.spans, batch.sealed):
            part.clear()
        return batch

    scribe.turn = without  # type: ignore[method-assign]


async def main(number: int, folder: str | None) -> None:
    place = tempfile.TemporaryDirectory(dir=folder)
    await compare(Path(place.name))
    path = Path(place.name) / "sandbox.db"
    journal = await SqliteJournal.open(path, retention=UNLIMITED)
    seconds, appending, cpu = await fill(journal, number)
    print(f"deliveries        {number:12,} (4 entries each)")
    print(f"written           {number / seconds:12,.0f} deliveries/s, a commit for every 64")
    print(f"append            {appending / number / 4 * 1e6:12.2f} us an entry, on the loop's thread")
    print(f"in all            {cpu / number * 1e6:12.2f} us of CPU a delivery, both threads")
    await journal.aclose()
    print(
        f"on disk           {path.stat().st_size / number:12,.0f} bytes a delivery, {len(DATA)} of them data"
    )

    began = perf_counter()
    journal = await SqliteJournal.open(path, retention=UNLIMITED)
    print(f"opened again in   {(perf_counter() - began) * 1000:12.1f} ms")
    middle = START + timedelta(milliseconds=number // 2)
    [rare] = (await journal.page(status=Status.DEAD_LETTER, limit=1)).items
    first = await journal.entries(0, 1)
    event: Any = first[0][1]
    asks: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
        "newest": journal.page,
        "a common channel": lambda: journal.page(channel="VIBER"),
        "a rare channel": lambda: journal.page(channel="SMS"),
        "a rare connection": lambda: journal.page(connection_id=TARGETS[7].id),
        "a rare status": lambda: journal.page(status=Status.DEAD_LETTER),
        "rare and common": lambda: journal.page(status=Status.DEAD_LETTER, run_id="run_0"),
        "never together": lambda: journal.page(channel="VIBER", connection_id=TARGETS[7].id),
        "the oldest run": lambda: journal.page(run_id="run_0"),
        "a second in the middle": lambda: journal.page(since=middle, until=middle + timedelta(seconds=1)),
        "pending: none": lambda: journal.page(status=Status.PENDING),
        "the oldest event": lambda: journal.page(event_id=event.event.id),
        "an event not there": lambda: journal.page(event_id="evt_none"),
        "the oldest delivery": lambda: journal.delivery(event.deliveries[0][0]),
        "a rare delivery": lambda: journal.delivery(rare.id),
        "500 entries": lambda: journal.entries(number, 500),
        "counts": journal.counts,
    }
    for name, ask in asks.items():
        print(f"{name:24}{await timed(ask)}")
    await journal.aclose()
    place.cleanup()


if __name__ == "__main__":
    number, folder, *_ = [*sys.argv[1:], None, None]
    asyncio.run(main(int(number or 1_000_000), folder))
