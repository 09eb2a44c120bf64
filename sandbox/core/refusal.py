"""What the sender can say of a 4xx to a signed request: what is known, and what is likely.

The sender knows the bytes, the secret and the time that it signed with; what the
receiver made of them it cannot see.  So only the first is ever stated as a fact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sandbox.core.advice import DO, Code
from sandbox.core.case import Case
from sandbox.core.claims import claims
from sandbox.core.diagnosis import Cause, diagnose
from sandbox.core.model import Request, Response
from sandbox.core.profile import SignatureProfile
from sandbox.core.signing import Reason

_CLUES: Final = 2048  # bytes of the answer that are read

_BY_STATUS: Final = {
    400: (Code.refused, "the subscriber could not read the header or the body, or does not take this Host"),
    401: (Code.refused, "the subscriber has another secret, or checks other bytes than those that came in"),
    403: (
        Code.csrf,
        "a protection against forged forms (CSRF), or a filter, took the request for a stranger's",
    ),
    404: (Code.not_found, "the path is not the one of the route"),
    405: (Code.not_allowed, "the route does not take POST"),
    409: (Code.duplicate, "the subscriber takes the event for one that it already has"),
    413: (Code.too_large, "the body is larger than the subscriber takes"),
    415: (Code.media_type, "the route does not take this Content-Type"),
    419: (Code.csrf, "a protection against forged forms (CSRF) took the request for a stranger's"),
    422: (Code.invalid_data, "the body was read and did not fit what the subscriber expects"),
    429: (Code.too_many, "the subscriber was asked too often"),
}
_OTHERWISE: Final = (Code.refused, "the subscriber did not take the request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A 4xx: what is known of the signature that was sent, and the likely causes, the likeliest first."""

    status: int
    holds: bool  # the signature, for the bytes that were sent
    known: str
    causes: tuple[Cause, ...] = field(default=())


def explain_refusal(
    request: Request, response: Response, *, secret: bytes, now: float, rules: SignatureProfile
) -> Refusal | None:
    """What may be behind a 4xx to *request*; None for any other answer.

    *secret* signed it, *now* is the real Unix time of about then: a receiver's clock.
    """
    if not 400 <= response.status < 500:
        return None
    case = Case(
        header=claims(request.headers, b"").signature, body=request.body, secret=secret, now=now, rules=rules
    )
    found = diagnose(case)
    stale = found.check.reason in {Reason.too_old, Reason.too_new}
    holds = found.valid or stale
    likely = [] if holds else [*found.causes]
    if stale:
        says = f"on a real clock {found.check.says}"
        do = "sign with --signature-time wall, or let the receiver's clock be the sandbox's"
        likely.append(Cause(code=Code(found.check.reason.value), proven=False, says=says, do=do))
    likely += [_cause(code, says) for code, says in _likely(response)]
    if holds:
        known = "the signature sent holds for the bytes sent and this connection's secret"
    else:
        known = "the signature sent does not hold for the bytes sent and this connection's secret"
    return Refusal(status=response.status, holds=holds, known=known, causes=tuple(likely))


def _likely(response: Response) -> Iterator[tuple[Code, str]]:
    said = response.body[:_CLUES].lower()
    if b"csrf" in said:
        yield Code.csrf, "the answer speaks of CSRF, a protection against forged forms"
        return
    if any(word in said for word in (b"timestamp", b"expired", b"too old", b"tolerance")):
        yield (
            Code.too_old,
            "the answer speaks of the time: the receiver's clock may be wrong, or count milliseconds",
        )
    yield _BY_STATUS.get(response.status, _OTHERWISE)
    if response.status == 403:
        yield Code.refused, "the subscriber refuses the signature with 403"


def _cause(code: Code, says: str) -> Cause:
    return Cause(code=code, proven=False, says=says, do=DO[code])
