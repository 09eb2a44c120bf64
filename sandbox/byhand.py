"""What somebody lets happen by hand, outside of any scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sandbox.clock import Clock, breathe, running
from sandbox.core.cast import Cast
from sandbox.core.catalogue import CHANNELS, known_event
from sandbox.core.faults import Faults
from sandbox.core.model import Event
from sandbox.core.scenario import Origin
from sandbox.dispatcher import Dispatcher
from sandbox.journal import Journal
from sandbox.mishaps import Scope

_BREATH: Final = 32  # emissions between two turns for everybody else


class ByHand:
    """Makes events up with *cast*, and hands them to *dispatcher*."""

    def __init__(self, cast: Cast, dispatcher: Dispatcher, clock: Clock, journal: Journal) -> None:
        self.dispatcher = dispatcher
        self.emitted = 0
        self._scopes = 0  # how many were asked for together
        self._cast, self._clock, self._journal = cast, clock, journal

    def happen(
        self,
        event: str,
        *,
        channel: str | Sequence[str] | None = None,
        contact: str | Mapping[str, Any] | None = None,
        origin: Origin = "inbound",
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
        occurred_at: datetime | None = None,
        only: Iterable[str] | None = None,
        faults: Faults = (),
        scope: Scope = 0,
        cast: Cast | None = None,
    ) -> tuple[Event, tuple[str, ...]]:
        """The event and its deliveries' ids, in the journal and not yet committed.  See `Sandbox.emit`.

        *only* names the connections that hear of it, by id.  What *faults* hold back is let go
        at the latest by `Dispatcher.release` of their *scope*.  *cast* makes it up instead of
        the own one, which still names the event: nothing happens twice under one id.
        """
        known_event(event)
        channels = CHANNELS if channel is None else (channel,) if isinstance(channel, str) else tuple(channel)
        if cast is None:
            cast = self._cast
        else:
            id = id or self._cast.event_id()
        cameo = cast.chat_created(
            at=self._clock.now(),
            channels=channels,
            contact=cast.introduce(contact) if isinstance(contact, Mapping) else contact,
            origin=origin,
            data=data,
            event_id=id,
            occurred_at=occurred_at,
        )
        self.emitted += 1
        return cameo.event, self.dispatcher.dispatch(
            cameo.event, who=cameo.who, only=only, faults=faults, scope=scope
        )

    async def several(self, count: int, event: str, **what: Any) -> tuple[list[Event], list[str]]:
        """So many events, as `happen` says, and the ids of their deliveries: one scope for faults."""
        self._scopes += 1
        scope = self._scopes
        events: list[Event] = []
        deliveries: list[str] = []
        try:
            for _ in range(count):
                happened, ids = self.happen(event, scope=scope, **what)
                events.append(happened)
                deliveries += ids
                await self.breathe()
        finally:
            self.dispatcher.release(scope)
        return events, deliveries

    async def commit(self) -> None:
        """Wait until it is as safe as the journal makes it; no sandbox time passes meanwhile."""
        with running(self._clock):
            await self._journal.commit()
            await self.breathe()

    async def breathe(self) -> None:
        """Let everybody else have a turn, now and then."""
        if self.emitted % _BREATH == 0:
            await breathe()
