"""The file: opened, locked, checked, and its troubles in words.

Here live paths, pragmas and SQLite's error codes.  What is in the tables, others know.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from errno import ENOSPC
from pathlib import Path
from threading import Lock
from typing import Any, Final, Self

from sandbox.core.errors import CannotRun
from sandbox.store import schema

MEMORY: Final = ":memory:"
_NO_ROOM: Final = 65_536  # bytes
_PATIENCE: Final = 30.0  # seconds for another program (a backup, a curious sqlite3) to let go of its lock
_PRAGMAS: Final = (
    "synchronous = FULL",
    "wal_autocheckpoint = 4000",  # pages: 16 MB
    "journal_size_limit = 67108864",  # the log shrinks back to this
    "cache_size = -16000",
    "temp_store = MEMORY",
    "secure_delete = FAST",  # removed secrets are overwritten where that costs no extra writing
)


class File:
    """An open database: a connection that writes, one that reads, and a lock that dies with the process."""

    def __init__(
        self,
        path: str,
        writer: sqlite3.Connection,
        reader: sqlite3.Connection,
        guard: sqlite3.Connection | None,
    ) -> None:
        self.path, self.writer, self.reader = path, writer, reader
        # In memory both connections are one, and take turns.
        self.turn: AbstractContextManager[Any] = Lock() if path == MEMORY else nullcontext()
        self._guard = guard
        self._identity = None if path == MEMORY else _identity(path)

    @classmethod
    def open(cls, path: str) -> Self:
        """Open or make the file; raises `CannotRun`."""
        if path == MEMORY:
            only = _connect(MEMORY)
            schema.make(only)
            return cls(path, only, only, None)
        place = Path(path)
        with ExitStack() as opened:  # all of it or nothing
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                # It holds secrets: for its owner only.  SQLite gives its companions the same mode.
                os.close(os.open(place, os.O_RDWR | os.O_CREAT, 0o600))
                guard = opened.enter_context(closing(_lock(place)))
                writer = opened.enter_context(closing(_connect(path)))
                _check(writer, path)
                reader = opened.enter_context(
                    closing(_connect(f"{place.absolute().as_uri()}?mode=ro", uri=True))
                )
            except (sqlite3.Error, OSError) as error:
                raise in_words(path, error) from error
            opened.pop_all()
        return cls(path, writer, reader, guard)

    def verify(self) -> None:
        """Raises `CannotRun` where the file is no longer at its path: what is written would be lost."""
        if self._identity is None:
            return
        try:
            here = _identity(self.path) == self._identity
            Path(f"{self.path}-wal").stat()
        except FileNotFoundError:
            here = False
        if not here:
            raise CannotRun(
                f"the journal {self.path} was deleted or replaced while it was in use, so nothing can be "
                "kept in it any more: put it back, then start again"
            )

    def close(self) -> None:
        """Let go; SQLite tidies its companions away."""
        for connection in (self.reader, self.writer, self._guard):
            if connection is not None:
                connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is done inside, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def in_words(path: str, error: sqlite3.Error | OSError) -> CannotRun:
    """What went wrong with the file at *path*, and what would be right."""
    code = getattr(error, "sqlite_errorname", "")
    if code.startswith("SQLITE_FULL") or _no_room(path, error):
        says = f"the disk of the journal {path} is full: make room, then start again"
    elif code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        says = f"the journal {path} is locked by another program: close that, or name another file"
    elif code.startswith("SQLITE_NOTADB"):
        says = f"{path} is not a journal of the sandbox, nor any database: name another file"
    elif code.startswith("SQLITE_CORRUPT"):
        says = f"the journal {path} is damaged ({error}): restore a copy, or name another file"
    elif code.startswith("SQLITE_READONLY") or isinstance(error, PermissionError):
        says = (
            f"the journal {path} cannot be written (read-only, or not yours): name a file where you may write"
        )
    elif code.startswith("SQLITE_CANTOPEN") or isinstance(error, OSError):
        why = error.strerror if isinstance(error, OSError) else str(error)
        says = f"the journal {path} cannot be opened ({why}): name a file in a folder where you may write"
    else:
        says = f"the journal {path} failed ({error}): look at its disk, then start again"
    return CannotRun(says)


def _no_room(path: str, error: sqlite3.Error | OSError) -> bool:
    if isinstance(error, OSError):
        return error.errno == ENOSPC
    # Where it is a companion file that cannot grow, SQLite speaks of an error of the disk.
    if not getattr(error, "sqlite_errorname", "").startswith("SQLITE_IOERR"):
        return False
    try:
        return shutil.disk_usage(Path(path).parent).free < _NO_ROOM
    except OSError:
        return False


def _connect(path: str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(
        path, uri=uri, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=256
    )


def _lock(place: Path) -> sqlite3.Connection:
    # A lock of SQLite's, on a file beside: it works on every system, in one process as
    # between two, and ends with its process however that ends.
    guard = sqlite3.connect(f"{place}-lock", timeout=0, isolation_level=None, check_same_thread=False)
    try:
        guard.execute("PRAGMA journal_mode = MEMORY")  # nothing is written: no third file is needed
        guard.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        guard.close()
        if error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise CannotRun(
                f"the journal {place} is in use by another sandbox: stop that one, or name another file"
            ) from None
        raise
    return guard


def _check(connection: sqlite3.Connection, path: str) -> None:
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != schema.APPLICATION_ID:
        raise CannotRun(f"{path} is a database of another program: name another file")
    if version > schema.VERSION:
        raise CannotRun(
            f"the journal {path} was written by a newer version of the sandbox (its format is {version}, "
            f"this version reads {schema.VERSION}): use the newer version, or name another file"
        )
    if not tables:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # a file remembers this, if told when empty
    [mode] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise CannotRun(
            f"the disk of {path} cannot hold a journal (no shared memory): name a file on a local disk"
        )
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    if not tables:
        schema.make(connection)
    elif version < schema.VERSION:
        schema.upgrade(connection)
    # Whether it can be written shows now, not at the first event.
    connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'opened'")


def _identity(path: str) -> tuple[int, int]:
    found = Path(path).stat()
    return found.st_dev, found.st_ino
