"""What of a fault is no other request, but another way to deal with it: held, late, dropped.

Which faults an attempt carries is drawn here, once for whoever asks: the seed gives the
same answer each time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sandbox.clock import later
from sandbox.core.faults import Faults, drawn
from sandbox.core.ids import Seed
from sandbox.core.model import Exchange, NoAuth, Request, TransportError
from sandbox.lanes import Job
from sandbox.transport import Transport

Scope = int
"""What a fault was asked for: one emission, or all of a ``repeat``.  Its end ends the holding."""

_AT_ONCE: Final = timedelta()

DROPPED: Final = Exchange(
    outcome=TransportError(type="dropped", message="never sent, as was asked"), elapsed_ms=0.0
)


async def send(transport: Transport, request: Request, faults: Faults, *, timeout: timedelta) -> Exchange:
    """What becomes of *request*, which is not sent at all where it is to be dropped."""
    if faults and any(fault.do == "drop" for fault in faults):
        return DROPPED
    return await transport.send(request, timeout=timeout)


class Mishaps:
    """Draws the faults of one run, and holds what they hold back."""

    def __init__(self, seed: Seed) -> None:
        self._seed = seed
        self._held: dict[tuple[str, Scope], list[Job]] = {}  # by connection and scope
        self._complete: list[Job] = []

    def of(self, job: Job) -> Faults:
        """What goes wrong with the next attempt of *job*."""
        if not job.faults:
            return ()
        return tuple(fault for fault in self._drawn(job) if fault.do != "reorder" or job.reordered)

    def _drawn(self, job: Job) -> Faults:
        target = job.lane.target
        return drawn(
            job.faults,
            seed=self._seed,
            event_id=job.event.id,
            connection_id=target.id,
            attempt=job.attempts + 1,
            credentials=not isinstance(target.connection.auth, NoAuth),
        )

    # --- late --------------------------------------------------------------------------

    def goes_out(self, job: Job, due: datetime) -> datetime:
        """When the next attempt of *job* is sent, if it falls due at *due*: then, or later."""
        by = self._delay(job)
        return later(due, by) if by else due  # the same moment, which is kept once

    def late(self, job: Job, now: datetime) -> datetime | None:
        """When *job*, which has just come up, is sent if that is later than *now*."""
        at = self.goes_out(job, job.due)
        return at if at > now else None

    def falls_due(self, job: Job) -> datetime:
        """The reverse, of a *job* that was taken up: all that is known is when it goes out."""
        return job.due - self._delay(job)

    def delays(self, job: Job, stamp: Callable[[datetime], datetime]) -> bool:
        """Whether the attempt that is due comes later, and then when: it is signed as of now."""
        if job.signed_at is not None or not (by := self._delay(job)):
            return False
        job.signed_at = stamp(job.planned)
        job.due, job.planned = later(job.due, by), later(job.planned, by)
        return True

    def _delay(self, job: Job) -> timedelta:
        if job.faults:
            for fault in self._drawn(job):
                if fault.do == "delay" and fault.by is not None:
                    return fault.by
        return _AT_ONCE

    # --- out of order --------------------------------------------------------------------

    def holds(self, job: Job, scope: Scope) -> bool:
        """Whether *job*, which has just come up, is held until there are enough to shuffle."""
        if not job.faults:
            return False
        window = next((fault.window for fault in self._drawn(job) if fault.do == "reorder"), None)
        if window is None:
            return False
        key = job.lane.target.id, scope
        held = self._held.setdefault(key, [])
        held.append(job)
        if len(held) >= window:
            self._complete += self._shuffled(self._held.pop(key))
        return True

    def complete(self) -> list[Job]:
        """Those that need not be held any more, in their new order."""
        jobs, self._complete = self._complete, []
        return jobs

    def end(self, scope: Scope | None = None) -> list[Job]:
        """All that is held of this *scope*, or of all: nothing more joins it."""
        keys = [key for key in self._held if scope in (None, key[1])]
        return [job for key in keys for job in self._shuffled(self._held.pop(key))]

    def _shuffled(self, jobs: list[Job]) -> list[Job]:
        jobs = [job for job in jobs if not job.cancelled]
        if len(jobs) < 2:
            return jobs
        stream = self._seed.stream(f"reorder/{jobs[0].lane.target.id}/{jobs[0].event.id}")
        order = list(range(len(jobs)))
        for last in range(len(order) - 1, 0, -1):
            other = stream.below(last + 1)
            order[last], order[other] = order[other], order[last]
        if order == sorted(order):
            order.append(order.pop(0))  # chance has left them as they were, and that was not asked for
        for job in jobs:
            job.reordered = True
        return [jobs[place] for place in order]
