"""Questions to the file: one function each, for the thread that owns the connection.

Each sees one state of the file: it reads inside a transaction.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sandbox.core.entries import Attempted, Attempting, Entry
from sandbox.core.faults import Faults
from sandbox.core.ledger import Delivery, Pending
from sandbox.core.model import Status
from sandbox.store.answers import Page
from sandbox.store.coding import instant, moment, read_emitted
from sandbox.store.lean import NUMBERS, STATUSES, Place
from sandbox.store.records import Records, Stored
from sandbox.store.schema import SEGMENT, SEGMENT_BITS
from sandbox.store.scribe import id_hash

EVENTS, DELIVERIES = 0, 1  # what can be found by its id
_HIGHEST: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What deliveries are asked for."""

    status: Status | None = None
    event_id: str | None = None
    connection_id: str | None = None
    channel: str | None = None
    run_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


Spans = Generator[tuple[int, int], None, None]
"""Positions from … to …, newest first, between which deliveries are looked for."""


def _everywhere(top: int) -> Spans:
    yield 0, top


class Reader(Records):
    """Answers; belongs to one thread at a time."""

    # --- pages -------------------------------------------------------------------

    def page(self, wanted: Filter, limit: int, before: int | None) -> Page:
        """At most *limit* deliveries whose position is under *before*, newest first."""
        with self._snapshot():
            rows = self._matching(wanted, limit + 1, before)
            more, rows = len(rows) > limit, rows[:limit]
            events = self._events({row.event for row in rows}, data=False)
            items = [self._delivery(row, events[row.event]) for row in rows]
        return Page(items=items, next_cursor=str(rows[-1].position) if more else None)

    def _matching(self, wanted: Filter, limit: int, before: int | None) -> list[Stored]:
        conditions: dict[str, Any] = {}
        if wanted.status is not None:
            conditions["status ="] = NUMBERS[wanted.status]
        for column, text in (
            ("run", wanted.run_id),
            ("connection", wanted.connection_id),
            ("channel", wanted.channel),
        ):
            if text is not None:
                number = self._number(text)
                if number is None:
                    return []
                conditions[f"{column} ="] = number
        zones = {f"zones.{condition}": value for condition, value in conditions.items()}
        if wanted.since is not None:
            conditions["emitted_at >="] = zones["last_at >="] = instant(wanted.since)
        if wanted.until is not None:
            conditions["emitted_at <"] = zones["first_at <"] = instant(wanted.until)
        where = "".join(f" AND {condition} ?" for condition in conditions)
        top = _HIGHEST if before is None else before - 1
        if wanted.event_id is not None:
            spans = self._of_event(wanted.event_id, top)
        elif zones:
            spans = self._segments(zones, top)
        else:
            spans = _everywhere(top)
        rows: list[Stored] = []
        with closing(spans):
            for low, high in spans:
                rows += self._deliveries(
                    f"position BETWEEN ? AND ?{where} ORDER BY position DESC LIMIT ?",
                    low,
                    high,
                    *conditions.values(),
                    limit - len(rows),
                )
                if len(rows) == limit:
                    break
        return rows

    def _segments(self, zones: dict[str, Any], top: int) -> Spans:
        """The segments that hold something for these conditions."""
        where = "".join(f" AND {condition} ?" for condition in zones)
        found = self._connection.execute(
            "SELECT DISTINCT segment FROM zones JOIN spans USING (segment, run) "
            f"WHERE segment <= ? AND count > 0{where} ORDER BY segment DESC",
            (top >> SEGMENT_BITS, *zones.values()),
        )
        for (segment,) in found:
            low = segment << SEGMENT_BITS
            yield low, min(low + SEGMENT - 1, top)

    def _of_event(self, id: str, top: int) -> Spans:
        rows = self._all(
            "SELECT first, first + count - 1 FROM events WHERE number IN (SELECT value FROM json_each(?)) "
            "AND count > 0 ORDER BY number DESC",
            json.dumps(list(self._find(EVENTS, id))),
        )
        yield from ((first, min(last, top)) for first, last in rows if first <= top)

    # --- one delivery --------------------------------------------------------------

    def delivery(self, id: str) -> Delivery | None:
        """The delivery with all its attempts."""
        with self._snapshot():
            row = self._row(id)
            if row is None:
                return None
            event = self._events([row.event])[row.event]
            entries = self._decoded(self._chain(row.last))
            attempts = tuple(entry for _, entry in entries if isinstance(entry, Attempted))
            return self._delivery(row, event, attempts)

    def _row(self, id: str) -> Stored | None:
        with closing(self._find(DELIVERIES, id)) as found:
            position = next(found, None)
        return None if position is None else self._deliveries("position = ?", position)[0]

    def _chain(self, last: int) -> list[Any]:
        """The rows of a delivery's entries, in order; the first is that of its event."""
        return self._all(
            "WITH RECURSIVE chain(link) AS (SELECT ? UNION ALL "
            "SELECT previous FROM entries JOIN chain ON seq = link WHERE previous IS NOT NULL) "
            "SELECT entries.* FROM entries JOIN chain ON seq = link ORDER BY seq",
            last,
        )

    def _find(self, kind: int, id: str) -> Generator[int, None, None]:
        """The numbers of the events (or deliveries) with this id, newest first."""
        table, key = (("events", "number"), ("deliveries", "position"))[kind]
        [(top,)] = self._all("SELECT max(segment) FROM sealed WHERE kind = ?", kind)
        fresh = 0 if top is None else (top + 1) << SEGMENT_BITS
        for (number,) in self._all(
            f"SELECT {key} FROM {table} WHERE {key} >= ? AND id = ? ORDER BY {key} DESC", fresh, id
        ):
            yield number
        needle = id_hash(id)
        sealed = self._connection.execute(
            "SELECT segment, hashes FROM sealed WHERE kind = ? ORDER BY segment DESC", (kind,)
        )
        for segment, hashes in sealed:
            at = hashes.rfind(needle)
            while at >= 0:
                if at % 4 == 0:
                    number = (segment << SEGMENT_BITS) + at // 4
                    # A hash says where it may be; the row says whether it is.
                    if self._all(f"SELECT 1 FROM {table} WHERE {key} = ? AND id = ?", number, id):
                        yield number
                at = hashes.rfind(needle, 0, at + 3)

    # --- entries -------------------------------------------------------------------

    def entries(self, after: int, limit: int) -> Sequence[tuple[int, Entry]]:
        """At most *limit* entries beyond *after*."""
        with self._snapshot():
            rows = self._all("SELECT * FROM entries WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)
            return self._decoded(rows)

    # --- numbers and taking up again -------------------------------------------------

    def counts(self, run_id: str | None) -> Counter[Status]:
        """How many deliveries are in which state."""
        with self._snapshot():
            if run_id is None:
                rows = self._all("SELECT status, sum(count) FROM zones GROUP BY status")
            else:
                number = self._number(run_id)
                rows = self._all("SELECT status, sum(count) FROM zones WHERE run = ? GROUP BY status", number)
        return Counter({STATUSES[status]: count for status, count in rows if count})

    def pending(self, positions: Sequence[int]) -> list[Pending]:
        """What is needed to go on with the deliveries at these *positions*."""
        with self._snapshot():
            return self._pending(
                self._deliveries(
                    "position IN (SELECT value FROM json_each(?)) ORDER BY position",
                    json.dumps(list(positions)),
                )
            )

    def recall(self, id: str) -> tuple[Place, Pending] | None:
        """A delivery as it is kept in memory, and what is needed to go on with it."""
        with self._snapshot():
            row = self._row(id)
            return None if row is None else (self._places([row])[0], self._pending([row])[0])

    def unsettled(self) -> list[Place]:
        """All that is pending."""
        with self._snapshot():
            segments = self._all("SELECT DISTINCT segment FROM zones WHERE status = 0 AND count > 0")
            return [
                place
                for (segment,) in segments
                for place in self._places(
                    self._deliveries(
                        "position BETWEEN ? AND ? AND status = 0",
                        segment << SEGMENT_BITS,
                        (segment << SEGMENT_BITS) + SEGMENT - 1,
                    )
                )
            ]

    def _pending(self, rows: list[Stored]) -> list[Pending]:
        events = self._events({row.event for row in rows})
        asked = self._asked(events)
        # Where nothing is due, the last entry tells how things stand.
        entries = self._ends([row.last for row in rows if row.due is None])
        found = []
        for row in rows:
            event, who = events[row.event]
            last = entries.get(row.last)
            found.append(
                Pending(
                    delivery_id=row.id,
                    run_id=str(self._name(row.run)),
                    connection_id=str(self._name(row.connection)),
                    event=event,
                    who=who,
                    emitted_at=moment(row.emitted_at),
                    begun=row.begun,
                    base=row.base,
                    faults=asked.get(row.event, ()),
                    due=None if row.due is None else moment(row.due),
                    in_flight=last if isinstance(last, Attempting) else None,
                    last=last if isinstance(last, Attempted) else None,
                )
            )
        return found

    def _asked(self, events: Iterable[int]) -> dict[int, Faults]:
        """What was asked to go wrong with the deliveries of *events*."""
        rows = self._all(
            "SELECT v.number, n.document FROM events v JOIN entries n ON n.seq = v.seq "
            "WHERE n.document IS NOT NULL AND v.number IN (SELECT value FROM json_each(?))",
            json.dumps(list(events)),
        )
        return {number: read_emitted(document)[0] for number, document in rows}

    def _ends(self, seqs: Iterable[int]) -> dict[int, Entry]:
        """The entries that tell how things stand: where one is a copy, what it was written after."""
        many = "SELECT * FROM entries WHERE seq IN (SELECT value FROM json_each(?))"
        rows = self._all(many, json.dumps(list(seqs)))
        entries = dict(self._decoded(rows))
        copies = {row[5]: row[0] for row in rows if getattr(entries[row[0]], "copy", False)}
        if copies:
            before = self._ends(copies)
            entries |= {copy: before[seq] for seq, copy in copies.items()}
        return entries

    def documents(self, kind: str) -> dict[str, dict[str, Any]]:
        """All documents of a kind, in the order in which they came."""
        with self._snapshot():
            rows = self._all("SELECT id, document FROM documents WHERE kind = ? ORDER BY number", kind)
        return {id: json.loads(document) for id, document in rows}
