"""The application on its port: bound, watched for clients that dawdle, stopped at once."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from sandbox.core.errors import CannotRun
from sandbox.web.guard import dress
from sandbox.web.options import Options
from sandbox.web.problem import Refused, problem_response

SPOKEN: Final = web.AppKey("spoken", set[object])
"""The connections on which a request has arrived whole: these are in no hurry."""

_log: Final = logging.getLogger("wexio_sandbox.web.http")
# aiohttp logs a traceback for what it cannot read as HTTP, with the text: answering 400 is enough.
_log.addFilter(lambda line: not (line.exc_info and isinstance(line.exc_info[1], HttpProcessingError)))

STREAMING: Final = web.AppKey("streaming", set[object])
"""Those that follow the live stream, which sees to it by itself that it is read."""

_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_UNREADABLE: Final = "this is no HTTP/1.1 that can be read: look at the request line and the headers"
_A_LITTLE: Final = 64 * 1024  # bytes
_GRACE: Final = 0.2  # seconds for answers under way when the server stops, and again for their tidying up


class _Handler(web.RequestHandler):
    """Tells what cannot be read as HTTP, and its own failures, as everything else is told."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        super().handle_error(request, status, exc, message)  # logs it; raises where an answer has begun
        why = _UNREADABLE if status < 500 else "the sandbox has failed here: its log says how"
        answer = problem_response(Refused(status, why, close=True))
        dress(answer)
        return answer


@asynccontextmanager
async def listening(
    app: web.Application, *, host: str = "127.0.0.1", port: int = 0, options: Options | None = None
) -> AsyncIterator[str]:
    """*app* on *port* (0: a free one) of *host* for the length of a block; gives its address.

    Raises `CannotRun` where the port cannot be had.
    """
    options = options or Options()
    runner = web.AppRunner(app, shutdown_timeout=_GRACE)
    bound = _bind(host, port)

    def handler() -> web.RequestHandler:
        assert runner.server is not None
        return _Handler(
            runner.server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # the application has its own
            auto_decompress=False,  # a small body must not become a large one
            keepalive_timeout=options.keepalive_timeout,
            lingering_time=2.0,
            logger=_log,
        )

    loop = asyncio.get_running_loop()
    try:
        await runner.setup()
        door = await loop.create_server(handler, sock=bound, backlog=128)
    except BaseException:
        bound.close()
        await runner.cleanup()
        raise
    assert runner.server is not None
    watch = asyncio.create_task(_hurry(app, runner.server, options), name="wexio-sandbox-hurry")
    number = bound.getsockname()[1]
    try:
        yield f"http://[{host}]:{number}" if ":" in host else f"http://{host}:{number}"
    finally:
        door.close()
        watch.cancel()
        await asyncio.wait({watch})
        await runner.cleanup()


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise CannotRun(f"there is no address {host!r} here: {error.strerror}") from error
    bound = socket.socket(family, kind, number)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        taken = error.errno == errno.EADDRINUSE
        why = "is taken: choose another with --port" if taken else f"cannot be had: {error.strerror}"
        raise CannotRun(f"port {port} of {host} {why}") from error
    return bound


async def _hurry(app: web.Application, server: web.Server, options: Options) -> None:
    """Close connections whose first headers do not come, and those that do not take what they asked for."""
    loop, nothing = asyncio.get_running_loop(), asyncio.Event()
    since: dict[web.RequestHandler, float] = {}
    waiting: dict[web.RequestHandler, tuple[float, int]] = {}  # since when, with how many bytes
    patience, spoken, streaming = options.header_timeout, app[SPOKEN], app[STREAMING]
    while True:
        now, there = loop.time(), server.connections
        for known in (spoken, streaming):
            known.intersection_update(there)
        since = {connection: since.get(connection, now) for connection in there}
        waiting = {connection: kept for connection, kept in waiting.items() if connection in since}
        for connection in there:
            if connection not in spoken:
                if now - since[connection] >= patience:
                    if connection.transport is not None:
                        connection.transport.write(_TOO_SLOW)
                    connection.force_close()
            elif connection not in streaming and _dawdles(connection, waiting, now, options.send_timeout):
                assert connection.transport is not None
                connection.transport.abort()
        try:
            async with asyncio.timeout(min(1.0, patience / 4, options.send_timeout / 4)):
                await nothing.wait()
        except TimeoutError:
            continue


def _dawdles(
    connection: web.RequestHandler,
    waiting: dict[web.RequestHandler, tuple[float, int]],
    now: float,
    patience: float,
) -> bool:
    """Whether less than a little of an answer was taken in *patience* seconds; *waiting* is kept up."""
    transport = connection.transport
    left = transport.get_write_buffer_size() if isinstance(transport, asyncio.WriteTransport) else 0
    if not left:
        waiting.pop(connection, None)
        return False
    began, size = waiting.setdefault(connection, (now, left))
    if now - began < patience:
        return False
    waiting[connection] = now, left
    return size - left < _A_LITTLE
