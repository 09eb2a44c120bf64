"""Puts coloured words on a stream: by rich on a terminal, as plain whole lines elsewhere.

What is painted is made of spans, text and its style.  Text is made harmless here, so
that no name and no answer reaches a stream by another way.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TextIO
from unicodedata import category, east_asian_width

from sandbox.core.present import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Span = tuple[str, str]
"""Text, and how rich would style it."""
Spans = Sequence[Span]

GAP: Final = "  "
# For streams that cannot carry them.
_ASCII: Final = str.maketrans(
    {"·": "-", "→": "->", "✓": "ok", "✗": "no", "…": "...", "—": "-", "»": ">", "×": "x", "±": "+-"}
)


class Painter(Protocol):
    """A stream with lines and tables on it."""

    def line(self, *spans: Span) -> None:
        """One line; none for an empty one."""

    def table(self, rows: Sequence[Sequence[Spans]], *, indent: int = 0) -> None:
        """Rows of cells in columns; the last column may grow long."""


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

    def table(self, rows: Sequence[Sequence[Spans]], *, indent: int = 0) -> None:
        from rich.padding import Padding
        from rich.table import Table

        if not rows:
            return
        table = Table.grid(padding=(0, len(GAP), 0, 0))
        for place in range(len(rows[0])):
            last = place == len(rows[0]) - 1
            # A long name is cut, the last column wraps, the others stay whole.
            most = None if last else max(12, self._console.width // 4)
            table.add_column(no_wrap=not last, overflow="fold" if last else "ellipsis", max_width=most)
        for row in rows:
            table.add_row(*(rich_text(cell) for cell in row))
        self._console.print(Padding(table, (0, 0, 0, indent)))


class PlainPainter:
    """Whole lines: nothing is cut, wrapped or coloured."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._ascii = not (stream.encoding or "utf-8").lower().replace("-", "").startswith("utf")

    def line(self, *spans: Span) -> None:
        text = "".join(plain(words) for words, _ in spans).rstrip().replace("\u00a0", " ")
        self._stream.write((text.translate(_ASCII) if self._ascii else text) + "\n")

    def table(self, rows: Sequence[Sequence[Spans]], *, indent: int = 0) -> None:
        texts = [["".join(plain(words) for words, _ in cell) for cell in row] for row in rows]
        widths = [max(map(width, column)) for column in zip(*texts, strict=True)]
        for row in texts:
            padded = (cell + " " * (most - width(cell)) for cell, most in zip(row, widths, strict=True))
            self.line((" " * indent + GAP.join(padded), ""))


def width(text: str) -> int:
    """How many columns *text* takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


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
