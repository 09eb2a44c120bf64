"""The built-in subscriber's answers: read from words and numbers, refused where nothing could send them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sandbox.core.errors import UsageError
from sandbox.core.scenario import Answer

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING: Final = frozenset({"content-length", "transfer-encoding", "connection"})
_WORDS: Final = {"timeout": Answer(status="timeout"), "reset": Answer(status="reset")}


def script(answers: Iterable[int | str | Answer]) -> tuple[Answer, ...]:
    """A script of one or more answers: a status, ``timeout``, ``reset`` or an `Answer` each.  Raises `UsageError`."""
    read = tuple(_answer(answer) for answer in answers)
    if not read:
        raise UsageError("a script needs at least one answer: a status, timeout or reset")
    return read


def _answer(given: int | str | Answer) -> Answer:
    if isinstance(given, str):
        word = given.strip()
        if word in _WORDS:
            return _WORDS[word]
        if not re.fullmatch(r"[0-9]{3}", word):
            raise UsageError(f"{given!r} is no answer: a status such as 503, timeout or reset is")
        given = int(word)
    answer = given if isinstance(given, Answer) else Answer(status=given)
    if answer.status not in _WORDS:
        status_code(answer.status)
    if answer.after < timedelta():
        raise UsageError("an answer cannot come before its request: after is negative")
    for name, value in answer.headers.items():
        check_header(name, value)
    return answer


def check_header(name: str, value: str) -> None:
    """Raise `UsageError` where an answer cannot have the header."""
    if not _TOKEN.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a header: letters, digits and hyphens are")
    if name.lower() in _FRAMING:
        raise UsageError(f"an answer's {name} follows from its body: leave it out")
    if not value.isprintable():
        raise UsageError(f"a header cannot hold {value!r}: it must be printable, and on one line")


def status_code(status: object) -> int:
    """*status* as one that an HTTP answer can have.  Raises `UsageError`."""
    if type(status) is not int or not 200 <= status <= 599:
        raise UsageError(f"{status!r} is no status to answer with: 200 to 599 are")
    return status
