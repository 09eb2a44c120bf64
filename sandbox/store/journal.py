"""`SqliteJournal`: the journal on disk.

::

    append ─► scribe: numbers, folds, puts rows into the batch      on the loop, a few microseconds
                 │ somebody waits in `commit`, or a few milliseconds have passed
                 ▼
    the batch ─► one transaction, one fsync                         the writer's thread
                 │
                 ▼
    `commit` returns, followers wake, questions see it              the reader's thread answers

All state belongs to the loop; a batch is handed over whole, and comes back as done.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from sandbox.core.entries import Entry
from sandbox.core.errors import UsageError
from sandbox.core.ledger import Delivery, Pending
from sandbox.core.model import Status
from sandbox.store.answers import Page, Retention, Totals
from sandbox.store.file import MEMORY, File, in_words
from sandbox.store.lean import LeanLedger
from sandbox.store.opening import restore
from sandbox.store.reading import Filter, Reader
from sandbox.store.retention import Freed, Pruner, forget
from sandbox.store.schema import EVENT
from sandbox.store.scribe import Scribe
from sandbox.store.writing import Writer

T = TypeVar("T")

_RECENT: Final = 1024  # entries in memory for those who follow closely
_AT_ONCE: Final = 256  # entries that a follower takes in one go
_TIDY_EVERY: Final = 60.0  # seconds between two looks at the limits,
_TIDY_AFTER: Final = 4096  # or so many entries
_DEFAULT: Final = Retention()


class SqliteJournal:
    """A journal that outlasts its process: what `commit` has returned for is on disk.

    Made by `open`, and belongs to the loop on which that was called.  `append` never
    waits; a writer thread puts batches on disk, a reader thread answers questions, and
    both leave the loop alone.  Readers see what is committed, and nothing else.

    When the file can no longer be written (a full disk, a file deleted under our
    feet), `commit` raises `CannotRun` for all who wait, `append` refuses from then on,
    and whatever was acknowledged before stays.
    """

    def __init__(self, file: File, scribe: Scribe, pruner: Pruner, writing: ThreadPoolExecutor) -> None:
        self._file, self._scribe, self._pruner = file, scribe, pruner
        self._loop = asyncio.get_running_loop()
        self._writing, self._reading = writing, ThreadPoolExecutor(1, "wexio-journal-reader")
        self._writer = Writer(file, scribe, writing, self._on_disk)
        self._reader = Reader(file.reader, file.turn)
        self._orderly = Reader(
            file.writer, file.turn
        )  # for questions that keep their place among the batches
        self._recent: deque[tuple[int, Entry]] = deque(maxlen=_RECENT)
        self._followers: list[asyncio.Future[None]] = []
        self._closed = self._released = False
        self._tidied_at, self._tidying = scribe.seq, False
        self._recalling = self._forgotten = 0
        self._tidy_timer = self._loop.call_later(_TIDY_EVERY, self._tidy_now_and_then)

    @classmethod
    async def open(cls, path: Path | str = MEMORY, *, retention: Retention = _DEFAULT) -> Self:
        """Open or make the file at *path*; raises `CannotRun` naming what is wrong and what would be right.

        ``":memory:"`` is a journal with the same answers that ends with its process.
        """
        writing = ThreadPoolExecutor(1, "wexio-journal-writer")
        loop = asyncio.get_running_loop()

        def begin() -> tuple[File, Scribe]:
            file = File.open(str(path))
            try:
                return file, restore(file, Reader(file.writer, file.turn))
            except BaseException as error:
                file.close()
                if isinstance(error, sqlite3.Error):
                    raise in_words(str(path), error) from error
                raise

        try:
            file, scribe = await loop.run_in_executor(writing, begin)
        except BaseException:
            writing.shutdown(wait=False)
            raise
        return cls(file, scribe, Pruner(retention), writing)

    async def aclose(self) -> None:
        """`close`, put everything on disk, and let go of the file.

        Raises `CannotRun` where what was appended could not be kept.
        """
        self.close()
        if self._released:
            return
        try:
            await self.commit()
        finally:
            self._released = True
            self._tidy_timer.cancel()
            await self._loop.run_in_executor(self._reading, _nothing)  # the questions asked before
            await self._loop.run_in_executor(self._writing, self._file.close)
            self._reading.shutdown(wait=False)
            self._writing.shutdown(wait=False)
            self._wake_followers()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # --- writing -------------------------------------------------------------------

    @property
    def ledger(self) -> LeanLedger:
        """What is pending, or of a run that is watched; the rest is on disk."""
        return self._scribe.ledger

    @property
    def seq(self) -> int:
        """The seq of the last entry appended; 0 where there is none."""
        return self._scribe.seq

    @property
    def lag(self) -> int:
        """How many entries are appended and not yet on disk."""
        return self._scribe.seq - self._writer.durable

    @property
    def totals(self) -> Totals:
        """How many events and attempts there are, also of those that are not on disk yet."""
        found = {key: count for key, count in self._scribe.totals.items() if count}
        return Totals(
            events={channel: count for (what, channel), count in found.items() if what == EVENT},
            attempts={key: count for key, count in found.items() if key[0] != EVENT},
        )

    @property
    def trouble(self) -> BaseException | None:
        """Why nothing can be written any more, or None: the journal is well."""
        return self._writer.trouble

    async def until_broken(self) -> None:
        """Wait for ever, or until nothing can be written any more; raises why."""
        await asyncio.shield(self._writer.broken)
        self._writer.check()

    def append(self, entry: Entry) -> None:
        """Add *entry*; raises `CannotRun` once the file cannot be written any more."""
        self._writer.check()
        self._recent.append((self._scribe.write(entry), entry))
        self._writer.news()

    async def commit(self) -> None:
        """Return when everything appended or put so far is on disk (fsync)."""
        await self._writer.commit()

    async def probe(self) -> None:
        """Write something; raises `CannotRun` where nothing can be written."""
        self.put_document("probe", "self", {"seq": self.seq})
        await self.commit()

    def put_document(self, kind: str, id: str, document: Mapping[str, Any]) -> None:
        """Keep *document* (JSON) under its kind and id; it is on disk when `commit` returns."""
        self._writer.check()
        self._scribe.put(kind, id, json.dumps(document, separators=(",", ":")))
        self._writer.news()

    def remove_document(self, kind: str, id: str) -> None:
        """Let go of a document; one that is not there is no error."""
        self._writer.check()
        self._scribe.put(kind, id, None)
        self._writer.news()

    def _on_disk(self) -> None:
        """A batch is on disk, or nothing goes there any more."""
        self._wake_followers()
        if self._writer.durable - self._tidied_at >= _TIDY_AFTER:
            self._tidy()

    # --- following -------------------------------------------------------------------

    async def follow(self, after: int = 0) -> AsyncIterator[tuple[int, Entry]]:
        """As every journal's, first from disk; shows only what is committed.

        Where the journal has failed, it ends after the last entry that is on disk.
        """
        seq = after
        while not self._released:
            bound = self._writer.durable
            if seq < bound:
                found = await self._between(seq, bound)
                for seq, entry in found:
                    yield seq, entry
                if not found:  # all of it was pruned
                    seq = bound
                continue
            if self.trouble is not None or (self._closed and not self.lag):
                return
            news: asyncio.Future[None] = self._loop.create_future()
            self._followers.append(news)
            await news

    async def _between(self, after: int, bound: int) -> Sequence[tuple[int, Entry]]:
        recent = self._recent
        if recent and recent[0][0] <= after + 1:
            start = after + 1 - recent[0][0]
            return list(islice(recent, start, min(start + _AT_ONCE, bound + 1 - recent[0][0])))
        return await self.entries(after, _AT_ONCE)

    def close(self) -> None:
        """No more will be appended: followers end once they have read everything."""
        self._closed = True
        self._writer.close()
        self._wake_followers()

    def _wake_followers(self) -> None:
        followers, self._followers = self._followers, []
        for news in followers:
            if not news.done():
                news.set_result(None)

    # --- reading ---------------------------------------------------------------------

    async def page(
        self,
        *,
        status: Status | None = None,
        event_id: str | None = None,
        connection_id: str | None = None,
        channel: str | None = None,
        run_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """Deliveries that fit all that is given, newest first; emitted from *since* on and before *until*.

        *cursor* is a page's ``next_cursor``: what is emitted meanwhile does not shift
        the pages.  Raises `UsageError` for a cursor that is none.
        """
        before = None
        if cursor is not None:
            if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
                raise UsageError(f"the cursor {cursor[:40]!r} is none: take next_cursor of the page before")
            before = int(cursor)
        wanted = Filter(
            status=status,
            event_id=event_id,
            connection_id=connection_id,
            channel=channel,
            run_id=run_id,
            since=since,
            until=until,
        )
        return await self._ask(self._reader.page, wanted, limit, before)

    async def delivery(self, id: str) -> Delivery | None:
        """The delivery with all its attempts."""
        return await self._ask(self._reader.delivery, id)

    async def entries(self, after: int = 0, limit: int = 200) -> Sequence[tuple[int, Entry]]:
        """At most *limit* entries beyond *after*, each with its seq.  What was pruned is missing."""
        return await self._ask(self._reader.entries, after, limit)

    async def counts(self, run_id: str | None = None) -> Counter[Status]:
        """How many deliveries there are in which state."""
        return await self._ask(self._reader.counts, run_id)

    async def documents(self, kind: str) -> Mapping[str, dict[str, Any]]:
        """All documents of *kind* by id, in the order in which they came."""
        return await self._ask(self._reader.documents, kind)

    async def _ask(self, question: Callable[..., T], *values: Any) -> T:
        return await self._answered(self._reading, question, *values)

    async def _answered(self, thread: ThreadPoolExecutor, work: Callable[..., T], *values: Any) -> T:
        if self._released:
            raise UsageError("the journal is closed: it answers no more")
        try:
            return await self._loop.run_in_executor(thread, work, *values)
        except sqlite3.Error as error:
            raise in_words(self._file.path, error) from error

    # --- taking up again ---------------------------------------------------------------

    async def pending(self) -> AsyncIterator[Pending]:
        """Every delivery that has not settled, in order of emission."""
        await self.commit()
        positions = [place.position for place in self.ledger.pending()]
        for start in range(0, len(positions), _AT_ONCE):
            for item in await self._ask(self._reader.pending, positions[start : start + _AT_ONCE]):
                yield item

    async def recall(self, id: str) -> Pending | None:
        """Bring a settled delivery back to mind, so that `Resent` can be appended for it.

        Without this it is refused.  Until then retention does not touch the delivery.
        None where there is none with this id; one that is pending is told as it stands.
        """
        self._recalling += 1
        try:
            while True:
                await self.commit()
                resends = self._scribe.resends
                # In the writer's thread: whatever is being pruned is gone before we look.
                found = await self._answered(self._writing, self._orderly.recall, id)
                if found is None:
                    return None
                if resends == self._scribe.resends:  # else somebody may have been faster
                    break
            place, pending = found
            if place.status is not Status.PENDING:
                self._scribe.recalled(place)
            return pending
        finally:
            self._recalling -= 1

    async def forget(self) -> None:
        """Let go of all events, deliveries and entries; documents stay, and seqs go on.

        Raises `UsageError` while something is pending.
        """
        while self.lag:
            await self.commit()
        if self.ledger.pending():
            raise UsageError("deliveries are pending: stop them before the journal forgets them")
        self._recent.clear()
        self._forgotten += 1  # what is being pruned just now is not to be taken off these counts twice
        self._scribe.forget()
        await self._answered(self._writing, forget, self._file)
        self._tidy()

    # --- keeping within limits -----------------------------------------------------------

    def _tidy_now_and_then(self) -> None:
        self._tidy_timer = self._loop.call_later(_TIDY_EVERY, self._tidy_now_and_then)
        self._tidy()

    def _tidy(self) -> None:
        if self._tidying or self._recalling or self._closed or self.trouble is not None:
            return
        self._tidying, self._tidied_at = True, self._writer.durable
        below = self._scribe.oldest_recalled
        work = self._loop.run_in_executor(self._writing, self._pruner.slice, self._file, below)
        work.add_done_callback(partial(self._tidied, self._forgotten))

    def _tidied(self, forgotten: int, work: asyncio.Future[tuple[Freed, bool]]) -> None:
        self._tidying = False
        if error := work.exception():
            self._writer.fail(error)
            return
        freed, more = work.result()
        if forgotten == self._forgotten:
            for (run_id, status), number in freed.deliveries.items():
                self.ledger.gone(run_id, status, number)
            self._scribe.totals.subtract(freed.totals)
        if more:
            self._tidy()


def _nothing() -> None:
    """What a thread does last."""
