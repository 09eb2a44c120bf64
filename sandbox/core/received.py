"""What came in at the built-in subscriber."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.core.case import Case
from sandbox.core.model import Headers
from sandbox.core.scenario import Answer
from sandbox.core.signing import Check

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
