"""Rows as values again: names, targets, events, deliveries and entries, by their numbers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, NamedTuple

from sandbox.core.entries import Attempted, Attempting, Emitted, Entry, Resent, Settled
from sandbox.core.envelope import Rendering, Target
from sandbox.core.ledger import Delivery, in_order
from sandbox.core.model import Event
from sandbox.store.coding import (
    Kind,
    moment,
    read_emitted,
    read_outcome,
    read_signed,
    read_target,
    read_verdict,
)
from sandbox.store.lean import STATUSES, Place
from sandbox.store.schema import SEGMENT_BITS

_KEPT: Final = 1024  # targets in memory


class Stored(NamedTuple):
    """A row of ``deliveries``."""

    position: int
    id: str
    event: int
    run: int
    connection: int
    channel: int
    emitted_at: int
    status: int
    reason: str
    begun: int
    base: int
    in_flight: int
    due: int | None
    settled_at: int | None
    last: int


class Records:
    """Reads rows through one connection; whoever asks holds a snapshot."""

    def __init__(self, connection: sqlite3.Connection, turn: AbstractContextManager[Any]) -> None:
        self._connection, self._turn = connection, turn
        self._names: dict[int, str | None] = {0: None}
        self._targets: dict[int, Target] = {}

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        with self._turn:
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def _all(self, sql: str, *values: Any) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()

    def _deliveries(self, where: str, *values: Any) -> list[Stored]:
        return [Stored(*row) for row in self._all(f"SELECT * FROM deliveries WHERE {where}", *values)]

    def _events(self, numbers: Iterable[int], *, data: bool = True) -> dict[int, tuple[Event, str]]:
        """Events by number, each with the person for whom it stands."""
        rows = self._all(
            f"SELECT number, id, name, channel, organisation, occurred_at, who, {'data' if data else 'NULL'} "
            "FROM events WHERE number IN (SELECT value FROM json_each(?))",
            json.dumps(list(numbers)),
        )
        return {
            number: (
                Event(
                    id=id,
                    name=str(self._name(name)),
                    channel=self._name(channel),
                    organisation_id=organisation,
                    occurred_at=moment(occurred_at),
                    data_json=content or b"",
                ),
                who,
            )
            for number, id, name, channel, organisation, occurred_at, who, content in rows
        }

    def _taken(self, events: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
        """The deliveries of events: their ids and connections."""
        taken: dict[int, list[tuple[str, str]]] = {}
        for event, id, connection in self._all(
            "SELECT d.event, d.id, d.connection FROM events e JOIN deliveries d "
            "ON d.position BETWEEN e.first AND e.first + e.count - 1 "
            "WHERE e.number IN (SELECT value FROM json_each(?)) ORDER BY d.position",
            json.dumps(list(events)),
        ):
            taken.setdefault(event, []).append((id, str(self._name(connection))))
        return taken

    def _name(self, number: int) -> str | None:
        if number not in self._names:
            self._names.update(self._all("SELECT number, text FROM names"))
        return self._names[number]

    def _number(self, text: str) -> int | None:
        rows = self._all("SELECT number FROM names WHERE text = ?", text)
        return int(rows[0][0]) if rows else None

    def _target(self, number: int) -> Target:
        target = self._targets.get(number)
        if target is None:
            [(document,)] = self._all("SELECT document FROM targets WHERE number = ?", number)
            if len(self._targets) >= _KEPT:
                self._targets.clear()
            target = self._targets[number] = read_target(document)
        return target

    # --- deliveries ----------------------------------------------------------------

    def _delivery(
        self, row: Stored, event: tuple[Event, str], attempts: tuple[Attempted, ...] = ()
    ) -> Delivery:
        return Delivery(
            id=row.id,
            run_id=str(self._name(row.run)),
            event_id=event[0].id,
            event=event[0].name,
            channel=self._name(row.channel),
            who=event[1],
            connection_id=str(self._name(row.connection)),
            status=STATUSES[row.status],
            reason=row.reason,
            attempt_count=row.begun,
            attempts=in_order(attempts),
            next_attempt_at=None if row.due is None else moment(row.due),
            emitted_at=moment(row.emitted_at),
            settled_at=None if row.settled_at is None else moment(row.settled_at),
        )

    def _places(self, rows: list[Stored]) -> list[Place]:
        events = self._events({row.event for row in rows}, data=False)
        places = []
        for row in rows:
            event, who = events[row.event]
            at = moment(row.emitted_at)
            emitted = Emitted(at=at, run_id=str(self._name(row.run)), event=event, who=who)
            segment = row.position >> SEGMENT_BITS
            zone = (segment, row.run, row.connection, row.channel)
            place = Place(
                row.id, str(self._name(row.connection)), emitted, row.position, row.event, zone, row.last
            )
            place.status, place.reason = STATUSES[row.status], row.reason
            place.begun, place.base, place.in_flight = row.begun, row.base, bool(row.in_flight)
            place.due = None if row.due is None else moment(row.due)
            place.settled_at = None if row.settled_at is None else moment(row.settled_at)
            places.append(place)
        return places

    # --- entries -------------------------------------------------------------------

    def _decoded(self, rows: list[Any]) -> list[tuple[int, Entry]]:
        positions = {row[4] for row in rows if row[1] not in (Kind.EMITTED, Kind.VERDICT)}
        deliveries = {
            position: (id, event, connection)
            for position, id, event, connection in self._all(
                "SELECT position, id, event, connection FROM deliveries "
                "WHERE position IN (SELECT value FROM json_each(?))",
                json.dumps(list(positions)),
            )
        }
        emitted = {row[4] for row in rows if row[1] == Kind.EMITTED}
        events = self._events(emitted | {event for _, event, _ in deliveries.values()})
        taken = self._taken(emitted)
        return [(row[0], self._entry(row, deliveries, events, taken)) for row in rows]

    def _entry(
        self,
        row: Any,
        deliveries: dict[int, tuple[str, int, int]],
        events: dict[int, tuple[Event, str]],
        taken: dict[int, list[tuple[str, str]]],
    ) -> Entry:
        _, kind, at_instant, run, ref, _, number, document, body = row
        at, run_id = moment(at_instant), str(self._name(run))
        if kind == Kind.EMITTED:
            event, who = events[ref]
            faults, late = read_emitted(document)
            return Emitted(
                at=at,
                run_id=run_id,
                event=event,
                who=who,
                deliveries=tuple(taken.get(ref, ())),
                faults=faults,
                late=late,
            )
        if kind == Kind.VERDICT:
            return read_verdict(document, at=at, run_id=run_id)
        delivery_id, event_number, connection = deliveries[ref]
        event = events[event_number][0]
        facts: dict[str, Any] = {
            "at": at,
            "run_id": run_id,
            "delivery_id": delivery_id,
            "event_id": event.id,
            "connection_id": self._name(connection),
        }
        found: Any = None if document is None else json.loads(document)
        if kind == Kind.RESENT:
            return Resent(**facts, next_attempt_at=None if found is None else moment(found))
        if kind == Kind.SETTLED:
            status, reason = found
            return Settled(**facts, status=STATUSES[status], reason=reason, attempt_count=number)
        if kind == Kind.ATTEMPTING:
            rendering = None if found is None else self._rendering(event, number, *found)
            return Attempting(**facts, attempt=number, rendering=rendering)
        target, stamp, signed, started_at, elapsed, due, timing, *end = found
        return Attempted(
            **facts,
            attempt=number,
            rendering=self._rendering(event, number, target, stamp, signed),
            copy=read_signed(signed)[2],
            outcome=read_outcome(end, body),
            started_at=moment(started_at),
            elapsed_ms=elapsed,
            timing=timing,
            next_attempt_at=None if due is None else moment(due),
        )

    def _rendering(
        self, event: Event, attempt: int, target: int, stamp: int, signed: str | dict[str, Any] | None
    ) -> Rendering:
        signature, faults, _ = read_signed(signed)
        return Rendering(event, self._target(target), attempt, moment(stamp), signature, faults)
