"""The scalars of scenario and configuration files: each with its reader and its JSON Schema."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import PlainValidator, WithJsonSchema

from sandbox.core import readers as read
from sandbox.core.catalogue import BUILT_EVENTS, CHANNELS, DOCUMENTED_EVENTS
from sandbox.core.faults import MOST_IN_A_WINDOW
from sandbox.core.locales import LOCALES
from sandbox.core.model import EVENT_ID, OBJECT_ID, Status
from sandbox.core.retry import PRESET_NAMES

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

Text = Annotated[str, PlainValidator(read.text), _string()]
Token = Annotated[str, PlainValidator(read.bearer_token), _string(minLength=1)]
Username = Annotated[str, PlainValidator(read.basic_username), _string(minLength=1)]
HeaderName = Annotated[str, PlainValidator(read.answer_header), _string()]
HeaderValue = Annotated[str, PlainValidator(read.answer_header_value), _string()]
FieldValue = Annotated[
    str | int | float | bool | None,
    PlainValidator(read.field_value),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
SomeText = Annotated[str, PlainValidator(read.some_text), _string(minLength=1)]
Truth = Annotated[bool, PlainValidator(read.truth), _or_variable({"type": "boolean"})]
SeedNumber = Annotated[
    int,
    PlainValidator(read.whole(0, 10**18)),
    _or_variable({"type": "integer", "minimum": 0, "maximum": 10**18}),
]
Times = Annotated[
    int,
    PlainValidator(read.whole(1, 1_000_000)),
    _or_variable({"type": "integer", "minimum": 1, "maximum": 1_000_000}),
]
Count = Annotated[int, PlainValidator(read.whole(0, 10**9)), _or_variable({"type": "integer", "minimum": 0})]
Attempts = Annotated[
    int, PlainValidator(read.whole(1, 1000)), _or_variable({"type": "integer", "minimum": 1, "maximum": 1000})
]
Concurrency = Annotated[
    int,
    PlainValidator(read.whole(1, 10_000)),
    _or_variable({"type": "integer", "minimum": 1, "maximum": 10_000}),
]
Factor = Annotated[
    float, PlainValidator(read.fraction(1, 1000)), _or_variable({"type": "number", "minimum": 1})
]
Jitter = Annotated[
    float, PlainValidator(read.fraction(0, 1)), _or_variable({"type": "number", "minimum": 0, "maximum": 1})
]
Duration = Annotated[timedelta, PlainValidator(read.duration), _string(**_DURATION)]
SomeDuration = Annotated[timedelta, PlainValidator(read.some_duration), _string(**_DURATION)]
Size = Annotated[
    int,
    PlainValidator(read.size),
    _string(pattern=r"^[0-9]+(\.[0-9]+)? ?(B|kB|MB|KiB|MiB)$", examples=["64kB", "64KiB"]),
]
Chance = Annotated[
    float, PlainValidator(read.fraction(0, 1)), _or_variable({"type": "number", "minimum": 0, "maximum": 1})
]
Window = Annotated[
    int,
    PlainValidator(read.whole(2, MOST_IN_A_WINDOW)),
    _or_variable({"type": "integer", "minimum": 2, "maximum": MOST_IN_A_WINDOW}),
]
Moment = Annotated[datetime, PlainValidator(read.moment), _string(**_MOMENT)]
WireMoment = Annotated[str, PlainValidator(read.wire_moment), _string(**_MOMENT)]
ObjectId = Annotated[str, PlainValidator(read.object_id), _string(pattern=OBJECT_ID.pattern.join("^$"))]
EventId = Annotated[str, PlainValidator(read.event_id), _string(pattern=EVENT_ID.pattern.join("^$"))]
Phone = Annotated[str, PlainValidator(read.phone), _string(pattern=r"^\+[1-9][0-9]{6,14}$")]
Channel = Annotated[str, PlainValidator(read.channel), _string(enum=list(CHANNELS))]
LocaleName = Annotated[str, PlainValidator(read.locale), _string(enum=list(LOCALES))]
BuiltEvent = Annotated[str, PlainValidator(read.built_event), _string(enum=list(BUILT_EVENTS))]
DocumentedEvent = Annotated[
    str,
    PlainValidator(read.documented_event),
    WithJsonSchema({"anyOf": [{"type": "string", "enum": [*DOCUMENTED_EVENTS, "flow"]},
                              {"type": "string", "pattern": r"^flow\.[A-Za-z0-9_.-]+$"}, _VARIABLE]}),
]  # fmt: skip
Url = Annotated[str, PlainValidator(read.url), _string(pattern=r"^https?://")]
Preset = Annotated[str, PlainValidator(read.word(*PRESET_NAMES)), _string(enum=list(PRESET_NAMES))]
SignatureClock = Annotated[
    Literal["wall", "sandbox"],
    PlainValidator(read.word("wall", "sandbox")),
    _string(enum=["wall", "sandbox"]),
]
OriginWord = Annotated[
    Literal["inbound", "flow"], PlainValidator(read.origin), _string(enum=["inbound", "flow"])
]
RetryAfter = Annotated[
    Literal["ignore", "honour"],
    PlainValidator(read.word("ignore", "honour")),
    _string(enum=["ignore", "honour"]),
]
StatusWord = Annotated[
    str, PlainValidator(read.word(*Status)), _string(enum=[str(status) for status in Status])
]
AnswerStatus = Annotated[
    int, PlainValidator(read.answer_status), _or_variable({"type": "integer", "minimum": 200, "maximum": 599})
]
StatusCodes = Annotated[
    tuple[int, ...],
    PlainValidator(read.status_codes),
    _or_variable({"anyOf": [{"type": "integer"}, {"type": "string"},
                            {"type": "array", "items": {"type": ["integer", "string"]}}]}),
]  # fmt: skip
IdPattern = Annotated[str, PlainValidator(read.id_pattern), _string()]
