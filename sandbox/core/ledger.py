"""The state of every delivery, folded from journal entries and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.core.entries import Attempted, Attempting, Emitted, Entry, Resent, Settled
from sandbox.core.model import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event to one connection, as it stands now."""

    id: str
    run_id: str
    event_id: str
    event: str
    channel: str | None
    who: str  # for people: the contact's or the chat's name
    connection_id: str
    status: Status
    attempt_count: int  # attempts begun, the one in flight included
    attempts: tuple[Attempted, ...] = field(repr=False)  # those that have ended
    next_attempt_at: datetime | None
    emitted_at: datetime
    settled_at: datetime | None


class _Row:
    __slots__ = ("attempts", "begun", "connection_id", "emitted", "id", "resent_at", "settled_at", "status")

    def __init__(self, id: str, connection_id: str, emitted: Emitted) -> None:
        self.id, self.connection_id, self.emitted = id, connection_id, emitted
        self.status, self.begun = Status.PENDING, 0
        self.attempts: tuple[Attempted, ...] = ()
        self.settled_at: datetime | None = None
        self.resent_at: datetime | None = None

    def snapshot(self) -> Delivery:
        event, attempts = self.emitted.event, self.attempts
        due = attempts[-1].next_attempt_at or self.resent_at if attempts else self.emitted.at
        return Delivery(
            id=self.id,
            run_id=self.emitted.run_id,
            event_id=event.id,
            event=event.name,
            channel=event.channel,
            who=self.emitted.who,
            connection_id=self.connection_id,
            status=self.status,
            attempt_count=self.begun,
            attempts=attempts,
            next_attempt_at=due if self.status is Status.PENDING and self.begun == len(attempts) else None,
            emitted_at=self.emitted.at,
            settled_at=self.settled_at,
        )


class Ledger:
    """Rows by delivery, in order of emission."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}
        self._by_event: dict[str, list[_Row]] = {}
        self._events: dict[str, set[str]] = {}  # ids by run

    def apply(self, entry: Entry) -> None:
        """Fold one more *entry* in."""
        match entry:
            case Attempting(delivery_id=id, attempt=number):
                self._rows[id].begun = number
            case Attempted(delivery_id=id):
                self._rows[id].attempts += (entry,)
            case Settled(delivery_id=id, status=status, at=at):
                row = self._rows[id]
                row.status, row.settled_at = status, at
            case Resent(delivery_id=id, at=at):
                row = self._rows[id]
                row.status, row.settled_at, row.resent_at = Status.PENDING, None, at
            case Emitted():
                rows = [_Row(id, connection_id, entry) for id, connection_id in entry.deliveries]
                self._rows.update((row.id, row) for row in rows)
                self._events.setdefault(entry.run_id, set()).add(entry.event.id)
                self._by_event.setdefault(entry.event.id, []).extend(rows)

    def deliveries(self, *, event_id: str | None = None, run_id: str | None = None) -> Iterator[Delivery]:
        """Those of one event, of one run, or all, in order of emission."""
        rows = self._rows.values() if event_id is None else self._by_event.get(event_id, ())
        return (row.snapshot() for row in tuple(rows) if run_id in (None, row.emitted.run_id))

    def knows(self, event_id: str, *, run_id: str) -> bool:
        """Whether the run has emitted an event with this id."""
        return event_id in self._events.get(run_id, ())

    def counts(self, *, run_id: str | None = None) -> Counter[Status]:
        """How many deliveries are in which state."""
        rows = self._rows.values()
        return Counter(row.status for row in rows if run_id in (None, row.emitted.run_id))
