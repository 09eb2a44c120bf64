"""Judges what a scenario expects against the deliveries there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from sandbox.core.durations import format_duration
from sandbox.core.entries import Expectation
from sandbox.core.ledger import Delivery
from sandbox.core.model import Status
from sandbox.core.moments import isoformat
from sandbox.core.scenario import Expect

ABOUT: Final = 50
"""An expectation knows so many of the deliveries that it is about: of one that failed, those that speak against it."""

_NAMED: Final = 3  # how many deliveries are named one by one


def judge(step: Expect, deliveries: Sequence[Delivery]) -> tuple[Expectation, frozenset[str]]:
    """Whether *step* holds, and the ids of the deliveries that it selected."""
    selected = [item for item in deliveries if step.status in (None, item.status)]
    faults = []
    against: list[Delivery] = []
    if step.deliveries is not None and not step.deliveries.holds(len(selected)):
        faults.append(f"{_number(len(selected))} {step.status or 'in all'} ({in_short(deliveries)})")
        too_many = step.deliveries.max is not None and len(selected) > step.deliveries.max
        chosen = {item.id for item in selected}
        against += selected if too_many else [item for item in deliveries if item.id not in chosen]
    if step.attempts is not None:
        wrong = [item for item in selected if not step.attempts.holds(item.attempt_count)]
        if wrong:
            numbers = Counter(item.attempt_count for item in wrong)
            spread = ", ".join(f"{number} (x{count})" for number, count in sorted(numbers.items()))
            faults.append(f"attempts of {_number(len(wrong))}: {spread}: {_names(wrong)}")
            against += wrong
    if step.within is not None:
        late = [item for item in selected if (took := _took(item)) is None or took > step.within]
        if late:
            longest = max(_took(item) or timedelta.max for item in late)
            took_text = "not settled yet" if longest == timedelta.max else f"up to {format_duration(longest)}"
            faults.append(f"{_number(len(late))} took longer, {took_text}: {_names(late)}")
            against += late
    expectation = Expectation(
        text=in_words(step),
        passed=not faults,
        actual="; ".join(faults) or in_short(deliveries),
        line=step.line,
        about=_ids(against if faults else selected),
    )
    return expectation, frozenset(item.id for item in selected)


def in_words(step: Expect) -> str:
    """``22 deliveries SUCCESS, 1 to 3 attempts each, within 5m``."""
    if step.deliveries is None:
        subject = f"deliveries {step.status}" if step.status else "all deliveries"
    else:
        noun = "delivery" if str(step.deliveries) == "1" else "deliveries"
        subject = f"{step.deliveries} {noun} {step.status}" if step.status else f"{step.deliveries} {noun}"
    parts = [subject]
    if step.attempts is not None:
        parts.append(f"{step.attempts} {'attempt' if str(step.attempts) == '1' else 'attempts'} each")
    if step.within is not None:
        parts.append(f"within {format_duration(step.within)}")
    return ", ".join(parts)


def others_succeeded(others: Sequence[Delivery], *, any_judged: bool) -> Expectation:
    """What every scenario expects at its end: whatever was not selected by status is SUCCESS."""
    wrong = [item for item in others if item.status is not Status.SUCCESS]
    text = "every other delivery SUCCESS" if any_judged else "every delivery SUCCESS"
    actual = in_short(others)
    if wrong:
        actual += f": {_names(wrong)}"
    return Expectation(text=text, passed=not wrong, actual=actual, about=_ids(wrong or others))


def settled_in_time(timeout: timedelta, pending: Sequence[Delivery], line: int | None = None) -> Expectation:
    """What ``settle: <duration>``, in that *line*, expects."""
    actual = f"{_number(len(pending))} pending: {_names(pending)}" if pending else "nothing pending"
    text = f"settled within {format_duration(timeout)}"
    return Expectation(text=text, passed=not pending, actual=actual, line=line, about=_ids(pending))


def in_short(deliveries: Iterable[Delivery]) -> str:
    """``20 SUCCESS, 2 DEAD_LETTER``, or ``no deliveries``."""
    counts = Counter(item.status for item in deliveries)
    return ", ".join(f"{counts[status]} {status}" for status in Status if counts[status]) or "no deliveries"


def pending_in_words(deliveries: Iterable[Delivery]) -> list[str]:
    """How many have not settled, then until when the first ones wait."""
    pending = [item for item in deliveries if item.status is Status.PENDING]
    lines = [in_short(pending)]
    for item in pending[:5]:
        due = item.next_attempt_at
        state = f"next attempt at {isoformat(due)}" if due else "attempt in flight"
        lines.append(f"{item.who or item.event} ({item.event_id}): {item.attempt_count} made, {state}")
    if len(pending) > 5:
        lines.append(f"and {len(pending) - 5} more")
    return lines


def _took(delivery: Delivery) -> timedelta | None:
    return None if delivery.settled_at is None else delivery.settled_at - delivery.emitted_at


def _ids(deliveries: Sequence[Delivery]) -> tuple[str, ...]:
    """Which they are, the first ones, each once."""
    return tuple(dict.fromkeys(item.id for item in deliveries[:ABOUT]))


def _number(count: int) -> str:
    return f"{count} delivery" if count == 1 else f"{count} deliveries"


def _names(deliveries: Sequence[Delivery]) -> str:
    named = [f"{item.who or item.event} ({item.channel}, {item.event_id})" for item in deliveries[:_NAMED]]
    more = len(deliveries) - _NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
