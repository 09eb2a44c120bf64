"""A batch: rows on their way to disk, and the one transaction that takes them there."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sandbox.clock import wall_now
from sandbox.store.coding import instant
from sandbox.store.file import File, transaction
from sandbox.store.lean import NUMBERS, Place, Zone

Rows = list[tuple[Any, ...]]
_MARK_EVERY: Final = 60_000_000  # microseconds between two notes of how far the journal has come


class Batch:
    """What one transaction will write.  Filled on the loop, then handed over whole: never both at once."""

    def __init__(self) -> None:
        self.names: Rows = []
        self.targets: Rows = []
        self.events: Rows = []
        self.entries: Rows = []
        self.deliveries: Rows = []
        self.sealed: Rows = []
        self.zones: defaultdict[tuple[Zone, int], int] = defaultdict(int)
        self.spans: dict[tuple[int, int], tuple[int, int]] = {}  # segment and run: first and last instant
        self.totals: defaultdict[tuple[str, int], int] = defaultdict(int)  # what, and the channel's number
        self.changed: dict[int, Place] = {}  # by position
        self.documents: dict[tuple[str, str], str | None] = {}  # None: it goes
        self.seq = 0  # of the last entry in it
        self.wanted = False  # somebody waits for it

    def __bool__(self) -> bool:
        return bool(self.entries or self.documents)

    def span(self, segment: int, run: int, at: int) -> None:
        """Something of the run was emitted at this instant."""
        known = self.spans.get((segment, run))
        if known is None:
            self.spans[segment, run] = at, at
        elif not known[0] <= at <= known[1]:
            self.spans[segment, run] = min(known[0], at), max(known[1], at)

    def finish(self) -> None:
        """The deliveries as they stand now; the last that is done before the batch is handed over."""
        self.deliveries = [_row(place) for place in self.changed.values()]
        self.changed = {}


def _row(place: Place) -> tuple[Any, ...]:
    _, run, connection, channel = place.zone
    due, settled = place.due, place.settled_at
    return (
        place.position,
        place.id,
        place.event_number,
        run,
        connection,
        channel,
        instant(place.emitted_at),
        NUMBERS[place.status],
        place.reason,
        place.begun,
        place.base,
        place.in_flight,
        None if due is None else instant(due),
        None if settled is None else instant(settled),
        place.last,
    )


_NAMES: Final = ("names", 2, "")
_TARGETS: Final = ("targets", 2, "")
_EVENTS: Final = ("events", 12, "")
_ENTRIES: Final = ("entries", 9, "")
_DELIVERIES: Final = (
    "deliveries",
    15,
    """ON CONFLICT (position) DO UPDATE SET status = excluded.status, reason = excluded.reason,
    begun = excluded.begun, base = excluded.base, in_flight = excluded.in_flight, due = excluded.due,
    settled_at = excluded.settled_at, last = excluded.last""",
)
_ZONES: Final = (
    "zones",
    6,
    "ON CONFLICT (segment, status, run, connection, channel) DO UPDATE SET count = count + excluded.count",
)
_SPANS: Final = (
    "spans",
    4,
    """ON CONFLICT (segment, run) DO UPDATE SET
    first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)""",
)
_TOTALS: Final = ("totals", 3, "ON CONFLICT (what, channel) DO UPDATE SET count = count + excluded.count")
_SEALED: Final = ("sealed", 3, "")
_MOST: Final = 256


class Marks:
    """When the last mark was set: the writer's, nobody else's."""

    def __init__(self) -> None:
        self.next = 0


def write(file: File, batch: Batch, marks: Marks) -> None:
    """Put *batch* on disk, whole or not at all, and say so only if the file is still in its place."""
    connection = file.writer
    with file.turn, transaction(connection):
        for table, rows in (
            (_NAMES, batch.names),
            (_TARGETS, batch.targets),
            (_EVENTS, batch.events),
            (_ENTRIES, batch.entries),
            (_DELIVERIES, batch.deliveries),
            (_SEALED, batch.sealed),
        ):
            _insert(connection, table, rows)
        if batch.zones:
            changes = [
                (zone[0], status, *zone[1:], count) for (zone, status), count in batch.zones.items() if count
            ]
            _insert(connection, _ZONES, changes)
            _insert(connection, _SPANS, [(*key, *span) for key, span in batch.spans.items()])
        _insert(connection, _TOTALS, [(*key, count) for key, count in batch.totals.items()])
        for (kind, id), document in batch.documents.items():
            _document(connection, kind, id, document)
        _mark(connection, batch, marks)
    file.verify()


def _insert(
    connection: sqlite3.Connection, table: tuple[str, int, str], rows: Sequence[tuple[Any, ...]]
) -> None:
    # One statement for many rows: each statement lets go of the interpreter once and
    # must wait to get it back, and one for each row would take it from the loop.
    for start in range(0, len(rows), _MOST):
        part = rows[start : start + _MOST]
        size = 1 << (len(part) - 1).bit_length()
        values = [*chain.from_iterable(part), *(None,) * ((size - len(part)) * table[1])]
        connection.execute(_statement(table, size), values)


@lru_cache(maxsize=256)
def _statement(table: tuple[str, int, str], size: int) -> str:
    name, columns, conflict = table
    row = "(" + ", ".join("?" * columns) + ")"
    # Sizes are powers of two, so that few statements do; what is too much has no number.
    return f"INSERT INTO {name} SELECT * FROM (VALUES {', '.join([row] * size)}) WHERE column1 IS NOT NULL {conflict}"


def _document(connection: sqlite3.Connection, kind: str, id: str, document: str | None) -> None:
    if document is None:
        connection.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id))
    else:
        connection.execute(
            "INSERT INTO documents (kind, id, document) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, id) DO UPDATE SET document = excluded.document",
            (kind, id, document),
        )


def _mark(connection: sqlite3.Connection, batch: Batch, marks: Marks) -> None:
    wall = instant(wall_now())
    if batch.entries and wall >= marks.next:
        connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (batch.seq, wall))
        marks.next = wall + _MARK_EVERY
