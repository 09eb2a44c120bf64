"""Sends one request and says what became of it.

Whatever a subscriber does is an `Outcome`, a value: nothing that comes from the
other side raises here.  The only module that imports aiohttp's client.
"""

from __future__ import annotations

import select
import socket
import ssl
from contextvars import ContextVar
from datetime import timedelta
from time import perf_counter
from typing import Any, Final, Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection as PooledConnection

from sandbox.core.durations import format_duration
from sandbox.core.model import ErrorType, Exchange, Outcome, Request, Response, TransportError

BODY_LIMIT: Final = 64 * 1024
"""How much of an answer is read; its sender may go on for ever."""

IDLE_SECONDS: Final = 1.0
# How long an unused connection is kept.  Node and uvicorn close theirs after 5 s,
# exactly the first delay of the assumed ladder: attempt 2 would meet a closing socket.

_STALE_TRIES: Final = 8

_phases: ContextVar[dict[str, float]] = ContextVar("phases")


class Transport(Protocol):
    """The way to a subscriber."""

    async def send(self, request: Request, *, timeout: timedelta) -> Exchange:
        """POST *request*; its outcome comes within *timeout* of real time."""

    async def close(self) -> None:
        """Let go of every connection."""


class HttpTransport:
    """HTTP/1.1 by aiohttp: one session, connections kept for a second."""

    def __init__(self, *, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None
        self._timeouts: dict[timedelta, aiohttp.ClientTimeout] = {}

    async def send(self, request: Request, *, timeout: timedelta) -> Exchange:
        timing: dict[str, float] = {}
        _phases.set(timing)
        session = self._session or self._open()
        began = perf_counter()
        try:
            async with session.post(
                request.url,
                data=request.body,
                headers=request.headers,
                allow_redirects=False,
                timeout=self._limit(timeout),
            ) as answer:
                answered = perf_counter()
                timing["wait"] = (answered - began) * 1000 - timing.get("connect", 0.0)
                body, truncated = await _read(answer)
                timing["read"] = (perf_counter() - answered) * 1000
                headers = tuple((_text(name), _text(value)) for name, value in answer.raw_headers)
                if truncated:
                    answer.close()
                outcome: Outcome = Response(
                    status=answer.status, headers=headers, body=body, truncated=truncated
                )
        except Exception as error:  # noqa: BLE001 - whatever a subscriber makes the client raise is an outcome
            outcome = _explain(error, timeout)
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
            connector=_TimedConnector(limit=0, keepalive_timeout=IDLE_SECONDS, resolver=resolver),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
            auto_decompress=False,
            trust_env=False,
        )
        return self._session

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


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _explain(error: Exception, timeout: timedelta) -> TransportError:
    """Put what the client raised into the words of the journal."""
    said = str(error) or type(error).__name__
    kind: ErrorType
    match error:
        case TimeoutError():
            kind, said = "timeout", f"no complete answer within {format_duration(timeout)}"
        case aiohttp.ClientConnectorDNSError():
            kind, said = "dns", f"the name {error.host} could not be resolved: {_reason(error.os_error)}"
        case aiohttp.ClientSSLError() | aiohttp.ClientConnectorCertificateError() | ssl.SSLError():
            kind = "tls"
        case aiohttp.ClientConnectorError(os_error=ConnectionResetError() as cause):
            kind, said = "reset", f"{error.host}:{error.port} reset the connection: {_reason(cause)}"
        case aiohttp.ClientConnectorError():
            kind, said = "connect", f"no connection to {error.host}:{error.port}: {_reason(error.os_error)}"
        case aiohttp.ServerDisconnectedError():
            kind, said = "reset", "the connection was closed without an answer"
        case aiohttp.ClientPayloadError():
            kind, said = "reset", f"the answer ended early: {said}"
        case aiohttp.ClientResponseError():
            kind, said = "protocol", f"the answer is not HTTP: {error.message}"
        case aiohttp.ClientOSError() | ConnectionError():
            kind, said = "reset", f"the connection broke: {_reason(error)}"
        case _:
            kind, said = "protocol", f"{type(error).__name__}: {said}"
    return TransportError(type=kind, message=said)


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


class _TimedConnector(aiohttp.TCPConnector):
    """Notes how long connecting took: aiohttp's own tracing would cost every request more."""

    async def connect(
        self, req: ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> PooledConnection:
        began = perf_counter()
        connection = await super().connect(req, traces, timeout)
        for _ in range(_STALE_TRIES):
            if not _stale(connection):
                break
            connection.close()
            connection = await super().connect(req, traces, timeout)
        _phases.get({})["connect"] = (perf_counter() - began) * 1000
        return connection


def _stale(connection: PooledConnection) -> bool:
    """Whether a kept connection was closed by the other side, though the loop has not noticed yet.

    Nobody may speak before us on plain HTTP, so anything to be read is the end.
    """
    transport = connection.transport
    if transport is None or transport.get_extra_info("sslcontext") is not None:
        return False
    number = transport.get_extra_info("socket").fileno()
    if number < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
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
