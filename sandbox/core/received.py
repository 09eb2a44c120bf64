"""What came in at the built-in subscriber, and whether its signature holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.core.case import Case, judge
from sandbox.core.claims import Claims
from sandbox.core.model import Headers
from sandbox.core.profile import SignatureProfile
from sandbox.core.scenario import Answer
from sandbox.core.signing import Check, Reason

if TYPE_CHECKING:
    from sandbox.core.diagnosis import Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request that came in, what it said about itself, and what was answered."""

    headers: Headers  # wire order and spelling; bytes that are not UTF-8 are surrogate-escaped
    body: bytes
    check: Check | None  # None: nothing to check it with
    verified: bool | None  # check.valid, or None
    event_id: str | None  # these four from the body, else the headers, else None
    event: str | None
    connection_id: str | None
    attempt: int | None
    no_event: str | None  # why the body is no event; None where it is one
    number: int  # requests so far for this (connection, event), from 1
    answer: Answer
    case: Case | None = field(default=None, repr=False)  # of a refused one: what it was checked with

    @property
    def diagnosis(self) -> Diagnosis | None:
        """Why the signature does not hold, worked out when it is asked for; None where it was not checked."""
        # Here and not above: a signature that holds needs no explanation.
        from sandbox.core.diagnosis import Diagnosis, diagnose  # noqa: PLC0415

        if self.case is not None:
            return diagnose(self.case)
        return None if self.check is None else Diagnosis(check=self.check)


def checked(
    said: Claims,
    headers: Headers,
    body: bytes,
    *,
    secrets: Mapping[str, str] | str | None,
    rules: SignatureProfile,
    now: float,
) -> tuple[Check | None, Case | None]:
    """Whether the signature holds, and with what it was checked; nothing where there is nothing to check it with.

    *secrets* is one for all connections, or a mapping from connection id to secret; *now* is in Unix seconds.
    """
    tried: Iterable[str] = ()
    if isinstance(secrets, str):
        tried = [secrets]
    elif secrets is not None and said.connection_id is not None and said.connection_id in secrets:
        tried = [secrets[said.connection_id]]
    elif secrets is not None and said.signature is not None:
        # A body that names no connection we know may still be signed by one of ours.
        tried = dict.fromkeys(secrets.values())
    others = secrets if isinstance(secrets, Mapping) else {}
    judged, case = None, None
    for secret in tried:
        case = Case(
            header=said.signature,
            body=body,
            secret=secret.encode(),
            now=now,
            rules=rules,
            others=others,
            headers=headers,
        )
        judged = judge(case)
        if judged.reason is not Reason.mismatch:
            break
    return judged, case
