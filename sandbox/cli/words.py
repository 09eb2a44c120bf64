"""Statuses, attempts, policies and runs as a person reads them; all as spans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sandbox.cli.paint import Span, Spans
from sandbox.core.durations import format_duration
from sandbox.core.ledger import Delivery
from sandbox.core.model import AUTH_TYPE, Connection, Outcome, Response, Status
from sandbox.core.present import shown_url
from sandbox.core.retry import RetryPolicy
from sandbox.runner import Stage

DIM: Final = "dim"
DOT: Final[Span] = (" · ", DIM)
STATUS_STYLE: Final = {
    Status.PENDING: "yellow",
    Status.SUCCESS: "green",
    Status.FAILED: "red",
    Status.DEAD_LETTER: "red",
}
_LISTED_DELAYS: Final = 8


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
        spans += [chip(attempt.outcome), (f"\u00a0+{after}", DIM)]
    if delivery.status is Status.PENDING and delivery.attempt_count > len(delivery.attempts):
        spans += [DOT] if spans else []
        spans.append(("in flight", "yellow"))
    return spans


def status(of: Status) -> Span:
    """A delivery's state in its colour."""
    return str(of), STATUS_STYLE[of]


def roughly(duration: timedelta) -> str:
    """To a tenth of a second, and from ten seconds on to a second: ``0s``, ``5s``, ``1m15s``."""
    unit = timedelta(milliseconds=100) if duration < timedelta(seconds=10) else timedelta(seconds=1)
    return format_duration(round(duration / unit) * unit)


def seconds(milliseconds: float) -> str:
    """A time that really passed: ``40ms``, ``3.2s``, ``1m15s``."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f}ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.1f}s"
    return roughly(timedelta(milliseconds=milliseconds))


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 delivery``, ``1,200 deliveries``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


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


def policy(of: RetryPolicy) -> str:
    """A retry policy with its numbers, and how sure we are of them."""
    standing = {
        "wexio": "wexio (assumed numbers)",
        "none": "none",
        "svix": "svix (published numbers)",
    }.get(of.name, of.name)
    if of.attempts == 1:
        plan = "a single attempt"
    elif isinstance(of.delays, tuple):
        listed = ", ".join(format_duration(delay) for delay in of.delays[:_LISTED_DELAYS])
        more = ", …" if len(of.delays) > _LISTED_DELAYS else ""
        plan = f"{of.attempts} attempts; {listed}{more} apart"
    else:
        most = format_duration(of.delays.max)
        base = format_duration(of.delays.base)
        plan = f"{of.attempts} attempts; {base} apart, each delay {of.delays.factor:g} times the last, at most {most}"
        if of.delays.jitter:
            plan += f", ±{of.delays.jitter:.0%}"
    return f"retry {standing}: {plan}; at most {format_duration(of.timeout)} each"


def tally(deliveries: Sequence[Delivery]) -> str:
    """``4 deliveries · 9 attempts``."""
    made = sum(item.attempt_count for item in deliveries)
    return f"{count(len(deliveries), 'delivery', 'deliveries')} · {count(made, 'attempt')}"
