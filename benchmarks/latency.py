"""Aim 3: from `emit` to the bytes on the wire, for a single event."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import perf_counter

from benchmarks.figures import Figure
from benchmarks.measure import has_uvloop, middle, run
from benchmarks.senders import connection, warm_up
from benchmarks.sink import Taker
from sandbox import Sandbox

PART = "3 latency"


class _Witness(Taker):
    """Notes when the first bytes of each request arrive."""

    seen: float = 0.0

    def data_received(self, data: bytes) -> None:
        type(self).seen = perf_counter()
        super().data_received(data)


def measure(*, quick: bool) -> Iterator[Figure]:
    """Milliseconds until a receiver in the same loop has the first bytes: its own turn is included."""
    warm_up()
    first, others = [], []
    for _ in range(1 if quick else 15):
        opening, *kept = run(_emit_one_by_one(5 if quick else 60), uvloop=has_uvloop())
        first.append(opening)
        others += kept
    figure = Figure(
        part=PART,
        what="emit to wire, connection open",
        value=middle(others),
        unit="ms",
        aim=2,
        samples=others,
    )
    yield figure
    yield Figure(
        part=PART, what="the first, with connecting", value=middle(first), unit="ms", aim=2, samples=first
    )
    yield Figure(
        part=PART,
        what="99 of 100 with it open, at most",
        value=sorted(others)[len(others) * 99 // 100],
        unit="ms",
    )


async def _emit_one_by_one(count: int) -> list[float]:
    server = await asyncio.get_running_loop().create_server(_Witness, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    took = []
    try:
        async with Sandbox() as sandbox:
            sandbox.connect(connection(url))
            for _ in range(count):
                began = perf_counter()
                await sandbox.emit()
                await sandbox.settle()
                took.append((_Witness.seen - began) * 1000)
    finally:
        server.close()
    return took
