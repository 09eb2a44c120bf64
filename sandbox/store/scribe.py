"""The scribe: numbers what comes in, folds it, and puts it into the batch at hand.

Works on the loop, waits for nothing, and is on the hot path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from struct import Struct
from typing import Final, assert_never
from zlib import crc32

from sandbox.core.entries import Attempted, Attempting, Emitted, Entry, Resent, Settled, Verdict
from sandbox.core.envelope import Target
from sandbox.core.errors import Conflict, UsageError
from sandbox.core.model import Response, Status, kind_of
from sandbox.store.batch import Batch
from sandbox.store.coding import (
    Kind,
    attempted_document,
    attempting_document,
    emitted_document,
    instant,
    quoted,
    target_document,
    verdict_document,
    writable,
)
from sandbox.store.lean import NUMBERS, LeanLedger, Place, Zone
from sandbox.store.schema import EVENT, SEGMENT, SEGMENT_BITS

_EMITTED, _ATTEMPTING, _ATTEMPTED = int(Kind.EMITTED), int(Kind.ATTEMPTING), int(Kind.ATTEMPTED)
_SETTLED, _RESENT, _VERDICT = int(Kind.SETTLED), int(Kind.RESENT), int(Kind.VERDICT)
_PENDING: Final = NUMBERS[Status.PENDING]
_REMEMBERED: Final = 1024  # targets whose number is known without looking; deliveries that were recalled


_HASH: Final = Struct("<I")


def id_hash(id: str) -> bytes:
    """Four bytes by which an id is found."""
    return _HASH.pack(crc32(id.encode()))


class Tail:
    """The hashes of a segment that is not full yet."""

    __slots__ = ("hashes", "kind", "last")

    def __init__(self, kind: int, last: int) -> None:
        self.kind, self.last = kind, last  # the highest number given so far
        self.hashes = bytearray(4 * SEGMENT)

    def put(self, number: int, id: str) -> None:
        """Note the id with this number."""
        _HASH.pack_into(self.hashes, 4 * (number % SEGMENT), crc32(id.encode()))

    def next(self, id: str, batch: Batch) -> int:
        """A new number for *id*; a segment that it fills is sealed."""
        number = self.last = self.last + 1
        self.put(number, id)
        if (number + 1) % SEGMENT == 0:
            batch.sealed.append((self.kind, number >> SEGMENT_BITS, bytes(self.hashes)))
            self.hashes = bytearray(4 * SEGMENT)
        return number


class Scribe:
    """Turns entries into rows; `batch` holds those that are not handed over yet."""

    def __init__(
        self,
        ledger: LeanLedger,
        *,
        seq: int,
        events: Tail,
        deliveries: Tail,
        names: Mapping[str, int],
        targets: Mapping[str, int],
        next_target: int,
        totals: Mapping[tuple[str, str | None], int],
    ) -> None:
        self.ledger, self.seq = ledger, seq
        self.totals = Counter(totals)  # what is counted, by channel
        self.batch = Batch()
        self._events, self._deliveries = events, deliveries
        self._names = dict(names)
        self._targets: dict[str, int] = dict(targets)  # by document
        # By identity; the targets are kept, so that it stays their own.
        self._known: dict[int, tuple[Target, int]] = {}
        self._next_target = next_target
        self._zones: dict[Zone, Zone] = {}  # one tuple for all deliveries of a zone
        self._recalled: dict[str, Place] = {}
        self.resends = 0  # so far

    def write(self, entry: Entry) -> int:
        """Take *entry* in; its seq.  Raises `UsageError` for a delivery that is not in memory."""
        seq, batch = self.seq + 1, self.batch
        match entry:
            case Attempting():
                place = self._place(entry.delivery_id)
                rendering = entry.rendering
                document = (
                    None
                    if rendering is None
                    else attempting_document(self._target(rendering.target), rendering)
                )
                self._link(seq, _ATTEMPTING, entry, place, entry.attempt, document, None)
            case Attempted():
                place = self._place(entry.delivery_id)
                outcome = entry.outcome
                body = outcome.body if isinstance(outcome, Response) and outcome.body else None
                document = attempted_document(self._target(entry.rendering.target), entry)
                self._link(seq, _ATTEMPTED, entry, place, entry.attempt, document, body)
                if not entry.copy:
                    self._count(kind_of(outcome), place.channel)
            case Settled():
                place = self._place(entry.delivery_id)
                document = f"[{NUMBERS[entry.status]},{quoted(entry.reason)}]"
                self._link(seq, _SETTLED, entry, place, entry.attempt_count, document, None)
                self._move(place, Status.PENDING, entry.status)
                self.ledger.settled(place)
            case Emitted():
                self._emitted(seq, entry)
            case Resent():
                place = self._recall(entry.delivery_id)
                self.resends += 1
                self.ledger.keep(place)
                self._move(place, place.status, Status.PENDING)
                late = entry.next_attempt_at
                document = None if late is None else str(instant(late))
                self._link(seq, _RESENT, entry, place, None, document, None)
            case Verdict():
                run = self._name(entry.run_id)
                batch.entries.append(
                    (seq, _VERDICT, instant(entry.at), run, None, None, None, verdict_document(entry), None)
                )
                self.ledger.judged(entry.run_id)
            case other:
                assert_never(other)
        self.seq = batch.seq = seq
        return seq

    def put(self, kind: str, id: str, document: str | None) -> None:
        """A document comes, changes or, where None, goes."""
        self.batch.documents[kind, id] = document

    def recalled(self, place: Place) -> None:
        """Hold *place* until it is resent."""
        self._recalled[place.id] = place
        if len(self._recalled) > _REMEMBERED:
            del self._recalled[next(iter(self._recalled))]

    def forget(self) -> None:
        """Nothing was ever emitted."""
        self._recalled.clear()
        self.totals.clear()
        self.ledger.clear()

    @property
    def oldest_recalled(self) -> int | None:
        """The lowest number of an event that must not be pruned although nothing of it is pending."""
        return min((place.event_number for place in self._recalled.values()), default=None)

    def turn(self) -> Batch:
        """The batch, finished, and a new one begun."""
        batch, self.batch = self.batch, Batch()
        batch.finish()
        return batch

    def _place(self, delivery_id: str) -> Place:
        try:
            return self.ledger.place(delivery_id)
        except KeyError:
            raise UsageError(f"the delivery {delivery_id} is not pending") from None

    def _recall(self, delivery_id: str) -> Place:
        try:
            return self._recalled.pop(delivery_id)
        except KeyError:
            raise Conflict(f"the delivery {delivery_id} must be recalled before it is resent") from None

    def _link(
        self,
        seq: int,
        kind: int,
        entry: Attempting | Attempted | Settled | Resent,
        place: Place,
        number: int | None,
        document: str | None,
        body: bytes | None,
    ) -> None:
        position = place.position
        at, run = instant(entry.at), self._name(entry.run_id)
        self.batch.entries.append((seq, kind, at, run, position, place.last, number, document, body))
        place.last = seq
        place.fold(entry)
        self.batch.changed[position] = place

    def _emitted(self, seq: int, entry: Emitted) -> None:
        batch, event, ledger = self.batch, entry.event, self.ledger
        at, run, channel = instant(entry.at), self._name(entry.run_id), self._name(event.channel)
        number = self._events.next(event.id, batch)
        first = self._deliveries.last + 1
        for id, connection_id in entry.deliveries:
            position = self._deliveries.next(id, batch)
            zone = (position >> SEGMENT_BITS, run, self._name(connection_id), channel)
            zone = self._zones.setdefault(zone, zone)
            place = Place(id, connection_id, entry, position, number, zone, seq)
            ledger.keep(place)
            batch.changed[position] = place
            batch.zones[zone, _PENDING] += 1
        if len(self._zones) > 4096:
            self._zones.clear()
        count = len(entry.deliveries)
        ledger.emitted(event.id, entry.run_id)
        if count:
            for segment in range(first >> SEGMENT_BITS, (first + count - 1 >> SEGMENT_BITS) + 1):
                batch.span(segment, run, at)
            ledger.tally(entry.run_id)[_PENDING] += count
        batch.events.append(
            (
                number,
                seq,
                event.id,
                self._name(event.name),
                channel,
                event.organisation_id,
                instant(event.occurred_at),
                run,
                writable(entry.who),
                first,
                count,
                event.data_json,
            )
        )
        self._count(EVENT, event.channel)
        asked = emitted_document(entry)
        batch.entries.append((seq, _EMITTED, at, run, number, None, None, asked, None))

    def _count(self, what: str, channel: str | None) -> None:
        self.totals[what, channel] += 1
        self.batch.totals[what, self._name(channel)] += 1

    def _move(self, place: Place, old: Status, new: Status) -> None:
        zones, zone, tally = self.batch.zones, place.zone, self.ledger.tally(place.run_id)
        before, after = NUMBERS[old], NUMBERS[new]
        zones[zone, before] -= 1
        zones[zone, after] += 1
        tally[before] -= 1
        tally[after] += 1

    def _name(self, text: str | None) -> int:
        if text is None:
            return 0
        number = self._names.get(text)
        if number is None:
            number = self._names[text] = len(self._names) + 1
            self.batch.names.append((number, text))
        return number

    def _target(self, target: Target) -> int:
        known = self._known.get(id(target))
        if known is not None:
            return known[1]
        document = target_document(target)
        number = self._targets.get(document)
        if number is None:
            number, self._next_target = self._next_target, self._next_target + 1
            if len(self._targets) >= _REMEMBERED:
                self._targets.clear()
            self._targets[document] = number
            self.batch.targets.append((number, document))
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[id(target)] = target, number
        return number
