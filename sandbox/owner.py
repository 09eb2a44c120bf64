"""One task that owns all the others of a sandbox, and with them its bugs.

Fixtures and servers set up and tear down in different tasks, which a TaskGroup does
not survive: so one task of its own enters the group and leaves it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from sandbox.core.errors import UsageError

T = TypeVar("T")


class Owner:
    """Runs work in the background until it is closed; one bug ends everything."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._group: asyncio.TaskGroup | None = None

    @property
    def task(self) -> asyncio.Task[None]:
        """Done as soon as a bug has ended everything."""
        assert self._task is not None, "open it first"
        return self._task

    async def open(self) -> None:
        """Begin to own."""
        ready: asyncio.Future[asyncio.TaskGroup] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._own(ready), name="wexio-sandbox")
        self._group = await ready

    async def _own(self, ready: asyncio.Future[asyncio.TaskGroup]) -> None:
        async with asyncio.TaskGroup() as group:
            ready.set_result(group)
            await asyncio.get_running_loop().create_future()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Run *work* in the background; nothing where the end has begun."""
        assert self._group is not None, "open it first"
        try:
            return self._group.create_task(work)
        except RuntimeError:  # a bug has just ended the group, and this fell due in the same breath
            work.close()
            return None

    async def unless_broken(self, work: Awaitable[T]) -> T:
        """The result of *work*, or the bug that ended everything meanwhile."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task, self.task}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                if self.task.cancelled():
                    raise UsageError("the sandbox was left meanwhile")
                await self.task
            return await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def close(self) -> BaseException | None:
        """Cancel everything and wait for its end; returns the bug that had ended it, if there was one."""
        self.task.cancel()
        await asyncio.wait({self.task})
        return None if self.task.cancelled() else self.task.exception()
