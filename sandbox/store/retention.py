"""Pruning: the oldest settled deliveries go, a slice at a time, and the file gives back what they held."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.clock import wall_now
from sandbox.core.model import Status
from sandbox.store.answers import Retention
from sandbox.store.coding import Kind, instant
from sandbox.store.file import File, transaction
from sandbox.store.lean import STATUSES
from sandbox.store.schema import SEGMENT_BITS, counted


@dataclass(frozen=True, slots=True)
class Freed:
    """What is gone."""

    deliveries: Counter[tuple[str, Status]] = field(default_factory=Counter)  # by run and state
    totals: Counter[tuple[str, str | None]] = field(default_factory=Counter)  # what is counted, by channel


_SLICE: Final = 256  # events in one transaction: a few milliseconds, between two batches
_ENTRIES_OF_ONE: Final = 4  # at least, of an event that was delivered
_BYTES_OF_ONE: Final = 4096
_WINDOW: Final = 4096  # events looked at for them
_GIVE_BACK: Final = 512  # pages at a time: 2 MB
_EVERYTHING: Final = 2**62

# The highest numbers outlive their rows: none is used twice, and followers keep their place.
_HIGHEST: Final = (
    ("seq", "SELECT max(seq) FROM entries"),
    ("event", "SELECT max(number) FROM events"),
    ("delivery", "SELECT max(position) FROM deliveries"),
)


@dataclass(slots=True)
class Pruner:
    """Keeps a file within its limits; belongs to the writer's thread."""

    limits: Retention
    after: int = 0  # the number of the last event looked at
    seq: int = 0  # and the seq of its entry
    found: int = 0  # how many events were pruned since `after` was 0

    def slice(self, file: File, below: int | None) -> tuple[Freed, bool]:
        """Prune at most one slice, of events whose number is under *below*.

        Returns what is gone, and whether there is more to do.
        """
        connection = file.writer
        with file.turn:
            bound, most = self._bound(connection)
            if bound is None:
                self.after = self.seq = self.found = 0
                return Freed(), _give_back(connection)
            top = self.after + _WINDOW
            if below is not None:
                top = min(top, below - 1)
            rows = connection.execute(
                "SELECT number, seq FROM events WHERE number BETWEEN ? AND ? AND seq <= ? AND NOT EXISTS ("
                "SELECT 1 FROM deliveries WHERE position BETWEEN first AND first + count - 1 AND status = 0) "
                "ORDER BY number LIMIT ?",
                (self.after + 1, top, bound, most),
            ).fetchall()
            freed = Freed()
            if rows:
                freed = self._remove(connection, rows)
                self.found += len(rows)
                self.after, self.seq = rows[-1]
            if len(rows) == most:
                return freed, True
            # Everything beyond is pending, too new, or not looked at yet.
            beyond = connection.execute(
                "SELECT min(number) FROM events WHERE number > ? AND number < ? AND seq <= ?",
                (top, _EVERYTHING if below is None else below, bound),
            ).fetchone()[0]
            if beyond is not None:
                self.after = beyond - 1
                return freed, True
            again, self.after, self.seq, self.found = self.found > 0, 0, 0, 0
            return freed, again

    def _bound(self, connection: sqlite3.Connection) -> tuple[int | None, int]:
        """Up to which seq events may go, and how many in one slice; None where all is within its limits."""
        limits = self.limits
        for limit, measure, usual in (
            (limits.entries, _kept, _ENTRIES_OF_ONE),
            (limits.bytes, _bytes, _BYTES_OF_ONE),
        ):
            if limit is not None and (excess := measure(connection) - limit) > 0:
                # No more than must go, as far as one can tell.
                return _EVERYTHING, min(_SLICE, max(1, excess // usual))
        if limits.age is None:
            return None, 0
        oldest = instant(wall_now() - limits.age)
        first = connection.execute("SELECT wall FROM marks ORDER BY seq LIMIT 1").fetchone()
        if first is None or first[0] > oldest:
            return None, 0
        [bound] = connection.execute("SELECT max(seq) FROM marks WHERE wall <= ?", (oldest,)).fetchone()
        [rest] = connection.execute("SELECT min(seq) FROM events").fetchone()
        return (int(bound), _SLICE) if rest is not None and rest <= bound else (None, 0)

    def _remove(self, connection: sqlite3.Connection, rows: list[tuple[int, int]]) -> Freed:
        numbers = json.dumps([number for number, _ in rows])
        deliveries = connection.execute(
            "SELECT d.position, d.status, d.run, d.connection, d.channel, d.last "
            "FROM events e JOIN deliveries d ON d.position BETWEEN e.first AND e.first + e.count - 1 "
            "WHERE e.number IN (SELECT value FROM json_each(?))",
            (numbers,),
        ).fetchall()
        chain = connection.execute(
            "WITH RECURSIVE chain(link) AS (SELECT value FROM json_each(?) UNION "
            "SELECT previous FROM entries JOIN chain ON seq = link WHERE previous IS NOT NULL) "
            "SELECT link FROM chain",
            (json.dumps([row[5] for row in deliveries] + [seq for _, seq in rows]),),
        ).fetchall()
        links = [link for (link,) in chain]
        totals = connection.execute(
            counted(
                "number IN (SELECT value FROM json_each(?))", "n.seq IN (SELECT value FROM json_each(?))"
            ),
            (numbers, json.dumps(links)),
        ).fetchall()
        with transaction(connection):
            keep_numbers(connection)
            gone = _delete(connection, "entries", "seq", links)
            gone += connection.execute(
                "DELETE FROM entries WHERE seq > ? AND seq < ? AND kind = ?",
                (self.seq, rows[-1][1], Kind.VERDICT),
            ).rowcount
            _delete(connection, "deliveries", "position", [row[0] for row in deliveries])
            _delete(connection, "events", "number", [number for number, _ in rows])
            _leave_zones(connection, deliveries)
            for what, channel, count in totals:
                connection.execute(
                    "UPDATE totals SET count = count - ? WHERE what = ? AND channel = ?",
                    (count, what, channel),
                )
            for kind, table, key in ((0, "events", "number"), (1, "deliveries", "position")):
                connection.execute(
                    f"DELETE FROM sealed WHERE kind = ? AND segment < (SELECT min({key}) FROM {table}) >> ?",
                    (kind, SEGMENT_BITS),
                )
            connection.execute(
                "DELETE FROM spans WHERE segment < (SELECT min(position) FROM deliveries) >> ?",
                (SEGMENT_BITS,),
            )
            connection.execute(
                "DELETE FROM marks WHERE seq < (SELECT min(seq) FROM entries) AND seq < (SELECT max(seq) FROM marks)"
            )
            connection.execute("UPDATE meta SET value = value + ? WHERE key = 'pruned'", (gone,))
        names = dict(connection.execute("SELECT number, text FROM names").fetchall())
        return Freed(
            Counter((names[row[2]], STATUSES[row[1]]) for row in deliveries),
            Counter({(what, names.get(channel)): count for what, channel, count in totals}),
        )


def forget(file: File) -> None:
    """Remove all events, deliveries and entries; numbers go on."""
    connection = file.writer
    with file.turn, transaction(connection):
        keep_numbers(connection)
        for table in ("entries", "events", "deliveries", "zones", "totals", "spans", "sealed", "marks"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute(
            "UPDATE meta SET value = (SELECT value FROM meta WHERE key = 'seq') WHERE key = 'pruned'"
        )


def keep_numbers(connection: sqlite3.Connection) -> None:
    """Write down the highest numbers, before the rows that bear them go."""
    for key, highest in _HIGHEST:
        connection.execute(
            f"UPDATE meta SET value = max(value, coalesce(({highest}), 0)) WHERE key = ?", (key,)
        )


def _delete(connection: sqlite3.Connection, table: str, key: str, values: list[int]) -> int:
    return connection.execute(
        f"DELETE FROM {table} WHERE {key} IN (SELECT value FROM json_each(?))", (json.dumps(values),)
    ).rowcount


def _leave_zones(connection: sqlite3.Connection, deliveries: list[Any]) -> None:
    changes = Counter(
        (position >> SEGMENT_BITS, status, run, target, channel)
        for position, status, run, target, channel, _ in deliveries
    )
    for zone, count in changes.items():
        connection.execute(
            "UPDATE zones SET count = count - ? WHERE segment = ? AND status = ? AND run = ? "
            "AND connection = ? AND channel = ?",
            (count, *zone),
        )
    for segment in {zone[0] for zone in changes}:
        connection.execute("DELETE FROM zones WHERE segment = ? AND count = 0", (segment,))


def _kept(connection: sqlite3.Connection) -> int:
    meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    [highest] = connection.execute("SELECT max(seq) FROM entries").fetchone()
    return int(max(highest or 0, meta["seq"]) - meta["pruned"])


def _pages(connection: sqlite3.Connection) -> tuple[int, int]:
    [count] = connection.execute("PRAGMA page_count").fetchone()
    [free] = connection.execute("PRAGMA freelist_count").fetchone()
    return count, free


def _bytes(connection: sqlite3.Connection) -> int:
    [size] = connection.execute("PRAGMA page_size").fetchone()
    count, free = _pages(connection)
    return int((count - free) * size)


def _give_back(connection: sqlite3.Connection) -> bool:
    """Let the file shrink a little where much of it is free; whether there is more to give."""
    count, free = _pages(connection)
    if free <= max(2 * _GIVE_BACK, count // 16):
        return False
    # As a script: only that is stepped to its end, and each step gives back one page.
    connection.executescript(f"PRAGMA incremental_vacuum({_GIVE_BACK})")
    return _pages(connection)[1] < free
