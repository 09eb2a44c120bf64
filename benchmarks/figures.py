"""What was measured, against what we aim for: as a table for people, as JSON for machines."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from statistics import quantiles
from typing import Any, Final, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing measured; without an *aim* it is told for comparison."""

    part: str
    what: str
    value: float
    unit: str
    aim: float | None = None
    better: Literal["more", "less"] = "less"
    samples: Sequence[float] = field(default=(), repr=False)  # one for each repetition

    @property
    def met(self) -> bool | None:
        """Whether the aim is met, where there is one."""
        if self.aim is None:
            return None
        return self.value <= self.aim if self.better == "less" else self.value >= self.aim

    def as_json(self) -> dict[str, Any]:
        """Everything known about it."""
        return {
            "part": self.part,
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "aim": self.aim,
            "better": self.better,
            "met": self.met,
            "samples": list(self.samples),
        }


_MET: Final = {None: "", True: "met", False: "NOT met"}
_SIGN: Final = {"less": "<=", "more": ">="}


def table(figures: Iterable[Figure]) -> str:
    """*figures* in columns, parts apart."""
    rows: list[tuple[str, ...]] = [("", "median", "", "middle half", "aim", "")]
    part = None
    for figure in figures:
        if figure.part != part:
            part = figure.part
            rows += [("",) * 6, (part, *("",) * 5)]
        aim = "" if figure.aim is None else f"{_SIGN[figure.better]} {_number(figure.aim)}"
        rows.append(
            (
                f"  {figure.what}",
                _number(figure.value),
                figure.unit,
                _middle_half(figure.samples),
                aim,
                _MET[figure.met],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        f"{what:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}}  {half:<{widths[3]}}"
        f"  {aim:>{widths[4]}}  {met}".rstrip()
        for what, value, unit, half, aim, met in rows
    )


def judgement(figures: Iterable[Figure]) -> str:
    """How many aims are met, and which are not."""
    aimed = [figure for figure in figures if figure.met is not None]
    missed = [f"{figure.part}: {figure.what}" for figure in aimed if not figure.met]
    return "\n".join(
        [f"{len(aimed) - len(missed)} of {len(aimed)} aims met", *(f"  NOT met: {what}" for what in missed)]
    )


def _middle_half(samples: Sequence[float]) -> str:
    """Between what half of *samples* lie: how much a machine with other work lets them vary."""
    if len(samples) < 4:
        return ""
    low, _, high = quantiles(samples)
    return f"{_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def machine() -> dict[str, Any]:
    """On what it was measured."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "aiohttp": version("aiohttp"),
        "uvloop": _version("uvloop"),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def in_one_line(about: Mapping[str, Any]) -> str:
    """*about* (of `machine`) for people."""
    uvloop = f"uvloop {about['uvloop']}" if about["uvloop"] else "no uvloop"
    load = "" if about["load"] is None else f", load {about['load']:.1f} at the start"
    return (
        f"{about['cores']} cores, {about['system']}, {about['python']}, "
        f"aiohttp {about['aiohttp']}, {uvloop}{load}"
    )


def _version(package: str) -> str | None:
    if sys.platform == "win32":
        return None
    try:
        return version(package)
    except PackageNotFoundError:
        return None
