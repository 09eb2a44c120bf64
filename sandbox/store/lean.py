"""What the journal on disk keeps in memory: the deliveries that something may still happen to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from sandbox.core.entries import Emitted
from sandbox.core.ledger import Delivery, Ledger, Row, oldest
from sandbox.core.model import Status

STATUSES: Final = (Status.PENDING, Status.SUCCESS, Status.FAILED, Status.DEAD_LETTER)
"""A status as its number in the file."""
_NOTHING: Final = [0] * len(STATUSES)
NUMBERS: Final = {status: number for number, status in enumerate(STATUSES)}

Zone = tuple[int, int, int, int]  # segment, run, connection, channel


class Place(Row):
    """A delivery, and where it stands in the file."""

    __slots__ = ("event_number", "last", "position", "zone")

    def __init__(
        self,
        id: str,
        connection_id: str,
        emitted: Emitted,
        position: int,
        event_number: int,
        zone: Zone,
        last: int,
    ) -> None:
        super().__init__(id, connection_id, emitted)
        self.position, self.event_number = position, event_number
        self.zone, self.last = zone, last


class LeanLedger(Ledger):
    """Deliveries that are pending, and those of runs that are watched; of the others, only their number.

    Events are known only of runs that are watched, and until their verdict.  What a
    delivery's attempts were is on disk.
    """

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[str, Place] = {}
        self._watched: dict[str, set[str]] = {}  # run -> ids of its events
        self._tallies: dict[str, list[int]] = {}  # by run; how many in the first state, the second …

    # --- for everybody -------------------------------------------------------------

    def watch(self, run_id: str) -> None:
        self._watched.setdefault(run_id, set())

    def deliveries(self, *, event_id: str | None = None, run_id: str | None = None) -> Iterator[Delivery]:
        """As of a full ledger, but without attempts, and only those that are kept in memory."""
        places = sorted(
            (
                place
                for place in self._places.values()
                if run_id in (None, place.run_id) and event_id in (None, place.event_id)
            ),
            key=_position,
        )
        return (place.snapshot() for place in places)

    def oldest(self) -> dict[str, Delivery]:
        return oldest(self._places.values())

    def knows(self, event_id: str, *, run_id: str) -> bool:
        return event_id in self._watched.get(run_id, ())

    def counts(self, *, run_id: str | None = None) -> Counter[Status]:
        tallies = self._tallies.values() if run_id is None else [self._tallies.get(run_id, _NOTHING)]
        total = [sum(numbers) for numbers in zip(*tallies, strict=True)]
        return Counter({status: number for status, number in zip(STATUSES, total, strict=False) if number})

    # --- for the journal -------------------------------------------------------------

    def place(self, delivery_id: str) -> Place:
        """A delivery that is kept; `KeyError` where it is not."""
        return self._places[delivery_id]

    def pending(self) -> list[Place]:
        """Those that have not settled, in order of emission."""
        return sorted(
            (place for place in self._places.values() if place.status is Status.PENDING), key=_position
        )

    def keep(self, place: Place) -> None:
        """From now on, *place* is one of those in memory."""
        self._places[place.id] = place

    def emitted(self, event_id: str, run_id: str) -> None:
        """Remember the event, where its run is watched."""
        known = self._watched.get(run_id)
        if known is not None:
            known.add(event_id)

    def settled(self, place: Place) -> None:
        """Let go of *place*, unless somebody will judge it."""
        if place.run_id not in self._watched:
            del self._places[place.id]

    def judged(self, run_id: str) -> None:
        """The run has its verdict: only what is pending of it is kept."""
        if self._watched.pop(run_id, None) is None:
            return
        done = [
            id
            for id, place in self._places.items()
            if place.run_id == run_id and place.settled_at is not None
        ]
        for id in done:
            del self._places[id]

    def tally(self, run_id: str) -> list[int]:
        """How many deliveries of the run are in which state, by its number: to be changed in place."""
        tally = self._tallies.get(run_id)
        if tally is None:
            tally = self._tallies[run_id] = [0] * len(STATUSES)
        return tally

    def gone(self, run_id: str, status: Status, number: int) -> None:
        """So many deliveries are not in the file any more."""
        tally = self.tally(run_id)
        tally[NUMBERS[status]] -= number
        if not any(tally):
            del self._tallies[run_id]

    def clear(self) -> None:
        """Nothing was ever emitted; what is watched stays so."""
        self._places.clear()
        self._tallies.clear()
        for known in self._watched.values():
            known.clear()


def _position(place: Place) -> int:
    return place.position
