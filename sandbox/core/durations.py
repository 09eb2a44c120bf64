"""Durations as people write them: ``250ms``, ``2s``, ``5m``, ``1h30m``, ``24h``."""

from __future__ import annotations

import re
from datetime import timedelta

from sandbox.core.errors import UsageError

_UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_SHAPE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[dhms]))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
_LONGEST = timedelta(days=3650)


def parse_duration(text: object) -> timedelta:
    """Read ``1h30m`` and its like; units fall in size, each at most once.

    Raises `ValueError` whose text says what would have been right.
    """
    if isinstance(text, bool) or not isinstance(text, str):
        if isinstance(text, int | float) and not isinstance(text, bool):
            raise ValueError(f"{text} has no unit: write {text}s for seconds")
        raise ValueError("a duration is text such as 250ms, 2s, 5m or 1h30m")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError(f"{text} has no unit: write {text}s for seconds")
    if not _SHAPE.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration: write 250ms, 2s, 5m or 1h30m")
    total, last = 0.0, float("inf")
    for number, unit in _PART.findall(text):
        size = _UNITS[unit]
        if size >= last:
            raise ValueError(f"{text!r} is not a duration: larger units come first, each once, as in 1h30m")
        total, last = total + float(number) * size, size
    try:
        duration = timedelta(milliseconds=total)
    except OverflowError:
        duration = timedelta.max
    if duration > _LONGEST:
        raise ValueError(f"{text!r} is longer than ten years")
    return duration


def format_duration(duration: timedelta) -> str:
    """The inverse of `parse_duration`, to the millisecond: ``1h30m``, ``2.5s``, ``0s``."""
    milliseconds = round(duration / timedelta(milliseconds=1))
    sign, milliseconds = ("-", -milliseconds) if milliseconds < 0 else ("", milliseconds)
    if milliseconds < 1000:
        return f"{sign}{milliseconds}ms" if milliseconds else "0s"
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    parts = [f"{hours}h"] if hours else []
    parts += [f"{minutes}m"] if minutes else []
    parts += [f"{rest / 1000:g}s"] if rest else []
    return sign + "".join(parts)


def format_age(duration: timedelta) -> str:
    """*duration* for people: exact below three days, else in whole ``5 days`` or ``56 years``, cut."""
    days = duration.days
    if days < 3:
        return format_duration(duration)
    return f"{days} days" if days < 2 * 365.25 else f"{int(days / 365.25)} years"


def as_duration(value: timedelta | str | float) -> timedelta:
    """A duration as Python programs give it: itself, text as in scenarios, or seconds.  Raises `UsageError`."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError as error:
            raise UsageError(str(error)) from None
    return timedelta(seconds=value)
