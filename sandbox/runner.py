"""One playing of one scenario, from settings to verdict.

Decides where to: ``--to``, else the scenario's connections, else the configuration
file's, else the built-in subscriber in this very process.  Each scenario gets a
sandbox, a clock and a seed of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from sandbox.clock import wall_now
from sandbox.core.catalogue import BUILT_EVENTS
from sandbox.core.config import Config
from sandbox.core.durations import format_duration
from sandbox.core.entries import Entry, Expectation, Verdict
from sandbox.core.expectations import ABOUT
from sandbox.core.ledger import Delivery
from sandbox.core.model import Auth, Connection, Hmac, Status
from sandbox.core.received import Received
from sandbox.core.retry import RetryPolicy
from sandbox.core.scenario import Scenario
from sandbox.engine import Sandbox
from sandbox.settings import Settings, layered

if TYPE_CHECKING:
    from sandbox.subscriber import Subscriber


@dataclass(slots=True)
class Checks:
    """What the built-in subscriber made of the signatures that it saw."""

    verified: int = 0
    refused: int = 0
    first_refusal: str = ""

    def note(self, received: Received) -> None:
        """Count one more request."""
        if received.verified:
            self.verified += 1
        elif received.check is not None:
            self.refused += 1
            # Worked out once: to explain takes longer than to receive.
            self.first_refusal = self.first_refusal or _why(received)


def _why(received: Received) -> str:
    return received.diagnosis.why if received.diagnosis is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that is known when the first step is about to be played."""

    scenario: Scenario
    sandbox: Sandbox
    settings: Settings
    connections: tuple[Connection, ...]  # with ids, secrets and policies
    generated: tuple[Connection, ...]  # those whose secret nobody gave
    built_in: bool
    checks: Checks = field(default_factory=Checks)

    @property
    def policies(self) -> tuple[RetryPolicy, ...]:
        """The different retry policies in force."""
        found: dict[RetryPolicy, None] = {}
        for connection in self.connections:
            if isinstance(connection.retry, RetryPolicy):
                found.setdefault(connection.retry)
        return tuple(found)

    def deliveries(self) -> list[Delivery]:
        """All deliveries so far, in order of emission."""
        return self.sandbox.deliveries()


async def play(
    scenario: Scenario,
    settings: Settings,
    config: Config,
    *,
    begin: Callable[[Stage], None],
    tell: Callable[[int, Entry], None],
    end: Callable[[], None] = lambda: None,
    narrate: Callable[[str], None] | None = None,
    seconds_left: float | None = None,
) -> Verdict:
    """Play *scenario* to its end; each journal entry is told, in order, the verdict last.

    *begin* is called once, before the first entry, and *end* when nothing more will
    happen: between the two, the stage may be asked for anything.  When *seconds_left*
    (real time) have passed, the verdict is a failed one that says what was pending.
    *narrate* is told each step's note.
    """
    said = layered(settings, scenario)
    assert said.speed is not None
    assert said.signature_time is not None
    async with AsyncExitStack() as stack:
        sandbox = Sandbox(
            seed=said.seed,
            speed=said.speed,
            start=said.start,
            signature_time=said.signature_time,
            retry=scenario.retry if scenario.retry is not None else config.retry,
            attempt_timeout=said.attempt_timeout,
            profile=config.profile,
        )
        # Told from outside the sandbox's block: leaving it closes the journal, and the
        # teller ends when it has read everything, interrupted attempts included.
        stack.push_async_callback(_tell(sandbox, tell))
        checks, secrets = Checks(), dict[str, str]()
        subscriber = None
        wanted = _connections(scenario, settings, config)
        if not wanted:
            # Here and not above: a server's half of HTTP is only for those who need it.
            from sandbox.subscriber import Subscriber  # noqa: PLC0415

            signed_now = sandbox.now if said.signature_time == "sandbox" else wall_now
            subscriber = Subscriber(
                now=lambda: signed_now().timestamp(),
                script=scenario.subscriber,
                secrets=secrets,
                rules=sandbox.profile.signature,
                on_request=checks.note,
                keep=0,
            )
            await stack.enter_async_context(subscriber)
            wanted = [Connection(name="built-in subscriber", url=subscriber.url, events=BUILT_EVENTS)]
        # Entered last: when it is left, the attempts in flight end before their subscriber does.
        await stack.enter_async_context(sandbox)

        connections, generated = [], []
        for connection in wanted:
            chosen = replace(
                connection,
                auth=settings.auth or connection.auth,
                retry=settings.retry or connection.retry,
            )
            connected = sandbox.connect(chosen)
            connections.append(connected)
            if chosen.auth == Hmac():
                generated.append(connected)
            if subscriber is not None and connected.id and (text := _secret(connected.auth)):
                secrets[connected.id] = text
        begin(
            Stage(
                scenario=scenario,
                sandbox=sandbox,
                settings=said,
                connections=tuple(connections),
                generated=tuple(generated),
                built_in=subscriber is not None,
                checks=checks,
            )
        )
        try:
            return await _play_within(sandbox, scenario, subscriber, narrate, settings.max_wait, seconds_left)
        finally:
            end()  # the sandbox closes now, and is asked nothing more


def _connections(scenario: Scenario, settings: Settings, config: Config) -> Sequence[Connection]:
    if settings.to is not None:
        return [Connection(name="subscriber", url=settings.to, events=BUILT_EVENTS)]
    return scenario.connections or config.connections


def _secret(auth: Auth) -> str | None:
    return auth.secret if isinstance(auth, Hmac) else None


async def _play_within(
    sandbox: Sandbox,
    scenario: Scenario,
    subscriber: Subscriber | None,
    narrate: Callable[[str], None] | None,
    max_wait: timedelta | None,
    seconds_left: float | None,
) -> Verdict:
    began = perf_counter()
    limit = asyncio.timeout(seconds_left)
    try:
        async with limit:
            return await sandbox.play(scenario, subscriber=subscriber, narrate=narrate)
    except TimeoutError:
        if not limit.expired():
            raise
    pending = sandbox.describe_pending()
    counts = sandbox.counts()
    verdict = Verdict(
        at=sandbox.now(),
        run_id=next((item.run_id for item in sandbox.deliveries()), ""),
        passed=False,
        expectations=(
            Expectation(
                text=f"the whole run within {format_duration(max_wait or timedelta())} (--max-wait)",
                passed=False,
                actual=pending,
                about=tuple(item.id for item in sandbox.deliveries() if item.status is Status.PENDING)[
                    :ABOUT
                ],
            ),
        ),
        deliveries=counts,
        seed=sandbox.seed,
        elapsed_ms=(perf_counter() - began) * 1000,
    )
    sandbox.journal.append(verdict)
    return verdict


def _tell(sandbox: Sandbox, tell: Callable[[int, Entry], None]) -> Callable[[], Awaitable[None]]:
    """Begin to tell entries; the result ends it, when all that was journalled has been told."""

    async def read() -> None:
        async for seq, entry in sandbox.journal.follow():
            tell(seq, entry)

    def stop_early(teller: asyncio.Task[None]) -> None:
        # Nobody listens any more (a closed pipe, say): there is no reason to go on.
        if not teller.cancelled() and teller.exception() is not None and player is not None:
            player.cancel()

    async def finish() -> None:
        sandbox.journal.close()
        await teller

    player = asyncio.current_task()
    teller = asyncio.create_task(read())
    teller.add_done_callback(stop_early)
    return finish
