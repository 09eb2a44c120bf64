"""Aim 4: what waits costs little memory, no CPU, and is found at once."""

from __future__ import annotations

import gc
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

from benchmarks.figures import Figure
from benchmarks.measure import Contender, Sample, in_turns, middle, run, timed, timed_async
from benchmarks.senders import HOUR, Nowhere, connection, warm_up
from sandbox import RetryPolicy, Sandbox
from sandbox.clock import Agenda, Rank, SystemClock, Waiter, wall_now
from sandbox.core.model import Status

PART = "4 waiting"
_PATIENT = RetryPolicy(attempts=2, delays=(24 * HOUR,))


def measure(*, quick: bool) -> Iterator[Figure]:
    """Megabytes for a hundred thousand events; seconds for a million waits."""
    events, many = (3_000, 20_000) if quick else (100_000, 1_000_000)
    if Path("/proc/self/statm").exists():
        # In a process of its own, whose memory nothing else has stirred.
        command = [sys.executable, "-m", "benchmarks.waiting", str(events)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        yield Figure(
            part=PART,
            what="100,000 events that wait for a retry",
            value=json.loads(said) / events * 100_000 / 1e6,
            unit="MB",
            aim=150,
        )
    idle = run(_idle(many), uvloop=False)
    yield Figure(
        part=PART,
        what=f"{many:,} waits, nothing due: CPU",
        value=idle.cpu / idle.seconds * 100,
        unit="%",
        aim=1,
    )
    agendas = {size: _full(size) for size in (1_000, many)}
    contenders: dict[str, Contender] = {}
    for size, agenda in agendas.items():
        contenders[f"found among {size:,}"] = partial(timed, 10_000, partial(_find, agenda[0], 10_000))
        contenders[f"one out, one in of {size:,}"] = partial(timed, 2_000, partial(_turn_over, agenda, 2_000))
    costs = {
        name: [sample.cpu / sample.count * 1e6 for sample in samples]
        for name, samples in in_turns(contenders, 1 if quick else 15).items()
    }
    for name, cost in costs.items():
        yield Figure(part=PART, what=name, value=middle(cost), unit="µs CPU", samples=cost)
    few_found, _, found, _ = costs.values()
    growth = [one / other for one, other in zip(found, few_found, strict=True)]
    yield Figure(
        part=PART,
        what="the next one found, growth",
        value=middle(growth),
        unit="times",
        aim=math.log(many) / math.log(1_000),
        samples=growth,
    )


async def _idle(count: int) -> Sample:
    """Half a second in which none of *count* waits is due."""
    clock = SystemClock(start=wall_now())
    later, now = _Wait(), clock.now()
    for order in range(count):
        clock.schedule(now + HOUR, Rank.ATTEMPT, order, later)
    gc.collect()
    waiter = Waiter(clock)
    clock.schedule(clock.now() + timedelta(seconds=0.5), Rank.STEP, 0, waiter)
    return await timed_async(count, waiter.wait())


class _Wait:
    cancelled = False

    def fall_due(self) -> None:
        """Nothing follows."""


def _full(size: int) -> tuple[Agenda, Random]:
    agenda, chance, now, item = Agenda(), Random(1), wall_now(), _Wait()
    for order in range(size):
        agenda.push(now + chance.random() * HOUR, Rank.ATTEMPT, order, item)
    return agenda, chance


def _find(agenda: Agenda, count: int) -> None:
    for _ in range(count):
        agenda.peek()


def _turn_over(full: tuple[Agenda, Random], count: int) -> None:
    agenda, chance = full
    for order in range(count):
        coming = agenda.peek()
        assert coming is not None
        agenda.push(coming[0] + chance.random() * HOUR, Rank.ATTEMPT, order, agenda.pop())


# --- in a process of its own -----------------------------------------------------------


async def _wait_for_retries(count: int) -> int:
    """How many bytes *count* events take that wait for a retry, journal and all."""
    async with Sandbox(seed=1, speed="manual", transport=Nowhere(503)) as sandbox:
        sandbox.connect(connection("http://127.0.0.1:1/", _PATIENT))
        before = _resident()
        for number in range(count):
            await sandbox.emit()
            if number % 1000 == 999:
                await sandbox.advance(1)
        await sandbox.advance(1)
        gc.collect()
        taken = _resident() - before
        assert sandbox.counts() == {Status.PENDING: count}
        return taken


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    warm_up()
    print(run(_wait_for_retries(int(sys.argv[1])), uvloop=False))
