"""Work that is only worth doing while somebody waits for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from aiohttp import web

from sandbox.web.problem import Refused

T = TypeVar("T")

STOPPING: Final = web.AppKey("stopping", asyncio.Event)
"""Set as soon as the server stops: nothing that waits goes on waiting."""

_LOOK_AGAIN: Final = 1.0  # seconds until a client that went away is noticed


async def while_wanted(request: web.Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of *work*; it is cancelled when the client goes away, or the server stops."""
    task = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(request.app[STOPPING].wait())
    try:
        while not task.done():
            await asyncio.wait({task, stopping}, timeout=_LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                break
            if stopping.done():
                raise Refused(503, "the server is stopping", close=True)
            if request.transport is None or request.transport.is_closing():
                raise ConnectionResetError("the client went away")
        return await task
    finally:
        stopping.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
