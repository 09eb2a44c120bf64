"""Aim 5: with ``--speed max`` a day of retries takes the time of its requests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.figures import Figure
from benchmarks.measure import Sample, has_uvloop, in_turns, middle, ratios, run, timed_async
from benchmarks.senders import HOUR, connection, engine, first_contacts, our_transport, warm_up
from benchmarks.sink import sink
from sandbox import RetryPolicy, Sandbox
from sandbox.core.model import Status
from sandbox.transport import HttpTransport

PART = "5 a day of retries"
_LADDER = RetryPolicy(name="a day", attempts=8, delays=tuple(hours * HOUR for hours in (1, 1, 2, 4, 4, 6, 6)))


def measure(*, quick: bool) -> Iterator[Figure]:
    """Seconds for 24 hours of retries, beside the same number of requests back to back."""
    events, repetitions = (30, 1) if quick else (1000, 7)
    requests, uvloop = events * _LADDER.attempts, has_uvloop()
    warm_up()
    with sink() as (name, address):
        url = f"{address}/503"
        samples = in_turns(
            {
                "ladder": lambda: run(_climb(url, events), uvloop=uvloop),
                "requests": partial(our_transport, url, requests, uvloop=uvloop, status=503),
                "events": partial(engine, HttpTransport, f"{address}/", requests, uvloop=uvloop),
            },
            repetitions,
        )
    for what, key in (
        (f"{events:,} events × {_LADDER.attempts} attempts in 24 h, to {name}", "ladder"),
        (f"{requests:,} ready requests back to back", "requests"),
        (f"{requests:,} events delivered at once", "events"),
    ):
        seconds = [sample.seconds for sample in samples[key]]
        yield Figure(part=PART, what=what, value=middle(seconds), unit="s", samples=seconds)
    for what, key, aim in (
        ("ladder of ready requests back to back", "requests", 1.1),
        ("ladder of as many events delivered at once", "events", None),
    ):
        values = ratios(samples["ladder"], samples[key], _seconds)
        yield Figure(part=PART, what=what, value=middle(values), unit="times", aim=aim, samples=values)


def _seconds(sample: Sample) -> float:
    return sample.seconds


async def _climb(url: str, events: int) -> Sample:
    async with Sandbox(seed=1, speed="max") as sandbox:
        sandbox.connect(connection(url, _LADDER))
        sample = await timed_async(events, sandbox.play(first_contacts(events)))
        assert sandbox.counts() == {Status.DEAD_LETTER: events}
        return sample
