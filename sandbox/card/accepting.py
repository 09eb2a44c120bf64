"""What Wexio does, and a consumer has to take: channels, time, retries, and bodies it did not expect."""

from __future__ import annotations

from typing import Final

from sandbox.card.desk import CannotTell, Desk, Ruling, failed, passed, took
from sandbox.core.card import Posted
from sandbox.core.catalogue import CHANNELS
from sandbox.core.durations import format_duration
from sandbox.core.faults import Fault
from sandbox.core.model import Request
from sandbox.core.otherwise import otherwise
from sandbox.core.phrases import seconds

TIMED: Final = 3
"""How many answers are timed."""
MUST_TAKE: Final = 64_000
SHOULD_TAKE: Final = 256_000
TOO_MANY: Final = 429

_AT_THE_DOOR: Final = (400, 401, 403)
_SIGNATURE: Final = "rejects-tampered-body"  # its advice is how to verify
_FIRST_LOOK: Final = "Look at the secret first: is it the one that was given to this command?"
_ADDRESS: Final = {
    404: "Look at the address first: nothing seems to be there.",
    405: "Look at the address first: what is there takes no POST.",
}
_HINTS: Final = {
    3: "It redirects, and a redirect is a failed attempt: the signature is for this address alone. Take the webhook's "
    "path out of the login or the trailing-slash rule that redirects.",
    5: "It breaks: look for the exception in its log.",
}


async def each_channel(desk: Desk) -> Ruling:
    """A valid delivery of each channel is taken."""
    if not any(item.taken for item in desk.first):
        return await _no_channel(desk)
    found = []
    for channel in CHANNELS:
        event = desk.letters.event(channel=channel)
        found.append(await desk.post(f"a valid delivery of {channel}", desk.letters.request(event)))
    not_taken = [(channel, item) for channel, item in zip(CHANNELS, found, strict=True) if not item.taken]
    if not_taken:
        said = ", ".join(f"{channel} was answered {item.answer}" for channel, item in not_taken)
        taken = ", ".join(channel for channel, item in zip(CHANNELS, found, strict=True) if item.taken)
        return failed(f"{said}; {taken or 'no other'} was taken", not_taken[0][1], hint=hint(not_taken[0][1]))
    return passed("all four channels are taken", found[0])


async def _no_channel(desk: Desk) -> Ruling:
    first = desk.first
    answers = list(dict.fromkeys(item.answer for item in first))
    said = answers[0] if len(answers) == 1 else "; ".join(f"{item.what}: {item.answer}" for item in first)
    reason, heard = f"not one valid delivery is taken: {said}", first[0].status
    if len(answers) > 1 or heard not in _AT_THE_DOOR:
        return failed(reason, first[0], hint=_ADDRESS.get(heard or 0, hint(first[0])))
    if desk.letters.signs:
        for what, request in otherwise(desk.letters):
            if (await desk.post("a delivery signed otherwise", request)).taken:
                reason += f". It does take one that is signed otherwise: {what}"
                return failed(reason, first[0], hint="Verify as Wexio signs.", about=_SIGNATURE)
        return failed(reason, first[0], hint=_FIRST_LOOK, about=_SIGNATURE)
    return failed(reason, first[0], hint="Look at the credentials: are they those given to this command?")


async def in_time(desk: Desk) -> Ruling:
    """The slowest of a few answers comes within half the time allowed; more than that is a warning."""
    allowed, slowest = desk.allowed.total_seconds() * 1000, None
    for _ in range(TIMED):
        posted = await desk.control()
        if not posted.taken and posted.elapsed_ms <= allowed:
            raise CannotTell(f"a valid delivery was not taken this time: {posted.answer}", posted)
        if slowest is None or posted.elapsed_ms > slowest.elapsed_ms:
            slowest = posted
        if slowest.elapsed_ms > allowed:
            break
    assert slowest is not None
    limit = format_duration(desk.allowed)
    if slowest.elapsed_ms > allowed:
        return failed(f"it took {took(slowest)} to answer; an attempt is allowed {limit}", slowest)
    if slowest.elapsed_ms > allowed / 2:
        reason = f"the slowest of {TIMED} answers took {took(slowest)}, more than half of the {limit} allowed"
        return Ruling(status="warned", reason=reason, decisive=slowest)
    return passed(f"the slowest of {TIMED} answers took {took(slowest)} of the {limit} allowed", slowest)


async def retries(desk: Desk) -> Ruling:
    """Attempt 3 of an event whose first two have not arrived."""
    # Of this very moment: that it may be older than the last is the business of survives-disorder.
    return await _takes(desk, "attempt 3 of a new event", desk.letters.request(desk.letters.event(), 3))


async def no_contact(desk: Desk) -> Ruling:
    """A chat without a resolvable contact."""
    event = desk.letters.event(contact=False)
    return await _takes(desk, "a chat without data.contact", desk.letters.request(event))


async def unknown_fields(desk: Desk) -> Ruling:
    """Fields that nobody has documented, at every level."""
    fault = Fault(do="extra_fields")
    request = desk.letters.request(desk.letters.event(), 1, fault)
    return await _takes(desk, "additional fields in the envelope, meta, data, chat and contact", request)


async def unknown_event(desk: Desk) -> Ruling:
    """An event that nobody has documented."""
    request = desk.letters.request(desk.letters.event(), 1, Fault(do="unknown_event"))
    return await _takes(desk, "an event of an unknown name", request)


async def unicode(desk: Desk) -> Ruling:
    """Names in emoji, right-to-left, Cyrillic and combining letters."""
    request = desk.letters.request(desk.letters.event(), 1, Fault(do="unicode"))
    return await _takes(desk, "names of emoji, Hebrew, Cyrillic and combining letters", request)


async def large_body(desk: Desk) -> Ruling:
    """64 kB must be taken, 256 kB should."""
    small, large = (
        desk.letters.request(desk.letters.event(), 1, Fault(do="large_body", size=size))
        for size in (MUST_TAKE, SHOULD_TAKE)
    )
    found = await _takes(desk, "a body of 64 kB", small)
    if found.status != "passed":
        return found
    posted = await desk.post("a body of 256 kB", large)
    if posted.taken:
        return passed("64 kB and 256 kB are taken", posted)
    if posted.status == TOO_MANY:
        return passed("64 kB are taken; of 256 kB nothing can be said: too many requests (429)", posted)
    return Ruling(
        status="warned", reason=f"64 kB are taken, 256 kB are answered {posted.answer}", decisive=posted
    )


async def _takes(desk: Desk, what: str, request: Request) -> Ruling:
    posted = await desk.post(what, request)
    if posted.taken:
        return passed(f"{what}: answered {posted.answer} after {seconds(posted.elapsed_ms)}", posted)
    cannot_if_too_many(posted)
    reason = f"{what}: answered {posted.answer}, while a usual delivery is taken"
    if posted.status is None:
        reason = f"{what}: {posted.answer}, while a usual delivery is taken"
    return failed(reason, posted, hint=hint(posted))


def cannot_if_too_many(posted: Posted) -> None:
    """Raise `CannotTell` where the answer is about how many requests there are, not about this one."""
    if posted.status == TOO_MANY:
        raise CannotTell(
            "it answered 429, too many requests: that says nothing about this one. Lift the rate limit "
            "for the check, or run this one alone with --only",
            posted,
        )


def hint(posted: Posted) -> str:
    """What the kind of answer alone says about what to change."""
    return _HINTS.get((posted.status or 0) // 100, "")
