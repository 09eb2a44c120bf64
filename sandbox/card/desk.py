"""Where checks are made: posts to the consumer, and knows whether it is in a state to be judged.

A check says what it found by raising nothing and returning a `Ruling`, or by raising
`CannotTell`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sandbox.core.card import Posted, Status
from sandbox.core.catalogue import CHANNELS
from sandbox.core.letters import Letters
from sandbox.core.model import Exchange, Request, TransportError
from sandbox.core.phrases import seconds
from sandbox.transport import Transport

UNREACHABLE: Final = ("connect", "dns", "tls", "blocked")
"""Errors that come before anybody could have answered."""

CONTROL: Final = "a valid delivery"
SLOW: Final = 3
"""How many times what an attempt is allowed is waited for a slow consumer, so that it is judged by its answers."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things are waited for, in seconds."""

    recover: Sequence[float] = (0.2, 0.5, 1, 2)  # for a consumer that somebody starts again
    effect: float = 10.0  # for an effect to be seen by the probe
    quiet: float = 1.0  # for a second one, or for somebody else's
    glance: float = 0.1  # between two looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a check found."""

    status: Status
    reason: str
    decisive: Posted | None = None
    hint: str = ""  # what to change, before what the book says
    about: str = ""  # the entry of the book whose advice it is, where not the check's own


class CannotTell(Exception):
    """The check cannot be made, or its outcome would say nothing about its subject: it is skipped."""

    def __init__(self, reason: str, decisive: Posted | None = None) -> None:
        super().__init__(reason)
        self.reason, self.decisive = reason, decisive


class NobodyAnswers(Exception):
    """Not one of the first deliveries got an answer."""

    def __init__(self, last: Posted) -> None:
        super().__init__(last.answer)
        self.last = last


class Desk:
    """Posts to one consumer.  *open* makes a transport; each check has its own."""

    def __init__(
        self,
        letters: Letters,
        *,
        open: Callable[[], Transport],
        allowed: timedelta,
        pace: Pace,
        sleep: Sleep = asyncio.sleep,  # noqa: TID251 - a consumer that recovers takes real time
    ) -> None:
        self.letters, self.allowed, self.pace, self.sleep = letters, allowed, pace, sleep
        self._open = open
        self._transport: Transport | None = None
        self.patience = allowed * SLOW
        self.posted = 0
        self.slow = False
        self.first: list[Posted] = []
        """The deliveries by which the home channel was found."""
        self._steady = False
        self._lost = ""

    # --- posting -------------------------------------------------------------------------

    async def post(self, what: str, request: Request, *, timeout: timedelta | None = None) -> Posted:
        """Send *request* and tell what became of it; whatever it was, the consumer may be another one now."""
        self._steady = False
        return await self._send(what, request, timeout or self.patience)

    async def _send(self, what: str, request: Request, timeout: timedelta) -> Posted:
        if self._transport is None:
            self._transport = self._open()
        self.posted += 1
        exchange: Exchange = await self._transport.send(request, timeout=timeout)
        return Posted(what=what, request=request, outcome=exchange.outcome, elapsed_ms=exchange.elapsed_ms)

    async def hang_up(self) -> None:
        """Let go of the connections that were kept."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()

    # --- whether it can be judged --------------------------------------------------------

    async def find_home(self) -> bool:
        """Find a channel whose valid deliveries are taken; whether there is one.

        Raises `NobodyAnswers`.
        """
        for channel in CHANNELS:
            event = self.letters.event(channel=channel)
            posted = await self._send(
                f"a valid delivery of {channel}", self.letters.request(event), self.patience
            )
            self.first.append(posted)
            if posted.taken:
                self.letters.home = channel
                self._steady = True
                self.slow = posted.elapsed_ms > self.allowed.total_seconds() * 500
                if not self.slow:
                    self.patience = self.allowed
                return True
            error = posted.outcome if isinstance(posted.outcome, TransportError) else None
            silent = all(isinstance(item.outcome, TransportError) for item in self.first)
            if error and error.type in UNREACHABLE:
                break
            if error and error.type == "timeout" and silent and len(self.first) > 1:
                break
        if all(isinstance(item.outcome, TransportError) for item in self.first):
            raise NobodyAnswers(self.first[-1])
        return False

    async def steady(self, since: str) -> None:
        """Make sure that a valid delivery is taken, so that what follows is the check's own doing.

        Raises `CannotTell`, which names the check *since* which it is not so.
        """
        if self._steady:
            return
        control = await self.control()
        for pause in (0.0, *self.pace.recover):
            if control.taken:
                return
            if pause and not isinstance(control.outcome, TransportError):
                break
            await self.sleep(pause)
            control = await self.control()
        if not control.taken:
            self._lost = self._lost or (f" since {since}" if since else "")
            raise CannotTell(f"it takes no valid delivery any more{self._lost}: {control.answer}", control)
        self._lost = ""

    async def control(self) -> Posted:
        """A valid delivery in which nothing is unusual."""
        letters = self.letters
        posted = await self._send(CONTROL, letters.request(letters.event()), self.patience)
        self._steady = posted.taken
        return posted


def passed(reason: str, decisive: Posted | None = None) -> Ruling:
    """It does what it should."""
    return Ruling(status="passed", reason=reason, decisive=decisive)


def failed(reason: str, decisive: Posted | None = None, *, hint: str = "", about: str = "") -> Ruling:
    """It does not."""
    return Ruling(status="failed", reason=reason, decisive=decisive, hint=hint, about=about)


def took(posted: Posted) -> str:
    """How long an answer took."""
    return seconds(posted.elapsed_ms)
