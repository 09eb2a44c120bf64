"""From the shapes of a file to the values that are played."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sandbox.core import shapes
from sandbox.core.answers import script
from sandbox.core.catalogue import CHANNELS
from sandbox.core.faultshapes import fault_of
from sandbox.core.model import Auth, Basic, Bearer, Connection, Hmac, NoAuth, Status
from sandbox.core.profile import Profile
from sandbox.core.retry import Backoff, RetryPolicy, preset
from sandbox.core.scenario import (
    Answer,
    Emit,
    Expect,
    Outage,
    Range,
    Repeat,
    Scenario,
    Settle,
    Step,
    SubscriberScript,
    Wait,
)

Path = tuple[str | int, ...]
Lines = Callable[[Path], int | None]
"""In which line of the file what a path leads to stands."""


def _nowhere(_: Path) -> None:
    return None


def scenario_of(shape: shapes.ScenarioShape, profile: Profile, lines: Lines = _nowhere) -> Scenario:
    """The scenario; what a retry policy leaves out is taken from *profile*."""
    return Scenario(
        name=shape.name,
        description=shape.description,
        seed=shape.seed,
        start=shape.start,
        signature_time=shape.signature_time,
        organisation=shape.organisation,
        integrations=shape.integrations,
        retry=retry_of(shape.retry, profile),
        contacts={
            name: contact.model_dump(exclude_unset=True) if contact else {}
            for name, contact in shape.contacts.items()
        },
        connections=tuple(connection_of(item, profile) for item in shape.connections),
        subscriber=_subscriber(shape.subscriber),
        steps=_steps(shape.steps, ("steps",), lines),
    )


def connection_of(shape: shapes.ConnectionShape, profile: Profile) -> Connection:
    """A connection; its events in the file's order."""
    return Connection(
        name=shape.name,
        id=shape.id,
        url=shape.url,
        auth=auth_of(shape.auth),
        events=tuple(shape.events),
        active=shape.active,
        retry=retry_of(shape.retry, profile),
        concurrency=shape.concurrency,
    )


def auth_of(shape: shapes.AuthShape | shapes.UnknownAuthShape) -> Auth:
    """How to authorise.  Raises `UsageError` for what no header can carry."""
    match shape:
        case shapes.HmacShape():
            return Hmac(secret=shape.secret)
        case shapes.BearerShape():
            return Bearer(token=shape.token)
        case shapes.BasicShape():
            return Basic(username=shape.username, password=shape.password)
        case shapes.NoneShape():
            return NoAuth()
        case _:
            raise TypeError(f"no way to authorise: {shape!r}")


def retry_of(shape: shapes.RetryShape | str | None, profile: Profile) -> RetryPolicy | str | None:
    """A preset's name as it is, or a policy."""
    if not isinstance(shape, shapes.RetryShape):
        return shape
    rules = preset("wexio", profile)
    attempts = len(shape.delays or ()) + 1 if shape.attempts is None else shape.attempts
    delays: tuple[timedelta, ...] | Backoff = tuple(shape.delays or ())
    if shape.attempts is None and shape.delays is None:
        attempts, delays = rules.attempts, rules.delays
    if shape.backoff is not None:
        grown = shape.backoff
        delays = Backoff(
            base=grown.base, factor=grown.factor, max=grown.max or timedelta(hours=1), jitter=grown.jitter
        )
    return RetryPolicy(
        attempts=attempts,
        delays=delays,
        timeout=shape.timeout or rules.timeout,
        success=rules.success,
        give_up_on=frozenset(shape.give_up_on) if shape.give_up_on is not None else rules.give_up_on,
        retry_after=shape.retry_after or rules.retry_after,
    )


def _subscriber(shape: shapes.SubscriberShape) -> SubscriberScript:
    outage = shape.outage
    return SubscriberScript(
        respond=script(answer_of(item) for item in shape.respond),
        outage=None
        if outage is None
        else Outage(start=outage.from_, duration=outage.for_, status=outage.status),
    )


def answer_of(item: Any) -> Any:
    """An answer as `sandbox.core.answers.script` takes it."""
    if not isinstance(item, shapes.AnswerShape):
        return item
    return Answer(status=item.status, after=item.after or timedelta(), headers=item.headers or {})


def _steps(steps: Sequence[Any], path: Path, lines: Lines) -> tuple[Step, ...]:
    return tuple(_step(item, (*path, number), lines) for number, item in enumerate(steps))


def _step(shape: Any, path: Path, lines: Lines) -> Step:
    match shape:
        case shapes.EmitShape():
            channels = shape.channel if isinstance(shape.channel, list) else [shape.channel]
            return Emit(
                event=shape.emit,
                channels=CHANNELS if shape.channel is None else tuple(map(str, channels)),
                contact=shape.contact,
                origin=shape.origin,
                data=shape.data or {},
                id=shape.id,
                occurred_at=shape.occurred_at,
                faults=tuple(map(fault_of, shape.faults)),
                note=shape.note,
            )
        case shapes.WaitShape():
            return Wait(duration=shape.wait, note=shape.note)
        case shapes.RepeatShape():
            return Repeat(
                times=shape.repeat,
                every=shape.every or timedelta(),
                steps=_steps(shape.steps, (*path, "steps"), lines),
                faults=tuple(map(fault_of, shape.faults)),
                note=shape.note,
            )
        case shapes.SettleShape():
            return Settle(timeout=shape.settle, note=shape.note, line=lines(path))
        case shapes.ExpectShape(expect=expect):
            return Expect(
                status=None if expect.status is None else Status(expect.status),
                deliveries=_range(expect.deliveries),
                attempts=_range(expect.attempts),
                within=expect.within,
                note=shape.note,
                line=lines(path),
            )
        case _:
            raise TypeError(f"not a step: {shape!r}")


def _range(shape: int | shapes.RangeShape | None) -> Range | None:
    if isinstance(shape, shapes.RangeShape):
        return Range(min=shape.min, max=shape.max)
    return None if shape is None else Range(min=shape, max=shape)
