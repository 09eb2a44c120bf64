"""How columns share the width of a terminal: pure arithmetic, and the same for every table.

What matters least goes first: the widest columns that may be narrower shrink, then
columns that can be spared are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

GAP: Final = 2
"""Between two columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What may be done to a column where room is short."""

    title: str = ""
    least: int | None = None  # how narrow it may become; None: it stays whole
    spare: int = 0  # left out where room is short, those with the highest number first; 0 never is


def fit(columns: Sequence[Column], wanted: Sequence[int], room: int) -> list[int] | None:
    """How wide each of *columns*, which would like to be *wanted* wide, is within *room*.

    0 is for a column that is left out.  None where even the least does not fit.
    """
    least = [
        want if column.least is None else min(want, column.least)
        for column, want in zip(columns, wanted, strict=True)
    ]
    widths = [max(least[place], min(want, room)) for place, want in enumerate(wanted)]
    spares = sorted((column.spare, place) for place, column in enumerate(columns) if column.spare)
    while _taken(least) > room:
        if not spares:
            return None
        _, place = spares.pop()
        widths[place] = least[place] = 0
    while _taken(widths) > room:
        able = (place for place, width in enumerate(widths) if width > least[place])
        widths[max(able, key=widths.__getitem__)] -= 1
    return widths


def _taken(widths: Sequence[int]) -> int:
    """The width of a line of columns."""
    there = [width for width in widths if width]
    return sum(there) + GAP * max(0, len(there) - 1)
