"""JSON as JavaScript's ``JSON.stringify`` writes it: the bytes of everything pinned by a person.

What the sandbox makes up is written as JSON straight away, with `quoted`.  What a
scenario pins may hold anything, and goes through `dumps`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

quoted: Final = json.encoder.encode_basestring
"""Text in its quotation marks, as ``JSON.stringify`` writes it."""

DEEPEST: Final = 200

_EXACT: Final = 2**53
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_LAST_INDEX: Final = 2**32 - 2

Path = tuple[str | int, ...]


class NotJson(ValueError):
    """A value that JSON cannot carry; ``path`` leads to it."""

    def __init__(self, path: Path, says: str) -> None:
        self.path, self.says = path, says
        super().__init__(f"{in_dots(path)}: {says}" if path else says)


def in_dots(path: Iterable[str | int]) -> str:
    """``chat.tags[0]``: a path as people write it."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def dumps(value: Any) -> bytes:
    """*value* in UTF-8, byte for byte as ``JSON.stringify`` would write it.

    Numbers are ECMAScript's, so an integer beyond 2**53 is rounded to a double; keys
    that are array indices come first, in order.  Raises `NotJson` for NaN, infinities,
    lone surrogates, other types, and what is nested deeper than 200.
    """
    return "".join(_pieces(value, ())).encode()


def _pieces(value: Any, path: Path) -> Iterator[str]:
    if len(path) > DEEPEST:
        raise NotJson(path[:4], f"nested deeper than {DEEPEST}")
    match value:
        case None:
            yield "null"
        case bool():
            yield "true" if value else "false"
        case str():
            yield _string(value, path)
        case int() | float():
            yield _number(value, path)
        case Mapping():
            between = "{"
            for key in _in_javascripts_order(value, path):
                yield f"{between}{_string(key, path)}:"
                yield from _pieces(value[key], (*path, key))
                between = ","
            yield "{}" if between == "{" else "}"
        case list() | tuple():
            between = "["
            for index, item in enumerate(value):
                yield between
                yield from _pieces(item, (*path, index))
                between = ","
            yield "[]" if between == "[" else "]"
        case _:
            raise NotJson(path, f"{type(value).__name__} has no form in JSON")


def _string(text: str, path: Path) -> str:
    if found := _SURROGATE.search(text):
        raise NotJson(
            path, f"U+{ord(found[0]):04X} is half a character (a lone surrogate), which no UTF-8 can carry"
        )
    return quoted(text)


def _in_javascripts_order(value: Mapping[Any, Any], path: Path) -> Iterable[str]:
    for key in value:
        if not isinstance(key, str):
            raise NotJson(path, f"the key {key!r} is not text")
    if any(map(_INDEX.fullmatch, value)):
        indices = [key for key in value if _INDEX.fullmatch(key) and int(key) <= _LAST_INDEX]
        rest = [key for key in value if key not in set(indices)]
        return sorted(indices, key=int) + rest
    return value


def _number(value: float, path: Path) -> str:
    if isinstance(value, int) and -_EXACT <= value <= _EXACT:
        return str(int(value))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise NotJson(path, "a number that is not finite has no form in JSON")
    return _ecmascript(number)


def _ecmascript(number: float) -> str:
    """ECMA-262, Number::toString: the shortest digits, placed by its rules."""
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int)
    minus, text = "-" if sign and number else "", "".join(map(str, digits))
    count = len(text)
    point = exponent + count  # how many digits stand before the decimal point
    if text == "0":
        return "0"
    if count <= point <= 21:
        return minus + text + "0" * (point - count)
    if 0 < point <= 21:
        return f"{minus}{text[:point]}.{text[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    mantissa = text if count == 1 else f"{text[0]}.{text[1:]}"
    return f"{minus}{mantissa}e{point - 1:+d}"
