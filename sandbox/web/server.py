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
from sandbox.web.options import Options

SPOKEN: Final = web.AppKey("spoken", set[object])
"""The connections on which a request has arrived whole: these are in no hurry."""

_log: Final = logging.getLogger("wexio_sandbox.web.http")
# aiohttp logs a traceback for what it cannot read as HTTP, with the text: answering 400 is enough.
_log.addFilter(lambda line: not (line.exc_info and isinstance(line.exc_info[1], HttpProcessingError)))

_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_GRACE: Final = 0.2  # seconds for answers under way when the server stops, and again for their tidying up


@asynccontextmanager
async def listening(
    app: web.Application, *, host: str = "127.0.0.1", port: int = 0, options: Options | None = None
) -> AsyncIterator[str]:
    """*app* on *port* (0: a free one) of *host* for the length of a block; gives its address.

    Raises `CannotRun` where the port cannot be had.
    """
    options = options or Options()
    runner = web.AppRunner(
        app,
        access_log=None,  # the application has its own
        auto_decompress=False,  # a small body must not become a large one
        keepalive_timeout=options.keepalive_timeout,
        lingering_time=2.0,
        logger=_log,
        shutdown_timeout=_GRACE,
    )
    bound = _bind(host, port)
    try:
        await runner.setup()
        await web.SockSite(runner, bound).start()
    except BaseException:
        bound.close()
        await runner.cleanup()
        raise
    assert runner.server is not None
    watch = asyncio.create_task(
        _hurry(app, runner.server, options.header_timeout), name="wexio-sandbox-hurry"
    )
    number = bound.getsockname()[1]
    try:
        yield f"http://[{host}]:{number}" if ":" in host else f"http://{host}:{number}"
    finally:
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


async def _hurry(app: web.Application, server: web.Server, patience: float) -> None:
    """Close connections that have not sent the headers of a first request within *patience* seconds."""
    loop, nothing = asyncio.get_running_loop(), asyncio.Event()
    since: dict[object, float] = {}
    spoken = app[SPOKEN]
    while True:
        now, there = loop.time(), server.connections
        spoken.intersection_update(there)
        since = {connection: since.get(connection, now) for connection in there}
        for connection in there:
            if connection in spoken or now - since[connection] < patience:
                continue
            if connection.transport is not None:
                connection.transport.write(_TOO_SLOW)
            connection.force_close()
        try:
            async with asyncio.timeout(min(1.0, patience / 4)):
                await nothing.wait()
        except TimeoutError:
            continue
