"""The built-in subscriber: verifies, answers by a script, records.

For people who have no receiver yet, and for tests.  Verification is reported and
never changes a scripted answer, unless it is told to *enforce*: then it refuses what
a right consumer refuses, a signature that does not hold (401) and a body that is no
event (400).  What it knows of a request it reads off the wire; it shares nothing with
the sending side.

An outage of a script runs on the scenario's clock: whoever plays the scenario
calls `Subscriber.fail` and `Subscriber.recover`.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import struct
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from itertools import islice
from typing import Final, Literal, Self

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict

from sandbox.clock import breathe
from sandbox.core.answers import script as read_script
from sandbox.core.answers import status_code
from sandbox.core.claims import claims
from sandbox.core.errors import CannotRun, UsageError
from sandbox.core.profile import SignatureProfile
from sandbox.core.received import Received, checked
from sandbox.core.scenario import Answer, SubscriberScript
from sandbox.core.signing import Check

LARGEST_BODY: Final = 1024 * 1024

_DEFAULT_SCRIPT: Final = SubscriberScript()
_DEFAULT_RULES: Final = SignatureProfile()
_AS_TEXT: Final = ("utf-8", "surrogateescape")
_RESET_ON_CLOSE: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
_REACHED_AT: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
_REFUSED: Final = Answer(status=401)
_NO_EVENT: Final = Answer(status=400)


_log = logging.getLogger("wexio_sandbox.subscriber")
# aiohttp logs a traceback for what it cannot read as HTTP; answering 400 is enough.
_log.addFilter(lambda line: not (line.exc_info and isinstance(line.exc_info[1], HttpProcessingError)))


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
        self._answers = read_script(script.respond)
        self.next: deque[Answer] = deque()  # what the next requests get, whichever they are
        self._secrets = secrets
        self._rules = rules
        self._on_request = on_request
        self._remember = remember
        self._enforce = enforce
        self._host = host
        self._port = port
        self._sleep = sleep
        self._counts: OrderedDict[tuple[str | None, str | None], int] = OrderedDict()
        self._waiters: set[asyncio.Event] = set()
        self._outage: int | Literal["down"] | None = None
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._placeholder: socket.socket | None = None
        self._bound_port: int | None = None
        self._switching = asyncio.Lock()

    @property
    def port(self) -> int:
        """The port it listens on, or will again after an outage."""
        if self._bound_port is None:
            raise UsageError("the subscriber has not been started: it has no port yet")
        return self._bound_port

    @property
    def url(self) -> str:
        """Where to deliver to; every path is taken."""
        host = _REACHED_AT.get(self._host, self._host)
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What it answers, by requests seen of each event; the last one repeats."""
        return self._answers

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
            await self._listen(self._server, self._port)
        except CannotRun:
            self._server = None
            raise

    async def close(self) -> None:
        """Stop at once; answers under way get a moment."""
        async with self._switching:
            server, self._server = self._server, None
            self._let_go()
            self._outage = None
            if server is not None:
                server.pre_shutdown()
                await server.shutdown(timeout=0.05)  # twice: for the answers, then for their cancelling

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.close()

    def respond(self, *answers: int | str | Answer) -> None:
        """Replace the script: a status, ``"timeout"``, ``"reset"`` or an `Answer` each; the last repeats.

        Every (connection, event) is counted from 1 again.  Raises `UsageError`.
        """
        self._answers = read_script(answers)
        self._counts.clear()

    def verify(self, secrets: Mapping[str, str] | str) -> None:
        """Check signatures with these from now on."""
        self._secrets = secrets

    def answer_next(self, *answers: Answer) -> None:
        """Answer the next requests so, one each, whichever they are; then the script goes on."""
        self.next = deque(answers)

    async def fail(self, status: int | Literal["down"]) -> None:
        """Begin an outage: every request gets *status*, or ``down`` closes the port until `recover`."""
        if status != "down":
            await self._change(status_code(status))
            return
        async with self._switching:
            server = self._running()
            self._outage = "down"
            if self._listener is not None:
                await _accept_no_more(self._listener)
                self._let_go()
                self._placeholder = self._hold_port()
            for connection in server.connections:
                if connection.transport is not None:
                    connection.transport.abort()
            # Until they are gone: a client of this loop must not take one for alive afterwards.
            await server.shutdown(timeout=0.05)

    async def recover(self) -> None:
        """End the outage; after ``down``, on the same port."""
        await self._change(None)

    async def _change(self, outage: int | None) -> None:
        async with self._switching:
            server = self._running()
            self._outage = outage
            if self._listener is None:
                self._let_go()
                await self._listen(server, self.port)

    async def wait_for(self, n: int, timeout: float = 5) -> list[Received]:
        """The first *n* of ``requests``, as soon as they are there.

        Raises `TimeoutError`, saying how many came, after *timeout* seconds of real time.
        """
        if self.requests.maxlen is not None and n > self.requests.maxlen:
            raise UsageError(f"only the last {self.requests.maxlen} requests are kept: {n} are never there")
        arrived = asyncio.Event()
        self._waiters.add(arrived)
        try:
            async with asyncio.timeout(timeout):
                while len(self.requests) < n:
                    arrived.clear()
                    await arrived.wait()
        except TimeoutError:
            raise TimeoutError(f"{len(self.requests)} of {n} requests came within {timeout:g}s") from None
        finally:
            self._waiters.discard(arrived)
        return list(islice(self.requests, n))

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._outage == "down" or self._server is None:
            # Accepted in the very moment in which the port was closed.
            return await _say_nothing(request, reset=True)
        if request.method != "POST":
            return _response(405, {"Allow": "POST"}, "Wexio posts its events here.\n")
        body = await _read(request)
        if body is None:
            return _response(400, {}, "The body could not be read.\n", close=True)
        if len(body) > LARGEST_BODY:
            self._record(request, body[:LARGEST_BODY], cut=True)
            return _response(413, {}, f"At most {LARGEST_BODY} bytes are taken.\n", close=True)

        received = self._record(request, body)
        answer = received.answer
        if answer.after:
            await self._sleep(answer.after.total_seconds())
        if not isinstance(answer.status, int):
            return await _say_nothing(request, reset=answer.status == "reset")
        return _response(answer.status, answer.headers, _refusal(received))

    def _record(self, request: web.BaseRequest, body: bytes, *, cut: bool = False) -> Received:
        headers = tuple((name.decode(*_AS_TEXT), it.decode(*_AS_TEXT)) for name, it in request.raw_headers)
        said = claims(headers, body)
        number = self._count(said.connection_id, said.event_id)
        # Of a body that was cut off, nobody can say whether it was signed.
        judged, case = (
            (None, None)
            if cut
            else checked(said, headers, body, secrets=self._secrets, rules=self._rules, now=self._now())
        )
        received = Received(
            headers=headers,
            body=body,
            check=judged,
            verified=None if judged is None else judged.valid,
            event_id=said.event_id,
            event=said.event,
            connection_id=said.connection_id,
            attempt=said.attempt,
            no_event=None if cut else said.no_event,
            number=number,
            answer=Answer(status=413) if cut else self._answer(number, judged, said.no_event),
            case=None if judged is None or judged.valid else case,
        )
        self.requests.append(received)
        for waiter in self._waiters:
            waiter.set()
        if self._on_request is not None:
            self._on_request(received)
        return received

    def _answer(self, number: int, judged: Check | None, no_event: str | None) -> Answer:
        if isinstance(self._outage, int):
            return Answer(status=self._outage)
        if self._enforce and judged is not None and not judged.valid:
            return _REFUSED
        if self._enforce and no_event is not None:
            return _NO_EVENT
        if self.next:
            return self.next.popleft()
        return self._answers[min(number, len(self._answers)) - 1]

    def _count(self, connection_id: str | None, event_id: str | None) -> int:
        key = connection_id, event_id  # requests that name neither share one counter
        number = self._counts.pop(key, 0) + 1
        self._counts[key] = number
        if len(self._counts) > self._remember:
            self._counts.popitem(last=False)
        return number

    def _running(self) -> web.Server:
        if self._server is None:
            raise UsageError("the subscriber is not running")
        return self._server

    async def _listen(self, server: web.Server, port: int) -> None:
        bound = self._bind(port)
        self._listener = await asyncio.get_running_loop().create_server(server, sock=bound, backlog=1024)
        self._bound_port = bound.getsockname()[1]

    def _bind(self, port: int) -> socket.socket:
        bound = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET)
        try:
            if os.name == "posix":  # connections of a moment ago do not hold the port
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((self._host, port))
        except OSError as error:
            bound.close()
            taken = error.errno == errno.EADDRINUSE
            why = (
                "is taken: choose another, or 0 for a free one"
                if taken
                else f"cannot be had: {error.strerror}"
            )
            raise CannotRun(f"port {port} of {self._host} {why}") from error
        return bound

    def _hold_port(self) -> socket.socket:
        # Bound, but not listening: connections are refused, and nobody else gets the
        # port; nor does a client's own end, which on loopback could connect to itself.
        held = self._bind(self.port)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        return held

    def _let_go(self) -> None:
        if self._listener is not None:
            self._listener.close()
        if self._placeholder is not None:
            self._placeholder.close()
        self._listener = self._placeholder = None


async def _accept_no_more(listener: asyncio.Server) -> None:
    # asyncio makes its transports a turn after it has accepted; a listener that is closed
    # in between forgets the connection, open as it is, and its client waits in vain.
    for bound in listener.sockets:
        with suppress(NotImplementedError):  # where a loop accepts in another way
            asyncio.get_running_loop().remove_reader(bound.fileno())
    for _ in range(3):
        await breathe()


async def _read(request: web.BaseRequest) -> bytes | None:
    """The body, or a little more than `LARGEST_BODY` of it; None if it does not arrive as HTTP has it."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun
    body = bytearray()
    try:
        while len(body) <= LARGEST_BODY and (chunk := await request.content.readany()):
            body += chunk
    except (web.RequestPayloadError, ConnectionError):
        return None
    return bytes(body)


async def _say_nothing(request: web.BaseRequest, *, reset: bool) -> web.StreamResponse:
    """Never return: the end of the connection cancels this, and a *reset* is that end."""
    if reset and request.transport is not None:
        wire = request.transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        request.transport.abort()
    silence: asyncio.Future[web.StreamResponse] = asyncio.get_running_loop().create_future()
    return await silence


def _refusal(received: Received) -> str:
    """Why it was refused, as the answer's text; nothing where a script has answered."""
    if received.answer is _REFUSED and received.diagnosis is not None:
        return f"{received.diagnosis.why}\n"
    return f"{received.no_event}\n" if received.answer is _NO_EVENT else ""


def _response(status: int, headers: Mapping[str, str], text: str, *, close: bool = False) -> web.Response:
    said = CIMultiDict({"Server": "wexio-sandbox"} | ({"Content-Type": "text/plain"} if text else {}))
    said.update(headers)
    response = web.Response(status=status, headers=said, body=text.encode())
    if close:
        response.force_close()
    return response
