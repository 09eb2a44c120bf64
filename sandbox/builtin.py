"""The built-in subscriber as a server offers it: what leads to it, its script, its outages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

from sandbox.clock import Clock
from sandbox.core.cast import Cast
from sandbox.core.errors import UsageError
from sandbox.core.ids import Seed
from sandbox.core.model import Connection, Hmac
from sandbox.core.scenario import Answer, Outage, SubscriberScript
from sandbox.dispatcher import Spawn
from sandbox.player import ScriptedOutage
from sandbox.subscriber import Subscriber

_NAME: Final = "built-in subscriber"


class BuiltIn:
    """Steers the *subscriber*; None is a server that was started without one.

    *secrets*, by connection, are those that it verifies with.
    """

    def __init__(self, subscriber: Subscriber | None, secrets: dict[str, str], spawn: Spawn) -> None:
        self._subscriber, self._secrets, self._spawn = subscriber, secrets, spawn
        self._outage: ScriptedOutage | None = None

    def connection(self, new_secret: str) -> Connection:
        """What leads to it, with *new_secret* where it has none yet.  Raises `UsageError` where it is not there."""
        if self._subscriber is None:
            raise UsageError("nothing to deliver to: there is no connection, and no built-in subscriber")
        id = Cast(Seed(0)).connection_id(_NAME)
        secret = self._secrets.setdefault(id, new_secret)
        return Connection(name=_NAME, url=self._subscriber.url, auth=Hmac(secret=secret), id=id)

    def script(self) -> SubscriberScript:
        """What it answers now, and its outage while there is one to come or to end."""
        assert self._subscriber is not None
        outage = self._outage.outage if self._outage is not None and self._outage.ahead else None
        return SubscriberScript(respond=self._subscriber.answers, outage=outage)

    async def set(
        self,
        clock: Callable[[], Clock],
        *,
        respond: Sequence[Answer] | None,
        outage: Outage | Literal["keep"] | None,
    ) -> None:
        """Script its answers, and its next outage on the *clock* (None ends one).

        What is None or ``"keep"`` stays as it is.  Raises `UsageError` where it is not there.
        """
        if self._subscriber is None:
            raise UsageError("there is no built-in subscriber: the server was started without")
        if respond is not None:
            self._subscriber.respond(*respond)
        if outage == "keep":
            return
        await self.abandon()
        current = clock()  # which a reset has replaced, if there was one meanwhile
        self._outage = ScriptedOutage(current, self._subscriber, outage, self._spawn)
        self._outage.announce(current.now())

    async def abandon(self) -> None:
        """It has no outage any more, whatever was scripted."""
        if self._outage is not None:
            await self._outage.abandon()
