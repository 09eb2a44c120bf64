"""Aim 1: how fast the whole engine is beside a loop that posts bytes that are ready."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.measure import Contender, Sample, has_uvloop, in_turns, middle, ratios
from benchmarks.senders import (
    bare_aiohttp,
    engine,
    event_maker,
    has,
    has_requests,
    hey,
    our_transport,
    requests_session,
    warm_up,
    wrk,
)
from benchmarks.sink import sink
from sandbox.transport import HttpTransport

PART = "1 throughput"


def measure(*, quick: bool) -> Iterator[Figure]:
    """Deliveries a second, and what they are of others' in the same run."""
    count, repetitions, seconds = (200, 1, 1) if quick else (4000, 5, 2)
    warm_up()
    loops = ["uvloop", "asyncio"] if has_uvloop() else ["asyncio"]
    with sink() as (name, address), TemporaryDirectory() as folder:
        url = f"{address}/webhooks/wexio"
        contenders: dict[str, Contender] = {}
        for loop in loops:
            fast = loop == "uvloop"
            contenders[f"bare aiohttp, {loop}"] = partial(bare_aiohttp, url, count, uvloop=fast)
            contenders[f"engine, {loop}"] = partial(engine, HttpTransport, url, count, uvloop=fast)
        first = loops[0]
        ready = f"our transport, ready bytes, {first}"
        contenders[ready] = partial(our_transport, url, count, uvloop=first == "uvloop")
        made = f"our transport, an event made before each, {first}"
        contenders[made] = partial(our_transport, url, count, uvloop=first == "uvloop", before=event_maker())
        if has_requests():
            contenders["requests with a session"] = partial(requests_session, url, count // 4)
        for program, contend in (("wrk", wrk), ("hey", hey)):
            if has(program):
                contenders[program] = partial(contend, url, seconds, Path(folder))
        samples = in_turns(contenders, repetitions)

    for contender, taken in samples.items():
        rates = [sample.rate for sample in taken]
        yield Figure(
            part=PART, what=f"{contender}, to {name}", value=middle(rates), unit="per s", samples=rates
        )
    for loop in loops:
        ours, bare = samples[f"engine, {loop}"], samples[f"bare aiohttp, {loop}"]
        values = ratios(ours, bare, _rate)
        aim = 0.75 if loop == "uvloop" else None
        yield Figure(
            part=PART,
            what=f"engine of bare aiohttp, {loop}",
            value=middle(values),
            unit="times",
            aim=aim,
            better="more",
            samples=values,
        )
        values = ratios(bare, ours, _cpu)
        yield Figure(
            part=PART,
            what=f"the same by CPU time, {loop}",
            value=middle(values),
            unit="times",
            better="more",
            samples=values,
        )
    between = [
        (_cpu(with_event) - _cpu(without)) * 1e6
        for with_event, without in zip(samples[made], samples[ready], strict=True)
    ]
    yield Figure(
        part=PART,
        what="an event made between two requests (alone: part work)",
        value=middle(between),
        unit="µs CPU",
        samples=between,
    )
    for other in ("requests with a session", "wrk", "hey"):
        if other in samples:
            values = ratios(samples[f"engine, {first}"], samples[other], _rate)
            yield Figure(
                part=PART, what=f"engine of {other}", value=middle(values), unit="times", samples=values
            )


def _rate(sample: Sample) -> float:
    return sample.rate


def _cpu(sample: Sample) -> float:
    return sample.cpu / sample.count
