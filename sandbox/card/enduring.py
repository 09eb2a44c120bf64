"""What goes wrong on the way, and a consumer has to survive: garbage, repetition, disorder, a burst."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Final

from sandbox.card.accepting import TOO_MANY, cannot_if_too_many
from sandbox.card.desk import CannotTell, Desk, Ruling, failed, passed
from sandbox.core.card import Posted
from sandbox.core.durations import format_duration
from sandbox.core.model import Event, TransportError

BURST: Final = 50
EARLIER: Final = timedelta(seconds=5)
"""How much older the older of two events is; far less than any tolerance."""


async def garbage(desk: Desk) -> Ruling:
    """Bodies that are no event, from somebody who knows the secret."""
    answers, bodies = [], list(desk.letters.garbage())
    for number, (what, request) in enumerate(bodies, 1):
        posted = await desk.post(what, request)
        cannot_if_too_many(posted)
        if posted.taken:
            return failed(f"it took {what}: answered {posted.answer}; a 4xx is right", posted)
        if not posted.refused:
            return failed(f"{what}: answered {posted.answer}; a 4xx is right" if posted.status else f"{what}: {posted.answer}", posted)  # fmt: skip
        answers.append(posted)
        if desk.slow and number < len(bodies):
            continue  # one at the end must do
        after = await desk.control()
        if not after.taken:
            cannot_if_too_many(after)
            return failed(
                f"it refuses {what}, and then the valid delivery that comes next: {after.answer}", after
            )
    said = " and ".join(sorted({item.answer for item in answers}))
    return passed(f"all {len(answers)} bodies are answered {said}, and it still works", answers[0])


async def takes_twice(desk: Desk, event: Event) -> tuple[Posted, Posted]:
    """Attempts 1 and 2 of *event*, both taken, or the second not.  Raises `CannotTell` where the first is not."""
    first = await desk.post("attempt 1 of an event", desk.letters.request(event))
    if not first.taken:
        cannot_if_too_many(first)
        raise CannotTell(f"attempt 1 was not taken: {first.answer}", first)
    return first, await desk.post("attempt 2 of an event that was taken", desk.letters.request(event, 2))


async def disorder(desk: Desk) -> Ruling:
    """The newer event first, then the older, then a late retry of the older."""
    letters = desk.letters
    older, newer = letters.event(ago=EARLIER), letters.event()
    first = await desk.post("the newer of two events", letters.request(newer))
    if not first.taken:
        cannot_if_too_many(first)
        raise CannotTell(f"the newer event was not taken: {first.answer}", first)
    second = await desk.post("the older of two events, after the newer", letters.request(older))
    if not second.taken:
        cannot_if_too_many(second)
        return failed(f"{second.what}: {_answered(second)}", second)
    late = await desk.post("a late retry of the older", letters.request(older, 2))
    if not late.taken:
        cannot_if_too_many(late)
        _, in_order = await takes_twice(desk, letters.event())
        if not in_order.taken:  # then it is repetition that it does not take, and dedupes says so
            return passed(
                "the older event is taken after the newer; of its retry, dedupes tells more", second
            )
        return failed(f"{late.what}: {_answered(late)}", late)
    return passed("the newer, the older and a late retry of the older are taken", late)


async def burst(desk: Desk) -> Ruling:
    """Fifty deliveries at once."""
    letters = desk.letters
    # All of one moment: in which order they arrive, nobody can say.
    events = [letters.event()]
    events += (letters.event(at=events[0].occurred_at) for _ in range(BURST - 1))
    requests = [letters.request(event) for event in events]
    found = await asyncio.gather(
        *(desk.post(f"one of {BURST} deliveries at once", each) for each in requests)
    )
    bad = [item for item in found if not item.taken]
    slowest = max(found, key=lambda item: item.elapsed_ms)
    if not bad:
        return passed(f"all {BURST} were taken, the last after {slowest.elapsed_ms / 1000:.1f}s", slowest)
    late = [
        item for item in bad if isinstance(item.outcome, TransportError) and item.outcome.type == "timeout"
    ]
    if desk.slow and len(late) == len(bad):
        raise CannotTell(f"{len(late)} of {BURST} were too slow, as single deliveries are: answers-in-time is about that", bad[0])  # fmt: skip
    kinds = Counter(_kind(item) for item in bad)
    said = ", ".join(f"{number} × {kind}" for kind, number in kinds.most_common(3))
    hint = "A rate limit must leave room for what was held back: 429 is a failed attempt." if TOO_MANY in {item.status for item in bad} else ""  # fmt: skip
    limit = f" (an attempt is allowed {format_duration(desk.allowed)})" if late else ""
    return failed(f"{len(bad)} of {BURST} at once were not taken: {said}{limit}", bad[0], hint=hint)


def _kind(posted: Posted) -> str:
    return posted.outcome.type if isinstance(posted.outcome, TransportError) else str(posted.status)


def _answered(posted: Posted) -> str:
    return f"answered {posted.answer}" if posted.status else posted.answer
