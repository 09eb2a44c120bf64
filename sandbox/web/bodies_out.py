"""What is given out, for the document and for the tests that hold every answer to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.core.faults import Kind, Place

Moment = Annotated[
    str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", examples=["2026-04-24T14:02:10.123Z"])
]
Duration = Annotated[str, Field(examples=["1h30m"])]
Pair = Annotated[list[str], Field(min_length=2, max_length=2)]
StatusName = Literal["PENDING", "SUCCESS", "FAILED", "DEAD_LETTER"]
Counts = Annotated[dict[StatusName, int], Field(examples=[{"SUCCESS": 22, "DEAD_LETTER": 1}])]


class Out(BaseModel):
    """An object with these fields; more may be added in later versions."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


# --- problems --------------------------------------------------------------------------


class ErrorOut(Out):
    """One thing that is wrong."""

    field: str
    """A JSON pointer into the body, or the name of a parameter."""
    message: str
    hint: str | None = None
    """What was probably meant."""
    line: int | None = None
    """In a scenario's text, or in JSON that cannot be read; from 1."""
    column: int | None = None
    length: int | None = None
    severity: Literal["error", "warning"] | None = None
    source_line: str | None = None


class WaitingOut(Out):
    """A delivery that has not settled."""

    delivery_id: str
    event_id: str
    connection_id: str
    next_attempt_at: Moment | None
    """null: an attempt is under way, or its connection is paused."""


class ProblemOut(Out):
    """Why not (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ErrorOut] = []
    deliveries: Counts | None = None
    """Of a settle that ran out of time."""
    waiting: list[WaitingOut] | None = None
    """Of the same: the first hundred."""
    checks: dict[str, str] | None = None
    """Of /readyz."""


# --- connections -----------------------------------------------------------------------


class BackoffOut(Out):
    """Delays that grow."""

    base: Duration
    factor: float
    max: Duration
    jitter: float


class RetryOut(Out):
    """A retry policy of one's own."""

    attempts: int
    delays: list[Duration] | None = None
    backoff: BackoffOut | None = None
    timeout: Duration
    give_up_on: list[int]
    retry_after: Literal["ignore", "honour"]


class AuthOut(Out):
    """How it is authorised."""

    type: Literal["HMAC", "BEARER", "BASIC", "NONE"]
    secret: str | None = None
    """Whole only where it was just made; later whsec_…abcd."""
    token: str | None = None
    username: str | None = None
    password: str | None = None


class ConnectionOut(Out):
    """A configured target."""

    id: str
    name: str
    url: str
    active: bool
    held: bool
    """Deliveries are made, and wait until they are let go."""
    events: list[str]
    retry: str | RetryOut
    concurrency: int
    read_only: bool
    """Defined by the configuration file."""
    auth: AuthOut


class ConnectionsOut(Out):
    """All of them, in order."""

    items: list[ConnectionOut]


# --- events and deliveries ---------------------------------------------------------------


class EventOut(Out):
    """What happened."""

    id: str
    event: str
    data: dict[str, Any]


class EmittedOut(Out):
    """It is in the journal, and being delivered."""

    events: list[EventOut]
    deliveries: list[str]
    """The ids of the deliveries, in order."""


class RenderOut(Out):
    """A request, as it would be sent."""

    headers: dict[str, str]
    """In documented order and spelling, without Host and Content-Length."""
    body_base64: str


class MessageOut(Out):
    """Headers in wire order, and the body: as text, or in base64 where it is not UTF-8."""

    headers: list[Pair]
    body: str | None = None
    body_base64: str | None = None


class ResponseOut(MessageOut):
    """What the subscriber answered."""

    status: int
    truncated: bool = False


class TransportErrorOut(Out):
    """Why there was no answer."""

    type: str
    message: str


class _OfDelivery(Out):
    delivery_id: str
    event_id: str
    connection_id: str


class FaultOut(Out):
    """Something that went wrong on purpose, as it was asked for."""

    do: Kind
    by: str | None = None
    over: str | None = None
    size: str | None = None
    at: Place | None = None
    window: int | None = None
    attempt: int | None = None
    chance: float | None = None


class CauseOut(Out):
    """One thing that is wrong."""

    code: str
    proven: bool
    """Put right, all proven ones together, the signature holds; else it is likely, and no more."""
    says: str
    do: str


class SignatureOut(Out):
    """What was signed, by whom, and what is known of a refusal."""

    signed: Literal["timestamp.body", "body"]
    """What the digest was made of."""
    connection: str | None
    """Whose secret; null: that connection is not there any more."""
    secret: str | None
    """As it is recognised: whsec_…abcd."""
    holds: bool | None
    """For the bytes sent and the connection's present secret; null: nobody can tell any more."""
    says: str
    causes: list[CauseOut]
    """Behind a 4xx: proven ones, then likely ones."""


class AttemptOut(_OfDelivery):
    """One POST and its outcome: a response or an error."""

    model_config = ConfigDict(extra="allow")

    kind: Literal["attempted"]
    at: Moment
    """The end, on the sandbox's clock."""
    run_id: str
    attempt: int
    url: str
    request: MessageOut
    response: ResponseOut | None = None
    error: TransportErrorOut | None = None
    started_at: Moment
    elapsed_ms: float
    """Real time."""
    timing: dict[str, float]
    next_attempt_at: Moment | None
    faults: list[FaultOut] = []
    """What went wrong with it, on purpose."""
    copy_: bool = Field(default=False, alias="copy")
    """The fault duplicate: the same request once more, which is no attempt of its own."""


class DeliveryLineOut(Out):
    """One event to one connection, as it stands."""

    id: str
    event_id: str
    event: str
    channel: str | None
    who: str
    connection_id: str
    run_id: str
    status: StatusName
    attempt_count: int
    """Attempts begun, the one under way included."""
    next_attempt_at: Moment | None
    emitted_at: Moment
    settled_at: Moment | None


class ExplainedAttemptOut(AttemptOut):
    """The same with its signature explained."""

    signature: SignatureOut | None
    """null: it was not signed."""


class DeliveryOut(DeliveryLineOut):
    """The same with every attempt that has ended."""

    attempts: list[ExplainedAttemptOut]


class VerifiedOut(Out):
    """Whether a signature holds and, if not, why."""

    valid: bool
    reason: Literal["valid", "missing", "malformed", "mismatch", "too_old", "too_new"]
    says: str
    causes: list[CauseOut]
    """Proven ones first; none where it holds."""
    difference: str | None
    """Where the body parts from the one that was sent."""


class DeliveriesOut(Out):
    """A page, newest first."""

    items: list[DeliveryLineOut]
    next_cursor: str | None
    """null: there are no more."""


class SettledOut(Out):
    """How many deliveries are in which state."""

    deliveries: Counts


# --- the journal -----------------------------------------------------------------------


class ExpectationOut(Out):
    """What was expected."""

    text: str
    passed: bool
    actual: str


class VerdictOut(Out):
    """How a run ended."""

    passed: bool
    expectations: list[ExpectationOut]
    deliveries: Counts
    seed: int
    elapsed_ms: float


class _Entry(Out):
    seq: int
    at: Moment
    run_id: str


class _DeliveryRef(Out):
    delivery_id: str
    connection_id: str
    next_attempt_at: Moment | None = None
    """Where a fault delays it; else at once."""


class EmittedEntry(_Entry):
    """Something happened, and these connections will hear of it."""

    kind: Literal["emitted"]
    event_id: str
    event: str
    channel: str | None
    who: str
    data: dict[str, Any]
    deliveries: list[_DeliveryRef]
    faults: list[FaultOut] = []
    """What was asked to go wrong with them."""


class AttemptingEntry(_Entry, _OfDelivery):
    """An attempt is about to be made."""

    kind: Literal["attempting"]
    attempt: int


class AttemptedEntry(AttemptOut):
    """One POST and its outcome."""

    seq: int


class SettledEntry(_Entry, _OfDelivery):
    """The end of a delivery."""

    kind: Literal["settled"]
    status: StatusName
    attempt_count: int
    reason: str | None = None


class ResentEntry(_Entry, _OfDelivery):
    """The delivery is pending again."""

    kind: Literal["resent"]
    next_attempt_at: Moment | None = None
    """Where a fault delays it; else at once."""


class VerdictEntry(_Entry, VerdictOut):
    """How a run ended."""

    kind: Literal["verdict"]


EntryOut = Annotated[
    EmittedEntry | AttemptingEntry | AttemptedEntry | SettledEntry | ResentEntry | VerdictEntry,
    Field(discriminator="kind"),
]


class JournalOut(Out):
    """A page, oldest first."""

    items: list[EntryOut]
    next_after: int
    """Ask for what follows with after=…; the same number again: there is nothing yet."""
