"""`send`: one event, or many like it; a scenario of one step."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

import click

from sandbox.cli.options import LAYERS, delivery_options, settings_of
from sandbox.core.catalogue import BUILT_EVENTS, CHANNELS, DOCUMENTED_EVENTS, is_documented
from sandbox.core.errors import UsageError
from sandbox.core.faults import KINDS, Faults, as_faults, of_one_event, parse_fault
from sandbox.core.scenario import NO_CONTACT, Emit, Repeat, Scenario
from sandbox.settings import Settings, one_of

MOST: Final = 1_000_000


@click.command(epilog=LAYERS)
@click.argument("event")
@click.option(
    "--channel", metavar="C", help="WHATSAPP, TELEGRAM, VIBER or INSTAGRAM. Default: drawn from the seed."
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="PATH=VALUE",
    help="Set a field of data: chat.firstName=Zoë. A value that reads as JSON is that (true, 7, null, "
    '["vip"]; "7" in quotes is text), anything else is text. null removes the field. Repeatable.',
)
@click.option("--count", metavar="N", help="Emit so many events. Default: 1.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND",
    help="Have it go wrong on purpose: wrong_secret, delay:by=3s, drop:attempt=1,chance=0.5. "
    f"Repeatable. The kinds: {', '.join(KINDS)}.",
)
@click.option("--contact", metavar="none", help="none: a chat without a resolvable contact.")
@delivery_options
def send(
    event: str,
    channel: str | None,
    assignments: tuple[str, ...],
    count: str | None,
    contact: str | None,
    faults: tuple[str, ...],
    **options: Any,
) -> int:
    """Emit EVENT (chat.created) and wait until it has been delivered.

    Without --to and without connections in the configuration file, a built-in
    subscriber receives it.
    """
    settings = settings_of(options)

    from sandbox.cli.job import refusals_marked

    with refusals_marked(settings):
        return _send(event, channel, assignments, count, contact, faults, settings)


def _send(
    event: str,
    channel: str | None,
    assignments: tuple[str, ...],
    count: str | None,
    contact: str | None,
    faults: tuple[str, ...],
    settings: Settings,
) -> int:
    from sandbox.cli.unplayed import unplayed
    from sandbox.files import load_config

    with unplayed(settings, [f"send {event}"]) as opened:
        scenario = one_step(
            known_event(event),
            channel=channel,
            assignments=assignments,
            count=count,
            contact=contact,
            faults=faults,
        )
        opened.append((scenario, ()))
        config = load_config(settings.config, environ=os.environ)

    if assignments:
        from sandbox.core.present import plain

        for oddity in oddities(merged(assignments)):
            click.echo(f"warning: {plain(oddity)}", err=True)

    from sandbox.cli.session import play_all

    words = ["send", event]
    for flag, value in (("--channel", channel), ("--contact", contact), ("--count", count)):
        words += [flag, value] if value is not None else []
    for assignment in assignments:
        words += ["--set", assignment]
    for fault in faults:
        words += ["--fault", fault]
    return play_all([scenario], settings, config, commands=[words])


def one_step(
    event: str,
    *,
    channel: str | None = None,
    assignments: Iterable[str] = (),
    count: str | None = None,
    contact: str | None = None,
    faults: Iterable[str] = (),
) -> Scenario:
    """The scenario that these options describe.  Raises `UsageError`."""
    channels: tuple[str, ...] = CHANNELS
    if channel is not None:
        named = channel.upper() if channel.upper() in CHANNELS else channel
        channels = (_named("--channel", named, *CHANNELS),)
    if contact not in (None, NO_CONTACT):
        raise UsageError(
            f"--contact: {contact!r} is nobody known here: none is a chat without a contact; "
            "leave the option out for somebody new, or play a scenario that has contacts"
        )
    number = _counting(count) if count is not None else 1
    data = merged(assignments)
    if data:
        _check_data(data, contact)
    asked = _asked(faults, number)
    if number == 1:
        emit = Emit(event=event, channels=channels, contact=contact, data=data, faults=asked)
        return Scenario(name=f"send {event}", steps=(emit,))
    emit = Emit(event=event, channels=channels, contact=contact, data=data)
    steps = (Repeat(times=number, steps=(emit,), faults=asked),)
    return Scenario(name=f"send {event} × {number:,}", steps=steps)


def _asked(texts: Iterable[str], number: int) -> Faults:
    found = []
    for text in texts:
        try:
            found.append(parse_fault(text))
        except UsageError as error:
            raise UsageError(f"--fault {text}: {error}") from None
    try:
        held = as_faults(found)
        return of_one_event(held) if number == 1 else held
    except UsageError as error:
        raise UsageError(f"--fault: {error}") from None


def _check_data(data: Mapping[str, Any], contact: str | None) -> None:
    """Refuse what could not be played, before anything begins."""
    from sandbox.core.meaning import data_findings

    if contact == NO_CONTACT and data.get("contact") is not None:
        raise UsageError("--contact none leaves data.contact out, so that --set cannot fill it")
    for finding in data_findings(data, contact):
        if finding.severity == "error":
            raise UsageError(f"--set {'.'.join(map(str, finding.path))}: {finding.message}")


def oddities(data: Mapping[str, Any]) -> Iterator[str]:
    """What in *data* can be sent and was probably not meant."""
    from sandbox.core.meaning import data_findings

    for finding in data_findings(data, None):
        if finding.severity == "warning":
            yield f"--set {'.'.join(map(str, finding.path))}: {finding.message}; {finding.hint}"


def known_event(name: str) -> str:
    """*name* if it can be emitted.  Raises `UsageError` that says what can be."""
    if name in BUILT_EVENTS:
        return name
    can = f"what can be sent: {', '.join(BUILT_EVENTS)}"
    if is_documented(name):
        raise UsageError(f"{name} is documented, not yet built; {can}")
    near = get_close_matches(name.lower(), DOCUMENTED_EVENTS, 1)
    hint = f"did you mean {near[0]}?" if near else can
    raise UsageError(f"Wexio documents no event called {name!r}; {hint}")


def merged(assignments: Iterable[str]) -> dict[str, Any]:
    """``chat.firstName=Zoë`` and its like as the tree that is laid over ``data``."""
    tree: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        parts = path.split(".")
        if not equals:
            raise UsageError(f"--set {assignment}: write PATH=VALUE, such as chat.firstName=Zoë")
        if not all(re.fullmatch(r"[A-Za-z0-9_-]+", part) for part in parts):
            raise UsageError(
                f"--set {assignment}: {path!r} is no path; names with dots between them are, such as chat.firstName"
            )
        if parts[0] == "data":
            raise UsageError(
                f"--set {assignment}: paths begin inside data; write {path.removeprefix('data.')}=…"
            )
        branch = tree
        for depth, part in enumerate(parts[:-1], 1):
            branch = branch.setdefault(part, {})
            if not isinstance(branch, dict):
                above = ".".join(parts[:depth])
                raise UsageError(
                    f"--set {assignment}: {above} has been set to a value that holds no {parts[depth]}"
                )
        branch[parts[-1]] = _value(text)
    return tree


def _value(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    try:
        value = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return text
    # 1e999 is JSON, but no number that could be sent.
    return text if isinstance(value, float) and math.isinf(value) else value


def _named(option: str, word: str, *known: str) -> str:
    try:
        return one_of(*known)(word)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _counting(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text) or not 1 <= int(text) <= MOST:
        raise UsageError(f"--count: {text!r} is not a number of events: 1 to {MOST:,} are")
    return int(text)
