"""How each scalar of a scenario or configuration file is read.

A reader takes what YAML held and gives the value, or raises `Wrong`, which says what
would have been right.  Text that ``${…}`` gave (`Expanded`) is a number where a number
is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches

from sandbox.core.answers import check_header, status_code
from sandbox.core.catalogue import BUILT_EVENTS, CHANNELS, DOCUMENTED_EVENTS, is_documented
from sandbox.core.durations import parse_duration
from sandbox.core.errors import UsageError
from sandbox.core.locales import LOCALES
from sandbox.core.model import EVENT_ID, OBJECT_ID, Basic, Bearer, url_fault, url_meant
from sandbox.core.moments import isoformat, parse_moment
from sandbox.core.persona import pattern
from sandbox.core.sizes import parse_sent_size

Mend = Callable[[str], str]


class Wrong(ValueError):
    """What a reader refuses; *mend* gives the hint, from the scalar as it is written in the file."""

    def __init__(self, says: str, *, hint: str | None = None, mend: Mend | None = None) -> None:
        self.hint, self.mend = hint, mend
        super().__init__(says)


class Expanded(str):
    """Text that stood as ``${…}`` in the file."""

    __slots__ = ()


def near(word: str, known: Sequence[str]) -> str:
    """``did you mean …?``, or what there is."""
    found = get_close_matches(word, known, 1) or get_close_matches(word.upper(), known, 1)
    return f"did you mean {found[0]}?" if found else f"there are {', '.join(known)}"


# --- readers -----------------------------------------------------------------------


def text(value: object) -> str:
    """Any text."""
    if isinstance(value, str):
        return str(value)
    raise _no_text(value, _quoted)


def _no_text(value: object, mend: Mend) -> Wrong:
    match value:
        case bool():
            return Wrong("must be text, and YAML reads this as true or false", mend=mend)
        case int() | float():
            return Wrong("must be text, and YAML reads this as a number", mend=mend)
        case _:
            return Wrong("must be text")


def _quoted(raw: str) -> str:
    return f'quote it: "{raw}"'


def some_text(value: object) -> str:
    """Text that is not empty."""
    if read := text(value):
        return read
    raise Wrong("must not be empty")


def whole(low: int, high: int) -> Callable[[object], int]:
    """A whole number from *low* to *high*."""

    def read(value: object) -> int:
        if isinstance(value, Expanded) and re.fullmatch(r"-?[0-9]{1,18}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(f"must be a whole number from {low:,} to {high:,}", hint=_unquoted(value))
        if not low <= value <= high:
            raise Wrong(f"{value} is out of range: a whole number from {low:,} to {high:,} is needed")
        return value

    return read


def fraction(low: float, high: float) -> Callable[[object], float]:
    """A number from *low* to *high*."""

    def read(value: object) -> float:
        if isinstance(value, Expanded) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise Wrong(f"must be a number from {low:g} to {high:g}", hint=_unquoted(value))
        return float(value)

    return read


def _unquoted(value: object) -> str | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}(\.[0-9]+)?", value):
        return f"leave out the quotes: {value}"
    return None


def truth(value: object) -> bool:
    """``true`` or ``false``."""
    if isinstance(value, Expanded) and value in ("true", "false"):
        return value == "true"
    if isinstance(value, bool):
        return value
    # What YAML 1.1 took for these is text in 1.2, and many a hand still writes it.
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(value).lower())
    raise Wrong("must be true or false", hint=f"write {meant}" if meant else None)


def word(*known: str) -> Callable[[object], str]:
    """One of *known*."""

    def read(value: object) -> str:
        found = text(value)
        if found in known:
            return found
        raise Wrong(f"{found!r} is none of {', '.join(known)}", hint=_did_you_mean(found, known))

    return read


def _did_you_mean(found: str, known: Sequence[str]) -> str | None:
    hint = near(found, known)
    return hint if hint.startswith("did") else None


def duration(value: object) -> timedelta:
    """``250ms``, ``2s``, ``5m``, ``1h30m``; a bare number is refused."""
    return parse_duration(value)


def some_duration(value: object) -> timedelta:
    """A duration longer than nothing."""
    if read := parse_duration(value):
        return read
    raise Wrong("must be longer than 0s")


def fault_kind(*kinds: str) -> Callable[[object], str]:
    """One of these *kinds* of fault."""

    def read(value: object) -> str:
        found = text(value)
        if found in kinds:
            return found
        raise Wrong(f"no fault is called {found!r}", hint=near(found, kinds))

    return read


def size(value: object) -> int:
    """``64kB``: the size of a body in bytes; a bare number is refused."""
    return parse_sent_size(value)


def moment(value: object) -> datetime:
    """An ISO-8601 time with its offset."""
    return parse_moment(text(value))


def wire_moment(value: object) -> str:
    """The same, as it goes on the wire."""
    return isoformat(moment(value))


def object_id(value: object) -> str:
    """24 lower-case hex digits."""
    found = text(value)
    if OBJECT_ID.fullmatch(found):
        return found
    raise Wrong(
        f"{found!r} is not 24 lower-case hex digits", hint="an id looks like 6640f3d5c8a0d7e8b7f20222"
    )


def event_id(value: object) -> str:
    """``evt_`` and what tells events apart."""
    found = text(value)
    if EVENT_ID.fullmatch(found):
        return found
    raise Wrong(
        f"{found!r} is no event id: evt_ and 1 to 64 letters, digits, - and _ are",
        hint="such as evt_2a3f1d4c-9b2e-4e7a-9c8d-bd8e9a0e4c10",
    )


def phone(value: object) -> str:
    """E.164, with its plus."""
    if not isinstance(value, str):
        raise _no_text(value, lambda raw: f'quote it: "{_e164(raw) or raw}"')
    found = text(value)
    if re.fullmatch(r"\+[1-9][0-9]{6,14}", found):
        return found
    number = _e164(found)
    hint = f'did you mean "{number}"?' if number else 'begin with the country: "+46701740605"'
    raise Wrong(f"{found!r} is no E.164 number: a + and 7 to 15 digits are", hint=hint)


def _e164(written: str) -> str | None:
    """The number that is probably meant: without what people put between digits, 00 for +."""
    digits = re.sub(r"[^0-9]", "", written).removeprefix("00")
    return f"+{digits}" if re.fullmatch(r"[1-9][0-9]{7,14}", digits) else None


def field_value(value: object) -> object:
    """What a system or custom field may hold."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise Wrong("must be text, a number, true, false or null: Wexio's fields hold nothing else")


def channel(value: object) -> str:
    """One of the four."""
    found = text(value)
    if found in CHANNELS:
        return found
    raise Wrong(f"no channel is called {found!r}", hint=near(found, CHANNELS))


def locale(value: object) -> str:
    """A country and language that the cast knows."""
    found = text(value)
    if found in LOCALES:
        return found
    language, _, country = re.sub(r"[^A-Za-z]", "_", found).partition("_")
    spelt = f"{language.lower()}_{(country or language).upper()}"
    same = [name for name in LOCALES if name.startswith(f"{language.lower()}_")]
    if spelt in LOCALES:
        hint = f"did you mean {spelt}?"
    elif same:
        hint = f"did you mean {same[0]}?" if len(same) == 1 else f"there are {', '.join(same)}"
    else:
        hint = near(found, tuple(LOCALES))
    raise Wrong(f"no people are known for the locale {found!r}", hint=hint)


def origin(value: object) -> str:
    """Who wrote first."""
    found = text(value)
    if found in ("inbound", "flow"):
        return found
    raise Wrong(
        f"{found!r} is none of inbound, flow",
        hint="inbound: the contact writes first; flow: Wexio opens the chat",
    )


def built_event(value: object) -> str:
    """What can be emitted."""
    found = text(value)
    if found in BUILT_EVENTS:
        return found
    can = f"what can be emitted: {', '.join(BUILT_EVENTS)}"
    if is_documented(found):
        raise Wrong(f"{found} is documented, not yet built", hint=can)
    raise Wrong(f"Wexio documents no event called {found!r}", hint=_did_you_mean(found, BUILT_EVENTS) or can)


def documented_event(value: object) -> str:
    """What a connection can subscribe to."""
    found = text(value)
    if is_documented(found):
        return found
    if "*" in found:
        raise Wrong("names are matched exactly, there are no wildcards", hint="name each event")
    raise Wrong(f"Wexio documents no event called {found!r}", hint=near(found, (*DOCUMENTED_EVENTS, "flow")))


def url(value: object) -> str:
    """Where a subscriber listens."""
    found = text(value)
    if fault := url_fault(found):
        meant = url_meant(found)
        raise Wrong(fault, hint=meant and f"did you mean {meant}?")
    return found


def bearer_token(value: object) -> str:
    """What ``Authorization: Bearer`` can carry."""
    return _checked(some_text(value), lambda token: Bearer(token=token))


def basic_username(value: object) -> str:
    """What ``Authorization: Basic`` can carry before its colon."""
    return _checked(some_text(value), lambda username: Basic(username=username, password=username))


def answer_header(value: object) -> str:
    """The name of a header that an answer may have."""
    return _checked(text(value), lambda name: check_header(name, ""))


def answer_header_value(value: object) -> str:
    """What such a header may hold."""
    return _checked(text(value), lambda held: check_header("X", held))


def _checked(value: str, check: Callable[[str], object]) -> str:
    try:
        check(value)
    except UsageError as error:
        raise Wrong(str(error)) from None
    return value


def answer_status(value: object) -> int:
    """A status to answer with."""
    try:
        return status_code(int(value) if isinstance(value, Expanded) and value.isdigit() else value)
    except UsageError as error:
        hint = f"write {value} without the mapping" if value in ("timeout", "reset") else _unquoted(value)
        raise Wrong(str(error), hint=hint) from None


def answer_word(value: object) -> int | str:
    """A status, ``timeout`` or ``reset``."""
    if value in ("timeout", "reset"):
        return str(value)
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{3}", value):
        raise Wrong(
            f"{value!r} is no answer: a status such as 503, timeout or reset is",
            hint=_did_you_mean(value, ("timeout", "reset")),
        )
    return answer_status(int(value) if isinstance(value, str) else value)


def outage_status(value: object) -> int | str:
    """A status, or ``down``."""
    if value == "down":
        return "down"
    if isinstance(value, str) and not isinstance(value, Expanded):
        raise Wrong(f"{value!r} is neither a status such as 503 nor down")
    return answer_status(value)


def unknown_step(value: object) -> object:
    """Always refused, with what a step is."""
    kinds = ("emit", "wait", "repeat", "settle", "expect")
    if not isinstance(value, Mapping):
        raise Wrong("a step is a mapping", hint="such as - emit: chat.created")
    for key in value:
        if found := get_close_matches(str(key), kinds, 1):
            raise Wrong(f"no step is called {key!r}", hint=f"did you mean {found[0]}?")
    raise Wrong(f"not a step: it has none of {', '.join(kinds)}")


def status_codes(value: object) -> tuple[int, ...]:
    """One status, a range ``200-299``, or a list of both."""
    parts = value if isinstance(value, list) else [value]
    codes: list[int] = []
    bad: list[str] = []
    for part in parts:
        span = re.fullmatch(r"([1-5][0-9][0-9])(?:-([1-5][0-9][0-9]))?", str(part))
        if isinstance(part, bool) or span is None or int(span[1]) > int(span[2] or span[1]):
            bad.append(repr(part))
        else:
            codes += range(int(span[1]), int(span[2] or span[1]) + 1)
    if bad:
        are = "is no status code" if len(bad) == 1 else "are no status codes"
        raise Wrong(f"{' and '.join(bad)} {are}: 410, 200-299 or a list of such are")
    return tuple(dict.fromkeys(codes))


def id_pattern(value: object) -> str:
    """The form of a channel's ids."""
    return _checked(text(value), pattern)


def header_text(value: object) -> str:
    """What an HTTP header can carry."""
    found = some_text(value)
    if all(" " <= character <= "~" for character in found):
        return found
    raise Wrong("must be printable ASCII, as a header's value is")
