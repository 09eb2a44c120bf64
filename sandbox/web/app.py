"""The application: the table's rows behind the guard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from time import perf_counter
from typing import Any, Final

from aiohttp import web

from sandbox.core.present import plain
from sandbox.web import metrics
from sandbox.web.api import ROUTES
from sandbox.web.guard import GUARD, Guard, secure
from sandbox.web.options import Options
from sandbox.web.pages import UNLISTED
from sandbox.web.problem import problems
from sandbox.web.routes import bound
from sandbox.web.server import SPOKEN, STREAMING
from sandbox.web.shelf import Shelf
from sandbox.web.stream import STREAMS
from sandbox.web.tally import Tally
from sandbox.web.waiting import STOPPING
from sandbox.workspace import Workspace

log: Final = logging.getLogger("wexio_sandbox.web")

_OPEN: Final = {route.path for route in ROUTES if route.open}


def make_app(workspace: Workspace, options: Options | None = None) -> web.Application:
    """The application for *workspace*, which is open and outlives it."""
    options = options or Options()
    guard = Guard(options, is_open=lambda path: path in _OPEN or path.startswith("/static/"))
    app = web.Application(middlewares=[_logged, problems, guard.middleware])
    app[GUARD] = guard
    app[STREAMS] = set[asyncio.Task[None]]()
    app[STOPPING] = asyncio.Event()
    app[SPOKEN] = set[object]()
    app[STREAMING] = set[object]()
    tally = Tally()
    metrics.register(tally.registry, workspace, tally)
    shelf = Shelf(options.scenarios, environ=options.environ, profile=workspace.profile)
    for route in (*ROUTES, *UNLISTED):
        handler = bound(route, workspace=workspace, options=options, tally=tally, shelf=shelf)
        app.router.add_route(route.method, route.path, handler)
        if route.method == "GET":
            app.router.add_route("HEAD", route.path, handler)
    app.on_response_prepare.append(secure)
    app.on_shutdown.append(_end_streams)
    app.cleanup_ctx.append(_counting(workspace, tally))
    return app


def _counting(workspace: Workspace, tally: Tally) -> Any:
    async def counting(app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(
            tally.follow(workspace.journal, after=workspace.journal.seq), name="wexio-sandbox-tally"
        )
        yield
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and (bug := task.exception()) is not None:
            raise bug

    return counting


async def _end_streams(app: web.Application) -> None:
    # An open stream, or a wait, would hold the shutdown for as long as it is allowed to.
    app[STOPPING].set()
    streams = app[STREAMS].copy()
    for stream in streams:
        stream.cancel()
    if streams:
        await asyncio.wait(streams, timeout=1)


@web.middleware
async def _logged(request: web.Request, handler: Any) -> web.StreamResponse:
    """One line for each request: never its query, headers or body, which may hold secrets."""
    began, status = perf_counter(), 0
    request.app[SPOKEN].add(request.protocol)
    path = plain(request.path[:200])  # one line, in which no terminal obeys anything
    try:
        response: web.StreamResponse = await handler(request)
        status = response.status
    finally:
        log.info(
            "%s %s %s",
            request.method,
            path,
            status or "unanswered",
            extra={
                "method": request.method,
                "path": path,
                "status": status or None,
                "elapsed_ms": round((perf_counter() - began) * 1000, 3),
                "remote": request.remote,
            },
        )
    return response
