"""What goes on the wire: the envelope for one connection and one attempt, and its headers.

A retry is not a resend: ``meta.attempt`` is inside the body, so each attempt is
rendered, serialised once and signed over those very bytes.

Source: the specification's sections 1 (envelope) and 2 (headers, signature).
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Final
from uuid import UUID

from sandbox.core.faults import ByKind, Faults
from sandbox.core.ids import Stream
from sandbox.core.model import Basic, Bearer, Connection, Event, Headers, Hmac, Request, Retired
from sandbox.core.moments import isoformat
from sandbox.core.profile import API_VERSION, CONTENT_TYPE, ID_PREFIX, SIGNATURE_HEADER, Profile
from sandbox.core.signing import sign
from sandbox.core.spoiling import (
    MALFORMED_SIGNATURE,
    UNKNOWN_EVENT,
    another_secret,
    authorized,
    changed_data,
    cut,
    enlarged_data,
    extra_members,
    moved,
    tampered,
)


@dataclass(frozen=True, slots=True)
class Target:
    """A connection, and what of its requests never changes from attempt to attempt."""

    connection: Connection
    profile: Profile = field(default_factory=Profile)
    id: str = field(init=False)
    secret: bytes | None = field(init=False, repr=False)
    retired: Retired | None = field(init=False, repr=False)
    authorization: tuple[tuple[str, str], ...] = field(init=False, repr=False)
    user_agent: tuple[tuple[str, str], ...] = field(init=False)
    meta_tail: bytes = field(init=False)

    def __post_init__(self) -> None:
        connection, put = self.connection, object.__setattr__
        assert connection.id is not None, "a connection gets its id before it becomes a target"
        secret: bytes | None = None
        retired: Retired | None = None
        authorization = ""
        match connection.auth:
            case Hmac(secret=str(text), retired=previous):
                secret, retired = text.encode(), previous
            case Bearer(token=token):
                authorization = f"Bearer {token}"
            case Basic(username=username, password=password):
                authorization = "Basic " + b64encode(f"{username}:{password}".encode()).decode()
        agent = self.profile.request.user_agent
        put(self, "id", connection.id)
        put(self, "secret", secret)
        put(self, "retired", retired)
        put(self, "authorization", (("Authorization", authorization),) if authorization else ())
        put(self, "user_agent", (("User-Agent", agent),) if agent else ())
        tail = f'","connectionId":"{connection.id}","apiVersion":"{API_VERSION}","attempt":'
        put(self, "meta_tail", tail.encode())

    def at(self, wall: datetime) -> Target:
        """As it is at this moment of real time: a secret that was rotated does not sign for ever."""
        auth = self.connection.auth
        if not isinstance(auth, Hmac) or auth.retired is None or wall < auth.retired.until:
            return self
        return Target(replace(self.connection, auth=Hmac(auth.secret)), self.profile)

    def event_id(self, event: Event) -> str:
        """The id under which this connection hears of *event*: assumed to be the event's own."""
        if self.profile.envelope.event_id == "shared":
            return event.id
        own = Stream(blake2b(f"{event.id}/{self.id}".encode(), digest_size=32).digest())
        return ID_PREFIX + str(UUID(own.uuid4()))


@dataclass(slots=True)
class Rendering:
    """All that one request is made from: the same request, byte for byte, each time it is asked.

    Nobody changes one; it is not frozen, because every attempt makes one.
    """

    event: Event
    target: Target
    attempt: int
    stamp: datetime  # of X-Wexio-Timestamp and the signature's t
    # As it was sent.  Filled in by the first `request`, so that the same request can be
    # made again without the secret.
    signature: str | None = field(default=None, compare=False, repr=False)
    faults: Faults = ()  # what goes wrong with this attempt, on purpose

    def request(self) -> Request:
        """The POST with its headers in documented order and its signed body."""
        event, target, number = self.event, self.target, str(self.attempt)
        event_id, profile = target.event_id(event), target.profile
        faults: ByKind = {fault.do: fault for fault in self.faults} if self.faults else _NOTHING
        name = UNKNOWN_EVENT if "unknown_event" in faults else event.name
        occurred = isoformat(event.occurred_at)
        stamp = moved(self.stamp, faults) if faults else self.stamp
        stamped = isoformat(stamp) if profile.request.timestamp == "sending" else occurred
        identity = event_id.encode(), name.encode(), occurred.encode()
        data = changed_data(event.data_json, faults) if faults else event.data_json
        body = self._body(identity, data, faults)
        if large := faults.get("large_body"):
            data = enlarged_data(data, (large.size or 0) - len(body))
            body = self._body(identity, data, faults)
        headers: Headers = (
            ("Content-Type", CONTENT_TYPE),
            ("X-Wexio-Event", name),
            ("X-Wexio-Event-Id", event_id),
            ("X-Wexio-Attempt", number),
            ("X-Wexio-Timestamp", stamped),
            ("Idempotency-Key", event_id),
            *(authorized(target.authorization, faults) if faults else target.authorization),
            *self._signature(body, stamp, faults),
            *target.user_agent,
        )
        url = target.connection.url
        if not faults:
            return Request(url=url, headers=headers, body=body)
        if "tampered_body" in faults:
            body = tampered(body, data)
        body, sending = cut(body, faults)
        return Request(url=url, headers=headers, body=body, sending=sending)

    def _body(self, identity: tuple[bytes, bytes, bytes], data: bytes, faults: ByKind) -> bytes:
        extra = extra_members() if faults and "extra_fields" in faults else b""
        return b"".join(
            (
                b'{"id":"%b","type":"%b","timestamp":"%b","data":' % identity,
                data,
                b',"meta":{"eventId":"%b","event":"%b","occurredAt":"%b","organisationId":"' % identity,
                self.event.organisation_id.encode(),
                self.target.meta_tail,
                str(self.attempt).encode(),
                extra,
                b"}",
                extra,
                b"}",
            )
        )

    def _signature(self, body: bytes, stamp: datetime, faults: ByKind) -> Headers:
        signature, secret = self.signature, self.target.secret
        if "missing_signature" in faults:
            return ()
        if signature is None:
            if secret is None:
                return ()
            rules = self.target.profile.signature
            scale = 1 if rules.unit == "seconds" else 1000
            if "malformed_signature" in faults:
                signature = MALFORMED_SIGNATURE
            else:
                wrong, retired = "wrong_secret" in faults, self.target.retired
                signature = sign(
                    another_secret(secret) if wrong else secret,
                    int(stamp.timestamp() * scale),
                    body,
                    rules=rules,
                    retired=None if wrong or retired is None else retired.secret.encode(),
                )
            self.signature = signature
        return ((SIGNATURE_HEADER, signature),)


_NOTHING: Final[ByKind] = {}
