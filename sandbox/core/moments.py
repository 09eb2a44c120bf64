"""Moments: aware UTC `datetime` in the model, millisecond ISO-8601 with a ``Z`` on the wire."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from math import floor

_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|z|[+-]\d\d:?\d\d)")
_SECONDS: dict[int, str] = {}
_MOST_SECONDS = 4096
_THREE = [f"{number:03}" for number in range(1000)]


def isoformat(moment: datetime) -> str:
    """Millisecond UTC with a ``Z``: the only form of time on the wire (cut, not rounded)."""
    # An event has four of them, most of one second or another that has been asked for before.
    second = floor(moment.timestamp())
    until = _SECONDS.get(second)
    if until is None:
        if len(_SECONDS) >= _MOST_SECONDS:
            _SECONDS.clear()
        until = _SECONDS[second] = moment.astimezone(UTC).isoformat(timespec="seconds")[:19]
    return f"{until}.{_THREE[moment.microsecond // 1000]}Z"


def parse_moment(text: str) -> datetime:
    """Read an ISO-8601 time that names its offset.

    Raises `ValueError` whose text says what would have been right.
    """
    if not _ISO.fullmatch(text):
        raise ValueError(f"{text!r} is not a time with an offset: write 2026-04-24T14:02:10Z")
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        # Python's own words differ from version to version.
        raise ValueError(f"{text!r} is not a time: there is no such day, hour or offset") from None
    # Ids hold their seconds since 1970 in 32 bits, and people are older than their chats.
    if not 1972 <= moment.year < 2100:
        raise ValueError(f"{text!r} is too far away: the years 1972 to 2099 can be played")
    return moment
