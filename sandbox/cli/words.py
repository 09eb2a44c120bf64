"""Statuses, attempts, policies and runs as a person reads them; all as spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sandbox.cli.paint import DOT, Span, Spans
from sandbox.core.ledger import Delivery
from sandbox.core.model import AUTH_TYPE, Connection, Outcome, Response, Status
from sandbox.core.phrases import count, policy, roughly, seconds
from sandbox.core.present import shown_url
from sandbox.runner import Stage

DIM: Final = "dim"
FAULT_STYLE: Final = "blue"
STATUS_STYLE: Final = {
    Status.PENDING: "yellow",
    Status.SUCCESS: "green",
    Status.FAILED: "red",
    Status.DEAD_LETTER: "red",
}


def chip(outcome: Outcome) -> Span:
    """``503`` or ``timeout``, in its colour."""
    if isinstance(outcome, Response):
        hundreds = outcome.status // 100
        return str(outcome.status), {2: "bold green", 3: "bold yellow"}.get(hundreds, "bold red")
    return outcome.type, "bold magenta"


def attempts(delivery: Delivery) -> Spans:
    """``503 +0s · 200 +5s``: what came of each attempt, and how long after the event it began."""
    spans: list[Span] = []
    for attempt in delivery.attempts:
        spans += [DOT] if spans else []
        after = roughly(attempt.started_at - delivery.emitted_at)
        spans.append(chip(attempt.outcome))
        if attempt.went_wrong:
            spans.append((f" ({attempt.went_wrong})", FAULT_STYLE))
        spans.append((f"\u00a0+{after}", DIM))
    if delivery.status is Status.PENDING and delivery.attempt_count > len(delivery.counted):
        spans += [DOT] if spans else []
        spans.append(("in flight", "yellow"))
    return spans


def waiting(delivery: Delivery) -> str:
    """What a pending delivery waits for."""
    due, made = delivery.next_attempt_at, delivery.attempt_count
    if due is None:
        return f"attempt {made} in flight"
    return f"attempt {made + 1} due at {due:%H:%M:%S} on the sandbox's clock"


def status(of: Status) -> Span:
    """A delivery's state in its colour."""
    return str(of), STATUS_STYLE[of]


def target(connection: Connection) -> str:
    """Where a connection delivers to, without what is secret in its address."""
    return shown_url(connection.url)


def targets(stage: Stage) -> str:
    """Where a run delivers to."""
    if stage.built_in:
        return f"the built-in subscriber at {target(stage.connections[0])}"
    if len(stage.connections) == 1:
        return target(stage.connections[0])
    return ", ".join(f"{item.name} ({target(item)})" for item in stage.connections[:4]) + (
        f" and {len(stage.connections) - 4} more" if len(stage.connections) > 4 else ""
    )


def conditions(stage: Stage) -> Spans:
    """``seed 42 · speed max · HMAC``: what to repeat to see the same again."""
    settings = stage.settings
    speed = settings.speed if isinstance(settings.speed, str) else f"{settings.speed:.12g}"
    parts = [f"seed {stage.sandbox.seed}", f"speed {speed}"]
    parts.append("/".join(dict.fromkeys(AUTH_TYPE[type(item.auth)] for item in stage.connections)))
    if settings.start is not None:
        parts.append(f"start {settings.start:%Y-%m-%dT%H:%M:%SZ}")
    if settings.signature_time == "sandbox":
        parts.append("signed with the sandbox's time")
    return [(" · ".join(parts), DIM)]


def tally(deliveries: Sequence[Delivery]) -> str:
    """``4 deliveries · 9 attempts``."""
    made = sum(item.attempt_count for item in deliveries)
    return f"{count(len(deliveries), 'delivery', 'deliveries')} · {count(made, 'attempt')}"


__all__ = [
    "DIM",
    "DOT",
    "STATUS_STYLE",
    "attempts",
    "chip",
    "conditions",
    "count",
    "policy",
    "roughly",
    "seconds",
    "status",
    "tally",
    "target",
    "targets",
]
