"""Secrets as they may be shown: what they are recognised by, and no more.

Pure: text in, text out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from sandbox.core.discreet import TELLING, masked_line
from sandbox.core.present import MASK
from sandbox.core.yamltext import Document, Path, read_yaml

_ENOUGH: Final = 12
"""So many characters must stay hidden beside the four that are shown."""

_A_WORD: Final = 6

_BREAK: Final = re.compile(r"(\r\n|\n|\r)")


def masked(secret: str, *, prefix: str = "whsec_") -> str:
    """``whsec_…abcd``; of one too short to hide enough, nothing."""
    head = prefix if prefix and secret.startswith(prefix) else ""
    if len(secret) - len(head) < _ENOUGH + 4:
        return MASK
    return f"{head}…{secret[-4:]}"


def masked_source(text: str) -> str:
    """A scenario's *text* with every secret, token and password in it masked.

    ``${…}`` stays: it names where a secret is, and holds none.  Where masking would change
    more than secrets, the text is written anew, without its comments.
    """
    document = read_yaml(text)
    if document.value is None or any(item.severity == "error" for item in document.problems):
        return masked_line(text)
    places = list(_secrets(document.value))
    if not places:
        return text
    paths = [path for path, _ in places]
    # Wherever else they stand: in a comment, behind an anchor.  A short one is also just a word.
    elsewhere = sorted({secret for _, secret in places if len(secret) >= _A_WORD}, key=len, reverse=True)
    result = _at_their_places(text, document, paths)
    for secret in elsewhere:
        result = result.replace(secret, MASK)
    wanted = _without(document.value, (), frozenset(paths), elsewhere)
    if read_yaml(result).value == wanted:
        return result
    return yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True)


def _secrets(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    # Anywhere: in a broken file, an auth may stand where it does not belong.
    match value:
        case dict():
            for key, item in value.items():
                if key not in TELLING or isinstance(item, dict | list):
                    yield from _secrets(item, (*path, key))
                elif item is not None and not (isinstance(item, str) and _is_reference(item)):
                    yield (*path, key), str(item)
        case list():
            for index, item in enumerate(value):
                yield from _secrets(item, (*path, index))


def _is_reference(text: str) -> bool:
    """Whether it is ``${NAME}`` and nothing else; a default would be a secret itself."""
    return text.startswith("${") and text.endswith("}") and text.count("$") == 1 and ":-" not in text


def _at_their_places(text: str, document: Document, paths: list[Path]) -> str:
    lines = _BREAK.split(text)  # every other one is a line, those between are their ends
    marks = sorted((document.mark(path) for path in paths), key=lambda m: (m.line, m.column), reverse=True)
    for mark in marks:
        line = lines[2 * (mark.line - 1)]
        start = mark.column - 1
        lines[2 * (mark.line - 1)] = line[:start] + json.dumps(MASK) + line[start + mark.length :]
    return "".join(lines)


def _without(value: Any, path: Path, at: frozenset[Path], elsewhere: list[str]) -> Any:
    if path in at:
        return MASK
    match value:
        case dict():
            return {
                _without(key, (), at, elsewhere): _without(item, (*path, key), at, elsewhere)
                for key, item in value.items()
            }
        case list():
            return [_without(item, (*path, index), at, elsewhere) for index, item in enumerate(value)]
        case str():
            for secret in elsewhere:
                value = value.replace(secret, MASK)
            return value
        case int() | float() if str(value) in elsewhere:
            return MASK
        case _:
            return value
