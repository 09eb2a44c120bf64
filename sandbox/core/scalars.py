"""The scalars of scenario and configuration files: each with its reader and its JSON Schema.

A reader takes what YAML held and gives the value, or raises `Wrong`, which says what
would have been right.  Text that ``${…}`` gave (`Expanded`) is a number where a number
is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal

from pydantic import PlainValidator, WithJsonSchema

from sandbox.core.answers import status_code
from sandbox.core.catalogue import BUILT_EVENTS, CHANNELS, DOCUMENTED_EVENTS, is_documented
from sandbox.core.durations import parse_duration
from sandbox.core.errors import UsageError
from sandbox.core.locales import LOCALES
from sandbox.core.model import EVENT_ID, OBJECT_ID, Status, url_fault
from sandbox.core.moments import isoformat, parse_moment
from sandbox.core.persona import pattern
from sandbox.core.retry import PRESET_NAMES


class Wrong(ValueError):
    """What a reader refuses; *quote*: quoting it would make it right."""

    def __init__(self, says: str, *, hint: str | None = None, quote: bool = False) -> None:
        self.says, self.hint, self.quote = says, hint, quote
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
    raise Wrong("must be text", quote=isinstance(value, int | float))


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
            raise Wrong(f"must be a whole number from {low:,} to {high:,}")
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
            raise Wrong(f"must be a number from {low:g} to {high:g}")
        return float(value)

    return read


def truth(value: object) -> bool:
    """``true`` or ``false``."""
    if isinstance(value, Expanded) and value in ("true", "false"):
        return value == "true"
    if isinstance(value, bool):
        return value
    raise Wrong("must be true or false")


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


def moment(value: object) -> datetime:
    """An ISO-8601 time with its offset."""
    return parse_moment(text(value))


def wire_moment(value: object) -> str:
    """The same, as it goes on the wire."""
    return isoformat(moment(value))


def object_id(value: object) -> str:
    """24 lower-case hex digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise Wrong("must be text", quote=True)
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
    found = text(value)
    if re.fullmatch(r"\+[1-9][0-9]{6,14}", found):
        return found
    digits = re.sub(r"[^0-9]", "", found)
    hint = f'did you mean "+{digits}"?' if re.fullmatch(r"[1-9][0-9]{7,14}", digits) else None
    raise Wrong(f"{found!r} is no E.164 number: a + and 7 to 15 digits are", hint=hint)


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
    raise Wrong(f"no people are known for the locale {found!r}", hint=near(found, tuple(LOCALES)))


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
    raise Wrong(f"Wexio documents no event called {found!r}", hint=near(found, (*DOCUMENTED_EVENTS, "flow")))


def url(value: object) -> str:
    """Where a subscriber listens."""
    found = text(value)
    if fault := url_fault(found):
        raise Wrong(fault)
    return found


def answer_status(value: object) -> int:
    """A status to answer with."""
    try:
        return status_code(int(value) if isinstance(value, Expanded) and value.isdigit() else value)
    except UsageError as error:
        raise Wrong(str(error)) from None


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
    for part in parts:
        span = re.fullmatch(r"([1-5][0-9][0-9])(?:-([1-5][0-9][0-9]))?", str(part))
        if isinstance(part, bool) or span is None or int(span[1]) > int(span[2] or span[1]):
            raise Wrong(f"{part!r} is no status code: 410, 200-299 or a list of such are")
        codes += range(int(span[1]), int(span[2] or span[1]) + 1)
    return tuple(dict.fromkeys(codes))


def id_pattern(value: object) -> str:
    """The form of a channel's ids."""
    found = text(value)
    try:
        pattern(found)
    except UsageError as error:
        raise Wrong(str(error)) from None
    return found


def header_text(value: object) -> str:
    """What an HTTP header can carry."""
    found = some_text(value)
    if all(" " <= character <= "~" for character in found):
        return found
    raise Wrong("must be printable ASCII, as a header's value is")


# --- types -------------------------------------------------------------------------

_VARIABLE: Final = {"type": "string", "pattern": r"\$\{.*\}"}


def _or_variable(schema: dict[str, Any]) -> WithJsonSchema:
    """*schema*, or a ``${VARIABLE}``."""
    return WithJsonSchema({"anyOf": [schema, _VARIABLE]})


def _string(**more: Any) -> WithJsonSchema:
    return (
        _or_variable({"type": "string", **more})
        if "pattern" in more or "enum" in more
        else WithJsonSchema({"type": "string", **more})
    )


_DURATION = {"pattern": r"^([0-9]+(\.[0-9]+)?(ms|[dhms]))+$", "examples": ["250ms", "2s", "5m", "1h30m"]}
_MOMENT = {"format": "date-time", "examples": ["2026-04-24T14:02:10Z"]}

Text = Annotated[str, PlainValidator(text), _string()]
SomeText = Annotated[str, PlainValidator(some_text), _string(minLength=1)]
Truth = Annotated[bool, PlainValidator(truth), _or_variable({"type": "boolean"})]
SeedNumber = Annotated[
    int, PlainValidator(whole(0, 10**18)), _or_variable({"type": "integer", "minimum": 0, "maximum": 10**18})
]
Times = Annotated[
    int,
    PlainValidator(whole(1, 1_000_000)),
    _or_variable({"type": "integer", "minimum": 1, "maximum": 1_000_000}),
]
Count = Annotated[int, PlainValidator(whole(0, 10**9)), _or_variable({"type": "integer", "minimum": 0})]
Attempts = Annotated[
    int, PlainValidator(whole(1, 1000)), _or_variable({"type": "integer", "minimum": 1, "maximum": 1000})
]
Concurrency = Annotated[
    int, PlainValidator(whole(1, 10_000)), _or_variable({"type": "integer", "minimum": 1, "maximum": 10_000})
]
Factor = Annotated[float, PlainValidator(fraction(1, 1000)), _or_variable({"type": "number", "minimum": 1})]
Jitter = Annotated[
    float, PlainValidator(fraction(0, 1)), _or_variable({"type": "number", "minimum": 0, "maximum": 1})
]
Duration = Annotated[timedelta, PlainValidator(duration), _string(**_DURATION)]
SomeDuration = Annotated[timedelta, PlainValidator(some_duration), _string(**_DURATION)]
Moment = Annotated[datetime, PlainValidator(moment), _string(**_MOMENT)]
WireMoment = Annotated[str, PlainValidator(wire_moment), _string(**_MOMENT)]
ObjectId = Annotated[str, PlainValidator(object_id), _string(pattern=OBJECT_ID.pattern.join("^$"))]
EventId = Annotated[str, PlainValidator(event_id), _string(pattern=EVENT_ID.pattern.join("^$"))]
Phone = Annotated[str, PlainValidator(phone), _string(pattern=r"^\+[1-9][0-9]{6,14}$")]
Channel = Annotated[str, PlainValidator(channel), _string(enum=list(CHANNELS))]
LocaleName = Annotated[str, PlainValidator(locale), _string(enum=list(LOCALES))]
BuiltEvent = Annotated[str, PlainValidator(built_event), _string(enum=list(BUILT_EVENTS))]
DocumentedEvent = Annotated[
    str,
    PlainValidator(documented_event),
    WithJsonSchema({"anyOf": [{"type": "string", "enum": [*DOCUMENTED_EVENTS, "flow"]},
                              {"type": "string", "pattern": r"^flow\.[A-Za-z0-9_.-]+$"}, _VARIABLE]}),
]  # fmt: skip
Url = Annotated[str, PlainValidator(url), _string(pattern=r"^https?://")]
Preset = Annotated[str, PlainValidator(word(*PRESET_NAMES)), _string(enum=list(PRESET_NAMES))]
SignatureClock = Annotated[
    Literal["wall", "sandbox"], PlainValidator(word("wall", "sandbox")), _string(enum=["wall", "sandbox"])
]
OriginWord = Annotated[
    Literal["inbound", "flow"], PlainValidator(word("inbound", "flow")), _string(enum=["inbound", "flow"])
]
RetryAfter = Annotated[
    Literal["ignore", "honour"], PlainValidator(word("ignore", "honour")), _string(enum=["ignore", "honour"])
]
StatusWord = Annotated[str, PlainValidator(word(*Status)), _string(enum=[str(status) for status in Status])]
AnswerStatus = Annotated[
    int, PlainValidator(answer_status), _or_variable({"type": "integer", "minimum": 200, "maximum": 599})
]
StatusCodes = Annotated[
    tuple[int, ...],
    PlainValidator(status_codes),
    _or_variable({"anyOf": [{"type": "integer"}, {"type": "string"},
                            {"type": "array", "items": {"type": ["integer", "string"]}}]}),
]  # fmt: skip
IdPattern = Annotated[str, PlainValidator(id_pattern), _string()]
