"""Sizes as people write them: ``512B``, ``64kB``, ``1MB``.  A kB is 1024 bytes."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"B": 1, "kB": 1024, "MB": 1024 * 1024}
_SIZE: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(B|kB|MB)")
LARGEST: Final = 16 * _UNITS["MB"]


def parse_size(text: object) -> int:
    """So many bytes.  Raises `ValueError` whose text says what would have been right."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        raise ValueError(f"{text} has no unit: write {text}B or {text}kB")
    if not isinstance(text, str):
        raise ValueError("a size is text such as 512B, 64kB or 1MB")
    found = _SIZE.fullmatch(text)
    if not found:
        meant = re.fullmatch(r"([0-9.]+)\s*(b|kb|kib|mb|mib)", text, re.IGNORECASE)
        unit = {"b": "B", "k": "kB", "m": "MB"}[meant[2][0].lower()] if meant else ""
        such = f"{meant[1]}{unit}" if meant else "512B, 64kB or 1MB"
        raise ValueError(f"{text!r} is not a size: write {such}")
    size = round(float(found[1]) * _UNITS[found[2]])
    if not 1 <= size <= LARGEST:
        raise ValueError(f"{text!r} is out of range: 1B to {format_size(LARGEST)} can be sent")
    return size


def format_size(size: int) -> str:
    """The inverse of `parse_size`, exactly."""
    for unit in ("MB", "kB"):
        if size >= _UNITS[unit] and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return f"{size}B"
