"""What is taken in: bodies and queries, each field with its reader.

The same readers as for scenario files, so that the same thing is said about the same
mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
)

from sandbox.core import readers
from sandbox.core import scalars as of
from sandbox.core.faultshapes import FaultForm
from sandbox.core.scenario import NO_CONTACT
from sandbox.core.shapes import (
    AuthForm,
    Channels,
    ConnectionShape,
    ContactShape,
    NoneShape,
    OutageShape,
    Respond,
    Retry,
    Shape,
)

MOST_EVENTS = 10_000
FASTEST = 1_000_000


def _whole(low: int, high: int) -> Any:
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Annotated[int, PlainValidator(readers.whole(low, high)), WithJsonSchema(schema)]


def _each_once(ids: list[str]) -> list[str]:
    for index, id in enumerate(ids):
        if id in ids[:index]:
            raise readers.Wrong(f"{id} is named twice")
    return ids


ConnectionIds = Annotated[
    list[of.ObjectId],
    Field(min_length=1, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
]

# --- connections -----------------------------------------------------------------------


class ConnectionBody(ConnectionShape):
    """A connection to make; without an auth it signs, and without a secret one is generated."""


class ConnectionChange(Shape):
    """What shall be different; what is left out stays."""

    name: of.SomeText = Field(default_factory=str)
    url: of.Url = Field(default_factory=str)
    auth: AuthForm = Field(default_factory=lambda: NoneShape(type="NONE"))
    """Counts from the next attempt on. HMAC without a secret keeps the one there is."""
    events: list[of.DocumentedEvent] = Field(default_factory=list)
    active: of.Truth = Field(default_factory=bool)
    """false: new events make no delivery, and what is pending waits."""
    retry: Retry | None = None
    """null: the server's own."""
    concurrency: of.Concurrency = Field(default_factory=int)


# --- events ----------------------------------------------------------------------------


def _no_contact(value: object) -> str:
    if value == NO_CONTACT:
        return NO_CONTACT
    raise readers.Wrong(
        f"{value!r} is no contact: an object with fields is, or none",
        hint='names are those of scenarios; here, write {"firstName": "Alex"}, or leave it out for somebody new',
    )


Contact = Annotated[
    Annotated[str, PlainValidator(_no_contact), Tag("§none"), WithJsonSchema({"const": NO_CONTACT})]
    | Annotated[ContactShape, Tag("§mapping")],
    Discriminator(lambda value: "§mapping" if isinstance(value, Mapping | BaseModel) else "§none"),
]


class EventBody(Shape):
    """What shall happen in Wexio."""

    event: of.BuiltEvent
    channel: Channels | None = None
    """One channel, or several to draw from; default, all four."""
    contact: Contact | None = None
    """Fields to pin, none (a chat without a contact), or, left out, somebody new."""
    origin: of.OriginWord = "inbound"
    """flow: a proactive chat; its contact is older than the chat."""
    data: dict[str, Any] | None = None
    """Merged over what is made up; null removes a field."""
    count: _whole(1, MOST_EVENTS) = 1  # type: ignore[valid-type]
    """So many, each with somebody of its own unless a contact is pinned."""
    seed: of.SeedNumber | None = None
    """Who is made up: the same seed, the same people, so that what was rendered is what is sent."""
    connection_ids: ConnectionIds | None = None
    """Only to these; default, every active connection that takes the event."""
    faults: list[FaultForm] = Field(default_factory=list)
    """What goes wrong with the deliveries, on purpose."""


class RenderBody(EventBody):
    """What would be sent: to a connection, or with an auth of one's own."""

    connection_id: of.ObjectId | None = None
    auth: AuthForm | None = None
    attempt: of.Attempts = 1
    id: of.EventId | None = None
    """The event's id: that of an earlier answer, for another attempt of the same event."""


# --- signatures --------------------------------------------------------------------------


class VerifyBody(Shape):
    """A signature as somebody's server had it, and what it was checked against."""

    signature: of.Text | None = None
    """The value of X-Wexio-Signature; null: there was none."""
    body: of.Text | None = None
    """The raw body, as text. One of the two is needed."""
    body_base64: of.Text | None = None
    """The same, byte for byte."""
    secret: of.Text | None = None
    """What the server checked with; without it, the connection's own."""
    connection_id: of.ObjectId | None = None
    """Whose secret it is, or should be; beside a secret, default, the delivery's."""
    delivery_id: of.SomeText | None = None
    """What was sent, as the journal has it: shows where the bodies differ."""
    attempt: of.Attempts | None = None
    """Of that delivery; default, the last one."""
    now: of.Moment | None = None
    """The server's clock; default, this one's."""
    tolerance: of.Duration | None = None
    """How old or early it may be; default, the profile's."""


class SettleBody(Shape):
    """How long to wait."""

    timeout: of.Duration | None = None
    """Real time; default, without limit."""


# --- scenarios and runs ----------------------------------------------------------------


class LintBody(Shape):
    """A scenario's text."""

    scenario_yaml: of.Text


def _speed(*words: str) -> Callable[[object], float | str]:
    spelled = " or ".join(words)

    def read(value: object) -> float | str:
        if isinstance(value, str):
            if value in words:
                return value
            raise readers.Wrong(f"{value!r} is no speed: a number above 0, {spelled} is")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= FASTEST:
            raise readers.Wrong(f"must be a number above 0 (at most {FASTEST}), {spelled}")
        return float(value)

    return read


def _speed_schema(*words: str) -> WithJsonSchema:
    number = {"type": "number", "exclusiveMinimum": 0, "maximum": FASTEST}
    return WithJsonSchema({"anyOf": [number, {"type": "string", "enum": list(words)}]})


RunSpeed = Annotated[float | Literal["max"], PlainValidator(_speed("max")), _speed_schema("max")]
ClockSpeed = Annotated[
    float | Literal["max", "manual"],
    PlainValidator(_speed("max", "manual")),
    _speed_schema("max", "manual"),
]


class RunBody(Shape):
    """What shall be played: a scenario by its name, or its text."""

    scenario: of.SomeText | None = None
    """The name of a scenario of one's own, or of a shipped one."""
    scenario_yaml: of.Text | None = None
    """The text itself; ${…} is not expanded in it."""
    seed: of.SeedNumber | None = None
    """Beats the scenario's; without either one is drawn."""
    speed: RunSpeed | None = None
    """1 is real time; max jumps from one thing due to the next."""
    start: of.Moment | None = None
    """Where the run's clock starts; default, now."""
    connection_ids: ConnectionIds | None = None
    """Default: the scenario's connections, else the active ones here, else the built-in subscriber."""


class RunSpeedBody(Shape):
    """How fast the run's time passes."""

    speed: RunSpeed


# --- the server ------------------------------------------------------------------------


class ClockBody(Shape):
    """How fast the server's time passes."""

    speed: ClockSpeed
    """1 is real time; max jumps; manual moves only when it is advanced."""


class AdvanceBody(Shape):
    """How far."""

    by: of.SomeDuration


class SubscriberBody(Shape):
    """What the built-in subscriber answers from now on; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    respond: list[Respond] = Field(default_factory=list, min_length=1)
    """Of each event, by requests seen; the last one repeats."""
    outage: OutageShape | None = None
    """On the server's clock, from now; null ends it."""
    next: list[Respond] = Field(default_factory=list)
    """What the next requests get, whichever they are; then `respond` goes on. Empty: nothing special."""


# --- queries ---------------------------------------------------------------------------


class NoQuery(Shape):
    """Nothing."""


class DeliveriesQuery(Shape):
    """Which deliveries."""

    status: of.StatusWord | None = None
    event_id: of.EventId | None = None
    connection_id: of.ObjectId | None = None
    channel: of.Channel | None = None
    run_id: of.SomeText | None = None
    since: of.Moment | None = None
    """Emitted at this moment or later, on the sandbox's clock."""
    until: of.Moment | None = None
    """Emitted before it."""
    limit: _whole(1, 500) = 50  # type: ignore[valid-type]
    cursor: of.SomeText | None = None
    """The next_cursor of the page before."""


class JournalQuery(Shape):
    """Which entries."""

    after: _whole(0, 10**15) = 0  # type: ignore[valid-type]
    """Those whose seq is beyond this one."""
    limit: _whole(1, 1000) = 200  # type: ignore[valid-type]
    """Of a page; a stream has none."""


class ResetQuery(Shape):
    """What else to forget."""

    connections: of.Truth = False
    """The connections too, those of the configuration file excepted."""
