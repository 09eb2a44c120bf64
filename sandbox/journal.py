"""The journal: appends facts, and lets any number of readers follow them.

A reader holds a position, not a queue, so a slow one costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from sandbox.core.entries import Entry
from sandbox.core.ledger import Ledger


class Journal(Protocol):
    """An append-only log; an entry's ``seq`` is its place in it, from 1."""

    @property
    def ledger(self) -> Ledger:
        """The state of every delivery that may still change, at least."""

    def append(self, entry: Entry) -> None:
        """Add *entry* after everything appended before it."""

    async def commit(self) -> None:
        """Wait until all that was appended is as safe as this journal makes it."""

    def follow(self, after: int = 0) -> AsyncIterator[tuple[int, Entry]]:
        """Every entry whose seq is beyond *after*, then the new ones as they come, until `close`."""

    def close(self) -> None:
        """No more will be appended: followers end once they have read everything."""


class MemoryJournal:
    """A journal that lasts as long as its process."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self._entries: list[Entry] = []
        self._readers: list[asyncio.Future[None]] = []
        self._closed = False

    @property
    def entries(self) -> Sequence[Entry]:
        """All entries so far; the first has seq 1."""
        return self._entries

    def append(self, entry: Entry) -> None:
        self._entries.append(entry)
        self.ledger.apply(entry)
        if self._readers:
            self._wake()

    async def commit(self) -> None:
        """Memory is as safe as it gets at once."""

    async def follow(self, after: int = 0) -> AsyncIterator[tuple[int, Entry]]:
        seq = after
        while True:
            while seq < len(self._entries):
                seq += 1
                yield seq, self._entries[seq - 1]
            if self._closed:
                return
            news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._readers.append(news)
            await news

    def close(self) -> None:
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        readers, self._readers = self._readers, []
        for news in readers:
            if not news.done():
                news.set_result(None)
