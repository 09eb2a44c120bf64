"""The platform profile: every number and habit of Wexio's, in one place, with its standing.

A field marked *assumed* is our guess where the published text could not be had.
It is a setting: the configuration file's ``profile`` section overrides it, by the
same names.  Documented facts are constants here and cannot be overridden.

Source: the specification's sections 1 (envelope), 2 (request, signature),
3 (delivery) and 5 (types).  README's table of assumptions is tested against this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Literal

from sandbox.core.durations import format_duration

API_VERSION: Final = "2026-04-01"
ID_PREFIX: Final = "evt_"
CONTENT_TYPE: Final = "application/json"
SIGNATURE_HEADER: Final = "X-Wexio-Signature"
HEADERS: Final = (
    "Content-Type",
    "X-Wexio-Event",
    "X-Wexio-Event-Id",
    "X-Wexio-Attempt",
    "X-Wexio-Timestamp",
    "Idempotency-Key",
    "Authorization",
    SIGNATURE_HEADER,
)
"""The documented header block, in its documented order and spelling."""


class Standing(StrEnum):
    """How sure we are of a fact."""

    DOCUMENTED = "documented"
    INFERRED = "inferred"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row of the profile, for people: ``path`` is the setting's name."""

    path: str
    value: Any
    says: str
    standing: Standing


def _fact(default: Any, says: str, standing: Standing = Standing.ASSUMED) -> Any:
    return field(default=default, metadata={"says": says, "standing": standing})


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeProfile:
    """Specification section 1."""

    event_id: Literal["shared", "per_connection"] = _fact(
        "shared", "an event has one id for all connections (or one for each: per_connection)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestProfile:
    """Specification section 2, the headers."""

    timestamp: Literal["sending", "occurrence"] = _fact(
        "sending", "X-Wexio-Timestamp is the time of sending this attempt (or of the event: occurrence)"
    )
    user_agent: str | None = _fact(
        f"Wexio-Webhooks/{API_VERSION} (sandbox)", "the User-Agent; none is documented, null sends none"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureProfile:
    """Specification section 2, the signature (HMAC-SHA256, lower-case hex: inferred)."""

    signed: Literal["timestamp.body", "body"] = _fact(
        "timestamp.body", "what is signed: t, a dot and the raw body (or the raw body alone: body)"
    )
    unit: Literal["seconds", "milliseconds"] = _fact("seconds", "the unit of t")
    tolerance: timedelta = _fact(timedelta(minutes=5), "how far t may be from a receiver's clock")
    secret_prefix: str = _fact("whsec_", "how a generated secret begins; its UTF-8 bytes are the key")
    rotation_overlap: timedelta = _fact(
        timedelta(), "how long after a rotation the old secret signs too, as a second v1=; 0s: not at all"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryProfile:
    """Specification section 3: the numbers behind the retry preset ``wexio``."""

    success: tuple[int, ...] = _fact(tuple(range(200, 300)), "the status codes that take a delivery: any 2xx")
    give_up_on: tuple[int, ...] = _fact((410,), "the status codes that end a delivery as FAILED at once")
    attempts: int = _fact(5, "attempts in all, the first included; used up, the delivery is DEAD_LETTER")
    delays: tuple[timedelta, ...] = _fact(
        tuple(timedelta(seconds=5 * 2**n) for n in range(4)),
        "the delay after each failed attempt, counted from its end; no jitter",
    )
    retry_after: Literal["ignore", "honour"] = _fact(
        "ignore", "a Retry-After header is ignored (or honoured, up to 1h)"
    )
    timeout: timedelta = _fact(timedelta(seconds=10), "the time allowed for one attempt")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypesProfile:
    """Specification section 5: the forms of ids.

    A pattern is text with ``{digits:8}``, ``{digits:15-17}``, ``{hex:24}`` or
    ``{base64:16}`` (bytes) in it.
    """

    object_ids: Literal["creation_time", "random"] = _fact(
        "creation_time", "the first 8 digits of a record id are its creation time in seconds (or random)"
    )
    whatsapp_id: str = _fact("wa_{digits:8}", "the form of whatsappId, as in the sample", Standing.DOCUMENTED)
    telegram_id: str = _fact("{digits:9-10}", "the form of telegramId: the user id, as digits")
    viber_id: str = _fact("{base64:16}", "the form of viberId: 24 base64 characters ending in ==")
    instagram_id: str = _fact("{digits:15-17}", "the form of instagramId: Meta's scoped ids")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the platform does; ``Profile()`` is Wexio as far as it is known."""

    envelope: EnvelopeProfile = field(default_factory=EnvelopeProfile)
    request: RequestProfile = field(default_factory=RequestProfile)
    signature: SignatureProfile = field(default_factory=SignatureProfile)
    delivery: DeliveryProfile = field(default_factory=DeliveryProfile)
    types: TypesProfile = field(default_factory=TypesProfile)

    def facts(self) -> Iterator[Fact]:
        """Every setting with its present value, in order."""
        for section in fields(self):
            values = getattr(self, section.name)
            for item in fields(values):
                yield Fact(
                    path=f"{section.name}.{item.name}",
                    value=getattr(values, item.name),
                    says=item.metadata["says"],
                    standing=item.metadata["standing"],
                )


def in_words(value: object) -> str:
    """A setting's value as the configuration file spells it."""
    match value:
        case timedelta():
            return format_duration(value)
        case tuple():
            if value == tuple(range(200, 300)):
                return "200-299"
            return "[" + ", ".join(in_words(item) for item in value) + "]"
        case None:
            return "null"
        case _:
            return str(value)
