"""A run while it happens: a table that keeps up on a terminal, a few lines elsewhere.

Reads the journal's entries and nothing else.  Whatever the number of deliveries, a
screenful of rows is drawn, at most four times a second.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Protocol

from sandbox.cli.layout import Column, fit
from sandbox.cli.paint import DOT, Painter, Span, Spans, rich_line, rich_text, widest, width
from sandbox.cli.words import DIM, chip, count, roughly, seconds, status
from sandbox.core.entries import Attempted, Attempting, Emitted, Entry, Settled
from sandbox.core.model import Status
from sandbox.runner import Stage

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

INTERVAL: Final = 0.25
ROWS: Final = 20
_ROOMY: Final = (
    Column(title="event", spare=2),
    Column(title="channel"),
    Column(title="who", least=12),
    Column(title="attempts", least=11),
    Column(title="elapsed", spare=1),
    Column(title="state"),
)
_TIGHT: Final = tuple(
    replace(column, least={"who": 8, "attempts": 3, "state": 11}.get(column.title)) for column in _ROOMY
)
_ATTEMPTS: Final = 3  # the place of the attempts
_NOTE: Final = "» "
LINES: Final = 50  # deliveries told one by one where it is no terminal


class Progress(Protocol):
    """Somebody who follows a run."""

    def tell(self, entry: Entry) -> None:
        """One more entry."""

    def note(self, text: str) -> None:
        """What a step has for a presenter."""

    def stop(self) -> None:
        """The run has ended; harmless when called again."""


class Row:
    """What is shown of one delivery."""

    __slots__ = (
        "begun",
        "channel",
        "chips",
        "due",
        "emitted_at",
        "ended_at",
        "event",
        "in_flight",
        "status",
        "who",
    )

    def __init__(self, id: str, emitted: Emitted) -> None:
        self.event, self.channel, self.who = emitted.event.name, emitted.event.channel, emitted.who
        self.emitted_at = emitted.at
        self.chips: list[Span] = []
        self.due: datetime | None = emitted.due(id)
        self.ended_at: datetime | None = None
        self.in_flight = False
        self.begun = 0
        self.status = Status.PENDING


class Board:
    """All deliveries of a run, and which of them are worth a row."""

    def __init__(self) -> None:
        self.counts: Counter[Status] = Counter()
        self._open: dict[str, Row] = {}
        self._troubled: dict[str, Row] = {}  # those open ones that have failed before
        self._ended: deque[tuple[str, Row]] = deque(maxlen=ROWS)

    def fold(self, entry: Entry) -> Row | None:
        """Take *entry* in; the row that it changed."""
        match entry:
            case Emitted():
                self.counts[Status.PENDING] += len(entry.deliveries)
                self._open.update((id, Row(id, entry)) for id, _ in entry.deliveries)
                return None
            case Attempting(delivery_id=id):
                row = self._open[id]
                row.in_flight, row.begun, row.due = True, entry.attempt, None
            case Attempted(delivery_id=id):
                row = self._open[id]
                row.chips.append(_marked(entry))
                if entry.copy:
                    return row
                row.in_flight, row.due = False, entry.next_attempt_at
                if row.due is not None:
                    self._troubled[id] = row
            case Settled(delivery_id=id):
                row = self._open.pop(id)
                self._troubled.pop(id, None)
                row.status, row.ended_at = entry.status, entry.at
                self.counts[Status.PENDING] -= 1
                self.counts[entry.status] += 1
                self._ended.append((id, row))
            case _:
                return None
        return row

    def rows(self, most: int) -> list[Row]:
        """At most *most*: what is in trouble, what is open, what has ended last; by emission."""
        fresh = (item for item in self._open.items() if item[0] not in self._troubled)
        chosen = dict(islice(chain(self._troubled.items(), fresh, reversed(self._ended)), most))
        return sorted(chosen.values(), key=lambda row: row.emitted_at)


class LiveTable:
    """Redraws a table on a terminal until `stop`, which wipes it away."""

    def __init__(self, console: Console, stage: Stage) -> None:
        from rich.live import Live

        self._stage, self._console = stage, console
        self._board = Board()
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._live: Live | None = Live(
            console=console,
            auto_refresh=False,  # by a thread, that would be: it would read what is changing
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()
        self._timer = self._loop.call_later(INTERVAL, self._tick)

    def tell(self, entry: Entry) -> None:
        self._board.fold(entry)

    def note(self, text: str) -> None:
        self._console.print(rich_text(((_NOTE, DIM), (text, "italic"))))  # above the table

    def stop(self) -> None:
        self._timer.cancel()
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _tick(self) -> None:
        if self._live is None:
            return
        self._live.update(self._draw(), refresh=True)
        self._timer = self._loop.call_later(INTERVAL, self._tick)

    def _draw(self) -> Text:
        from rich.text import Text

        now = self._stage.sandbox.now()
        rows = self._board.rows(max(3, min(ROWS, self._console.height - 6)))
        table = [[rich_text([(column.title, DIM)]) for column in _ROOMY]]
        table += ([rich_text(cell) for cell in _cells(row, now)] for row in rows)
        wanted = widest(table)
        room = self._console.width - 1
        widths = fit(_ROOMY, wanted, room) or fit(_TIGHT, wanted, room) or wanted
        if widths[_ATTEMPTS] < wanted[_ATTEMPTS]:
            for row, cells in zip(rows, table[1:], strict=True):
                cells[_ATTEMPTS] = rich_text(_latest(row, widths[_ATTEMPTS]))
        lines = [rich_line(cells, widths) for cells in table]
        for line in lines:
            line.rstrip()
        # One line a row, whatever happens: a screenful was counted.
        return Text("\n", no_wrap=True, overflow="ellipsis").join([*lines, rich_text(self._caption(now))])

    def _caption(self, now: datetime) -> Iterator[Span]:
        counts = self._board.counts
        for state in Status:
            if counts[state]:
                yield f"{counts[state]:,} ", ""
                yield status(state)
                yield DOT
        yield seconds((self._loop.time() - self._began) * 1000), DIM
        if self._stage.settings.speed != 1:
            yield f" · sandbox {now:%Y-%m-%d %H:%M:%S}", DIM


def _cells(row: Row, now: datetime) -> Iterator[Spans]:
    """What is shown of *row*, in the order of `_ROOMY`."""
    yield [(row.event, "")]
    yield [(row.channel or "-", "")]
    yield [(row.who or "-", "bold")]
    yield _joined(_tries(row))
    yield [(_coarsely((row.ended_at or now) - row.emitted_at), DIM)]
    yield [_state(row, now)]


def _tries(row: Row) -> list[Span]:
    return [*row.chips, *([("…", "yellow")] if row.in_flight else [])]


def _joined(tries: Sequence[Span]) -> list[Span]:
    return [span for item in tries for span in (DOT, item)][1:]


def _latest(row: Row, room: int) -> list[Span]:
    """The last attempts of *row*, as many as *room* has place for."""
    tries = _tries(row)
    for first in range(len(tries)):
        cut = [("… ", DIM)] if first else []
        shown = [*cut, *_joined(tries[first:])]
        if sum(width(text) for text, _ in shown) <= room:
            return shown
    return tries[-1:]


def _marked(entry: Attempted) -> Span:
    """What came of an attempt, and what went wrong with it on purpose."""
    said, style = chip(entry.outcome)
    return (f"{said} ({entry.went_wrong})" if entry.went_wrong else said), style


def _coarsely(duration: timedelta) -> str:
    """As `roughly`, and from an hour on to a minute."""
    minute = timedelta(minutes=1)
    return roughly(round(duration / minute) * minute if duration >= timedelta(hours=1) else duration)


def _state(row: Row, now: datetime) -> Span:
    if row.status is not Status.PENDING:
        return status(row.status)
    if row.in_flight:
        return f"attempt {row.begun}", "yellow"
    if row.due is not None and row.due > now:
        return f"next in {_coarsely(row.due - now)}", "yellow"
    return ("due", "yellow") if row.due is not None else ("ending", "yellow")


class ProgressLines:
    """Tells attempts line by line; of many deliveries, how many have settled, now and then."""

    def __init__(self, painter: Painter) -> None:
        self._painter, self._board = painter, Board()
        self._told: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()

    def tell(self, entry: Entry) -> None:
        row = self._board.fold(entry)
        if row is None or isinstance(entry, Attempting) or not isinstance(entry, Attempted | Settled):
            return
        if entry.delivery_id in self._told or len(self._told) < LINES:
            self._told.add(entry.delivery_id)
            self._painter.line((f"{_line(row, entry)}", ""))
        elif self._loop.time() - self._last >= 2:
            self._last = self._loop.time()
            counts = ", ".join(
                f"{number:,} {state}" for state, number in self._board.counts.items() if number
            )
            self._painter.line((counts, ""))

    def note(self, text: str) -> None:
        self._painter.line((f"{_NOTE}{text}", ""))

    def stop(self) -> None:
        """Nothing was begun that would need an end."""


def _line(row: Row, entry: Attempted | Settled) -> str:
    head = f"{entry.at:%H:%M:%S} {row.channel or row.event} {row.who}".rstrip()
    if isinstance(entry, Settled):
        return f"{head}: {entry.status} after {count(entry.attempt_count, 'attempt')}"
    then = "" if entry.next_attempt_at is None else f", next in {roughly(entry.next_attempt_at - entry.at)}"
    wrong = f", on purpose: {entry.went_wrong}" if entry.went_wrong else ""
    answer = chip(entry.outcome)[0]
    return f"{head}: attempt {entry.attempt}: {answer} ({entry.elapsed_ms:.0f} ms){wrong}{then}"


class Silence:
    """Follows, and says nothing."""

    def tell(self, entry: Entry) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""
