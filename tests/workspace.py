"""A workspace in memory that sends nothing: what the web's tests ask, and steer by hand."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sandbox.clock import wall_now
from sandbox.core.cast import Cast
from sandbox.core.catalogue import CHANNELS
from sandbox.core.entries import Attempted, Attempting, Emitted, Resent, Settled, Verdict
from sandbox.core.envelope import Rendering, Target
from sandbox.core.errors import Conflict, NotFound, SettleTimeout, UsageError
from sandbox.core.ids import Seed
from sandbox.core.ledger import Delivery, Ledger
from sandbox.core.model import Connection, Hmac, Outcome, Response, Status, kind_of
from sandbox.core.outline import outline
from sandbox.core.profile import Profile
from sandbox.core.retry import preset
from sandbox.core.scenario import SubscriberScript
from sandbox.held import Held
from sandbox.journal import MemoryJournal
from sandbox.orders import EventOrder, RunOrder
from sandbox.plays import Run
from sandbox.steering import Position
from sandbox.store import Totals

START = datetime(2026, 4, 24, 14, 2, 10, 123_000, tzinfo=UTC)
SERVER_RUN = "run_byhand"


class Records(MemoryJournal):
    """A journal in memory with the questions of the one on disk."""

    lag = 0

    def __init__(self) -> None:
        super().__init__()
        self.trouble: Exception | None = None

    @property
    def seq(self) -> int:
        return len(self.entries_so_far)

    @property
    def entries_so_far(self) -> Sequence[Any]:
        return self._entries

    @property
    def totals(self) -> Totals:
        attempts = [entry for entry in self._entries if isinstance(entry, Attempted) and not entry.copy]
        return Totals(
            events=Counter(entry.event.channel for entry in self._entries if isinstance(entry, Emitted)),
            attempts=Counter((kind_of(entry.outcome), entry.rendering.event.channel) for entry in attempts),
        )

    def forget(self) -> None:
        self._entries.clear()
        self.ledger = Ledger()

    async def probe(self) -> None:
        await self.commit()

    async def commit(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    async def entries(self, after: int = 0, limit: int = 200) -> Sequence[tuple[int, Any]]:  # type: ignore[override]
        return list(enumerate(self._entries, start=1))[after : after + limit]

    async def counts(self, run_id: str | None = None) -> Counter[Status]:
        return self.ledger.counts(run_id=run_id)

    async def delivery(self, id: str) -> Delivery | None:
        return next((item for item in self.ledger.deliveries() if item.id == id), None)

    async def page(self, *, limit: int = 50, cursor: str | None = None, **filters: Any) -> Any:
        since, until = filters.pop("since"), filters.pop("until")
        items = [
            item
            for item in reversed(list(self.ledger.deliveries()))
            if all(value is None or getattr(item, name) == value for name, value in filters.items())
            and (since is None or item.emitted_at >= since)
            and (until is None or item.emitted_at < until)
        ]
        if cursor is not None and not cursor.isdigit():
            raise UsageError(f"{cursor!r} is no cursor of a page")
        start = int(cursor or 0)
        rest = len(items) > start + limit
        return SimpleNamespace(
            items=items[start : start + limit], next_cursor=str(start + limit) if rest else None
        )


class FakeWorkspace:
    """As `sandbox.workspace.Workspace`, but nothing happens by itself."""

    def __init__(self) -> None:
        self.journal = Records()
        self.profile = Profile()
        self.subscriber: Any = SimpleNamespace(url="http://127.0.0.1:8422/", requests=[], next=[])
        self.subscriber.answer_next = lambda *answers: setattr(self.subscriber, "next", answers)
        self.asked: list[Any] = []  # what was asked for, in order
        self.stuck = False  # whether settling waits for ever
        self.cancelled = False  # whether it was told to stop that
        self.at = START
        self.speed: Any = 1.0
        self._cast = Cast(Seed(42), profile=self.profile)
        self._held: dict[str, Held] = {}
        self._runs: dict[str, Run] = {}
        self._script = SubscriberScript()
        self._numbers = 0

    # --- connections -------------------------------------------------------------

    def connections(self) -> tuple[Held, ...]:
        return tuple(self._held.values())

    def connection(self, id: str) -> Held:
        try:
            return self._held[id]
        except KeyError:
            raise NotFound(f"there is no connection {id!r}") from None

    async def connect(self, connection: Connection, *, read_only: bool = False) -> Held:
        if any(held.connection.name == connection.name for held in self._held.values()):
            raise Conflict(f"a connection called {connection.name!r} is there already")
        made = self._complete(connection)
        held = Held(connection=made, retry=connection.retry, read_only=read_only)
        self._held[str(made.id)] = held
        return held

    def _complete(self, connection: Connection) -> Connection:
        retry = connection.retry if connection.retry is not None else "wexio"
        auth = connection.auth
        return replace(
            connection,
            id=connection.id or self._cast.connection_id(connection.name),
            auth=Hmac(self._cast.secret(connection.name)) if auth == Hmac() else auth,
            retry=preset(retry, self.profile) if isinstance(retry, str) else retry,
        )

    def _changeable(self, id: str) -> Held:
        held = self.connection(id)
        if held.read_only:
            raise Conflict(f"{held.connection.name} is defined by the configuration file: change it there")
        return held

    async def change(self, id: str, **changes: Any) -> Held:
        held = self._changeable(id)
        self.asked.append(changes)
        retry = changes.get("retry", held.retry)
        made = self._complete(replace(held.connection, **(changes | {"retry": retry})))
        self._held[id] = Held(connection=made, retry=retry, read_only=False)
        return self._held[id]

    async def hold(self, id: str) -> Held:
        return self._hold(id, held=True)

    async def release(self, id: str) -> Held:
        return self._hold(id, held=False)

    def _hold(self, id: str, *, held: bool) -> Held:
        before = self.connection(id)
        self._held[id] = replace(before, connection=replace(before.connection, held=held))
        return self._held[id]

    async def rotate_secret(self, id: str) -> Held:
        held = self._changeable(id)
        if not isinstance(held.connection.auth, Hmac):
            raise Conflict(f"{held.connection.name} signs nothing: it has no secret")
        secret = self._cast.secret(f"{held.connection.name}/again")
        self._held[id] = replace(held, connection=replace(held.connection, auth=Hmac(secret)))
        return self._held[id]

    async def disconnect(self, id: str) -> None:
        self._changeable(id)
        del self._held[id]

    # --- events and deliveries -----------------------------------------------------

    def _event(self, order: EventOrder) -> Any:
        channels = (order.channel,) if isinstance(order.channel, str) else order.channel or CHANNELS
        contact = order.contact
        data = order.data
        if isinstance(contact, Mapping):
            fields = {key: value for key, value in contact.items() if key != "locale"}
            contact, data = None, {**(data or {}), "contact": fields}
        return self._cast.chat_created(
            at=self.at, channels=channels, contact=contact, origin=order.origin, data=data
        )

    async def emit(self, order: EventOrder) -> tuple[list[Any], list[str]]:
        self.asked.append(order)
        if order.connection_ids is not None:
            targets = [self.connection(id) for id in order.connection_ids]
        else:
            targets = [held for held in self._held.values() if held.connection.active]
        events, deliveries = [], []
        for _ in range(order.count):
            cameo = self._event(order)
            pairs = []
            for held in targets:
                self._numbers += 1
                pairs.append((f"dlv_{self._numbers:012x}", str(held.connection.id)))
            self.journal.append(
                Emitted(
                    at=self.at, run_id=SERVER_RUN, event=cameo.event, who=cameo.who, deliveries=tuple(pairs)
                )
            )
            events.append(cameo.event)
            deliveries += [id for id, _ in pairs]
        return events, deliveries

    def attempt(
        self,
        delivery_id: str,
        outcome: Outcome | int,
        *,
        status: Status | None = None,
        elapsed_ms: float = 5.0,
    ) -> None:
        """Let an attempt be made, with this outcome; with a *status*, it was the last."""
        if isinstance(outcome, int):
            outcome = Response(status=outcome, headers=(("Content-Type", "text/plain"),), body=b"said")
        [row] = [item for item in self.journal.ledger.deliveries() if item.id == delivery_id]
        event = next(
            entry.event
            for entry in self.journal.entries_so_far
            if isinstance(entry, Emitted) and entry.event.id == row.event_id
        )
        target = Target(self.connection(row.connection_id).connection, self.profile)
        number = row.attempt_count + 1
        of: dict[str, Any] = {
            "at": self.at,
            "run_id": row.run_id,
            "delivery_id": delivery_id,
            "event_id": row.event_id,
            "connection_id": row.connection_id,
        }
        self.journal.append(Attempting(**of, attempt=number))
        self.journal.append(
            Attempted(
                **of,
                attempt=number,
                rendering=Rendering(event, target, number, self.at),
                outcome=outcome,
                started_at=self.at,
                elapsed_ms=elapsed_ms,
                timing={"connect": 0.4},
                next_attempt_at=None if status else self.at + timedelta(seconds=5),
            )
        )
        if status is not None:
            self.journal.append(Settled(**of, status=status, attempt_count=number))

    def render(self, order: EventOrder, *, connection_id: str | None, auth: Any, attempt: int) -> Any:
        if connection_id is not None:
            connection = self.connection(connection_id).connection
        else:
            connection = Connection(name="x", url="http://127.0.0.1/", auth=auth, id="0" * 24)
        event = self._event(order).event
        return Rendering(event, Target(connection, self.profile), attempt, self.at).request()

    async def resend(self, delivery_id: str) -> None:
        row = await self.journal.delivery(delivery_id)
        if row is None:
            raise NotFound(f"there is no delivery {delivery_id!r}")
        if row.status is Status.PENDING:
            raise Conflict(f"the delivery {delivery_id} is pending: it is being delivered")
        self.journal.append(
            Resent(
                at=self.at,
                run_id=row.run_id,
                delivery_id=row.id,
                event_id=row.event_id,
                connection_id=row.connection_id,
            )
        )

    async def settle(self, timeout: timedelta | None) -> Counter[Status]:
        self.asked.append(timeout)
        if self.stuck:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self.cancelled = True
        counts = self.counts()
        if counts[Status.PENDING]:
            raise SettleTimeout(f"{counts[Status.PENDING]} pending")
        return counts

    def counts(self) -> Counter[Status]:
        return self.journal.ledger.counts()

    # --- runs ------------------------------------------------------------------------

    async def play(self, order: RunOrder) -> Run:
        self.asked.append(order)
        run = Run(
            id=f"run_{len(self._runs):012x}",
            name=order.scenario.name,
            status="playing",
            seed=order.seed if order.seed is not None else order.scenario.seed or 7,
            speed=order.speed or 1.0,
            signature_time="wall",
            started_at=wall_now(),
            ended_at=None,
            begins_at=order.start or self.at,
            at=order.start or self.at,
            steps=outline(order.scenario),
            step=None,
            step_at=None,
            note=None,
            deliveries=Counter(),
            connections=tuple(map(self._complete, order.scenario.connections)),
            verdict=None,
            error=None,
            source=order.source,
        )
        self._runs[run.id] = run
        return run

    def runs(self) -> tuple[Run, ...]:
        return tuple(reversed(self._runs.values()))

    def run(self, id: str) -> Run:
        try:
            return self._runs[id]
        except KeyError:
            raise NotFound(f"there is no run {id!r}") from None

    def _put(self, id: str, **changes: Any) -> Run:
        self._runs[id] = replace(self.run(id), **changes)
        return self._runs[id]

    async def pause(self, id: str) -> Run:
        if self.run(id).ended_at is not None:
            raise Conflict("the run has ended")
        return self._put(id, status="paused")

    async def resume(self, id: str) -> Run:
        if self.run(id).ended_at is not None:
            raise Conflict("the run has ended")
        return self._put(id, status="playing")

    async def step(self, id: str) -> Run:
        if self.run(id).status != "paused":
            raise Conflict("only a paused run can be stepped")
        return self.run(id)

    async def stop(self, id: str) -> Run:
        run = self.run(id)
        verdict = Verdict(
            at=run.at,
            run_id=id,
            passed=False,
            expectations=(),
            deliveries={Status.SUCCESS: 2},
            seed=run.seed,
            elapsed_ms=12.5,
        )
        self.journal.append(verdict)
        return self._put(id, status="stopped", ended_at=wall_now(), verdict=verdict)

    async def set_run_speed(self, id: str, speed: Any) -> Run:
        return self._put(id, speed=speed)

    # --- the server ------------------------------------------------------------------

    def now(self) -> datetime:
        return self.at

    def clock(self) -> Position:
        return Position(at=self.at, wall=self.at, speed=self.speed, paused=False)

    def next_due(self) -> datetime | None:
        return None

    async def set_speed(self, speed: Any) -> None:
        self.speed = speed

    async def advance(self, by: timedelta) -> None:
        if self.speed != "manual":
            raise Conflict('only a manual clock can be advanced: set its speed to "manual" first')
        self.at += by

    def script(self) -> SubscriberScript:
        return self._script

    async def set_subscriber(self, *, respond: Any, outage: Any) -> None:
        if self.subscriber is None:
            raise NotFound("the built-in subscriber is left out")
        if respond is not None:
            self._script = replace(self._script, respond=tuple(respond))
        if outage != "keep":
            self._script = replace(self._script, outage=outage)

    async def reset(self, *, connections: bool = False) -> None:
        self.asked.append({"connections": connections})
        self.journal.forget()
        if connections:
            self._held = {id: held for id, held in self._held.items() if held.read_only}
