"""Aim 5: with ``--speed max`` a day of retries takes the time of its requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

from benchmarks.figures import Figure
from benchmarks.measure import Sample, has_uvloop, in_turns, middle, ratios, run, timed_async
from benchmarks.senders import HOUR, connection, first_contacts, our_transport, warm_up
from benchmarks.sink import sink
from sandbox import RetryPolicy, Sandbox
from sandbox.core.model import Status
from sandbox.steering import Speed

PART = "5 a day of retries"
_LADDER = RetryPolicy(name="a day", attempts=8, delays=tuple(hours * HOUR for hours in (1, 1, 2, 4, 4, 6, 6)))
_BACK_TO_BACK = replace(_LADDER, name="at once", delays=(timedelta(),) * 7)


def measure(*, quick: bool) -> Iterator[Figure]:
    """Seconds for 24 hours of retries, beside the same requests without a wait between them."""
    events, repetitions = (30, 1) if quick else (1000, 7)
    requests, uvloop = events * _LADDER.attempts, has_uvloop()
    warm_up()
    with sink() as (name, address):
        url = f"{address}/503"
        samples = in_turns(
            {
                "ladder": lambda: run(_climb(url, events, _LADDER, "max"), uvloop=uvloop),
                "back to back": lambda: run(_climb(url, events, _BACK_TO_BACK, 1.0), uvloop=uvloop),
                "ready": partial(our_transport, url, requests, uvloop=uvloop, status=503),
            },
            repetitions,
        )
    for what, key in (
        (f"{events:,} events × {_LADDER.attempts} attempts in 24 h, to {name}", "ladder"),
        ("the same without delays, in real time", "back to back"),
        (f"{requests:,} requests that are ready", "ready"),
    ):
        seconds = [sample.seconds for sample in samples[key]]
        yield Figure(part=PART, what=what, value=middle(seconds), unit="s", samples=seconds)
    for what, key, aim in (
        ("ladder of its requests back to back", "back to back", 1.1),
        ("ladder of requests that are ready", "ready", None),
    ):
        values = ratios(samples["ladder"], samples[key], _seconds)
        yield Figure(part=PART, what=what, value=middle(values), unit="times", aim=aim, samples=values)


def _seconds(sample: Sample) -> float:
    return sample.seconds


async def _climb(url: str, events: int, ladder: RetryPolicy, speed: Speed) -> Sample:
    async with Sandbox(seed=1, speed=speed) as sandbox:
        sandbox.connect(connection(url, ladder))
        sample = await timed_async(events, sandbox.play(first_contacts(events)))
        assert sandbox.counts() == {Status.DEAD_LETTER: events}
        return sample
