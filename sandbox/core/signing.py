"""The signature: ``t=<unix>,v1=<hex>``, made and checked.

HMAC-SHA256 over ``<t>.<raw body>`` (specification section 2).  What is signed, the
unit of ``t`` and the tolerance are assumptions, and come from the profile.

Here live the bytes that are signed and the judgement of a header that came in.
Whose secret it is, what time it is and what a receiver answers, others know.
"""

from __future__ import annotations

import hmac
import math
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from sandbox.core.durations import format_age, format_duration
from sandbox.core.profile import SIGNATURE_HEADER, SignatureProfile

_ASSUMED: Final = SignatureProfile()
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_WHOLE_NUMBER: Final = re.compile(r"0|[1-9][0-9]*")  # one spelling for each, as the signed bytes hold it
_MOST_DIGITS: Final = {"seconds": 11, "milliseconds": 14}  # until the year 5138
_LONGEST_AGE: Final = 10**13  # seconds; a duration holds no more


class Reason(StrEnum):
    """What became of a signature; everything but ``valid`` refuses it."""

    valid = "valid"
    missing = "missing"  # no header
    malformed = "malformed"  # a header that cannot be read as t=…,v1=…
    mismatch = "mismatch"  # well formed, but not made from these bytes with this secret
    too_old = "too_old"  # right, but beyond the tolerance
    too_new = "too_new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A judgement: whether the signature holds, why, and the same in one plain sentence."""

    valid: bool
    reason: Reason
    says: str


def sign(
    secret: bytes,
    timestamp: int,
    body: bytes,
    *,
    rules: SignatureProfile = _ASSUMED,
    retired: bytes | None = None,
) -> str:
    """The value of ``X-Wexio-Signature`` for *body* sent at *timestamp* (Unix time, in ``rules.unit``).

    A *retired* secret signs as well: a second ``v1=``.
    """
    t = str(timestamp)
    signed = body if rules.signed == "body" else t.encode() + b"." + body
    second = "" if retired is None else f",v1={hmac.digest(retired, signed, 'sha256').hex()}"
    return f"t={t},v1={hmac.digest(secret, signed, 'sha256').hex()}{second}"


def check(
    *,
    header: str | None,
    body: bytes,
    secret: bytes,
    now: float,
    tolerance: timedelta | None = None,
    rules: SignatureProfile = _ASSUMED,
) -> Check:
    """Judge a signature *header* that came with *body*.

    *now* is Unix time in seconds, whatever the profile's unit; *tolerance* is the
    profile's where None.  Any one matching ``v1=`` is enough, and schemes other than
    ``t`` and ``v1`` are passed over.  The signature is judged before its age, so
    ``too_old`` means: right, but late.
    """
    if header is None or not header.strip():
        return _refused(Reason.missing, f"there is no {SIGNATURE_HEADER} header")
    items = [(name, value) for name, _, value in (item.partition("=") for item in header.split(","))]
    times = [value for name, value in items if name == "t"]
    digests = [value for name, value in items if name == "v1"]
    if fault := _time_fault(times, items, rules) or _digest_fault(digests, items):
        return _refused(Reason.malformed, fault)

    timestamp = int(times[0])
    expected = sign(secret, timestamp, body, rules=rules).rpartition("=")[2].encode()
    # Every digest is compared, and as bytes: how long it takes says nothing about
    # where they part, and text beyond ASCII (compare_digest refuses it) is no error.
    if not sum(hmac.compare_digest(expected, digest.encode("utf-8", "replace")) for digest in digests):
        return _mismatch(digests)

    seconds = now - (timestamp / 1000 if rules.unit == "milliseconds" else timestamp)
    late = judge_age(seconds, tolerance=tolerance, rules=rules)
    return late or Check(valid=True, reason=Reason.valid, says="the signature holds")


def judge_age(
    seconds: float, *, tolerance: timedelta | None = None, rules: SignatureProfile = _ASSUMED
) -> Check | None:
    """Refuse a timestamp that lies *seconds* in the past (or, below 0, in the future); None where it may."""
    allowed = rules.tolerance if tolerance is None else tolerance
    if abs(seconds) <= allowed.total_seconds():
        return None
    assumed = tolerance is None and allowed == _ASSUMED.tolerance
    limit = f"{format_duration(allowed)} are allowed" + (" (assumed tolerance)" if assumed else "")
    # Rounded up, so that the amount named is always more than what is allowed.
    age = timedelta(seconds=math.ceil(min(abs(seconds), _LONGEST_AGE)))
    amount = format_age(age) if age / 2 > allowed else format_duration(age)
    if seconds > 0:
        return _refused(Reason.too_old, f"the timestamp is {amount} old; {limit}")
    return _refused(Reason.too_new, f"the timestamp is {amount} ahead of the receiver's clock; {limit}")


def _refused(reason: Reason, says: str) -> Check:
    return Check(valid=False, reason=reason, says=says)


def _time_fault(times: list[str], items: list[tuple[str, str]], rules: SignatureProfile) -> str | None:
    if not times:
        return f"the header holds no t=<unix>{_spaced('t', items)}"
    if len(times) > 1:
        return f"the header holds t {len(times)} times; once is right"
    digits, most = times[0], _MOST_DIGITS[rules.unit]
    if not _WHOLE_NUMBER.fullmatch(digits):
        return f"t is {shown(digits)}; a whole number of {rules.unit} since 1970 is right"
    if len(digits) > most:
        hint = "; it looks like milliseconds" if rules.unit == "seconds" and len(digits) == 13 else ""
        return f"t has {len(digits)} digits, too many for {rules.unit} since 1970{hint}"
    return None


def _digest_fault(digests: list[str], items: list[tuple[str, str]]) -> str | None:
    if not digests:
        return f"the header holds no v1=<hex>{_spaced('v1', items)}"
    if any(_DIGEST.fullmatch(digest) for digest in digests):
        return None
    first = digests[0]
    if _DIGEST.fullmatch(first.lower()) and first.isascii():
        return "v1 is written in upper-case hex; lower-case is right"
    if len(first) == 64:
        return f"v1 is {shown(first)}; 64 digits of lower-case hex are right"
    return f"v1 has {len(first)} characters; 64 digits of lower-case hex are right"


def _mismatch(digests: list[str]) -> Check:
    many = len(digests) > 1
    which = f"none of the {len(digests)} v1 values matches" if many else "v1 does not match"
    why = "another secret signed them, or they were changed afterwards"
    return _refused(Reason.mismatch, f"{which} t and the body: {why}")


def _spaced(name: str, items: list[tuple[str, str]]) -> str:
    # A space after the comma is what a header written by hand most often has too much.
    spaced = any(other != name and other.strip() == name for other, _ in items)
    return f" (there is a space around {name}; none is right)" if spaced else ""


def shown(text: str) -> str:
    """*text* that somebody sent, in quotation marks: its beginning, where it is long."""
    return ascii(text if len(text) <= 24 else text[:21] + "...")
