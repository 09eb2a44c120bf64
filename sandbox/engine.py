"""`Sandbox`: wires clock, cast, dispatcher, journal and transport together."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sandbox.byhand import ByHand
from sandbox.clock import running, wall_now
from sandbox.connections import Connections
from sandbox.core.cast import Cast
from sandbox.core.durations import as_duration
from sandbox.core.entries import Verdict
from sandbox.core.errors import SettleTimeout, UsageError
from sandbox.core.expectations import pending_in_words
from sandbox.core.faults import Fault, as_faults, of_one_event
from sandbox.core.ids import Seed
from sandbox.core.ledger import Delivery
from sandbox.core.model import Connection, Event, Status
from sandbox.core.profile import Profile
from sandbox.core.retry import RetryPolicy
from sandbox.core.scenario import Origin, Scenario, SignatureTime
from sandbox.dispatcher import Dispatcher
from sandbox.journal import Journal, MemoryJournal
from sandbox.owner import Owner
from sandbox.player import Player
from sandbox.steering import Speed, SteeredClock
from sandbox.transport import HttpTransport, Transport

if TYPE_CHECKING:
    from sandbox.subscriber import Subscriber


class Sandbox:
    """The Wexio that you can run: emits events and delivers them, on a clock of its own.

    Use it with ``async with``, once.  *speed* is a number (1 is real time), ``"max"`` (time
    jumps to the next thing due) or ``"manual"`` (it moves only by `advance`).  Without
    a *seed* one is drawn.  *retry* is for connections that name no policy of their own;
    *attempt_timeout* (real time) goes before every policy's.  Durations are timedeltas
    or seconds.  A *transport* or *journal* that is handed in stays its owner's to close.
    *name_run* gives the id of the n-th run, 0 for what is emitted by hand; *on_idle* is
    called whenever nothing is pending any more.  Raises `UsageError` for what cannot work.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        speed: Speed = 1.0,
        paused: bool = False,
        start: datetime | None = None,
        signature_time: SignatureTime = "wall",
        retry: RetryPolicy | str | None = None,
        attempt_timeout: timedelta | float | None = None,
        profile: Profile | None = None,
        organisation: str | None = None,
        integrations: Mapping[str, str] | None = None,
        contacts: Mapping[str, Mapping[str, Any]] | None = None,
        transport: Transport | None = None,
        journal: Journal | None = None,
        name_run: Callable[[int], str] | None = None,
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        if start is not None and start.tzinfo is None:
            raise UsageError("start needs an offset: datetime(..., tzinfo=UTC)")
        if signature_time not in ("wall", "sandbox"):
            raise UsageError(f"signature_time is {signature_time!r}: wall or sandbox")
        if not (speed in ("max", "manual") or isinstance(speed, int | float)):
            raise UsageError(f"speed is {speed!r}: a number, 'max' or 'manual'")
        self.seed = secrets.randbelow(2**32) if seed is None else seed
        self.profile = profile or Profile()
        self.journal: Journal = journal or MemoryJournal()
        self._seed = Seed(self.seed)
        self._speed: Speed = speed
        self._paused = paused
        self._start = start.astimezone(UTC) if start is not None else None
        self._signature_time = signature_time
        self._cast_of: dict[str, Any] = {
            "organisation": organisation,
            "integrations": integrations,
            "contacts": contacts,
        }
        self._transport: Transport = transport or HttpTransport()
        self._made = (journal is None, transport is None)
        self._name_run = name_run or self._run_id
        self._on_idle = on_idle
        self._dispatchers: list[Dispatcher] = []
        self._played: Counter[str] = Counter()
        self._cast = self._new_cast(self._cast_of)
        self._connections = Connections(
            self._cast,
            self.profile,
            retry=retry if retry is not None else "wexio",
            attempt_timeout=None if attempt_timeout is None else as_duration(attempt_timeout),
        )
        self._clock: SteeredClock | None = None
        self._owner: Owner | None = None

    # --- life ------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._clock is not None:
            raise UsageError("a sandbox runs once: make another one")
        self._clock = SteeredClock(start=self._start or wall_now(), speed=self._speed, paused=self._paused)
        self._owner = Owner()
        await self._owner.open()
        dispatcher = self._new_dispatcher(self._clock, self._name_run(0))
        self._by_hand = ByHand(self._cast, dispatcher, self._clock, self.journal)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        owner, self._owner = self._owner, None
        made_journal, made_transport = self._made
        assert owner is not None
        assert self._clock is not None
        self._clock.stop()
        for dispatcher in self._dispatchers:
            dispatcher.close()
        try:
            bug = await owner.close()
            if bug is not None and error is None:
                raise bug
        finally:
            if made_journal:
                self.journal.close()
            if made_transport:
                await self._transport.close()

    def _running(self) -> tuple[SteeredClock, Owner]:
        if self._clock is None or self._owner is None:
            raise UsageError("the sandbox is not running: use it inside `async with Sandbox(...)`")
        return self._clock, self._owner

    # --- connections -------------------------------------------------------------

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Those connected so far, with their ids and secrets."""
        return self._connections.all()

    def connect(self, connection: Connection) -> Connection:
        """Deliver to *connection* from now on; returns it with what was left to be drawn.

        That is its id and, where it signs, its secret.  Both come from the seed.
        """
        connection = self._connections.add(connection)
        self._tell(connection)
        return connection

    def change(self, connection: Connection) -> Connection:
        """Replace the connection with this one's id: each delivery's next attempt goes by it.

        One that is not active hears of no new event, and its pending deliveries wait.  One
        that is held hears of everything, and all its deliveries wait.
        """
        connection = self._connections.replace(connection)
        self._tell(connection)
        return connection

    def disconnect(self, connection_id: str, reason: str) -> None:
        """Deliver nothing more there; what is pending ends as FAILED, for this *reason*."""
        self._connections.remove(connection_id)
        for dispatcher in self._dispatchers:
            dispatcher.disconnect(connection_id, reason)

    def _tell(self, connection: Connection) -> None:
        target, policy = self._connections.target(connection)
        for dispatcher in self._dispatchers:
            dispatcher.connect(target, policy)

    # --- events --------------------------------------------------------------------

    @property
    def clock(self) -> SteeredClock:
        """The sandbox's time, and how to steer it."""
        return self._running()[0]

    def now(self) -> datetime:
        """The sandbox's time."""
        return self.clock.now()

    async def emit(
        self,
        event: str = "chat.created",
        *,
        channel: str | Sequence[str] | None = None,
        contact: str | Mapping[str, Any] | None = None,
        origin: Origin = "inbound",
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
        occurred_at: datetime | None = None,
        faults: Iterable[Fault | Mapping[str, Any] | str] = (),
    ) -> Event:
        """Let something happen now; it is delivered in the background.

        *channel* is one name or several to draw from, *contact* a name given to the
        sandbox, fields as a scenario pins them, ``"none"`` (a chat without a contact) or,
        by default, somebody new; *data* is merged over what was made up, and None removes
        a field.  *faults* go wrong with its deliveries: ``"wrong_secret"``,
        ``"delay:by=3s,attempt=1"``, mappings as in scenarios, or `Fault` values.
        """
        happened, _ = self.by_hand.happen(
            event,
            channel=channel,
            contact=contact,
            origin=origin,
            data=data,
            id=id,
            occurred_at=occurred_at,
            faults=of_one_event(as_faults(faults)),
        )
        await self.by_hand.commit()
        return happened

    async def play(
        self,
        scenario: Scenario,
        *,
        subscriber: Subscriber | None = None,
        narrate: Callable[[str], None] | None = None,
        arrive: Callable[[int, datetime], None] | None = None,
        judged: Callable[[Verdict], None] = lambda verdict: None,
    ) -> Verdict:
        """Play *scenario* to its end and judge it.

        Deliveries go to the sandbox's connections, or to the scenario's where there
        are none.  *subscriber* suffers the outage that the scenario scripts; *narrate*
        is told each step's note as the step begins, *arrive* the index of each step of
        the first level, and its moment, and *judged* the verdict as it is journalled: from
        then on it stands, whatever becomes of the caller.  A manual clock moves by itself
        meanwhile.
        """
        clock, owner = self._running()
        if not self.connections:
            for connection in scenario.connections:
                self.connect(connection)
        if not self.connections:
            raise UsageError("nothing to deliver to: connect a subscriber first")
        at = clock.now()
        if self._start is not None and not (self._by_hand.emitted or self._played or self.pending):
            at = clock.begin()  # what happens first happens at the start, in every run
        self._played[scenario.name] += 1
        run_id = self._name_run(self._played.total())
        self.journal.ledger.watch(run_id)
        dispatcher = self._new_dispatcher(clock, run_id)
        player = Player(
            scenario,
            run_id=run_id,
            at=at,
            clock=clock,
            cast=self._new_cast(
                {
                    "organisation": scenario.organisation or self._cast_of["organisation"],
                    "integrations": {**(self._cast_of["integrations"] or {}), **scenario.integrations},
                    "contacts": {**(self._cast_of["contacts"] or {}), **scenario.contacts},
                    "run": f"{scenario.name}/{self._played[scenario.name]}",
                }
            ),
            dispatcher=dispatcher,
            ledger=self.journal.ledger,
            subscriber=subscriber,
            spawn=owner.spawn,
            narrate=narrate,
            arrive=arrive,
        )
        began = perf_counter()
        with clock.free(), running(clock):
            expectations = await owner.unless_broken(player.play())
            verdict = Verdict(
                at=clock.now(),
                run_id=run_id,
                passed=all(item.passed for item in expectations),
                expectations=expectations,
                deliveries=self.counts(run_id=run_id),
                seed=self.seed,
                elapsed_ms=(perf_counter() - began) * 1000,
            )
            self.journal.append(verdict)
            judged(verdict)
            self._dispatchers.remove(dispatcher)
            await self.journal.commit()
        return verdict

    # --- waiting and looking ---------------------------------------------------------

    async def settle(self, timeout: timedelta | float | None = None) -> Counter[Status]:
        """Wait until nothing is pending; returns how many deliveries are in which state.

        Raises `SettleTimeout`, naming what is pending, when *timeout* (real time) has
        passed, or at once when nothing would ever happen unless the clock is advanced.
        """
        limit = None if timeout is None else as_duration(timeout).total_seconds()
        try:
            async with asyncio.timeout(limit):
                await self._running()[1].unless_broken(self._settle())
        except TimeoutError:
            if not self.pending:
                return self.counts()  # the last one settled in that very moment
            raise SettleTimeout(f"not settled within {limit:g}s: {self.describe_pending()}") from None
        return self.counts()

    async def _settle(self) -> None:
        clock = self.clock
        while self.pending:
            if clock.by_hand:
                await clock.quiet()
                if self.pending and clock.by_hand:
                    raise SettleTimeout(f"only an advance can help: {self.describe_pending()}")
                continue
            for dispatcher in tuple(self._dispatchers):
                with running(clock):
                    await dispatcher.settled()

    async def advance(self, duration: timedelta | str | float) -> None:
        """Move a manual clock by *duration*, through every moment at which something is due.

        Returns when all that fell due has its outcome.  Text reads as in scenarios
        (``"24h"``), a number is seconds.
        """
        await self._running()[1].unless_broken(self.clock.advance(as_duration(duration)))

    # --- pending deliveries ------------------------------------------------------------

    @property
    def pending(self) -> int:
        """How many deliveries have not settled."""
        return sum(dispatcher.pending for dispatcher in self._dispatchers)

    async def until_broken(self) -> None:
        """Wait until a bug has ended everything, and raise it."""
        await asyncio.shield(self._running()[1].task)

    def give_up(self, reason: str) -> None:
        """Everything that is pending ends as FAILED, for this *reason*."""
        for dispatcher in self._dispatchers:
            dispatcher.give_up(reason)

    @property
    def by_hand(self) -> ByHand:
        """What is emitted by hand, and who delivers it."""
        self._running()
        return self._by_hand

    # --- looking -----------------------------------------------------------------------

    def deliveries(self, event_id: str | None = None, *, run_id: str | None = None) -> list[Delivery]:
        """Deliveries in order of emission: all, those of one event, or those of one run."""
        return list(self.journal.ledger.deliveries(event_id=event_id, run_id=run_id))

    def counts(self, *, run_id: str | None = None) -> Counter[Status]:
        """How many deliveries are in which state."""
        return self.journal.ledger.counts(run_id=run_id)

    def describe_pending(self) -> str:
        """What has not settled, in words: how many, and until when the first ones wait."""
        return "; ".join(pending_in_words(self.deliveries()))

    # --- parts -----------------------------------------------------------------------

    def _run_id(self, number: int) -> str:
        return f"run_{self._seed.stream(f'run/{number}').hex(12)}"

    def _new_cast(self, people: Mapping[str, Any]) -> Cast:
        return Cast(self._seed, profile=self.profile, **people)

    def _new_dispatcher(self, clock: SteeredClock, run_id: str) -> Dispatcher:
        by_wall = self._signature_time == "wall"
        dispatcher = Dispatcher(
            clock=clock,
            transport=self._transport,
            journal=self.journal,
            seed=self._seed,
            run_id=run_id,
            spawn=self._running()[1].spawn,
            stamp=lambda planned: wall_now() if by_wall else planned,
            on_idle=self._on_idle,
        )
        for connection in self.connections:
            dispatcher.connect(*self._connections.target(connection))
        self._dispatchers.append(dispatcher)
        return dispatcher
