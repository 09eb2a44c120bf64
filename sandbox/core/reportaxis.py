"""The time axis of a report: even where that can be read, else with its long pauses shortened.

A ladder of retries goes from seconds to half a day.  On an even axis its first rungs
would be one spot.  So the time between two moments at which something happened is
given a width by its logarithm; labels and waits say how long it really was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import log2
from typing import Final

from sandbox.core.phrases import closely

_CLOSEST: Final = 0.025  # of the width: marks of one delivery that are closer cannot be told apart
_LONGEST_PAUSE: Final = 0.75  # of the width: an even axis that is mostly a pause says little
_BRIEF: Final = 60.0  # seconds; in a run as short as this a pause is no news
_GRAIN: Final = 0.25  # seconds; pauses shorter than this keep their proportions
_LABEL_ROOM: Final = 0.13
_MOST_TICKS: Final = 7
_SHORTENED: Final = 8  # times denser than where the axis is widest
_STEPS: Final = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400),
)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled moment; *place* is from 0 to 1."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """Seconds since the run began, and where they are."""

    moments: tuple[float, ...]
    places: tuple[float, ...]
    even: bool
    ticks: tuple[Tick, ...]
    shortened: tuple[tuple[float, float], ...]  # from place to place

    def place(self, moment: float) -> float:
        """Where *moment* is, from 0 to 1; what lies outside is at its end."""
        index = bisect_right(self.moments, moment)
        if index == 0:
            return self.places[0]
        if index == len(self.moments):
            return self.places[-1]
        before, after = self.moments[index - 1], self.moments[index]
        left, right = self.places[index - 1], self.places[index]
        return left + (right - left) * (moment - before) / (after - before)


def axis(moments: Iterable[float], ladders: Iterable[Sequence[float]]) -> Axis:
    """The axis for *moments*, on which the starts in each of *ladders* can be told apart."""
    # A clock tells microseconds; what differs by less is the same moment.
    known = tuple(sorted({0.0, *(round(moment, 6) for moment in moments)}))
    ladders = [[round(start, 6) for start in ladder] for ladder in ladders]
    whole = known[-1] - known[0]
    if whole <= 0:
        return Axis((0.0,), (0.0,), True, (Tick(0.0, "0s"),), ())
    even = tuple((moment - known[0]) / whole for moment in known)
    if _readable(known, ladders, whole):
        return Axis(known, even, True, _even_ticks(known[0], whole), ())
    widths = [log2(1 + (after - before) / _GRAIN) for before, after in pairwise(known)]
    total, place, places = sum(widths), 0.0, [0.0]
    for width in widths:
        place += width / total
        places.append(min(place, 1.0))
    places[-1] = 1.0
    starts = sorted({0.0, *(start for ladder in ladders for start in ladder)})
    plain = Axis(known, tuple(places), False, (), ())
    return Axis(known, plain.places, False, _ticks_at(plain, starts), tuple(_shortened(known, plain.places)))


def _readable(known: Sequence[float], ladders: Iterable[Sequence[float]], whole: float) -> bool:
    if any(after - before < _CLOSEST * whole for ladder in ladders for before, after in pairwise(ladder)):
        return False
    longest = max(after - before for before, after in pairwise(known))
    return whole < _BRIEF or longest <= _LONGEST_PAUSE * whole


def _even_ticks(first: float, whole: float) -> tuple[Tick, ...]:
    step = next((step for step in _STEPS if whole / step < _MOST_TICKS), whole / 4)
    return tuple(
        Tick((number * step - first) / whole, _label(number * step))
        for number in range(int((first + whole) / step) + 1)
        if number * step >= first
    )


def _ticks_at(of: Axis, starts: Sequence[float]) -> tuple[Tick, ...]:
    """Labels at *starts*: the first, and then those after the longest pauses for which there is room."""
    pauses = {after: after - before for before, after in pairwise(starts)}
    chosen = [(of.place(starts[0]), starts[0])]
    for start in sorted(pauses, key=lambda item: (-pauses[item], item)):
        place = of.place(start)
        if all(abs(place - other) >= _LABEL_ROOM for other, _ in chosen):
            chosen.append((place, start))
    return tuple(Tick(place, _label(start)) for place, start in sorted(chosen))


def _shortened(known: Sequence[float], places: Sequence[float]) -> Iterable[tuple[float, float]]:
    gaps = [
        (left, right, (after - before) / (right - left))
        for (before, after), (left, right) in zip(pairwise(known), pairwise(places), strict=True)
        if right > left
    ]
    widest = min(density for _, _, density in gaps)
    for left, right, density in gaps:
        if density > _SHORTENED * widest:
            yield left, right


def _label(seconds: float) -> str:
    return closely(timedelta(seconds=seconds))
