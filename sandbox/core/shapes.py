"""The shapes of a scenario file: what is checked, and what an editor completes.

Only form is judged here, field by field; what fields mean together is in
`sandbox.core.meaning`.  A union's tag begins with ``§``, which no key of ours does, so
that it can be told from the path of an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PlainValidator, Tag, WithJsonSchema

from sandbox.core import readers as read
from sandbox.core import scalars as of
from sandbox.core.catalogue import CHANNELS
from sandbox.core.faultshapes import FaultForm

STEP_KINDS: Final = ("emit", "wait", "repeat", "settle", "expect")


def _mapping_or(other: str) -> Discriminator:
    return Discriminator(lambda value: "§mapping" if isinstance(value, Mapping | BaseModel) else other)


class Shape(BaseModel):
    """A mapping with known keys and no others."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    like: ClassVar[str] = ""
    """One of its kind, for whoever wrote something else."""


# --- retries -------------------------------------------------------------------------


class BackoffShape(Shape):
    """Delays that grow: base × factor^(n-1) after attempt n."""

    like = "{base: 5s, factor: 2, max: 1h}"

    base: of.SomeDuration
    """After the first attempt."""
    factor: of.Factor = 2.0
    max: of.SomeDuration | None = None
    """No delay is longer (1h)."""
    jitter: of.Jitter = 0.0
    """0.2 is give or take 20 %, drawn from the seed."""


class RetryShape(Shape):
    """A retry policy of one's own; what is left out is the platform's."""

    like = "{attempts: 3, delays: [1s, 5s]}"

    attempts: of.Attempts | None = None
    """In all, the first included."""
    delays: list[of.Duration] | None = None
    """From the end of each attempt to the next: one fewer than attempts."""
    backoff: BackoffShape | None = None
    """Instead of delays."""
    timeout: of.SomeDuration | None = None
    """Real time allowed for one attempt (10s)."""
    give_up_on: of.StatusCodes | None = None
    """Status codes that end a delivery in FAILED at once."""
    retry_after: of.RetryAfter | None = None
    """Whether a Retry-After header is honoured, up to 1h."""


Retry = Annotated[
    Annotated[of.Preset, Tag("§preset")] | Annotated[RetryShape, Tag("§mapping")], _mapping_or("§preset")
]


# --- people and connections ------------------------------------------------------------

FieldValues = dict[str, of.FieldValue]


class ContactShape(Shape):
    """Somebody; what is left out is made up, null leaves a field out."""

    like = "{firstName: Alex, locale: en_GB}"

    peopleId: of.ObjectId | None = None  # noqa: N815 - Wexio's names
    phoneNumber: of.Phone | None = None  # noqa: N815
    """E.164, in quotes: "+46700000000"."""
    email: of.Text | None = None
    firstName: of.Text | None = None  # noqa: N815
    lastName: of.Text | None = None  # noqa: N815
    tags: list[of.Text] | None = None
    systemFields: FieldValues | None = None  # noqa: N815
    customFields: FieldValues | None = None  # noqa: N815
    createdAt: of.WireMoment | None = None  # noqa: N815
    updatedAt: of.WireMoment | None = None  # noqa: N815
    locale: of.LocaleName | None = None
    """Where the made-up name and number come from."""
    username: of.Text | None = None
    photoUrl: of.Text | None = None  # noqa: N815
    whatsappId: of.Text | None = None  # noqa: N815
    telegramId: of.Text | None = None  # noqa: N815
    viberId: of.Text | None = None  # noqa: N815
    instagramId: of.Text | None = None  # noqa: N815


class HmacShape(Shape):
    """Sign every request; a secret that is left out is generated."""

    type: Annotated[str, WithJsonSchema({"const": "HMAC"})]
    secret: of.SomeText | None = None


class BearerShape(Shape):
    """Authorization: Bearer."""

    type: Annotated[str, WithJsonSchema({"const": "BEARER"})]
    token: of.Token


class BasicShape(Shape):
    """Authorization: Basic."""

    type: Annotated[str, WithJsonSchema({"const": "BASIC"})]
    username: of.Username
    password: of.SomeText


class NoneShape(Shape):
    """No authorisation."""

    type: Annotated[str, WithJsonSchema({"const": "NONE"})]


class UnknownAuthShape(Shape):
    """Says which types there are."""

    like = "{type: HMAC}"

    model_config = ConfigDict(extra="ignore")

    type: Annotated[str, PlainValidator(read.word("HMAC", "BEARER", "BASIC", "NONE"))]


def _auth(value: object) -> str:
    kind = value.get("type") if isinstance(value, Mapping) else None
    return f"§{kind}" if kind in ("HMAC", "BEARER", "BASIC", "NONE") else "§unknown"


AuthShape = HmacShape | BearerShape | BasicShape | NoneShape
AuthForm = Annotated[
    Annotated[HmacShape, Tag("§HMAC")]
    | Annotated[BearerShape, Tag("§BEARER")]
    | Annotated[BasicShape, Tag("§BASIC")]
    | Annotated[NoneShape, Tag("§NONE")]
    | Annotated[UnknownAuthShape, Tag("§unknown"), WithJsonSchema({"not": {}})],
    Discriminator(_auth),
]


class ConnectionShape(Shape):
    """An outbound connection: where to, how authorised, which events."""

    like = "{name: crm, url: http://127.0.0.1:3000/}"

    name: of.SomeText
    id: of.ObjectId | None = None
    url: of.Url
    auth: AuthForm = Field(default_factory=lambda: HmacShape(type="HMAC"))
    events: list[of.DocumentedEvent] = ["chat.created"]
    active: of.Truth = True
    retry: Retry | None = None
    concurrency: of.Concurrency = 32
    """Attempts in flight at once; 1 keeps the order of emission on the wire."""


# --- the built-in subscriber -----------------------------------------------------------


class AnswerShape(Shape):
    """A status with a delay or headers."""

    like = "{status: 503, after: 1s}"

    status: of.AnswerStatus
    after: of.Duration | None = None
    """Real time before the answer."""
    headers: dict[of.HeaderName, of.HeaderValue] | None = None


Respond = Annotated[
    Annotated[Any, PlainValidator(read.answer_word), Tag("§word"), WithJsonSchema({"anyOf": [
        {"type": "integer", "minimum": 200, "maximum": 599},
        {"type": "string", "enum": ["timeout", "reset"]},
        {"type": "string", "pattern": r"^([2-5][0-9][0-9]|\$\{.*\})$"},
    ]})]
    | Annotated[AnswerShape, Tag("§mapping")],
    _mapping_or("§word"),
]  # fmt: skip


class OutageShape(Shape):
    """A time in which every request fails, on the scenario's clock."""

    like = "{from: 10s, for: 1m}"

    from_: of.Duration = Field(alias="from")
    for_: of.SomeDuration = Field(alias="for")
    status: Annotated[
        Annotated[Any, PlainValidator(read.outage_status)],
        WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 200, "maximum": 599}, {"const": "down"}]}),
    ] = 503
    """down closes the port."""


class SubscriberShape(Shape):
    """What the built-in subscriber answers."""

    like = "{respond: [500, 200]}"

    respond: list[Respond] = Field(default_factory=lambda: list[Any]([200]), min_length=1)
    """By requests seen of each event; the last one repeats."""
    outage: OutageShape | None = None


# --- steps -----------------------------------------------------------------------------


class RangeShape(Shape):
    """A number between two ends, either of which may be open."""

    like = "{min: 1, max: 3}"

    min: of.Count = 0
    max: of.Count | None = None


Number = Annotated[
    Annotated[of.Count, Tag("§number")] | Annotated[RangeShape, Tag("§mapping")], _mapping_or("§number")
]
_List = Discriminator(lambda value: "§list" if isinstance(value, list | tuple) else "§one")
Channels = Annotated[
    Annotated[of.Channel, Tag("§one")]
    | Annotated[list[of.Channel], Field(min_length=1, max_length=len(CHANNELS) * 8), Tag("§list")],
    _List,
]


class StepShape(Shape):
    """One step of a play."""

    note: of.Text | None = None
    """For a presenter."""


class EmitShape(StepShape):
    """Something happens in Wexio."""

    emit: of.BuiltEvent
    channel: Channels | None = None
    """One channel, or several to draw from; default, all four."""
    contact: of.SomeText | None = None
    """A name in contacts, none (a chat without a contact), or, left out, somebody new."""
    origin: of.OriginWord = "inbound"
    """flow: a proactive chat; its contact is older than the chat."""
    data: dict[str, Any] | None = None
    """Merged over what was made up; null removes a field."""
    id: of.EventId | None = None
    occurred_at: of.Moment | None = None
    faults: list[FaultForm] = []
    """What goes wrong with its deliveries, on purpose."""


class WaitShape(StepShape):
    """Let time pass."""

    wait: of.Duration


class RepeatShape(StepShape):
    """Play steps several times."""

    repeat: of.Times
    every: of.Duration | None = None
    """Between the iterations."""
    faults: list[FaultForm] = []
    """What goes wrong with all that is emitted inside."""
    steps: list[Step] = Field(min_length=1)


class SettleShape(StepShape):
    """Wait until nothing is pending; running out of time is a failed expectation."""

    settle: of.SomeDuration | None


class ExpectationShape(Shape):
    """What must hold of the deliveries so far."""

    like = "{status: SUCCESS, deliveries: 4}"

    status: of.StatusWord | None = None
    """Selects deliveries; without it, all."""
    deliveries: Number | None = None
    attempts: Number | None = None
    """Of each selected delivery."""
    within: of.SomeDuration | None = None
    """From emitted to settled, on the sandbox's clock."""


class ExpectShape(StepShape):
    """Judge the deliveries so far."""

    expect: ExpectationShape


def _kind(value: object) -> str:
    if isinstance(value, Mapping):
        for kind in STEP_KINDS:
            if kind in value:
                return f"§{kind}"
    return "§unknown"


Step = Annotated[
    Annotated[EmitShape, Tag("§emit")]
    | Annotated[WaitShape, Tag("§wait")]
    | Annotated[RepeatShape, Tag("§repeat")]
    | Annotated[SettleShape, Tag("§settle")]
    | Annotated[ExpectShape, Tag("§expect")]
    | Annotated[Any, PlainValidator(read.unknown_step), Tag("§unknown"), WithJsonSchema({"not": {}})],
    Discriminator(_kind),
]


# --- the whole -------------------------------------------------------------------------


class ScenarioShape(Shape):
    """A play for the Wexio sandbox."""

    name: of.SomeText
    description: of.Text = ""
    seed: of.SeedNumber | None = None
    """The same seed gives the same people, ids and secrets."""
    start: of.Moment | None = None
    """Where the sandbox's clock starts; default, now."""
    signature_time: of.SignatureClock | None = None
    """Whose time the signature carries."""
    organisation: of.ObjectId | None = None
    integrations: dict[of.Channel, of.ObjectId] = {}
    """One integration id per channel."""
    retry: Retry | None = None
    """A preset, or a policy of one's own."""
    contacts: dict[of.SomeText, ContactShape | None] = {}
    """People who are known by name."""
    connections: list[ConnectionShape] = []
    """Where to; --to replaces them, without any the built-in subscriber is used."""
    subscriber: SubscriberShape = Field(default_factory=SubscriberShape)
    steps: list[Step] = Field(min_length=1)
