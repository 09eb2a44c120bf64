"""Entries as rows and back: what is written short, and how it is read again.

The writing is on the hot path, so documents are put together by hand; they are JSON
all the same, and ASCII, so that text which has no UTF-8 form is no trouble.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from json.encoder import encode_basestring_ascii
from typing import Any, Final

from sandbox.core.entries import Attempted, Emitted, Expectation, Verdict
from sandbox.core.envelope import Rendering, Target
from sandbox.core.faults import Faults, read_fault
from sandbox.core.model import (
    AUTH_TYPE,
    Auth,
    Basic,
    Bearer,
    Connection,
    Hmac,
    NoAuth,
    Outcome,
    Response,
    Status,
    TransportError,
)
from sandbox.core.present import MASK, shown_url
from sandbox.core.profile import EnvelopeProfile, Profile, RequestProfile

quoted = encode_basestring_ascii  # the fast one, where there is one
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(IntEnum):
    """An entry's kind as its number in the file."""

    EMITTED = 1
    ATTEMPTING = 2
    ATTEMPTED = 3
    SETTLED = 4
    RESENT = 5
    VERDICT = 6


# --- moments ---------------------------------------------------------------------


def instant(moment: datetime) -> int:
    """Microseconds since 1970."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(instant: int) -> datetime:
    """The moment of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=instant)


def writable(text: str) -> str:
    """*text* without halves of characters, which no file can hold."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# --- targets -----------------------------------------------------------------------


def target_document(target: Target) -> str:
    """What the requests to *target* are made from, without its secrets."""
    connection, profile = target.connection, target.profile
    return json.dumps(
        {
            "id": target.id,
            "name": connection.name,
            "url": shown_url(connection.url),
            "auth": AUTH_TYPE[type(connection.auth)],
            "event_id": profile.envelope.event_id,
            "timestamp": profile.request.timestamp,
            "user_agent": profile.request.user_agent,
        },
        separators=(",", ":"),
    )


def read_target(document: str) -> Target:
    """The target again; whatever was secret is masked."""
    found = json.loads(document)
    auths: dict[str, Auth] = {
        "HMAC": Hmac(),
        "BEARER": Bearer(MASK),
        "BASIC": Basic(MASK, MASK),
        "NONE": NoAuth(),
    }
    plain = Connection(
        name=found["name"], url="http://placeholder/", auth=auths[found["auth"]], id=found["id"]
    )
    # As it was, whatever an address has to look like today.
    object.__setattr__(plain, "url", found["url"])
    return Target(
        plain,
        Profile(
            envelope=EnvelopeProfile(event_id=found["event_id"]),
            request=RequestProfile(timestamp=found["timestamp"], user_agent=found["user_agent"]),
        ),
    )


# --- attempts ------------------------------------------------------------------------


def attempting_document(target: int, rendering: Rendering) -> str:
    """``[target, stamp, signature]``; with faults, in place of the signature, it and them."""
    return f"[{target},{instant(rendering.stamp)},{_signed(rendering)}]"


def attempted_document(target: int, entry: Attempted) -> str:
    """The same, then ``started_at, elapsed_ms, next_attempt_at, timing`` and the outcome.

    The outcome is a status, headers and 1 where the body is cut off, or a kind of error
    and its message.  Milliseconds have three decimals: that is what is shown of them.
    """
    rendering, due, outcome = entry.rendering, entry.next_attempt_at, entry.outcome
    timing = ",".join([f"{quoted(phase)}:{elapsed:.3f}" for phase, elapsed in entry.timing.items()])
    if isinstance(outcome, Response):
        headers = ",".join([f"[{quoted(name)},{quoted(value)}]" for name, value in outcome.headers])
        end = f"{outcome.status},[{headers}],{outcome.truncated:d}"
    else:
        url = rendering.target.connection.url
        message = outcome.message
        if url in message:
            message = message.replace(url, shown_url(url))
        end = f"{quoted(outcome.type)},{quoted(message)}"
    return (
        f"[{target},{instant(rendering.stamp)},{_signed(rendering, copy=entry.copy)},"
        f"{instant(entry.started_at)},"
        f"{entry.elapsed_ms:.3f},{'null' if due is None else instant(due)},{{{timing}}},{end}]"
    )


def _signed(rendering: Rendering, *, copy: bool = False) -> str:
    if rendering.signature is None and rendering.target.secret is not None:
        rendering.request()  # which signs
    signature = "null" if rendering.signature is None else quoted(rendering.signature)
    if not rendering.faults:
        return signature
    return f'{{"signature":{signature},"faults":{faults_document(rendering.faults)},"copy":{copy:d}}}'


def faults_document(faults: Faults) -> str | None:
    """*faults* as in a scenario; None where there are none."""
    return json.dumps([fault.json() for fault in faults], separators=(",", ":")) if faults else None


def emitted_document(entry: Emitted) -> str | None:
    """What was asked to go wrong, as `faults_document`; with what it delays, both."""
    asked = faults_document(entry.faults)
    if not entry.late:
        return asked
    late = {id: instant(at) for id, at in entry.late}
    return f'{{"faults":{asked},"late":{json.dumps(late, separators=(",", ":"))}}}'


def read_emitted(document: str | None) -> tuple[Faults, tuple[tuple[str, datetime], ...]]:
    """What `emitted_document` wrote: ``faults`` and ``late``."""
    if document is None:
        return (), ()
    found = json.loads(document)
    if isinstance(found, list):
        return read_faults(found), ()
    return read_faults(found["faults"]), tuple((id, moment(at)) for id, at in found["late"].items())


def read_faults(document: Sequence[Mapping[str, Any]]) -> Faults:
    """What `faults_document` wrote, as JSON gives it."""
    return tuple(map(read_fault, document))


def read_signed(found: str | dict[str, Any] | None) -> tuple[str | None, Faults, bool]:
    """A signature, the faults of an attempt, and whether it is a copy."""
    if not isinstance(found, dict):
        return found, (), False
    return found["signature"], read_faults(found["faults"]), bool(found["copy"])


def read_outcome(end: list[Any], body: bytes | None) -> Outcome:
    """What `attempted_document` wrote of an outcome."""
    if isinstance(end[0], str):
        kind, message = end
        return TransportError(type=kind, message=message)
    status, headers, truncated = end
    return Response(
        status=status,
        headers=tuple((name, value) for name, value in headers),
        body=body or b"",
        truncated=bool(truncated),
    )


# --- verdicts --------------------------------------------------------------------------


def verdict_document(entry: Verdict) -> str:
    """All but the place and the time."""
    return json.dumps(
        {
            "passed": entry.passed,
            "expectations": [[item.text, item.passed, item.actual] for item in entry.expectations],
            "deliveries": {str(status): number for status, number in entry.deliveries.items()},
            "seed": entry.seed,
            "elapsed_ms": entry.elapsed_ms,
        },
        separators=(",", ":"),
    )


def read_verdict(document: str, *, at: datetime, run_id: str) -> Verdict:
    """The verdict again."""
    found: Mapping[str, Any] = json.loads(document)
    return Verdict(
        at=at,
        run_id=run_id,
        passed=found["passed"],
        expectations=tuple(
            Expectation(text=text, passed=passed, actual=actual)
            for text, passed, actual in found["expectations"]
        ),
        deliveries={Status(status): number for status, number in found["deliveries"].items()},
        seed=found["seed"],
        elapsed_ms=found["elapsed_ms"],
    )
