"""The built-in subscriber: verifies, answers by a script, records.

For people who have no receiver yet, and for tests.  Verification is reported and
never changes a scripted answer, unless it is told to *enforce*.  What it knows of
a request it reads off the wire; it shares nothing with the sending side.

An outage of a script runs on the scenario's clock: whoever plays the scenario
calls `Subscriber.fail` and `Subscriber.recover`.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import re
import socket
import struct
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any, Final, Literal, Self

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from sandbox.core.errors import CannotRun, UsageError
from sandbox.core.model import Headers
from sandbox.core.profile import SIGNATURE_HEADER, SignatureProfile
from sandbox.core.scenario import Answer, SubscriberScript
from sandbox.core.signing import Check, check

LARGEST_BODY: Final = 1024 * 1024

_DEFAULT_SCRIPT: Final = SubscriberScript()
_DEFAULT_RULES: Final = SignatureProfile()
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING: Final = frozenset({"content-length", "transfer-encoding", "connection"})
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class _NotOurBug(logging.Filter):
    """aiohttp logs a traceback for what it cannot read as HTTP; answering 400 is enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_log = logging.getLogger("wexio_sandbox.subscriber")
_log.addFilter(_NotOurBug())


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request that came in, what it said about itself, and what was answered."""

    headers: Headers  # wire order and spelling; bytes that are not UTF-8 are surrogate-escaped
    body: bytes
    check: Check | None  # None: nothing to check it with
    verified: bool | None  # check.valid, or None
    event_id: str | None  # these four from the body, else the headers, else None
    event: str | None
    connection_id: str | None
    attempt: int | None
    number: int  # requests so far for this (connection, event), from 1
    answer: Answer


class Subscriber:
    """A receiver on a real socket.

    ``async with Subscriber(now=time.time) as subscriber:`` listens from the first line
    of the block.  *secrets* is one secret for all connections, or a mapping from
    connection id to secret, which is read anew for each request; *now* gives the
    wall clock's Unix time.  *on_request* is called with each request once it has
    been recorded and before it is answered.  The last *keep* requests are kept in
    ``requests``; requests are counted for the last *remember* (connection, event)s.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float],
        script: SubscriberScript = _DEFAULT_SCRIPT,
        secrets: Mapping[str, str] | str | None = None,
        rules: SignatureProfile = _DEFAULT_RULES,
        on_request: Callable[[Received], None] | None = None,
        keep: int = 1000,
        remember: int = 100_000,
        enforce: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,  # noqa: TID251 - a slow answer takes real time
    ) -> None:
        if secrets == "":
            raise UsageError("the secret is empty: give one, or None to verify nothing")
        self.requests: deque[Received] = deque(maxlen=keep)
        self._now = now
        self._answers = _script(script.respond)
        self._secrets = secrets
        self._rules = rules
        self._on_request = on_request
        self._remember = remember
        self._enforce = enforce
        self._host = host
        self._port = port
        self._sleep = sleep

        self._counts: OrderedDict[tuple[str | None, str | None], int] = OrderedDict()
        self._total = 0
        self._waiters: set[asyncio.Event] = set()
        self._outage: int | Literal["down"] | None = None
        self._silent: set[asyncio.Transport] = set()  # left without an answer on purpose
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._placeholder: socket.socket | None = None
        self._bound_port: int | None = None
        self._switching = asyncio.Lock()

    # --- where -------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The port it listens on, or will again after an outage."""
        if self._bound_port is None:
            raise UsageError("the subscriber has not been started: it has no port yet")
        return self._bound_port

    @property
    def url(self) -> str:
        """Where to deliver to; every path is taken."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self._host, self._host)
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"

    # --- its life ----------------------------------------------------------------

    async def start(self) -> None:
        """Listen; raises `CannotRun` if the port cannot be had."""
        if self._server is not None:
            raise UsageError("the subscriber is already running")
        self._server = web.Server(
            self._handle,
            handler_cancellation=True,  # a client that goes away ends its silent answer
            access_log=None,
            auto_decompress=False,  # the bytes that were signed are those on the wire
            lingering_time=2.0,
            logger=_log,
        )
        try:
            await self._listen(self._port)
        except CannotRun:
            self._server = None
            raise

    async def close(self) -> None:
        """Stop at once: answers under way get a moment, silent ones none."""
        async with self._switching:
            server, self._server = self._server, None
            self._stop_listening()
            self._release_placeholder()
            self._outage = None
            if server is None:
                return
            for transport in list(self._silent):
                transport.abort()
            server.pre_shutdown()
            await server.shutdown(timeout=0.05)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- what it answers ---------------------------------------------------------

    def respond(self, *answers: int | str | Answer) -> None:
        """Replace the script: a status, ``"timeout"``, ``"reset"`` or an `Answer` each; the last repeats.

        Every (connection, event) is counted from 1 again.  Raises `UsageError`.
        """
        self._answers = _script(answers)
        self._counts.clear()

    async def fail(self, status: int | Literal["down"]) -> None:
        """Begin an outage: every request gets *status*, or ``down`` closes the port until `recover`."""
        async with self._switching:
            server = self._running()
            if status != "down":
                _check_status(status)
                await self._reopen()
            elif self._placeholder is None:
                self._stop_listening()
                self._placeholder = self._hold_port()
                for connection in server.connections:
                    if connection.transport is not None:
                        connection.transport.abort()
            self._outage = status

    async def recover(self) -> None:
        """End the outage; after ``down``, on the same port."""
        async with self._switching:
            self._running()
            await self._reopen()
            self._outage = None

    # --- what came in ------------------------------------------------------------

    async def wait_for(self, n: int, timeout: float = 5) -> list[Received]:
        """The first *n* requests, as soon as they have come; of these, those still kept.

        Raises `TimeoutError`, saying how many came, after *timeout* seconds of real time.
        """
        arrived = asyncio.Event()
        self._waiters.add(arrived)
        try:
            async with asyncio.timeout(timeout):
                while self._total < n:
                    arrived.clear()
                    await arrived.wait()
        except TimeoutError:
            raise TimeoutError(f"{self._total} of {n} requests came within {timeout:g}s") from None
        finally:
            self._waiters.discard(arrived)
        forgotten = self._total - len(self.requests)
        return list(islice(self.requests, max(n - forgotten, 0)))

    # --- one request -------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if transport is None or self._outage == "down" or self._server is None:
            # Accepted in the very moment in which the port was closed.
            return await self._say_nothing(transport, abort=True)
        if request.method != "POST":
            return _response(405, {"Allow": "POST"}, "Wexio posts its events here.\n")
        body = await _read(request)
        if body is None:
            return _response(400, {}, "The body could not be read.\n", close=True)
        if len(body) > LARGEST_BODY:
            too_large = Answer(status=413)
            self._record(request, body[:LARGEST_BODY], None, too_large)
            return _response(413, {}, f"Bodies up to {LARGEST_BODY} bytes are taken.\n", close=True)

        received = self._record(request, body)
        answer = received.answer
        if answer.after:
            await self._sleep(answer.after.total_seconds())
        if not isinstance(answer.status, int):
            return await self._say_nothing(transport, abort=answer.status == "reset")
        refused = answer.status == 401 and self._refuses(received.check) and received.check is not None
        return _response(answer.status, answer.headers, f"{received.check.says}\n" if refused and received.check else "")

    async def _say_nothing(self, transport: asyncio.Transport | None, *, abort: bool) -> web.StreamResponse:
        """Never return: the end of the connection, which may be now, cancels the waiting."""
        if transport is not None:
            self._silent.add(transport)
        try:
            if abort and transport is not None:
                _reset(transport)
            return await asyncio.get_running_loop().create_future()
        finally:
            if transport is not None:
                self._silent.discard(transport)
