"""What a server keeps: connections, events by hand, runs, the built-in subscriber, the journal.

Everything that it has answered for is in the journal's file, and goes on from there
after the process has ended.  No HTTP in here.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Self

from sandbox.builtin import BuiltIn
from sandbox.clock import wall_now
from sandbox.closing import DELETED
from sandbox.core.config import Config
from sandbox.core.errors import Conflict, NotFound, SettleTimeout, UsageError
from sandbox.core.expectations import pending_in_words
from sandbox.core.model import Auth, Connection, Event, Request, Status
from sandbox.core.scenario import Answer, Outage, SubscriberScript
from sandbox.engine import Sandbox
from sandbox.held import Held, HeldConnections
from sandbox.identity import Identity
from sandbox.orders import EventOrder, RunOrder, rendered
from sandbox.owner import Owner
from sandbox.plays import Run
from sandbox.runs import Runs, latest
from sandbox.steering import Position, Speed
from sandbox.store import SqliteJournal
from sandbox.subscriber import Subscriber
from sandbox.transport import Transport

MOST_EVENTS: Final = 10_000


class Workspace:
    """Use it with ``async with``: it takes up what the *journal* has left, and leaves what is pending in it.

    The *journal* and the *transport* stay their owner's to close.
    """

    def __init__(
        self,
        *,
        journal: SqliteJournal,
        transport: Transport,
        config: Config,
        subscriber: Subscriber | None = None,
        subscriber_secrets: dict[str, str] | None = None,
    ) -> None:
        self.journal = journal
        self.profile = config.profile
        self.subscriber = subscriber
        self._transport, self._config = transport, config
        self._secrets = {} if subscriber_secrets is None else subscriber_secrets
        self._owner = Owner()
        self._built_in = BuiltIn(subscriber, self._secrets, self._owner.spawn)
        self._idle: list[asyncio.Future[None]] = []
        self._turn = asyncio.Lock()  # what begins something, and a reset, wait for each other

    # --- life ------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        pending = [item async for item in self.journal.pending()]
        kept = (await self.journal.documents("server")).get("self")
        await self._owner.open()
        self._identity = Identity.new(self.profile) if kept is None else Identity.read(kept)
        own = [item for item in pending if item.run_id == self._identity.run_id]
        position = self._identity.clock
        start = latest(position.now(wall_now()), own)
        self._sandbox = await self._open(position.speed, start)
        self._runs = Runs(
            journal=self.journal,
            make=self._make,
            owner=self._owner,
            subscriber=self.subscriber,
            on_idle=self._on_idle,
        )
        self._held = HeldConnections(self._sandbox, self.journal, self.profile, self._secrets)
        self._held.restore(self._config.connections, await self.journal.documents("connection"))
        held = {it.connection.id for it in self.connections() if it.connection.held}
        await self._runs.restore(await self.journal.documents("run"), pending, held)
        for item in own:
            self._sandbox.by_hand.dispatcher.take_up(item)
        await self._keep_clock()
        return self

    async def __aexit__(self, *raised: object) -> None:
        try:
            await self._keep_clock()
        finally:
            try:
                await self._runs.close()
            finally:
                bug = await self._owner.close()
                await self._sandbox.__aexit__(None, bug, None)

    async def until_broken(self) -> None:
        """Wait for ever, or until a bug or a journal that cannot be written stops everything; raises it."""
        await self._owner.unless_broken(self.journal.until_broken())

    async def _open(self, speed: Speed, start: datetime) -> Sandbox:
        """The sandbox for what is emitted by hand."""
        sandbox = self._make(
            seed=secrets.randbits(62),
            speed=speed,
            start=start,
            name_run=lambda _: self._identity.run_id,
            on_idle=self._on_idle,
        )
        await sandbox.__aenter__()
        self._owner.spawn(sandbox.until_broken())
        return sandbox

    def _make(self, **options: Any) -> Sandbox:
        options["retry"] = options.get("retry") or self._config.retry
        return Sandbox(
            journal=self.journal,
            transport=self._transport,
            profile=self.profile,
            organisation=self._identity.organisation,
            integrations=self._identity.integrations,
            **options,
        )

    # --- connections -----------------------------------------------------------------

    def connections(self) -> tuple[Held, ...]:
        """Every connection, in the order in which they came."""
        return self._held.all()

    def connection(self, id: str) -> Held:
        """The connection *id*.  Raises `NotFound`."""
        return self._held.get(id)

    async def connect(self, connection: Connection) -> Held:
        """Deliver to *connection* from now on.  Raises `Conflict` where its name or id is taken."""
        held = self._held.add(connection)
        await self.journal.commit()
        return held

    async def change(self, id: str, **changes: Any) -> Held:
        """Change fields of a connection: what is sent next goes by them.  Raises `NotFound`, `Conflict`."""
        held = self._held.change(id, **changes)
        return await self._changed(held)

    async def hold(self, id: str) -> Held:
        """Let every delivery there wait, those that are still to be made too.  Raises `NotFound`."""
        return await self._changed(self._held.hold(id, held=True))

    async def release(self, id: str) -> Held:
        """Let them go out again.  Raises `NotFound`."""
        return await self._changed(self._held.hold(id, held=False))

    async def _changed(self, held: Held) -> Held:
        self._runs.change(held.given)
        await self.journal.commit()
        return held

    async def rotate_secret(self, id: str) -> Held:
        """Draw a new secret, by which the next attempt is signed.  Raises `NotFound`, `Conflict`."""
        return await self.change(id, auth=self._held.rotated(id))

    async def disconnect(self, id: str) -> None:
        """Deliver nothing more there; what is pending ends as FAILED.  Raises `NotFound`, `Conflict`."""
        self._held.own(id)
        self._disconnect(id)
        await self.journal.commit()

    def _disconnect(self, id: str) -> None:
        self._held.remove(id, DELETED)
        self._runs.disconnect(id, DELETED)

    # --- events and deliveries -------------------------------------------------------

    async def emit(self, order: EventOrder) -> tuple[list[Event], list[str]]:
        """Let it happen; the events and the ids of their deliveries, which are on disk by then."""
        if not 1 <= order.count <= MOST_EVENTS:
            raise UsageError(f"count is {order.count}: 1 to {MOST_EVENTS} are right")
        for id in order.connection_ids or ():
            self.connection(id)
        cast = None if order.seed is None else self._identity.cast(self.profile, order.seed)
        async with self._turn:
            by_hand = self._sandbox.by_hand
        happened = await by_hand.several(
            order.count,
            order.event,
            channel=order.channel,
            contact=order.contact,
            origin=order.origin,
            data=order.data,
            only=order.connection_ids,
            faults=order.faults,
            cast=cast,
        )
        await by_hand.commit()
        return happened

    def render(
        self, order: EventOrder, *, connection_id: str | None, auth: Auth | None, attempt: int
    ) -> Request:
        """What would be sent: nothing is, and nothing is noted."""
        connection = None if connection_id is None else self.connection(connection_id).connection
        return rendered(
            order,
            cast=self._identity.cast(self.profile, order.seed),
            profile=self.profile,
            connection=connection,
            auth=auth,
            attempt=attempt,
            at=self.now(),
        )

    async def resend(self, delivery_id: str) -> None:
        """One more attempt at once, and the ladder anew.  Raises `NotFound`, `Conflict` while it is pending."""
        found = await self.journal.delivery(delivery_id)
        if found is None:
            raise NotFound(f"there is no delivery {delivery_id!r}")
        own = found.run_id == self._identity.run_id
        connections = self._sandbox.connections if own else self._runs.get(found.run_id).connections
        if all(connection.id != found.connection_id for connection in connections):
            raise Conflict(f"the connection {found.connection_id} of this delivery is not there any more")
        item = await self.journal.recall(delivery_id)
        if item is None or not item.settled:
            raise Conflict(f"the delivery {delivery_id} is pending: it is sent anyway")
        # The sandbox comes last: with nothing pending, a run's may be gone a moment later.
        async with self._turn:
            sandbox = self._sandbox if own else await self._runs.sandbox_of(found.run_id)
            dispatcher = sandbox.by_hand.dispatcher
            dispatcher.resend(delivery_id, item.event, item.connection_id, item.begun, item.faults)
        await self.journal.commit()

    def counts(self) -> Counter[Status]:
        """How many deliveries are in which state."""
        return self.journal.ledger.counts()

    async def settle(self, timeout: timedelta | None) -> Counter[Status]:
        """Wait until nothing is pending.

        Raises `SettleTimeout` when *timeout* (real time) has passed, or at once when only
        an advance, a resume or a step could help.
        """
        limit = None if timeout is None else timeout.total_seconds()
        try:
            async with asyncio.timeout(limit):
                await self._settle()
        except TimeoutError:
            raise self._not_settled(f"not settled within {limit:g}s") from None
        await self.journal.commit()
        return self.counts()

    async def _settle(self) -> None:
        while waiting := [it for it in (self._sandbox, *self._runs.sandboxes) if it.pending]:
            standing = [it for it in waiting if it.clock.paused or it.clock.by_hand]
            if len(standing) < len(waiting):
                self._idle.append(asyncio.get_running_loop().create_future())
                await self._idle[-1]
                continue
            for sandbox in standing:
                await sandbox.clock.quiet()
            if all(it.pending and it.clock.stuck() for it in standing):
                raise self._not_settled("only an advance, a resume or a step can help")

    def _not_settled(self, why: str) -> SettleTimeout:
        waiting = pending_in_words(self.journal.ledger.deliveries())
        return SettleTimeout(f"{why}: {'; '.join(waiting)}", waiting=waiting)

    def _on_idle(self) -> None:
        waiting, self._idle = self._idle, []
        for idle in waiting:
            if not idle.done():
                idle.set_result(None)

    # --- runs ------------------------------------------------------------------------

    async def play(self, order: RunOrder) -> Run:
        """Begin to play a scenario.

        To the connections that are named, else to the scenario's, else to the active ones
        of the server, else to the built-in subscriber.
        """
        async with self._turn:
            built_in = False
            if order.connection_ids is not None:
                connections = [self.connection(id).given for id in order.connection_ids]
            elif order.scenario.connections:
                connections = list(order.scenario.connections)
            elif not (connections := [it.given for it in self.connections() if it.connection.active]):
                connections, built_in = [self._built_in.connection(self._held.new_secret())], True
            return await self._runs.play(order, connections, built_in=built_in)

    def runs(self) -> tuple[Run, ...]:
        """Every run, the newest first."""
        return self._runs.all()

    def run(self, id: str) -> Run:
        """The run *id*.  Raises `NotFound`."""
        return self._runs.get(id)

    async def pause(self, id: str) -> Run:
        """See `Runs.pause`."""
        return await self._runs.pause(id)

    async def resume(self, id: str) -> Run:
        """See `Runs.resume`."""
        return await self._runs.resume(id)

    async def step(self, id: str) -> Run:
        """See `Runs.step`."""
        return await self._runs.step(id)

    async def stop(self, id: str) -> Run:
        """See `Runs.stop`."""
        return await self._runs.stop(id)

    async def set_run_speed(self, id: str, speed: float | Literal["max"]) -> Run:
        """See `Runs.set_speed`."""
        return await self._runs.set_speed(id, speed)

    # --- the server's clock ------------------------------------------------------------

    def now(self) -> datetime:
        """The server's time, by which events posted by hand happen."""
        return self._sandbox.now()

    def clock(self) -> Position:
        """Where the server's clock stands."""
        return self._sandbox.clock.position()

    def next_due(self) -> datetime | None:
        """When the next thing falls due on the server's clock."""
        return self._sandbox.clock.next_due()

    async def set_speed(self, speed: Speed) -> None:
        """Let time pass at *speed* from now on: a number, max or manual.  Raises `UsageError`."""
        self._sandbox.clock.set_speed(speed)
        self._on_idle()  # whoever waits for the end may wait in vain now
        await self._keep_clock()

    async def advance(self, by: timedelta) -> None:
        """Move a manual clock on; returns when all that fell due has its outcome.  Raises `Conflict`."""
        clock = self._sandbox.clock
        if not clock.by_hand:
            raise Conflict(
                f'the clock passes by itself (speed {clock.speed}): set its speed to "manual" first'
            )
        await self._sandbox.advance(by)
        await self._keep_clock()

    async def _keep_clock(self) -> None:
        self._identity = replace(self._identity, clock=self.clock())
        self.journal.put_document("server", "self", self._identity.document())
        await self.journal.commit()

    # --- the built-in subscriber --------------------------------------------------------

    def script(self) -> SubscriberScript:
        """What the built-in subscriber answers now.  See `BuiltIn.script`."""
        return self._built_in.script()

    async def set_subscriber(
        self, *, respond: Sequence[Answer] | None, outage: Outage | Literal["keep"] | None
    ) -> None:
        """Script the built-in subscriber, on the server's clock.  See `BuiltIn.set`."""
        await self._built_in.set(lambda: self._sandbox.clock, respond=respond, outage=outage)

    # --- beginning anew ------------------------------------------------------------------

    async def reset(self, *, connections: bool = False) -> None:
        """Forget events, deliveries and runs; *connections* as well, where they are not read-only."""
        async with self._turn:
            await self._runs.forget()
            await self._built_in.abandon()  # its clock is about to stop
            before, position = self._sandbox, self.clock()
            self._sandbox = await self._open(position.speed, position.at)
            self._held.move(self._sandbox)
            before.give_up("reset")
            await before.__aexit__(None, None, None)
            await self.journal.forget()
            for held in self.connections():
                if connections and not held.read_only:
                    self._disconnect(str(held.connection.id))
            await self._keep_clock()
