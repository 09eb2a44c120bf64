"""The way to disk: one batch at a time, handed over when somebody waits for it or a moment has passed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from sandbox.core.errors import UsageError
from sandbox.store.batch import Batch, Marks, write
from sandbox.store.file import File, in_words
from sandbox.store.scribe import Scribe

T = TypeVar("T")

_LINGER: Final = 0.004  # seconds that a batch waits for more, when nobody waits for it


class Writer:
    """Takes a scribe's batches to the file, in the writer's thread; *tell* is called after each.

    Everything that commits while one batch is being written shares the next one.
    """

    def __init__(
        self, file: File, scribe: Scribe, thread: ThreadPoolExecutor, tell: Callable[[], None]
    ) -> None:
        self._file, self._scribe, self._thread, self._tell = file, scribe, thread, tell
        self._loop = asyncio.get_running_loop()
        self._marks = Marks()
        self._waiting: list[asyncio.Future[None]] = []  # for the batch at hand
        self._busy: list[asyncio.Future[None]] | None = None  # for the one being written
        self._timer: asyncio.Handle | None = None
        self._closed = False
        self.durable = scribe.seq  # the last entry on disk
        self.trouble: BaseException | None = None
        self.broken: asyncio.Future[None] = self._loop.create_future()  # done as soon as there is trouble

    def check(self) -> None:
        """Raises where nothing can be written any more."""
        if self.trouble is not None:
            raise self.trouble
        if self._closed:
            raise UsageError("the journal is closed: nothing can be appended any more")

    def news(self) -> None:
        """Something was put into the batch."""
        if self._timer is None and self._busy is None:
            self._timer = self._loop.call_later(_LINGER, self._hand_over)

    async def commit(self) -> None:
        """Return when everything in the batch, and before it, is on disk."""
        if self.trouble is not None:
            raise self.trouble
        done = self._loop.create_future()
        if self._scribe.batch:
            self._waiting.append(done)
            if self._busy is None and len(self._waiting) == 1:
                if self._timer is not None:
                    self._timer.cancel()
                # Soon and not now: whoever else commits in this turn of the loop comes along.
                self._timer = self._loop.call_soon(self._hand_over)
        elif self._busy is not None:
            self._busy.append(done)
        else:
            return
        await done

    def close(self) -> None:
        """Nothing more will come; what there is goes to disk."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._hand_over()

    def fail(self, error: BaseException) -> None:
        """Nothing can be written any more: so say to all who wait, and to all who come."""
        if isinstance(error, sqlite3.Error | OSError):
            said = in_words(self._file.path, error)
            said.__cause__ = error
            error = said
        self.trouble = error
        if not self.broken.done():
            self.broken.set_result(None)
        waiting, self._waiting, self._busy = [*(self._busy or ()), *self._waiting], [], None
        for done in waiting:
            if not done.done():
                done.set_exception(error)
        self._tell()

    def _hand_over(self) -> None:
        self._timer = None
        if self._busy is not None or self.trouble is not None or not self._scribe.batch:
            return
        batch = self._scribe.turn()
        self._busy, self._waiting = self._waiting, []
        work = self._loop.run_in_executor(self._thread, write, self._file, batch, self._marks)
        work.add_done_callback(partial(self._written, batch))

    def _written(self, batch: Batch, work: asyncio.Future[None]) -> None:
        if error := work.exception():
            self.fail(error)
            return
        waiting, self._busy = self._busy or (), None
        self.durable = max(self.durable, batch.seq)
        for done in waiting:
            if not done.done():
                done.set_result(None)
        if self._scribe.batch:
            if self._waiting or self._closed:
                self._hand_over()
            else:
                self.news()
        self._tell()
