"""What goes on the wire: the envelope for one connection and one attempt, and its headers.

A retry is not a resend: ``meta.attempt`` is inside the body, so each attempt is
rendered, serialised once and signed over those very bytes.

Source: the specification's sections 1 (envelope) and 2 (headers, signature).
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from sandbox.core.ids import Stream
from sandbox.core.model import Basic, Bearer, Connection, Event, Headers, Hmac, Request
from sandbox.core.moments import isoformat
from sandbox.core.profile import API_VERSION, CONTENT_TYPE, ID_PREFIX, SIGNATURE_HEADER, Profile
from sandbox.core.signing import sign


@dataclass(frozen=True, slots=True)
class Target:
    """A connection, and what of its requests never changes from attempt to attempt."""

    connection: Connection
    profile: Profile = field(default_factory=Profile)
    id: str = field(init=False)
    secret: bytes | None = field(init=False, repr=False)
    authorization: tuple[tuple[str, str], ...] = field(init=False, repr=False)
    user_agent: tuple[tuple[str, str], ...] = field(init=False)
    meta_tail: bytes = field(init=False)

    def __post_init__(self) -> None:
        connection, put = self.connection, object.__setattr__
        assert connection.id is not None, "a connection gets its id before it becomes a target"
        secret, authorization = None, ""
        match connection.auth:
            case Hmac(secret=str(text)):
                secret = text.encode()
            case Bearer(token=token):
                authorization = f"Bearer {token}"
            case Basic(username=username, password=password):
                authorization = "Basic " + b64encode(f"{username}:{password}".encode()).decode()
        agent = self.profile.request.user_agent
        put(self, "id", connection.id)
        put(self, "secret", secret)
        put(self, "authorization", (("Authorization", authorization),) if authorization else ())
        put(self, "user_agent", (("User-Agent", agent),) if agent else ())
        tail = f'","connectionId":"{connection.id}","apiVersion":"{API_VERSION}","attempt":'
        put(self, "meta_tail", tail.encode())

    def event_id(self, event: Event) -> str:
        """The id under which this connection hears of *event*: assumed to be the event's own."""
        if self.profile.envelope.event_id == "shared":
            return event.id
        own = Stream(blake2b(f"{event.id}/{self.id}".encode(), digest_size=32).digest())
        return ID_PREFIX + str(UUID(own.uuid4()))


@dataclass(frozen=True, slots=True)
class Rendering:
    """All that one request is made from: the same request, byte for byte, each time it is asked."""

    event: Event
    target: Target
    attempt: int
    stamp: datetime  # of X-Wexio-Timestamp and the signature's t
    # As it was sent.  Filled in by the first `request`, so that the same request can be
    # made again without the secret.
    signature: str | None = field(default=None, compare=False, repr=False)

    def request(self) -> Request:
        """The POST with its headers in documented order and its signed body."""
        event, target, number = self.event, self.target, str(self.attempt)
        event_id, profile = target.event_id(event), target.profile
        occurred = isoformat(event.occurred_at)
        stamped = isoformat(self.stamp) if profile.request.timestamp == "sending" else occurred
        identity = event_id.encode(), event.name.encode(), occurred.encode()
        body = b"".join(
            (
                b'{"id":"%b","type":"%b","timestamp":"%b","data":' % identity,
                event.data_json,
                b',"meta":{"eventId":"%b","event":"%b","occurredAt":"%b","organisationId":"' % identity,
                event.organisation_id.encode(),
                target.meta_tail,
                number.encode(),
                b"}}",
            )
        )
        headers: Headers = (
            ("Content-Type", CONTENT_TYPE),
            ("X-Wexio-Event", event.name),
            ("X-Wexio-Event-Id", event_id),
            ("X-Wexio-Attempt", number),
            ("X-Wexio-Timestamp", stamped),
            ("Idempotency-Key", event_id),
            *target.authorization,
            *self._signature(body),
            *target.user_agent,
        )
        return Request(url=target.connection.url, headers=headers, body=body)

    def _signature(self, body: bytes) -> Headers:
        signature, secret = self.signature, self.target.secret
        if signature is None:
            if secret is None:
                return ()
            rules = self.target.profile.signature
            scale = 1 if rules.unit == "seconds" else 1000
            signature = sign(secret, int(self.stamp.timestamp() * scale), body, rules=rules)
            object.__setattr__(self, "signature", signature)
        return ((SIGNATURE_HEADER, signature),)
