"""Aim 2: what a delivery costs beside its transport, and where."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from benchmarks.figures import Figure
from benchmarks.measure import Contender, has_uvloop, in_turns, middle, run, timed
from benchmarks.senders import SECRET, Nowhere, connection, engine, first_contacts, warm_up
from sandbox import NoAuth, Sandbox
from sandbox.clock import Agenda, Rank, wall_now
from sandbox.core.cast import Cast
from sandbox.core.entries import Entry
from sandbox.core.envelope import Rendering, Target
from sandbox.core.ids import Seed
from sandbox.core.model import Event
from sandbox.core.signing import sign
from sandbox.journal import MemoryJournal

PART = "2 our own work"

YARDSTICK: Final = 1.8
"""Microseconds that signing a kilobyte took where the aims were set."""

_URL: Final = "http://127.0.0.1:1/"


def measure(*, quick: bool) -> Iterator[Figure]:
    """Microseconds of CPU for each delivery: all of them, by part, and the machine's yardstick."""
    count, repetitions = (200, 1) if quick else (4000, 15)
    warm_up()
    events = _events(count)
    entries = run(_entries(count), uvloop=False)
    contenders: dict[str, Contender] = {
        "yardstick": partial(timed, count, partial(_yardstick, count)),
        "all": partial(engine, Nowhere, _URL, count, uvloop=has_uvloop()),
        "cast and serialise": partial(timed, count, partial(_events, count)),
        "render": partial(timed, count, partial(_render, events)),
        "sign": partial(timed, count, partial(_sign, events)),
        "journal in memory": partial(timed, count, partial(_journal, entries)),
        "agenda": partial(timed, count, partial(_agenda, count)),
    }
    cost = {
        name: [sample.cpu / count * 1e6 for sample in samples]
        for name, samples in in_turns(contenders, repetitions).items()
    }
    named = sum(middle(cost[name]) for name in list(cost)[2:])
    figure = partial(Figure, part=PART, unit="µs CPU")
    yield figure(
        what="one delivery without its transport", value=middle(cost["all"]), aim=30, samples=cost["all"]
    )
    for name in list(cost)[2:]:
        yield figure(what=f"  {name}", value=middle(cost[name]), samples=cost[name])
    yield figure(what="  player, dispatcher, tasks (the rest)", value=middle(cost["all"]) - named)
    yield figure(what="yardstick: HMAC of 1 kB", value=middle(cost["yardstick"]), samples=cost["yardstick"])
    scaled = [
        all * YARDSTICK / yardstick for all, yardstick in zip(cost["all"], cost["yardstick"], strict=True)
    ]
    yield figure(
        what=f"one delivery where the yardstick takes {YARDSTICK} µs",
        value=middle(scaled),
        aim=30,
        samples=scaled,
    )


def _yardstick(count: int) -> None:
    body = b"x" * 1000
    for _ in range(count):
        hmac.digest(b"secret", body, "sha256")


def _events(count: int) -> list[Event]:
    cast, at = Cast(Seed(1)), wall_now()
    return [cast.chat_created(at=at).event for _ in range(count)]


def _render(events: Sequence[Event]) -> None:
    target, at = Target(replace(connection(_URL), auth=NoAuth())), wall_now()
    for event in events:
        Rendering(event, target, 1, at).request()


def _sign(events: Sequence[Event]) -> None:
    secret = SECRET.encode()
    for event in events:
        sign(secret, 1777039330, event.data_json)


async def _entries(count: int) -> Sequence[Entry]:
    journal = MemoryJournal()
    async with Sandbox(seed=1, transport=Nowhere(), journal=journal) as sandbox:
        sandbox.connect(connection(_URL))
        await sandbox.play(first_contacts(count))
    return journal.entries


def _journal(entries: Sequence[Entry]) -> None:
    journal = MemoryJournal()
    for entry in entries:
        journal.append(entry)


class _Due:
    cancelled = False

    def fall_due(self) -> None:
        """Nothing follows."""


def _agenda(count: int) -> None:
    agenda, now, item = Agenda(), wall_now(), _Due()
    for order in range(count):
        agenda.push(now, Rank.ATTEMPT, order, item)
    while agenda.peek():
        agenda.pop()
