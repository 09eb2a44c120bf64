"""Numbers, durations and retry policies in the words of a person; the same on a terminal and on a page."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sandbox.core.durations import format_duration
from sandbox.core.retry import RetryPolicy

_LISTED_DELAYS: Final = 8


def roughly(duration: timedelta) -> str:
    """To a tenth of a second, and from ten seconds on to a second: ``0s``, ``5s``, ``1m15s``."""
    unit = timedelta(milliseconds=100) if duration < timedelta(seconds=10) else timedelta(seconds=1)
    return format_duration(round(duration / unit) * unit)


def closely(duration: timedelta) -> str:
    """As `roughly`, but below a second to the millisecond: ``125ms``."""
    return format_duration(duration) if duration < timedelta(seconds=1) else roughly(duration)


def seconds(milliseconds: float) -> str:
    """A time that really passed: ``40ms``, ``3.2s``, ``1m15s``."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f}ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.1f}s"
    return roughly(timedelta(milliseconds=milliseconds))


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 delivery``, ``1,200 deliveries``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def policy(of: RetryPolicy) -> str:
    """A retry policy with its numbers, and how sure we are of them."""
    standing = {
        "wexio": "wexio (assumed numbers)",
        "none": "none",
        "svix": "svix (published numbers)",
    }.get(of.name, of.name)
    if of.attempts == 1:
        plan = "a single attempt"
    elif isinstance(of.delays, tuple):
        listed = ", ".join(format_duration(delay) for delay in of.delays[:_LISTED_DELAYS])
        more = ", …" if len(of.delays) > _LISTED_DELAYS else ""
        plan = f"{of.attempts} attempts; {listed}{more} apart"
    else:
        most = format_duration(of.delays.max)
        base = format_duration(of.delays.base)
        plan = f"{of.attempts} attempts; {base} apart, each delay {of.delays.factor:g} times the last, at most {most}"
        if of.delays.jitter:
            plan += f", ±{of.delays.jitter:.0%}"
    return f"retry {standing}: {plan}; at most {format_duration(of.timeout)} each"
