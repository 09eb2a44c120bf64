"""The entries that end an attempt or a delivery otherwise than by an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sandbox.core.entries import Attempted, Attempting, Settled
from sandbox.core.ledger import Pending
from sandbox.core.model import Exchange, Status, TransportError

DELETED: Final = "connection deleted"
"""Why a delivery has failed whose connection is gone."""

INTERRUPTED: Final = Exchange(
    outcome=TransportError(type="interrupted", message="the sandbox stopped during this attempt"),
    elapsed_ms=0.0,
)


def facts_of(beginning: Attempting) -> dict[str, Any]:
    """Which attempt it was."""
    return {
        "run_id": beginning.run_id,
        "delivery_id": beginning.delivery_id,
        "event_id": beginning.event_id,
        "connection_id": beginning.connection_id,
        "attempt": beginning.attempt,
    }


def copied(exchange: Exchange, facts: dict[str, Any], *, at: datetime) -> Attempted:
    """The same request once more, which is no attempt of its own."""
    return Attempted(
        at=at,
        outcome=exchange.outcome,
        elapsed_ms=exchange.elapsed_ms,
        timing=exchange.timing,
        copy=True,
        **facts,
    )


def lost(pending: Pending, now: datetime) -> Iterator[Attempted | Settled]:
    """The end of a delivery whose connection is gone: nobody can send it."""
    if (cut := pending.in_flight) is not None:
        facts = facts_of(cut) | {"rendering": cut.rendering, "started_at": cut.at}
        yield Attempted(at=now, outcome=INTERRUPTED.outcome, elapsed_ms=0.0, **facts)
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
