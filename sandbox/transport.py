"""Sends one request and says what became of it.

Whatever a subscriber does is an `Outcome`, a value: nothing that comes from the
other side raises here.  The only module that imports aiohttp's client.
"""

from __future__ import annotations

import errno
import os
import re
import select
import socket
import ssl
from contextvars import ContextVar
from datetime import timedelta
from time import perf_counter
from typing import Any, Final, Protocol
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import AddrInfoType
from aiohttp.connector import Connection as PooledConnection
from yarl import URL

from sandbox.core.addresses import Targets
from sandbox.core.durations import format_duration
from sandbox.core.model import ErrorType, Exchange, Outcome, Request, Response, TransportError
from sandbox.wire import Wrongly

BODY_LIMIT: Final = 64 * 1024
"""How much of an answer is read; its sender may go on for ever."""

IDLE_SECONDS: Final = 1.0
# How long an unused connection is kept.  Node and uvicorn close theirs after 5 s,
# exactly the first delay of the assumed ladder: attempt 2 would meet a closing socket.

_EVERYBODY: Final = Targets()
_LONGEST_MESSAGE: Final = 300

# Sent as it is written.  Anything else (letters beyond ASCII, a lone %) is encoded first.
_ENCODED: Final = re.compile(r"https?://[a-z0-9.:\[\]-]+/(?:[!$&-;=?@A-Z_a-z~]|%[0-9A-Fa-f]{2})*")
_DOT_SEGMENT: Final = re.compile(r"/\.\.?(?:[/?]|$)")

_RESET: Final = TransportError(type="reset", message="the sandbox reset the connection, as was asked")

_headers: dict[tuple[bytes, bytes], tuple[str, str]] = {}
_MOST_HEADERS: Final = 256

_phases: ContextVar[dict[str, float]] = ContextVar("phases")
_aim: ContextVar[_Aim] = ContextVar("aim")


class _Aim:
    """Whom an attempt is for, and why an address of theirs was refused."""

    __slots__ = ("host", "port", "refused")

    def __init__(self, url: URL) -> None:
        self.host, self.port = url.host or "", url.port or 0
        self.refused: str | None = None


class Transport(Protocol):
    """The way to a subscriber."""

    async def send(self, request: Request, *, timeout: timedelta) -> Exchange:
        """POST *request*; its outcome comes within *timeout* of real time."""

    async def close(self) -> None:
        """Let go of every connection."""


class HttpTransport:
    """HTTP/1.1 by aiohttp: one session, connections kept for a second.

    *resolver* looks names up, and *tls* says whom to trust, in place of the system's.
    *targets* says who may be sent to; it is asked about each address before it is
    connected to, whoever gave it.
    """

    def __init__(
        self,
        *,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        targets: Targets = _EVERYBODY,
    ) -> None:
        self._resolver, self._tls, self._targets = resolver, tls, targets
        self._session: aiohttp.ClientSession | None = None
        self._timeouts: dict[timedelta, aiohttp.ClientTimeout] = {}
        self._urls: dict[str, URL] = {}

    async def send(self, request: Request, *, timeout: timedelta) -> Exchange:
        timing: dict[str, float] = {}
        _phases.set(timing)
        session, aim = self._session or self._open(), None
        sending = request.sending
        body = request.body if sending is None else Wrongly(request.body, sending)
        began = perf_counter()
        try:
            url = self._url(request.url)
            aim = _Aim(url)
            _aim.set(aim)
            async with session.post(
                url,
                data=body,
                headers=request.headers,
                allow_redirects=False,
                timeout=self._limit(timeout),
            ) as answer:
                answered = perf_counter()
                timing["wait"] = (answered - began) * 1000 - sum(timing.values())
                held, truncated = await _read(answer)
                timing["read"] = (perf_counter() - answered) * 1000
                headers = tuple(map(_header, answer.raw_headers))
                if truncated or (sending is not None and sending.end != "whole"):
                    answer.close()  # nothing more can be sent, or be meant, on this connection
                outcome: Outcome = Response(
                    status=answer.status, headers=headers, body=held, truncated=truncated
                )
                if answer.status < 100:
                    outcome = _protocol(f"{answer.status:03d} is no status")
        except Exception as error:  # noqa: BLE001 - whatever a subscriber makes the client raise is an outcome
            outcome = _explain(error, timeout)
            if outcome.type == "connect" and aim is not None and aim.refused is not None:
                outcome = TransportError(type="blocked", message=aim.refused)
            if isinstance(body, Wrongly) and body.reset:
                outcome = _RESET
        return Exchange(outcome=outcome, elapsed_ms=(perf_counter() - began) * 1000, timing=timing)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        resolver = _TimedResolver(self._resolver or aiohttp.ThreadedResolver())
        self._session = aiohttp.ClientSession(
            # limit=0: the pool would count waiting for it into the attempt's time,
            # for all hosts together; each connection has its own limit instead.
            connector=_Connector(
                limit=0,
                keepalive_timeout=IDLE_SECONDS,
                resolver=resolver,
                ssl=self._tls or True,
                socket_factory=self._socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
            auto_decompress=False,
            trust_env=False,
        )
        return self._session

    def _socket(self, address: AddrInfoType) -> socket.socket:
        """A socket for *address*, or an error where nothing may be sent there."""
        family, kind, number, _, place = address
        aim = _aim.get()
        refused = self._targets.refuse(aim.host, aim.port, str(place[0]))
        if refused is not None:
            aim.refused = refused
            raise ConnectionRefusedError(errno.ECONNREFUSED, refused)
        return socket.socket(family, kind, number)

    def _url(self, text: str) -> URL:
        url = self._urls.get(text)
        if url is None:
            as_it_is = _ENCODED.fullmatch(text) and not _DOT_SEGMENT.search(text)
            try:
                url = self._urls[text] = URL(text, encoded=bool(as_it_is))
            except ValueError as error:
                raise aiohttp.InvalidURL(text, str(error)) from error
        return url

    def _limit(self, timeout: timedelta) -> aiohttp.ClientTimeout:
        limit = self._timeouts.get(timeout)
        if limit is None:
            # aiohttp rounds times above its threshold up to the next whole second.
            limit = aiohttp.ClientTimeout(total=timeout.total_seconds(), ceil_threshold=float("inf"))
            self._timeouts[timeout] = limit
        return limit


async def _read(answer: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    content, size = answer.content, 0
    parts: list[bytes] = []
    while size < BODY_LIMIT:
        part = await content.readany()
        if not part:
            return b"".join(parts), False
        parts.append(part)
        size += len(part)
    truncated = size > BODY_LIMIT or bool(await content.readany())
    return b"".join(parts)[:BODY_LIMIT], truncated


def _header(raw: tuple[bytes, bytes]) -> tuple[str, str]:
    # One and the same for all answers that have it: they are kept, and a server has few.
    header = _headers.get(raw)
    if header is None:
        if len(_headers) >= _MOST_HEADERS:
            _headers.clear()
        name, value = raw
        header = _headers[raw] = name.decode("utf-8", "replace"), value.decode("utf-8", "replace")
    return header


def _explain(error: Exception, timeout: timedelta) -> TransportError:
    """Put what the client raised into the words of the journal."""
    kind: ErrorType
    match error:
        case TimeoutError():
            kind, said = "timeout", f"no complete answer within {format_duration(timeout)}"
        case aiohttp.ClientConnectorDNSError():
            kind, said = "dns", f"the name {error.host} could not be resolved: {_reason(error.os_error)}"
        case aiohttp.InvalidURL() | UnicodeError():
            kind, said = "dns", f"the url names no host that can be looked up: {_reason(error)}"
        case aiohttp.ClientConnectorCertificateError():
            kind, said = "tls", f"no TLS with {_place(error)}: {_reason(error.certificate_error)}"
        case aiohttp.ClientSSLError():
            kind, said = "tls", f"no TLS with {_place(error)}: {_reason(error.os_error)}"
        case ssl.SSLError():
            kind, said = "tls", f"TLS broke: {_reason(error)}"
        case aiohttp.ClientConnectorError(os_error=ConnectionResetError() as cause):
            kind, said = "reset", f"{_place(error)} reset the connection: {_reason(cause)}"
        case aiohttp.ClientConnectorError():
            kind, said = "connect", f"no connection to {_place(error)}: {_reason(error.os_error)}"
        case aiohttp.ServerDisconnectedError():
            kind, said = "reset", "the connection was closed without an answer"
        case aiohttp.ClientPayloadError():
            kind, said = "reset", f"the answer ended early: {_reason(error)}"
        case aiohttp.ClientResponseError():
            return _protocol(error.message)
        case aiohttp.ClientOSError() | ConnectionError():
            kind, said = "reset", f"the connection broke: {_reason(error)}"
        case _:
            kind, said = "protocol", f"{type(error).__name__}: {_reason(error)}"
    return TransportError(type=kind, message=_one_line(said))


def _protocol(said: str) -> TransportError:
    return TransportError(type="protocol", message=_one_line(f"the answer is not HTTP: {said}"))


def _place(error: aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError) -> str:
    return f"[{error.host}]:{error.port}" if ":" in error.host else f"{error.host}:{error.port}"


def _reason(error: Exception) -> str:
    """Why, in the system's own words: what asyncio and aiohttp add repeats the address."""
    if isinstance(error, ssl.SSLError):
        said = getattr(error, "verify_message", "") or (error.reason or "").replace("_", " ").lower()
        return said or str(error)
    if isinstance(error, OSError):
        number = 0 if isinstance(error, socket.gaierror) else error.errno or 0
        if os.name == "posix" and number in errno.errorcode:
            return os.strerror(number)
        if error.strerror:
            return error.strerror
    return str(error) or type(error).__name__


def _one_line(said: str) -> str:
    """*said* without line breaks, and no longer than somebody reads: it may hold what a subscriber sent."""
    said = " ".join(said.split())
    return said if len(said) <= _LONGEST_MESSAGE else said[: _LONGEST_MESSAGE - 1] + "…"


class _Connector(aiohttp.TCPConnector):
    """Never hands out a kept connection that is of no use any more, and notes how long connecting took.

    aiohttp's own tracing would cost every request more.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._kept: WeakSet[Any] = WeakSet()  # the connections that were handed out before

    async def connect(
        self, req: ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> PooledConnection:
        began = perf_counter()
        connection = await super().connect(req, traces, timeout)
        # One that has just been made is used as it is: whatever comes of it is the
        # subscriber's answer.  Of the kept ones there are only so many.
        while (protocol := connection.protocol) in self._kept and _stale(connection):
            connection.close()
            connection = await super().connect(req, traces, timeout)
        self._kept.add(protocol)
        phases = _phases.get({})
        phases["connect"] = (perf_counter() - began) * 1000 - phases.get("dns", 0.0)
        return connection


def _stale(connection: PooledConnection) -> bool:
    """Whether a kept connection is at its end, though the loop may not have noticed yet.

    A request sent on it would fail without having been seen, and it must not be sent
    again: nobody could say that it was not seen.
    """
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None or protocol.should_close:
        return True  # should_close: it spoke without being asked; its answer to the next request is not one
    number = transport.get_extra_info("socket").fileno()
    if number < 0:
        return True
    # On plain HTTP nobody may speak before us, so anything to be read is the end.
    # TLS has words of its own: there, only the end itself is.
    plain = transport.get_extra_info("sslcontext") is None
    if not hasattr(select, "poll"):  # Windows
        return plain and bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN if plain else getattr(select, "POLLRDHUP", 0))
    return bool(poll.poll(0))


class _TimedResolver(AbstractResolver):
    """Notes how long looking a name up took."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        began = perf_counter()
        try:
            return await self._inner.resolve(host, port, family)
        finally:
            _phases.get({})["dns"] = (perf_counter() - began) * 1000

    async def close(self) -> None:
        await self._inner.close()
