"""What the store answers with, and what it is told: small frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sandbox.core.ledger import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How much is kept; None is without limit.

    The oldest settled deliveries go first, each with its event and its entries.  What
    is pending stays, whatever the limits say.
    """

    age: timedelta | None = timedelta(days=30)  # real time since it was written
    entries: int | None = 4_000_000
    bytes: int | None = 2 * 1024**3  # of the file; what waits in its log beside it comes on top


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How many there are, by channel."""

    events: Mapping[str | None, int]
    attempts: Mapping[tuple[str, str | None], int]  # by what they came to (`kind_of`) as well; no copies


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some deliveries, newest first, without their attempts."""

    items: Sequence[Delivery]
    next_cursor: str | None  # None: there are no more
