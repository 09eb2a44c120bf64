"""A signature that somebody's server did not accept: whether it holds and, if not, why."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Any

from sandbox.core.case import Case, as_key
from sandbox.core.diagnosis import diagnose
from sandbox.core.errors import NotFound
from sandbox.core.ledger import Delivery
from sandbox.core.model import Connection, Hmac
from sandbox.web.bodies import VerifyBody
from sandbox.web.bodies_out import VerifiedOut
from sandbox.web.problem import Fault, invalid
from sandbox.web.routes import PREFIX, Answer, Call, Route
from sandbox.web.signatures import connection_called, receivers_clock, verified


async def verify(call: Call) -> Answer:
    body = call.body
    delivery = await _delivery(call)
    own = _own(call, delivery)
    case = Case(
        header=body.signature or "",
        body=_bytes(body),
        secret=as_key(_secret(call, own)),
        now=receivers_clock(body.now),
        tolerance=body.tolerance,
        rules=call.workspace.profile.signature,
        others=_secrets(call, own),
        own=own.name if own is not None and _signs(own) else None,
        sent=None if delivery is None else _sent(call, delivery),
    )
    return Answer(document=verified(await asyncio.to_thread(diagnose, case)))


def _bytes(body: Any) -> bytes:
    if (body.body is None) == (body.body_base64 is None):
        says = "body and body_base64 exclude each other" if body.body is not None else "is missing"
        raise invalid(
            [Fault(field="/body", message=says, hint="the raw body, before anything has parsed it")]
        )
    if body.body is not None:
        return bytes(body.body.encode())
    try:
        return b64decode(body.body_base64, validate=True)
    except (NotBase64, ValueError):
        raise invalid([Fault(field="/body_base64", message="is no base64")]) from None


async def _delivery(call: Call) -> Delivery | None:
    if call.body.delivery_id is None:
        if call.body.attempt is not None:
            raise invalid([Fault(field="/attempt", message="says nothing without a delivery_id")])
        return None
    found = await call.workspace.journal.delivery(call.body.delivery_id)
    if found is None:
        raise NotFound(f"there is no delivery {call.body.delivery_id!r}")
    return found


def _own(call: Call, delivery: Delivery | None) -> Connection | None:
    """The connection whose signature it is, as far as the order says so; it may be one of a run."""
    if call.body.connection_id is not None:
        return connection_called(call.workspace, call.body.connection_id)
    if delivery is None:
        return None
    try:
        return connection_called(call.workspace, delivery.connection_id)
    except NotFound:
        return None  # gone since


def _secret(call: Call, own: Connection | None) -> str:
    given: str | None = call.body.secret
    if given is not None:
        return given
    if call.body.connection_id is None:
        hint = "the secret that the server checks with, or a connection_id whose secret it is"
        raise invalid([Fault(field="/secret", message="is missing", hint=hint)])
    if own is None or (secret := _signs(own)) is None:
        raise invalid([Fault(field="/connection_id", message="names a connection that does not sign")])
    return secret


def _secrets(call: Call, own: Connection | None) -> dict[str, str]:
    """All that are known, by the connection's name."""
    connections = [held.connection for held in call.workspace.connections()]
    connections += [] if own is None else [own]
    return {item.name: secret for item in connections if (secret := _signs(item)) is not None}


def _signs(connection: Connection) -> str | None:
    """The secret with which *connection* signs, if it does."""
    return connection.auth.secret if isinstance(connection.auth, Hmac) else None


def _sent(call: Call, delivery: Delivery) -> bytes | None:
    number = call.body.attempt
    for entry in reversed(delivery.attempts):
        if number is None or entry.attempt == number:
            return entry.request.body
    if number is None:
        return None  # nothing was sent yet
    raise invalid([Fault(field="/attempt", message=f"the delivery has no attempt {number} that has ended")])


ROUTES = (
    Route(
        method="POST",
        path=f"{PREFIX}/verify",
        handler=verify,
        tag="Deliveries",
        summary="Say whether a signature holds and, if not, why",
        says="It tries what people get wrong with the secret, the time, the digest and the body. "
        "Proven is what makes the signature hold once it is put right.",
        body=VerifyBody,
        answers={200: VerifiedOut},
        refuses=(404,),
        example={
            "signature": "t=1777039330,v1=b745c97279c1df225c136ef78634cfb875ecc818dd6f85ec0d3f35799191d2da",
            "body": '{"id": "evt_1", "type": "chat.created"}',
            "secret": "whsec_test",
            "now": "2026-04-24T14:02:10.000Z",
        },
        answer_example={
            "valid": False,
            "reason": "mismatch",
            "says": "v1 does not match t and the body: another secret signed them, or they were changed afterwards",
            "causes": [
                {
                    "code": "body_reserialised",
                    "proven": True,
                    "says": "the body was changed after it was signed",
                    "do": "check the raw bytes, before anything parses them",
                }
            ],
            "difference": None,
        },
    ),
)
