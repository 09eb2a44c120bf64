"""The state of every delivery, folded from journal entries and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, assert_never

from sandbox.core.entries import Attempted, Attempting, Emitted, Entry, Resent, Settled, Verdict
from sandbox.core.faults import Faults
from sandbox.core.model import Event, Status


class Delivery(NamedTuple):
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
    attempts: tuple[Attempted, ...]  # those that have ended
    next_attempt_at: datetime | None
    emitted_at: datetime
    settled_at: datetime | None
    reason: str = ""  # why it settled, where no attempt decided it

    def __repr__(self) -> str:
        told = (f"{name}={value!r}" for name, value in self._asdict().items() if name != "attempts")
        return f"Delivery({', '.join(told)})"  # an attempt holds all of its request

    @property
    def counted(self) -> tuple[Attempted, ...]:
        """The attempts that have ended, without the copies that a fault made."""
        return tuple([attempt for attempt in self.attempts if not attempt.copy])


def in_order(attempts: tuple[Attempted, ...]) -> tuple[Attempted, ...]:
    """*attempts* as they are read: a copy after what it is a copy of, though it is journalled first."""
    if not any(attempt.copy for attempt in attempts):
        return attempts
    return tuple(sorted(attempts, key=lambda attempt: (attempt.attempt, attempt.copy)))


def went_wrong(deliveries: Iterable[Delivery]) -> Counter[str]:
    """How many attempts carried which fault: what went wrong on purpose."""
    return Counter(fault.do for item in deliveries for attempt in item.counted for fault in attempt.faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A delivery that somebody must take up: all that a dispatcher needs to go on with it.

    One of three things is the case: an attempt is *due*; one was *in_flight* (it
    counts, and is to be closed as ``interrupted``); or *last* decided the delivery,
    and only `Settled` is missing.
    """

    delivery_id: str
    run_id: str
    connection_id: str
    event: Event
    who: str = ""
    emitted_at: datetime
    begun: int  # attempts begun; the next one has this number + 1
    base: int = 0  # attempts begun before the last resend: the ladder counts from here
    faults: Faults = ()  # what was asked to go wrong with it
    due: datetime | None = None  # on the clock of its run
    in_flight: Attempting | None = None
    last: Attempted | None = field(default=None, repr=False)

    @property
    def settled(self) -> bool:
        """Whether none of the three is the case: it was recalled, and may be sent once more."""
        return self.due is None and self.in_flight is None and self.last is None


class Row:
    """A delivery as its entries make it, without the attempts themselves: small, and kept by the thousand."""

    __slots__ = (
        *("base", "begun", "channel", "connection_id", "due", "emitted_at", "event", "event_id", "id"),
        *("in_flight", "reason", "run_id", "settled_at", "status", "who"),
    )

    def __init__(self, id: str, connection_id: str, emitted: Emitted) -> None:
        event = emitted.event
        self.id, self.connection_id, self.run_id, self.who = id, connection_id, emitted.run_id, emitted.who
        self.event_id, self.event, self.channel = event.id, event.name, event.channel
        self.emitted_at = emitted.at
        self.status, self.reason = Status.PENDING, ""
        self.begun = self.base = 0  # attempts begun in all, and before the last resend
        self.in_flight = False
        self.due: datetime | None = emitted.due(id)
        self.settled_at: datetime | None = None

    def fold(self, entry: Attempting | Attempted | Settled | Resent) -> None:
        """Become what *entry* makes of this delivery."""
        match entry:
            case Attempting():
                self.begun, self.in_flight, self.due = entry.attempt, True, None
            case Attempted():
                if not entry.copy:
                    self.in_flight, self.due = False, entry.next_attempt_at
            case Settled():
                self.status, self.reason, self.settled_at = entry.status, entry.reason, entry.at
                self.due = None
            case Resent():
                self.status, self.reason, self.settled_at = Status.PENDING, "", None
                self.base, self.due = self.begun, entry.next_attempt_at or entry.at
            case other:
                assert_never(other)

    def snapshot(self, attempts: tuple[Attempted, ...] = ()) -> Delivery:
        """The delivery as it stands now, with the *attempts* that somebody else has kept."""
        return Delivery(
            id=self.id,
            run_id=self.run_id,
            event_id=self.event_id,
            event=self.event,
            channel=self.channel,
            who=self.who,
            connection_id=self.connection_id,
            status=self.status,
            reason=self.reason,
            attempt_count=self.begun,
            attempts=in_order(attempts),
            next_attempt_at=self.due,
            emitted_at=self.emitted_at,
            settled_at=self.settled_at,
        )


class _FullRow(Row):
    __slots__ = ("attempts",)

    def __init__(self, id: str, connection_id: str, emitted: Emitted) -> None:
        super().__init__(id, connection_id, emitted)
        self.attempts: tuple[Attempted, ...] = ()


class Ledger:
    """Every delivery with all its attempts, in order of emission."""

    def __init__(self) -> None:
        self._rows: dict[str, _FullRow] = {}
        self._by_event: dict[str, dict[str, tuple[_FullRow, ...]]] = {}  # by run and event id

    def apply(self, entry: Entry) -> None:
        """Fold one more *entry* in."""
        match entry:
            case Attempting() | Settled() | Resent():
                self._rows[entry.delivery_id].fold(entry)
            case Attempted():
                row = self._rows[entry.delivery_id]
                row.fold(entry)
                row.attempts += (entry,)
            case Emitted():
                rows = tuple([_FullRow(id, connection_id, entry) for id, connection_id in entry.deliveries])
                for row in rows:
                    self._rows[row.id] = row
                of_run = self._by_event.get(entry.run_id)
                if of_run is None:
                    of_run = self._by_event[entry.run_id] = {}
                of_run[entry.event.id] = rows
            case Verdict():
                pass
            case other:
                assert_never(other)

    def watch(self, run_id: str) -> None:
        """Keep the deliveries of this run until its verdict: they will be judged.

        This ledger keeps all of them anyway; a journal on disk keeps only what it must.
        """

    def deliveries(self, *, event_id: str | None = None, run_id: str | None = None) -> Iterator[Delivery]:
        """Those of one event (run by run), of one run, or all, in order of emission."""
        if event_id is None:
            rows = tuple(self._rows.values())
        else:
            rows = tuple([row for events in self._by_event.values() for row in events.get(event_id, ())])
        return (row.snapshot(row.attempts) for row in rows if run_id in (None, row.run_id))

    def oldest(self) -> dict[str, Delivery]:
        """Of each run, the pending delivery that was emitted first."""
        return oldest(self._rows.values())

    def knows(self, event_id: str, *, run_id: str) -> bool:
        """Whether the run has emitted an event with this id."""
        return event_id in self._by_event.get(run_id, ())

    def counts(self, *, run_id: str | None = None) -> Counter[Status]:
        """How many deliveries are in which state."""
        return Counter(row.status for row in self._rows.values() if run_id in (None, row.run_id))


def oldest(rows: Iterable[Row]) -> dict[str, Delivery]:
    """Of each run, the pending one that was emitted first; of however many, only these are made."""
    first: dict[str, Row] = {}
    for row in rows:
        if row.status is Status.PENDING:
            known = first.get(row.run_id)
            if known is None or row.emitted_at < known.emitted_at:
                first[row.run_id] = row
    return {run_id: row.snapshot() for run_id, row in first.items()}
