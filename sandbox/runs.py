"""The runs of a server: scenarios being played, each with a clock, a seed and a cast of its own.

A run's deliveries keep its clock, also when the play is over: a delivery that is sent
once more, or that was pending when the process ended, goes on where its run's clock is.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sandbox.clock import wall_now
from sandbox.core.entries import Expectation, Verdict
from sandbox.core.errors import Conflict, NotFound, SandboxError, UsageError
from sandbox.core.ledger import Pending
from sandbox.core.model import Connection
from sandbox.core.outline import outline
from sandbox.core.scenario import Scenario
from sandbox.engine import Sandbox
from sandbox.orders import RunOrder
from sandbox.owner import Owner
from sandbox.plays import Play, Run
from sandbox.steering import Position, Speed
from sandbox.store import SqliteJournal
from sandbox.subscriber import Subscriber

KEPT: Final = 500
"""How many runs that have ended are listed; the oldest are forgotten first."""

MakeSandbox = Callable[..., Sandbox]


class Runs:
    """All runs, by id.  *make* makes a sandbox on the server's journal and transport."""

    def __init__(
        self,
        *,
        journal: SqliteJournal,
        make: MakeSandbox,
        owner: Owner,
        subscriber: Subscriber | None,
        on_idle: Callable[[], None],
    ) -> None:
        self._journal, self._make, self._owner = journal, make, owner
        self._subscriber, self._on_idle = subscriber, on_idle
        self._plays: dict[str, Play] = {}

    # --- looking -------------------------------------------------------------------

    @property
    def sandboxes(self) -> list[Sandbox]:
        """Those in which something may still happen."""
        return [play.sandbox for play in self._plays.values() if play.sandbox is not None]

    def all(self) -> tuple[Run, ...]:
        """Every run, the newest first."""
        return tuple(self._shown(play) for play in reversed(self._plays.values()))

    def get(self, id: str) -> Run:
        """The run *id*.  Raises `NotFound`."""
        return self._shown(self._find(id))

    def _find(self, id: str) -> Play:
        if id not in self._plays:
            raise NotFound(f"there is no run {id!r}")
        return self._plays[id]

    def _shown(self, play: Play) -> Run:
        return play.shown(self._journal.ledger.counts(run_id=play.id))

    # --- playing -------------------------------------------------------------------

    async def play(self, order: RunOrder, connections: Sequence[Connection], *, built_in: bool) -> Run:
        """Begin to play; *built_in* says that the only connection leads to the built-in subscriber."""
        scenario = order.scenario
        seed = next((it for it in (order.seed, scenario.seed) if it is not None), secrets.randbelow(2**32))
        start = order.start or scenario.start or wall_now()
        play = Play(
            id=f"run_{secrets.token_hex(6)}",
            name=scenario.name,
            status="playing",
            seed=seed,
            signature_time=scenario.signature_time or "wall",
            source=order.source,
            built_in=built_in,
            position=Position(at=start, wall=wall_now(), speed=order.speed or 1.0, paused=False),
            started_at=wall_now(),
            connections=tuple(connections),
            begins_at=start,
            steps=outline(scenario),
        )
        self._plays[play.id] = play  # already: what happens to its connections meanwhile happens to it
        try:
            sandbox = await self._open(play, start, retry=scenario.retry)
        except BaseException:
            del self._plays[play.id]
            self._journal.remove_document("run", play.id)
            raise
        play.connections = sandbox.connections
        if built_in and self._subscriber is not None:
            self._subscriber.respond(*scenario.subscriber.respond)
        self._keep(play)
        await self._journal.commit()
        play.task = self._owner.spawn(self._perform(play, sandbox, scenario))
        return self._shown(play)

    async def _perform(self, play: Play, sandbox: Sandbox, scenario: Scenario) -> None:
        play.begun = True

        def narrate(text: str) -> None:
            play.note = text

        def arrive(step: int, at: datetime) -> None:
            play.step, play.step_at = step, at

        def judged(verdict: Verdict) -> None:
            play.status = "finished"
            self._end(play, verdict)

        try:
            if not play.stopping:
                await sandbox.play(
                    scenario,
                    subscriber=self._subscriber if play.built_in else None,
                    narrate=narrate,
                    arrive=arrive,
                    judged=judged,
                )
        except asyncio.CancelledError:
            if not play.stopping:
                raise
            if play.task is not None:
                play.task.uncancel()
        except SandboxError as error:
            if play.over:
                raise  # it has its verdict, and only the journal can have failed
            play.status, play.error = "failed", str(error)
            await self._cut(play, sandbox, str(error), "run failed")
        if not play.over:
            play.status = "stopped"
            await self._cut(play, sandbox, "it was stopped", "stopped")
        self._forget_old()
        await self._journal.commit()
        await self._retire(play)
        play.ended.set()

    async def _cut(self, play: Play, sandbox: Sandbox, actual: str, reason: str) -> None:
        """End what is pending, and judge a play that did not come to its end."""
        sandbox.give_up(reason)
        await self._shut(play, sandbox)
        self._end(play, self._failed_verdict(play, play.position.at, actual))

    def _end(self, play: Play, verdict: Verdict) -> None:
        """It has its one *verdict*, whatever happens to it from now on.

        Kept in the same breath as that was journalled, so that both are on disk or neither:
        no restart judges it again.
        """
        play.verdict, play.ended_at = verdict, wall_now()
        play.note, play.step, play.step_at = None, None, None
        self._keep(play)

    async def _shut(self, play: Play, sandbox: Sandbox) -> None:
        play.position = replace(sandbox.clock.position(), paused=False)
        play.sandbox = None
        await sandbox.__aexit__(None, None, None)

    def _failed_verdict(self, play: Play, at: datetime, actual: str) -> Verdict:
        verdict = Verdict(
            at=at,
            run_id=play.id,
            passed=False,
            expectations=(
                Expectation(text="the scenario is played to its end", passed=False, actual=actual),
            ),
            deliveries=self._journal.ledger.counts(run_id=play.id),
            seed=play.seed,
            elapsed_ms=(wall_now() - play.started_at).total_seconds() * 1000,
        )
        self._journal.append(verdict)
        return verdict

    # --- steering ------------------------------------------------------------------

    async def pause(self, id: str) -> Run:
        """Let its time stand still.  Raises `NotFound`, `Conflict`."""
        play, sandbox = self._going(id)
        sandbox.clock.pause()
        play.status = "paused"
        self._on_idle()  # whoever waits for the end may wait in vain now
        return await self._changed(play)

    async def resume(self, id: str) -> Run:
        """Let its time pass again.  Raises `NotFound`, `Conflict`."""
        play, sandbox = self._going(id)
        sandbox.clock.resume()
        play.status = "playing"
        return await self._changed(play)

    async def step(self, id: str) -> Run:
        """Let the next thing happen that is due in a paused run.  Raises `NotFound`, `Conflict`."""
        play, sandbox = self._going(id)
        if play.status != "paused":
            raise Conflict(f"the run {id} is {play.status}: only a paused one can be stepped")
        await sandbox.clock.step()
        return await self._changed(play)

    async def stop(self, id: str) -> Run:
        """End it; what is pending ends as FAILED.  Raises `NotFound`, `Conflict`."""
        play, _ = self._going(id)
        play.stopping = True
        if play.begun and play.task is not None:
            play.task.cancel()
        await play.ended.wait()
        return self._shown(play)

    async def set_speed(self, id: str, speed: Speed) -> Run:
        """Let its time pass at *speed* from now on.  Raises `NotFound`, `Conflict`, `UsageError`."""
        if speed == "manual":
            raise UsageError("a run has no manual clock: pause and step it")
        play, sandbox = self._going(id)
        sandbox.clock.set_speed(speed)
        return await self._changed(play)

    def _going(self, id: str) -> tuple[Play, Sandbox]:
        play = self._find(id)
        if play.over or play.sandbox is None or play.stopping:
            raise Conflict(f"the run {id} has ended: it is {play.status}")
        return play, play.sandbox

    async def _changed(self, play: Play) -> Run:
        if not play.over:
            self._keep(play)
        await self._journal.commit()
        return self._shown(play)

    # --- connections ---------------------------------------------------------------

    def change(self, connection: Connection) -> None:
        """A connection of the server's has changed: every run that uses it goes by that."""
        for play in self._plays.values():
            if any(own.id == connection.id for own in play.connections):
                here = connection if play.sandbox is None else play.sandbox.change(connection)
                play.connections = tuple(here if own.id == here.id else own for own in play.connections)
                self._keep(play)

    def disconnect(self, connection_id: str, reason: str) -> None:
        """A connection of the server's is gone."""
        for play in self._plays.values():
            left = tuple(own for own in play.connections if own.id != connection_id)
            if left != play.connections:
                play.connections = left
                if play.sandbox is not None:
                    play.sandbox.disconnect(connection_id, reason)
                self._keep(play)

    # --- afterwards ----------------------------------------------------------------

    async def sandbox_of(self, run_id: str) -> Sandbox:
        """The sandbox in which the run's deliveries go on.  Raises `NotFound` where the run is forgotten."""
        play = self._find(run_id)
        return play.sandbox or await self._open(play, play.position.now(wall_now()))

    async def _open(self, play: Play, start: datetime, **options: Any) -> Sandbox:
        def idle() -> None:
            if play.over:
                self._owner.spawn(self._retire(play))
            self._on_idle()

        sandbox = self._make(
            seed=play.seed,
            speed=play.position.speed,
            start=start,
            signature_time=play.signature_time,
            name_run=lambda _: play.id,
            on_idle=idle,
            **options,
        )
        await sandbox.__aenter__()
        try:
            for connection in play.connections:
                here = (
                    self._subscriber.url if play.built_in and self._subscriber is not None else connection.url
                )
                sandbox.connect(replace(connection, url=here))
        except UsageError:
            await sandbox.__aexit__(None, None, None)
            raise
        self._owner.spawn(sandbox.until_broken())
        play.sandbox = sandbox
        return sandbox

    async def _retire(self, play: Play) -> None:
        sandbox = play.sandbox
        if sandbox is not None and play.over and not sandbox.pending:
            await self._shut(play, sandbox)
            self._keep(play)

    def _forget_old(self) -> None:
        ended = [play.id for play in self._plays.values() if play.over and play.sandbox is None]
        for id in ended[: max(0, len(ended) - KEPT)]:
            del self._plays[id]
            self._journal.remove_document("run", id)

    # --- keeping -------------------------------------------------------------------

    def _keep(self, play: Play) -> None:
        if play.id in self._plays:  # else it has been forgotten meanwhile
            self._journal.put_document("run", play.id, play.document())

    async def restore(
        self,
        kept: Mapping[str, Mapping[str, Any]],
        pending: Sequence[Pending],
        held: Container[str | None],
    ) -> None:
        """Bring back what was *kept*; a play that was going on is over, its *pending* deliveries go on.

        Of its connections those are *held* that the server holds, by id: it alone can let them go.
        """
        for id, document in kept.items():
            play = self._plays[id] = Play.read(id, document)
            play.connections = tuple(replace(own, held=own.id in held) for own in play.connections)
            if not play.over:
                play.status, play.ended_at = "interrupted", wall_now()
                play.verdict = self._failed_verdict(
                    play, play.position.at, "the sandbox ended before the scenario did"
                )
                play.position = replace(play.position, paused=False)
                self._keep(play)
        for run_id in dict.fromkeys(item.run_id for item in pending if item.run_id in self._plays):
            play, own = self._plays[run_id], [item for item in pending if item.run_id == run_id]
            sandbox = await self._open(play, latest(play.position.now(wall_now()), own))
            for item in own:
                sandbox.by_hand.dispatcher.take_up(item)

    async def close(self) -> None:
        """Let go of every sandbox; what is pending stays so, for the next process."""
        # Those who play come first: they would take their sandbox's end for the failure of their run.
        playing = [play.task for play in self._plays.values() if play.task and not play.task.done()]
        for task in playing:
            task.cancel()
        if playing:
            await asyncio.wait(playing)
        left = [(play, play.sandbox) for play in self._plays.values() if play.sandbox is not None]
        try:
            for play, _ in left:
                self._keep(play)
        finally:
            for play, sandbox in left:
                await self._shut(play, sandbox)

    async def forget(self) -> None:
        """Stop and forget every run."""
        for play in tuple(self._plays.values()):
            if play.stopping and not play.over:
                await play.ended.wait()
            elif not play.over:
                await self.stop(play.id)
            elif (sandbox := play.sandbox) is not None:
                sandbox.give_up("reset")
                await self._shut(play, sandbox)
            self._journal.remove_document("run", play.id)
        self._plays.clear()


def latest(at: datetime, pending: Iterable[Pending]) -> datetime:
    """The moment *at*, or a later one of which the *pending* deliveries know."""
    known = (
        moment
        for item in pending
        for moment in (
            item.emitted_at,
            None if item.in_flight is None else item.in_flight.at,
            None if item.last is None else item.last.at,
        )
        if moment is not None
    )
    return max(at, max(known, default=at))
