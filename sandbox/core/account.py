"""What became of deliveries, in plain text: for a test that has failed.

A line for each delivery and each attempt, and, for the first of the refusals of each
status, what is known and what is likely.  No secret is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from sandbox.core.entries import Attempted
from sandbox.core.ledger import Delivery
from sandbox.core.model import Response, Status
from sandbox.core.moments import isoformat
from sandbox.core.phrases import count, roughly, seconds
from sandbox.core.present import plain
from sandbox.core.refusal import explain_refusal

_MOST: Final = 20
"""So many deliveries are told singly, and so many attempts of each."""

_EXCERPT: Final = 200


def account(
    deliveries: Iterable[Delivery],
    *,
    names: Mapping[str, str],
    now: datetime,
    receivers_time: datetime | None,
) -> Iterator[str]:
    """The lines of it; *names* are the connections' by id, *now* is the sandbox's time.

    *receivers_time* is what a receiver's clock shows; None where it is the time that was signed.
    """
    told, explained = [*deliveries], set[int]()
    # Those that have not succeeded first: they are why somebody reads this.
    told.sort(key=lambda item: item.status is Status.SUCCESS)
    for delivery in told[:_MOST]:
        yield _delivery(delivery, names, now)
        for attempt in delivery.attempts[:_MOST]:
            yield f"  {_attempt(attempt)}"
            outcome = attempt.outcome
            if isinstance(outcome, Response) and outcome.status not in explained:
                explained.add(outcome.status)
                yield from (f"    {line}" for line in _refusal(attempt, outcome, receivers_time))
        if len(delivery.attempts) > _MOST:
            yield f"  … and {count(len(delivery.attempts) - _MOST, 'attempt')} more"
    if len(told) > _MOST:
        yield f"… and {count(len(told) - _MOST, 'delivery', 'deliveries')} more"


def _delivery(delivery: Delivery, names: Mapping[str, str], now: datetime) -> str:
    name = names.get(delivery.connection_id, delivery.connection_id)
    channel = f" ({delivery.channel})" if delivery.channel else ""
    head = f"{delivery.event}{channel} {delivery.event_id} to {name}: {delivery.status}"
    said = f"{head} after {count(delivery.attempt_count, 'attempt')}"
    if delivery.reason:
        said += f" ({delivery.reason})"
    if delivery.next_attempt_at is not None:
        wait = roughly(max(delivery.next_attempt_at - now, timedelta()))
        said += f"; the next one is due in {wait} of sandbox time: advance({wait!r})"
    return said


def _attempt(attempt: Attempted) -> str:
    wrong = f", on purpose {attempt.went_wrong}" if attempt.went_wrong else ""
    head = f"attempt {attempt.attempt} at {isoformat(attempt.started_at)}{wrong}"
    match attempt.outcome:
        case Response(status=status, body=body):
            text = _plain(body.decode("utf-8", "replace"))
            return f"{head}: {status} in {seconds(attempt.elapsed_ms)}" + (f": {text}" if text else "")
        case error:
            return f"{head}: {error.type} after {seconds(attempt.elapsed_ms)}: {_plain(error.message)}"


def _plain(text: str) -> str:
    """*text* on one line, short, and without what a terminal or a CI job obeys."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * _EXCERPT])
    line = plain(" ".join(line.split()))
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"


def _refusal(attempt: Attempted, answer: Response, receivers_time: datetime | None) -> Iterator[str]:
    target = attempt.rendering.target
    if target.secret is None or attempt.faults:
        return
    found = explain_refusal(
        attempt.request,
        answer,
        secret=target.secret,
        now=(receivers_time or attempt.rendering.stamp).timestamp(),
        rules=target.profile.signature,
    )
    if found is None:
        return
    yield found.known
    for cause in found.causes:
        yield f"{'proven' if cause.proven else 'likely'}: {cause.says}"
        yield f"  do: {cause.do}"
