"""The outage drill: a subscriber that cannot be reached for hours, and everything that comes back afterwards.

The outage is on this side of the wire.  For its length no attempt is sent; each counts
as a failed one, with the outcome ``dropped``, and the retry policy goes on from there.
So it works with a real subscriber, which notices nothing until the recovery.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Final, Literal

from sandbox.clock import wall_now
from sandbox.core.catalogue import BUILT_EVENTS, subscribes
from sandbox.core.config import Config
from sandbox.core.drill import Plan, Report, Tally
from sandbox.core.entries import Entry
from sandbox.core.errors import UsageError
from sandbox.core.model import Connection, Exchange, Hmac, Request, TransportError
from sandbox.core.profile import Profile
from sandbox.core.retry import RetryPolicy
from sandbox.engine import Sandbox
from sandbox.settings import Settings
from sandbox.subscriber import Subscriber
from sandbox.transport import HttpTransport, Transport

EVENT: Final = "chat.created"
"""What happens in a drill."""
RETRY: Final = "svix"
"""The preset where nobody names one: what is assumed of Wexio has given up long before an outage is over."""
_NAMED: Final = 5  # of several connections


class Blackout:
    """A transport that sends nothing until *over*."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._now: Callable[[], datetime] | None = None
        self._over: datetime | None = None

    def begin(self, now: Callable[[], datetime], over: datetime) -> None:
        """From here until it is *over* nothing is sent; *now* tells the time."""
        self._now, self._over = now, over

    async def send(self, request: Request, *, timeout: timedelta) -> Exchange:
        """As any transport; within the outage, ``dropped``."""
        if self._now is not None and self._over is not None and self._now() < self._over:
            held = TransportError(type="dropped", message="never sent: the drill's outage")
            return Exchange(outcome=held, elapsed_ms=0.0)
        return await self._inner.send(request, timeout=timeout)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._inner.close()


def consumer(settings: Settings, config: Config) -> Connection | None:
    """Who is drilled: ``--to``, else the configuration file's connection, else None, the built-in subscriber.

    Raises `UsageError` where the file's connections do not say which one.
    """
    if settings.to is not None:
        return Connection(name="subscriber", url=settings.to, auth=settings.auth or Hmac())
    if not config.connections:
        return None
    taking = [item for item in config.connections if item.active and subscribes(item.events, EVENT)]
    if not taking:
        raise UsageError(
            f"no connection of the configuration file takes {EVENT}: --to URL says who is to be drilled"
        )
    if len(taking) > 1:
        # Requests in the busiest second, time to recover: summed over several they would say nothing of any.
        named = ", ".join(item.name for item in taking[:_NAMED]) + (", …" if len(taking) > _NAMED else "")
        raise UsageError(
            f"a drill is of one consumer, and the configuration file has {len(taking)} connections that take "
            f"{EVENT} ({named}): --to URL says which"
        )
    return replace(taking[0], auth=settings.auth or taking[0].auth)


def policy(settings: Settings, connection: Connection | None, config: Config) -> RetryPolicy | str:
    """By which policy it is tried again: ``--retry``, else the connection's, else the file's, else svix."""
    own = None if connection is None else connection.retry
    return settings.retry or own or config.retry or RETRY


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One drill, and to whom: *connection*, or where it is None the built-in subscriber."""

    plan: Plan
    connection: Connection | None
    retry: RetryPolicy | str = RETRY
    seed: int | None = None
    speed: float | Literal["max"] = "max"
    attempt_timeout: timedelta | None = None
    profile: Profile
    within: timedelta | None = None  # real time; used up, what is pending is told

    async def run(
        self, *, begin: Callable[[Connection], None], tell: Callable[[Tally, datetime], None]
    ) -> Report:
        """Play it to its end.  *begin* is told whom it goes to, *tell* how it stands, after each entry."""
        blackout, began = Blackout(HttpTransport()), perf_counter()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(blackout.close)
            secrets: dict[str, str] = {}
            connection = self.connection
            if connection is None:
                subscriber = Subscriber(
                    now=lambda: wall_now().timestamp(), secrets=secrets, rules=self.profile.signature, keep=0
                )
                await stack.enter_async_context(subscriber)
                connection = Connection(name="built-in subscriber", url=subscriber.url, events=BUILT_EVENTS)
            sandbox = Sandbox(
                seed=self.seed,
                speed=self.speed,
                attempt_timeout=self.attempt_timeout,
                profile=self.profile,
                transport=blackout,
            )
            await stack.enter_async_context(sandbox)
            connected = sandbox.connect(replace(connection, retry=self.retry))
            if isinstance(connected.auth, Hmac) and connected.auth.secret and connected.id:
                secrets[connected.id] = connected.auth.secret
            begin(connected)
            tally = Tally(over=sandbox.now() + self.plan.outage)
            blackout.begin(sandbox.now, tally.over)

            def told(entry: Entry) -> None:
                tally.tell(entry)
                tell(tally, entry.at)

            async with _following(sandbox, told):
                limit = None if self.within is None else self.within.total_seconds()
                over_time = asyncio.timeout(limit)
                try:
                    async with over_time:
                        await sandbox.play(self.plan.scenario())
                except TimeoutError:
                    if not over_time.expired():
                        raise
            assert isinstance(connected.retry, RetryPolicy)
            return tally.report(
                self.plan,
                elapsed_ms=(perf_counter() - began) * 1000,
                pending=sandbox.pending,
                policy=connected.retry.name,
                seed=sandbox.seed,
            )


@asynccontextmanager
async def _following(sandbox: Sandbox, tell: Callable[[Entry], None]) -> AsyncIterator[None]:
    """Within the block every entry is told; at its end, all that were journalled have been."""

    async def read() -> None:
        async for _, entry in sandbox.journal.follow():
            tell(entry)

    reader = asyncio.create_task(read())
    try:
        yield
    finally:
        sandbox.journal.close()
        await reader
