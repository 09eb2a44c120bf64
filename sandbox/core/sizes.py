"""Sizes as people write them: ``512B``, ``64kB``, ``1.5MB``, ``2GiB``.  A kB is 1000 bytes, a KiB 1024."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_UNITS: Final = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SIZE: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,3})?) ?(B|kB|MB|GB|KiB|MiB|GiB)")
_MEANT: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,3})?)\s*([kmg]?i?b)", re.IGNORECASE)
LARGEST: Final = 16 * _UNITS["MB"]
"""Of a body that is sent, in bytes."""


def parse_size(text: object, *, such: str = "512B, 64kB or 1MiB") -> int:
    """So many bytes, however many.

    Raises `ValueError` whose text says what would have been right; *such* are its examples.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise ValueError(f"a size is text such as {such}")
    written = str(text)
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", written):
        raise ValueError(f"{written} has no unit: write {written}B for bytes")
    found = _SIZE.fullmatch(written)
    if not found:
        meant = _MEANT.fullmatch(written)
        right = {unit.lower(): unit for unit in _UNITS}
        raise ValueError(
            f"{text!r} is not a size: write {f'{meant[1]}{right[meant[2].lower()]}' if meant else such}"
        )
    return round(Decimal(found[1]) * _UNITS[found[2]])


def parse_sent_size(text: object) -> int:
    """The size of a body that can be sent, in bytes.  Raises `ValueError` likewise."""
    size = parse_size(text)
    if not 1 <= size <= LARGEST:
        raise ValueError(f"{text!r} is out of range: 1B to {format_size(LARGEST)} can be sent")
    return size


def format_size(size: int) -> str:
    """The inverse of `parse_size`, exactly: ``64kB`` where it can be, else ``64KiB``, else bytes."""
    for unit in ("GB", "MB", "kB", "GiB", "MiB", "KiB"):
        if size >= _UNITS[unit] and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return f"{size}B"
