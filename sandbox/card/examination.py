"""Makes the checks one after the other, within a time, and puts the card together.

One at a time, so that no check's requests are another's surroundings; each with its own
connections, events and people, and each begins with a consumer that takes a valid
delivery.  So their order does not matter, nor which of them are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import Final

from sandbox.card import accepting, enduring, idempotency, rejecting
from sandbox.card.desk import CannotTell, Desk, NobodyAnswers, Ruling
from sandbox.card.probe import Probe
from sandbox.clock import wall_now
from sandbox.core.card import UNTOLD, Card, Finding
from sandbox.core.cardbook import BOOK
from sandbox.core.durations import format_duration
from sandbox.core.errors import CannotRun
from sandbox.core.present import shown_url

Check = Callable[[Desk], Awaitable[Ruling]]
FIRST: Final = "accepts-each-channel"
"""All others rest on it: where no valid delivery is taken, nothing else can be told."""


def checks(probe: Probe | None) -> Mapping[str, Check]:
    """Every check by its id, in the order of the book."""
    made: dict[str, Check] = {
        FIRST: accepting.each_channel,
        "answers-in-time": accepting.in_time,
        "accepts-retries": accepting.retries,
        "accepts-no-contact": accepting.no_contact,
        "accepts-unknown-fields": accepting.unknown_fields,
        "accepts-unknown-event": accepting.unknown_event,
        "accepts-unicode": accepting.unicode,
        "accepts-large-body": accepting.large_body,
        "rejects-missing-signature": rejecting.missing_signature,
        "rejects-malformed-signature": rejecting.malformed_signature,
        "rejects-wrong-secret": rejecting.wrong_secret,
        "rejects-tampered-body": rejecting.tampered_body,
        "rejects-stale-timestamp": rejecting.stale_timestamp,
        "rejects-future-timestamp": rejecting.future_timestamp,
        "survives-garbage": enduring.garbage,
        "dedupes": partial(idempotency.dedupes, probe=probe),
        "survives-disorder": enduring.disorder,
        "survives-burst": enduring.burst,
    }
    return {id: made[id] for id in BOOK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told while the checks are made."""

    begin: Callable[[str, int, int], None] = lambda check, number, of: None
    end: Callable[[Finding], None] = lambda finding: None


async def examine(
    desk: Desk,
    *,
    only: Collection[str],
    probe: Probe | None = None,
    within: timedelta,
    version: str,
    told: Told = Told(),
) -> Card:
    """The card of the consumer at *desk*: those checks that are in *only*.

    Takes no longer than *within*: what is not reached by then is skipped.  Raises
    `CannotRun` where nobody answers.
    """
    began, made_at = perf_counter(), wall_now()
    every = checks(probe)
    deadline = asyncio.get_running_loop().time() + within.total_seconds()
    asked = [id for id in every if id in only]
    try:
        home = await _before(deadline, desk)
    except NobodyAnswers as silence:
        raise CannotRun(_nobody(silence)) from None
    finally:
        await desk.hang_up()
    if not home and FIRST not in asked:
        asked.insert(0, FIRST)  # whatever was asked for, this is the answer
    findings: list[Finding] = []
    since = ""
    for number, id in enumerate(asked, 1):
        told.begin(id, number, len(asked))
        try:
            finding = await _make(
                id, every[id], desk, home=home, since=since, deadline=deadline, within=within
            )
        finally:
            await desk.hang_up()
        if number == 1 and desk.first:
            finding = replace(finding, posted=finding.posted + len(desk.first))
        findings.append(finding)
        told.end(finding)
        since = id if finding.posted else since
    return Card(
        connection=desk.letters.connection,
        findings=findings,
        allowed=format_duration(desk.allowed),
        bound=format_duration(within),
        made_at=made_at,
        elapsed_ms=(perf_counter() - began) * 1000,
        version=version,
        profile=desk.letters.profile,
    )


async def _before(deadline: float, desk: Desk) -> bool:
    try:
        async with asyncio.timeout_at(deadline):
            return await desk.find_home()
    except TimeoutError:
        if any(item.status is not None for item in desk.first):
            return False
        raise CannotRun(
            "the time was up before anybody answered; --max-wait says how long is waited"
        ) from None


async def _make(
    id: str, check: Check, desk: Desk, *, home: bool, since: str, deadline: float, within: timedelta
) -> Finding:
    began, desk.posted = perf_counter(), 0
    limit = f"the time for all checks ({format_duration(within)}, --max-wait) was up"
    try:
        async with asyncio.timeout_at(deadline):
            if home:
                await desk.steady(since)
            elif id != FIRST:
                check = _untold
            ruling = await check(desk)
    except CannotTell as reason:
        ruling = Ruling(status="skipped", reason=reason.reason, decisive=reason.decisive)
    except TimeoutError:
        ruling = Ruling(status="skipped", reason=limit)
    advice, code = "", ("", "")
    if ruling.status in ("failed", "warned"):
        entry = BOOK[ruling.about or id]
        advice, code = f"{ruling.hint} {entry.change}".strip(), (entry.python, entry.node)
    return Finding(
        id=id,
        status=ruling.status,
        reason=ruling.reason,
        decisive=ruling.decisive,
        advice=advice,
        code=code,
        posted=desk.posted,
        elapsed_ms=(perf_counter() - began) * 1000,
    )


async def _untold(desk: Desk) -> Ruling:
    raise CannotTell(UNTOLD)


def _nobody(silence: NobodyAnswers) -> str:
    last = silence.last
    return f"nobody answers at {shown_url(last.request.url)}: {last.answer.removeprefix('no answer ')[1:-1]}"


def chosen(only: Sequence[str], skip: Sequence[str]) -> list[str]:
    """Which checks are made: all, or *only* some, without those to *skip*."""
    return [id for id in BOOK if (not only or id in only) and id not in skip]
