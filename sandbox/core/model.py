"""The nouns: event, connection, request, outcome, delivery.

What every delivery makes anew is a named tuple: it costs a fifth of a frozen dataclass.

Frozen values without behaviour beyond reading themselves.  Field names are ours
(snake_case); Wexio's camelCase lives only inside ``data`` and the envelope.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit

from sandbox.core.catalogue import is_documented
from sandbox.core.errors import UsageError

if TYPE_CHECKING:
    from sandbox.core.retry import RetryPolicy

OBJECT_ID: Final = re.compile(r"[0-9a-f]{24}")
_IPV4: Final = re.compile(r"((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$)|$)){4}", re.ASCII)
EVENT_ID: Final = re.compile(r"evt_[A-Za-z0-9_-]{1,64}")


class Status(StrEnum):
    """The state of a delivery (documented names; what the two failures mean is assumed)."""

    PENDING = "PENDING"  # an attempt is in flight or still due
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"  # refused for good
    DEAD_LETTER = "DEAD_LETTER"  # every attempt used up


class Event(NamedTuple):
    """Something happened in Wexio; the same for every subscriber and attempt."""

    id: str  # evt_<uuid>
    name: str  # chat.created
    occurred_at: datetime
    organisation_id: str
    data_json: bytes  # the envelope's data, as it goes on the wire
    channel: str | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The envelope's ``data``, read anew from its JSON each time."""
        value: dict[str, Any] = json.loads(self.data_json)
        return value


# --- connections -----------------------------------------------------------------


def _secret(value: object, what: str) -> None:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{what} must be text that is not empty")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{what} holds a lone surrogate, which has no UTF-8 form") from None


def _header_text(value: str, what: str) -> None:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise UsageError(f"{what} holds a control character, which no HTTP header can carry")


@dataclass(frozen=True, slots=True)
class Retired:
    """A secret that was rotated, and until when it signs as well."""

    secret: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class Hmac:
    """Sign with ``X-Wexio-Signature``; without a *secret*, one is generated."""

    secret: str | None = field(default=None, repr=False)
    retired: Retired | None = None  # the one before, where the profile lets them overlap

    def __post_init__(self) -> None:
        if self.secret is not None:
            _secret(self.secret, "the secret")


@dataclass(frozen=True, slots=True)
class Bearer:
    """``Authorization: Bearer <token>``, no signature."""

    token: str = field(repr=False)

    def __post_init__(self) -> None:
        _secret(self.token, "the token")
        _header_text(self.token, "the token")


@dataclass(frozen=True, slots=True)
class Basic:
    """``Authorization: Basic <base64(username:password)>``, no signature."""

    username: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        _secret(self.username, "the user name")
        _secret(self.password, "the password")
        if ":" in self.username:
            raise UsageError("a user name with a colon cannot be told from its password (RFC 7617)")


@dataclass(frozen=True, slots=True)
class NoAuth:
    """Neither ``Authorization`` nor a signature."""


Auth = Hmac | Bearer | Basic | NoAuth
AUTH_TYPE: Final = {Hmac: "HMAC", Bearer: "BEARER", Basic: "BASIC", NoAuth: "NONE"}


def url_fault(url: str) -> str | None:
    """What is wrong with *url* as a subscriber's address, or None."""
    if any(character.isspace() or ord(character) < 32 or ord(character) == 127 for character in url):
        return "the url holds white space or control characters"
    try:
        parts = urlsplit(url)
    except ValueError as error:
        return f"the url cannot be read: {error}"
    try:
        port = parts.port
    except ValueError:
        return "the url's port is none: 1 to 65535 are"
    if parts.scheme not in ("http", "https"):
        return f"the url {url!r} must begin with http:// or https://"
    if not parts.hostname:
        return f"the url {url!r} names no host"
    if parts.username is not None or parts.password is not None:
        return "the url carries a user name or password: give them as auth of type BASIC (or by --basic)"
    if port == 0:
        return "the url names port 0, on which nothing can listen"
    try:
        url.encode()
    except UnicodeEncodeError:
        return "the url holds a lone surrogate, which has no UTF-8 form"
    return _host_fault(parts.hostname)


def _host_fault(host: str) -> str | None:
    if ":" in host:
        return None  # an IPv6 address: urlsplit has judged it
    if re.fullmatch(r"[0-9.]+", host) and not _IPV4.fullmatch(host):
        return f"the url names the host {host!r}, which is neither a name nor an IPv4 address like 127.0.0.1"
    if host.isascii():
        usable = all(0 < len(label) < 64 for label in host.removesuffix(".").split("."))
    else:
        try:
            usable = bool(host.encode("idna"))
        except UnicodeError:
            usable = False
    if usable:
        return None
    return (
        f"the url names the host {host!r}, which cannot be looked up: one of its parts is empty or too long"
    )


def url_meant(url: str) -> str | None:
    """The address that *url* would be, had its scheme not been forgotten."""
    complete = f"http://{url}"
    return None if "://" in url or url_fault(complete) else complete


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A configured outbound target: where to, how authorised, which events.

    Raises `UsageError` on an address, name or number that cannot work.
    """

    name: str
    url: str
    auth: Auth = field(default_factory=Hmac)
    events: Iterable[str] = ("chat.created",)
    id: str | None = None  # 24 hex digits; drawn from the seed where None
    active: bool = True
    held: bool = False  # what is due waits until it is let go; new events go on making deliveries
    retry: RetryPolicy | str | None = None  # a policy, a preset's name, or what the run says
    concurrency: int = 32  # attempts in flight at once; 1 keeps the order of emission

    def __post_init__(self) -> None:
        if not self.name:
            raise UsageError("a connection needs a name")
        if fault := url_fault(self.url):
            raise UsageError(fault)
        if isinstance(self.events, str):
            raise UsageError(f"events is a list of names: write events=[{self.events!r}]")
        object.__setattr__(self, "events", tuple(self.events))
        for event in self.events:
            if not is_documented(event):
                raise UsageError(f"Wexio documents no event called {event!r}")
        if self.id is not None and not OBJECT_ID.fullmatch(self.id):
            raise UsageError(f"the connection id {self.id!r} is not 24 lower-case hex digits")
        if self.concurrency < 1:
            raise UsageError(f"concurrency is {self.concurrency}: at least 1 is needed")


# --- requests and their outcomes -------------------------------------------------

Headers = tuple[tuple[str, str], ...]
NO_TIMING: Final[Mapping[str, float]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How a request goes out that goes out wrong, on purpose."""

    length: int  # what Content-Length says
    over: timedelta = timedelta()  # real time in which the body trickles out
    end: Literal["whole", "closed", "reset"] = "whole"  # what becomes of the connection after the last byte


class Request(NamedTuple):
    """One POST, exactly as it is sent (Host and Content-Length are the client's)."""

    url: str
    headers: Headers
    body: bytes  # what goes out of it
    sending: Sending | None = None  # None: whole, and at once


class Response(NamedTuple):
    """The subscriber answered.  At most 64 KiB of the body are read and kept."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    truncated: bool = False


ErrorType = Literal[
    "timeout", "connect", "dns", "reset", "tls", "protocol", "interrupted", "blocked", "dropped"
]


class TransportError(NamedTuple):
    """The subscriber did not answer, or not in HTTP."""

    type: ErrorType
    message: str


Outcome = Response | TransportError


def kind_of(outcome: Outcome) -> str:
    """``2xx`` and the like, or the kind of the error."""
    return f"{outcome.status // 100}xx" if isinstance(outcome, Response) else outcome.type


class Exchange(NamedTuple):
    """An outcome and how long it took, in real time."""

    outcome: Outcome
    elapsed_ms: float
    timing: Mapping[str, float] = NO_TIMING  # milliseconds by phase
