"""The retry rule: a value that answers "and now?", and never sleeps.

Its numbers for Wexio are assumptions (specification section 3) and live in the
profile; those of Svix are published.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from sandbox.core.errors import UsageError
from sandbox.core.model import Outcome, Response
from sandbox.core.profile import Profile

LONGEST_RETRY_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The subscriber took it: SUCCESS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Try again *delay* after the end of this attempt."""

    delay: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """No further attempt: FAILED (refused for good) or DEAD_LETTER (attempts used up)."""

    status: Literal["FAILED", "DEAD_LETTER"]


Verdict = Done | Again | GiveUp
_DONE, _FAILED, _DEAD = Done(), GiveUp(status="FAILED"), GiveUp(status="DEAD_LETTER")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """``base * factor ** (n - 1)`` after attempt n, at most ``max``, give or take ``jitter`` of it."""

    base: timedelta
    factor: float = 2.0
    max: timedelta = timedelta(hours=1)
    jitter: float = 0.0  # 0.2 is plus or minus 20 %

    def __post_init__(self) -> None:
        if self.base < timedelta() or self.max < timedelta():
            raise UsageError("a delay cannot be shorter than 0s")
        if not (math.isfinite(self.factor) and self.factor > 0):
            raise UsageError(f"factor is {self.factor:g}: a number above 0 is needed")
        if not 0 <= self.jitter <= 1:
            raise UsageError(f"jitter is {self.jitter:g}: from 0 to 1 (0.2 is plus or minus 20 %)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When to try again, and when to stop."""

    name: str = "custom"
    attempts: int
    delays: tuple[timedelta, ...] | Backoff = ()
    timeout: timedelta = timedelta(seconds=10)  # allowed for one attempt, always in real time
    success: frozenset[int] = frozenset(range(200, 300))
    give_up_on: frozenset[int] = frozenset()
    retry_after: Literal["ignore", "honour"] = "ignore"

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise UsageError(f"attempts is {self.attempts}: at least 1 is needed")
        if isinstance(self.delays, tuple) and len(self.delays) != self.attempts - 1:
            raise UsageError(
                f"{self.attempts} attempts have {self.attempts - 1} delays between them, not {len(self.delays)}"
            )
        if isinstance(self.delays, tuple) and any(delay < timedelta() for delay in self.delays):
            raise UsageError("a delay cannot be shorter than 0s")
        if self.timeout <= timedelta():
            raise UsageError("timeout must be longer than 0s")

    def decide(
        self, attempt: int, outcome: Outcome, *, draw: Callable[[], float], now: datetime | None = None
    ) -> Verdict:
        """Judge the 1-based *attempt* that ended in *outcome*.

        *draw* gives a float in [0, 1) and is asked only where there is jitter; *now* is
        the time by the subscriber's clock, which dates a ``Retry-After`` that is a moment.
        """
        # A redirect counts as a failure too: following it would sign for one
        # address and deliver to another.
        if isinstance(outcome, Response):
            if outcome.status in self.success:
                return _DONE
            if outcome.status in self.give_up_on:
                return _FAILED
        if attempt >= self.attempts:
            return _DEAD
        delay = self.delay_after(attempt, draw)
        if self.retry_after == "honour" and isinstance(outcome, Response):
            delay = max(delay, min(_retry_after(outcome, now), LONGEST_RETRY_AFTER))
        return Again(delay=delay)

    def delay_after(self, attempt: int, draw: Callable[[], float]) -> timedelta:
        """How long after the end of *attempt* the next one is due."""
        if isinstance(self.delays, tuple):
            return self.delays[attempt - 1]
        backoff = self.delays
        try:
            delay = min(backoff.base * backoff.factor ** (attempt - 1), backoff.max)
        except OverflowError:
            delay = backoff.max
        if backoff.jitter:
            delay *= 1 + backoff.jitter * (2 * draw() - 1)
        return delay


def _retry_after(response: Response, now: datetime | None) -> timedelta:
    value = next((value for name, value in response.headers if name.lower() == "retry-after"), "").strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:9]), 86_400 * 365))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # years and offsets of twenty digits
        return timedelta()
    if now is None:
        return timedelta()
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now


def wexio(profile: Profile) -> RetryPolicy:
    """The preset ``wexio``; its numbers are our assumptions, from the *profile*."""
    rules = profile.delivery
    return RetryPolicy(
        name="wexio",
        attempts=rules.attempts,
        delays=rules.delays,
        timeout=rules.timeout,
        success=frozenset(rules.success),
        give_up_on=frozenset(rules.give_up_on),
        retry_after=rules.retry_after,
    )


def _svix(profile: Profile) -> RetryPolicy:
    delays = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
    return RetryPolicy(
        name="svix",
        attempts=8,
        delays=tuple(timedelta(seconds=delay) for delay in delays),
        timeout=timedelta(seconds=15),
        success=frozenset(profile.delivery.success),
    )


def _none(profile: Profile) -> RetryPolicy:
    return replace(wexio(profile), name="none", attempts=1, delays=())


_PRESETS: Final = {"wexio": wexio, "none": _none, "svix": _svix}
PRESET_NAMES: Final = tuple(_PRESETS)


def preset(name: str, profile: Profile) -> RetryPolicy:
    """The retry policy called *name*; raises `UsageError` naming those that exist."""
    try:
        return _PRESETS[name](profile)
    except KeyError:
        raise UsageError(f"no retry preset is called {name!r}: there are {', '.join(PRESET_NAMES)}") from None
