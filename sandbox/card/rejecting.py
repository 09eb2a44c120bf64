"""What an attacker does, and a consumer has to reject.

A refusal says something only next to a valid delivery that is taken.  One is sent
before each of these requests, on the same kept connection, and one after it: a consumer
that lets one request change how it judges the next is found out here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sandbox.card.accepting import cannot_if_too_many
from sandbox.card.desk import CannotTell, Desk, Ruling, failed, passed
from sandbox.core.card import Posted
from sandbox.core.letters import REFORMATTED, Defect
from sandbox.core.model import NoAuth

_UNSIGNED: Final = "only a signature (HMAC) {what}: this connection authorises in another way"
_REFORMATTED_HINT: Final = (
    "It verifies JSON that it parsed and wrote again, not the bytes that came. "
    "In Express, express.json() has thrown them away by then: use express.raw()."
)
_REDIRECTS: Final = "It redirects instead, perhaps to a login page: answer 401 itself."
_BREAKS: Final = "It breaks instead of refusing: look for the exception in its log, and answer 401."


async def missing_signature(desk: Desk) -> Ruling:
    """Nothing proves who sent it."""
    _needs_auth(desk)
    return await _rejects(desk, desk.letters.missing())


async def malformed_signature(desk: Desk) -> Ruling:
    """What should prove it cannot be read."""
    _needs_auth(desk)
    return await _rejects(desk, desk.letters.malformed())


async def wrong_secret(desk: Desk) -> Ruling:
    """What should prove it is somebody else's, or wrong in a single digit."""
    _needs_auth(desk)
    return await _rejects(desk, desk.letters.forged())


async def tampered_body(desk: Desk) -> Ruling:
    """Other bytes than were signed."""
    if not desk.letters.signs:
        raise CannotTell(_UNSIGNED.format(what="covers the body"))
    return await _rejects(desk, desk.letters.tampered())


async def stale_timestamp(desk: Desk) -> Ruling:
    """A recording."""
    _needs_time(desk)
    return await _rejects(desk, desk.letters.stale())


async def future_timestamp(desk: Desk) -> Ruling:
    """Ahead of its time; that it is taken is a warning."""
    _needs_time(desk)
    ruling = await _rejects(desk, desk.letters.future())
    if ruling.status != "failed":
        return ruling
    return Ruling(status="warned", reason=ruling.reason, decisive=ruling.decisive, hint=ruling.hint)


async def _rejects(desk: Desk, defects: Iterable[Defect]) -> Ruling:
    refused: list[Posted] = []
    listed = list(defects)
    for number, (what, request) in enumerate(listed, 1):
        posted = await desk.post(what, request)
        cannot_if_too_many(posted)
        if not posted.refused:
            return _not_refused(posted)
        refused.append(posted)
        if desk.slow and number < len(listed):
            continue  # one at the end must do
        after = await desk.control()
        if not after.taken:
            cannot_if_too_many(after)
            return failed(
                f"it refuses {what}, and then the valid delivery that comes next as well: {after.answer}",
                after,
                hint="One request changes how the next is judged: keep nothing of a request beyond it, and let "
                "no number of refusals lock Wexio out.",
            )
    answers = " and ".join(sorted({item.answer for item in refused}))
    if len(refused) == 1:
        return passed(f"{refused[0].what}: answered {answers}", refused[0])
    many = "both" if len(refused) == 2 else f"all {len(refused)} of these"
    return passed(f"{many} are answered {answers}", refused[0])


def _not_refused(posted: Posted) -> Ruling:
    if posted.taken:
        advice = _REFORMATTED_HINT if posted.what.startswith(REFORMATTED) else ""
        return failed(f"it took {posted.what}: answered {posted.answer}", posted, hint=advice)
    if posted.status is None:
        return failed(f"{posted.what}: {posted.answer}; a 4xx is right", posted, hint=_BREAKS)
    advice = {3: _REDIRECTS, 5: _BREAKS}.get(posted.status // 100, "")
    return failed(f"{posted.what}: answered {posted.answer}; a 4xx is right", posted, hint=advice)


def _needs_auth(desk: Desk) -> None:
    if isinstance(desk.letters.connection.auth, NoAuth):
        raise CannotTell("nothing proves who sends (--no-auth), so that nothing can be refused")


def _needs_time(desk: Desk) -> None:
    if not desk.letters.signs:
        raise CannotTell(_UNSIGNED.format(what="carries a time"))
    if desk.letters.profile.signature.signed == "body":
        raise CannotTell("the configuration says that the body alone is signed: no signature covers a time")
