"""Everything that is known of one signature, and its judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.core.model import Headers
from sandbox.core.profile import SignatureProfile
from sandbox.core.signing import Check, check


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One signature as a receiver saw it; see `diagnosis.explain_signature`."""

    header: str | None
    body: bytes  # what was checked
    secret: bytes = field(repr=False)
    now: float  # the receiver's Unix time
    tolerance: timedelta | None = None
    rules: SignatureProfile = field(default_factory=SignatureProfile)
    others: Mapping[str, str | bytes] = field(
        default_factory=dict, repr=False
    )  # secrets by connection's name
    own: str | None = None  # the connection among them whose signature it is
    headers: Headers = ()
    sent: bytes | None = None  # the body as it was really sent


def judge(case: Case) -> Check:
    """Whether the signature holds."""
    return check(
        header=case.header,
        body=case.body,
        secret=case.secret,
        now=case.now,
        tolerance=case.tolerance,
        rules=case.rules,
    )


def as_key(secret: str | bytes) -> bytes:
    """The bytes of a secret: those of its UTF-8."""
    return secret if isinstance(secret, bytes) else secret.encode("utf-8", "surrogatepass")
