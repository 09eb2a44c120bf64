"""The entries that end an attempt or a delivery otherwise than by an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sandbox.core.entries import Attempted, Attempting, Settled
from sandbox.core.ledger import Pending
from sandbox.core.model import Exchange, Status, TransportError

DELETED: Final = "connection deleted"
"""Why a delivery has failed whose connection is gone."""

INTERRUPTED: Final = Exchange(
    outcome=TransportError(type="interrupted", message="the sandbox stopped during this attempt"),
    elapsed_ms=0.0,
)


def ended(
    beginning: Attempting,
    exchange: Exchange,
    *,
    at: datetime,
    next_attempt_at: datetime | None = None,
    copy: bool = False,
) -> Attempted:
    """The end of the attempt that had this *beginning*; a *copy* is no attempt of its own."""
    started_at, run_id, delivery_id, event_id, connection_id, number, rendering = beginning
    assert rendering is not None, "what was begun was rendered"
    return Attempted(
        at=at,
        run_id=run_id,
        delivery_id=delivery_id,
        event_id=event_id,
        connection_id=connection_id,
        attempt=number,
        rendering=rendering,
        outcome=exchange.outcome,
        started_at=started_at,
        elapsed_ms=exchange.elapsed_ms,
        timing=exchange.timing,
        next_attempt_at=next_attempt_at,
        copy=copy,
    )


def lost(pending: Pending, now: datetime) -> Iterator[Attempted | Settled]:
    """The end of a delivery whose connection is gone: nobody can send it."""
    if (cut := pending.in_flight) is not None:
        yield ended(cut, INTERRUPTED, at=now)
    yield Settled(
        at=now,
        run_id=pending.run_id,
        delivery_id=pending.delivery_id,
        event_id=pending.event.id,
        connection_id=pending.connection_id,
        status=Status.FAILED,
        attempt_count=pending.begun,
        reason=DELETED,
    )
