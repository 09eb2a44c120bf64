"""Measuring on a machine that is shared: in turns, with medians, by CPU time as well as by the clock."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time
from typing import Any, TypeVar

from sandbox.cli.ending import collecting_seldom, loop_factory

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How long so many took."""

    count: int
    seconds: float
    cpu: float  # seconds of this process; 0 where somebody else did the work

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.count / self.seconds


Contender = Callable[[], Sample]


def in_turns(contenders: Mapping[str, Contender], repetitions: int) -> dict[str, list[Sample]]:
    """Each contender *repetitions* times, one after the other, each round backwards from the one before."""
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    order = list(contenders)
    for _ in range(repetitions):
        for name in order:
            gc.collect()
            samples[name].append(contenders[name]())
        order.reverse()
    return samples


def ratios(these: list[Sample], those: list[Sample], of: Callable[[Sample], float]) -> list[float]:
    """*of* each of *these*, divided by that of its neighbour in *those*."""
    return [of(one) / of(other) for one, other in zip(these, those, strict=True)]


def timed(count: int, work: Callable[[], object]) -> Sample:
    """*work*, which does *count* of something."""
    began, cpu = perf_counter(), process_time()
    work()
    return Sample(count=count, seconds=perf_counter() - began, cpu=process_time() - cpu)


async def timed_async(count: int, work: Coroutine[Any, Any, object]) -> Sample:
    """The same for what has to be awaited."""
    began, cpu = perf_counter(), process_time()
    await work
    return Sample(count=count, seconds=perf_counter() - began, cpu=process_time() - cpu)


def run(work: Coroutine[Any, Any, T], *, uvloop: bool) -> T:
    """The result of *work*, run as the command line would: on uvloop, or on Python's own loop."""
    with collecting_seldom(), asyncio.Runner(loop_factory=loop_factory() if uvloop else None) as runner:
        return runner.run(work)


def has_uvloop() -> bool:
    """Whether uvloop is installed."""
    return loop_factory() is not None


def middle(values: list[float]) -> float:
    """The median."""
    return median(values)
