"""Puts coloured words on a stream: by rich on a terminal, as plain whole lines elsewhere.

What is painted is made of spans, text and its style.  Text is made harmless here, so
that no name and no answer reaches a stream by another way.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol, TextIO
from unicodedata import category, east_asian_width

from sandbox.cli.layout import GAP, Column, fit
from sandbox.core.present import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Span = tuple[str, str]
"""Text, and how rich would style it."""
Spans = Sequence[Span]

DOT: Final[Span] = (" · ", "dim")
"""Stands between the parts of a cell; a last column that is too long goes on below after one."""

# For streams that cannot carry them.
_ASCII: Final = str.maketrans(
    {"·": "-", "→": "->", "✓": "ok", "✗": "no", "…": "...", "—": "-", "»": ">", "×": "x", "±": "+-"}
)


class Painter(Protocol):
    """A stream with lines and tables on it."""

    def line(self, *spans: Span) -> None:
        """One line; none for an empty one."""

    def table(self, rows: Sequence[Sequence[Spans]], columns: Sequence[Column] = ()) -> None:
        """Rows of cells in columns; the last one may grow long.

        *columns* say what may be done where room is short; without them, nothing may.
        """


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks at *stream*, on something that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def painter(stream: TextIO) -> Painter:
    """The painter that suits *stream*."""
    return TerminalPainter(console_on(stream)) if is_terminal(stream) else PlainPainter(stream)


def console_on(stream: TextIO) -> Console:
    """A rich console that adds nothing of its own; it heeds NO_COLOR."""
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False)


def rich_text(spans: Iterable[Span]) -> Text:
    """*spans* as rich's text; nothing in them is markup."""
    from rich.text import Text

    text = Text()
    for words, style in spans:
        text.append(plain(words), style or None)
    return text


class TerminalPainter:
    """Paints on a terminal: colours, and columns that fit its width."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def line(self, *spans: Span) -> None:
        self._console.print(rich_text(spans))

    def table(self, rows: Sequence[Sequence[Spans]], columns: Sequence[Column] = ()) -> None:
        if not rows:
            return
        texts = [[rich_text(cell) for cell in row] for row in rows]
        wanted = widest(texts)
        rules = columns or [Column()] * len(wanted)
        # Never to the last column: some terminals go on below when it is filled.
        room = self._console.width - 1
        widths = fit(rules, wanted, room)
        if widths is None:  # the last column goes below the others
            heads = fit(rules[:-1], wanted[:-1], room) or wanted[:-1]
            for row, cells in zip(rows, texts, strict=True):
                self._write(rich_line(cells, heads))
                for line in _broken(row[-1], room - GAP):
                    self._write(rich_text([(" " * GAP, "")]).append_text(line))
            return
        before = sum(each + GAP for each in widths[:-1] if each)
        for row, cells in zip(rows, texts, strict=True):
            head = rich_line(cells, widths[:-1])
            for line in _broken(row[-1], room - before):
                self._write(head.append_text(line))
                head = rich_text([(" " * before, "")])

    def _write(self, line: Text) -> None:
        line.rstrip()
        self._console.print(line)


def widest(rows: Sequence[Sequence[Text]]) -> list[int]:
    """How wide each column of *rows* is.

    Not by rich's measure: some terminals give a vowel sign of an Indian script a
    column of its own, and a line that is wider than it was thought to be is two.
    """
    return [max(width(cell.plain) for cell in column) for column in zip(*rows, strict=True)]


def rich_line(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    """*cells* side by side, cut or filled up to *widths*, a gap after each; those of width 0 are left out."""
    line = rich_text([])
    for cell, most in zip(cells, widths, strict=False):
        if most:
            shown = _cut(cell, most)
            line.append_text(shown).append(" " * (most - width(shown.plain) + GAP))
    return line


def _cut(cell: Text, most: int) -> Text:
    if width(cell.plain) <= most:
        return cell
    room, kept = most - 1, 0
    for letter in cell.plain:
        room -= width(letter)
        if room < 0:
            break
        kept += 1
    return cell[:kept].append("…")


def _broken(cell: Spans, room: int) -> Iterator[Text]:
    """*cell* in lines that fit into *room*, broken after its dots."""
    parts: list[list[Span]] = [[]]
    for span in cell:
        if span == DOT:
            parts.append([])
        else:
            parts[-1].append(span)
    texts = [rich_text(part) for part in parts]
    line = texts[0]
    for number, text in enumerate(texts[1:], 2):
        line.append_text(rich_text([DOT]))
        to_come = len(DOT[0].rstrip()) if number < len(texts) else 0
        if width(line.plain) + width(text.plain) + to_come > room:
            yield line
            line = text
        else:
            line.append_text(text)
    yield line


class PlainPainter:
    """Whole lines: nothing is cut, wrapped or coloured."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._ascii = not (stream.encoding or "utf-8").lower().replace("-", "").startswith("utf")

    def line(self, *spans: Span) -> None:
        text = plain("".join(words for words, _ in spans)).rstrip().replace("\u00a0", " ")
        if text.lstrip().startswith("::"):  # to GitHub's runner, the beginning of a command
            text = text.replace("::", ": ", 1)
        self._stream.write((text.translate(_ASCII) if self._ascii else text) + "\n")

    def table(self, rows: Sequence[Sequence[Spans]], columns: Sequence[Column] = ()) -> None:
        texts = [["".join(plain(words) for words, _ in cell) for cell in row] for row in rows]
        widths = [max(map(width, column)) for column in zip(*texts, strict=True)]
        for row in texts:
            padded = (cell + " " * (most - width(cell)) for cell, most in zip(row, widths, strict=True))
            self.line(((" " * GAP).join(padded), ""))


def width(text: str) -> int:
    """How many columns *text* takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


@lru_cache(4096)
def _columns(letter: str) -> int:
    if category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1


def can_write(stream: TextIO) -> bool:
    """Whether *stream* takes any text as UTF-8."""
    return (stream.encoding or "utf-8").lower().replace("-", "") in {"utf8", "utf8sig"}


def out() -> Painter:
    """Results."""
    return painter(sys.stdout)


def err() -> Painter:
    """Progress and logs."""
    return painter(sys.stderr)
