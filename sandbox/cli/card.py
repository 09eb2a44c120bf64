"""The report card on a stream: lines as the checks end, then what was found, with what to change.

On a terminal sentences are broken at its width, and what is meant to be copied never is;
elsewhere nothing is broken, and a word stands where a terminal has a mark.
"""

from __future__ import annotations

import sys
from textwrap import wrap
from typing import TYPE_CHECKING, Final, TextIO

from sandbox.cli.paint import DOT, PlainPainter, Span, console_on, is_terminal, rich_text, width
from sandbox.cli.words import DIM, count, seconds
from sandbox.core.card import STATUSES, UNTOLD, Card, Finding, Posted, Status
from sandbox.core.cardbook import BOOK
from sandbox.core.cardpage import GROUPS
from sandbox.core.curl import as_curl
from sandbox.core.markup import Ink
from sandbox.core.model import AUTH_TYPE, Connection, Response
from sandbox.core.present import shown_url
from sandbox.core.report import read_body

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status as Spinner

MARK: Final[dict[Status, Span]] = {
    "passed": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "warned": ("!", "bold yellow"),
    "skipped": ("-", "dim"),
}
_STYLE: Final[dict[Status, str]] = {"passed": DIM, "failed": "red", "warned": "yellow", "skipped": DIM}
_FOUND: Final = ("failed", "warned")
_IDS: Final = max(map(len, BOOK))
_ROOMY: Final = 84  # columns from which a reason stands beside its check
_LABEL: Final = 10
_ANSWER: Final = 600  # characters of an answer


class CardView:
    """Writes one card on *stream*."""

    def __init__(self, stream: TextIO, ink: Ink) -> None:
        self._ink = ink
        self._console: Console | None = console_on(stream) if is_terminal(stream) else None
        self._plain = PlainPainter(stream)
        self._spinner: Spinner | None = None
        self._group, self._untold = "", 0

    # --- while it goes on --------------------------------------------------------------

    def title(self, connection: Connection, allowed: str, bound: str) -> None:
        """What is examined, and how long that may take."""
        self._line(
            ("Report card", "bold"), (" of ", DIM), (self._ink.mask(shown_url(connection.url)), "cyan")
        )
        auth = AUTH_TYPE[type(connection.auth)]
        self._line(
            (auth, DIM), DOT, (f"an attempt is allowed {allowed}", DIM), DOT, (f"at most {bound} in all", DIM)
        )

    def begin(self, id: str, number: int, of: int) -> None:
        """A check begins; only a terminal shows it."""
        if self._console is None:
            return
        said = rich_text([(f"check {number} of {of}", "bold"), DOT, (BOOK[id].title, "")])
        if self._spinner is None:
            self._spinner = self._console.status(said)
            self._spinner.start()
        self._spinner.update(said)

    def end(self, finding: Finding) -> None:
        """A check has ended."""
        if finding.reason == UNTOLD:
            self._untold += 1  # the one reason for all of them has been told
            return
        group = next(title for title, prefixes in GROUPS if finding.id.startswith(prefixes))
        if group != self._group:
            self._group = group
            self._line()
            self._line((group, "bold"))
        reason, style = self._ink.mask(finding.reason), _STYLE[finding.status]
        name = "bold" if finding.status in _FOUND else ""
        if self._console is None:
            self._line((f"  {finding.status:8}{finding.id:{_IDS}}  {reason}", ""))
            return
        mark = MARK[finding.status]
        if self._console.width < _ROOMY:
            self._line(("  ", ""), mark, (f" {finding.id}", name))
            self._wrapped(reason, indent=4, style=style)
            return
        indent = 4 + _IDS + 2
        first, *rest = self._broken(reason, indent) or [""]
        self._line(("  ", ""), mark, (f" {finding.id:{_IDS}}  ", name), (first, style))
        for line in rest:
            self._line((" " * indent, ""), (line, style))

    def stop(self) -> None:
        """No check goes on any more."""
        spinner, self._spinner = self._spinner, None
        if spinner is not None:
            spinner.stop()

    # --- when it is over ---------------------------------------------------------------

    def found(self, card: Card) -> None:
        """What was found, worst first, and the verdict in one line."""
        self.stop()
        if self._untold:
            self._line()
            self._labelled("skipped", f"the {self._untold} other checks: {UNTOLD}")
        found = [item for item in card.findings if item.status in _FOUND]
        shown: dict[tuple[str, str], str] = {}
        for item in sorted(found, key=lambda each: STATUSES.index(each.status)):
            self._line()
            self._detail(item, shown)
        self._line()
        word, style = ("PASSED", "bold green") if card.passed else ("FAILED", "bold red")
        self._line((word, style), (f" {card.in_words}", "bold"), (f" ({count(card.posted, 'request')})", DIM))

    def _detail(self, item: Finding, shown: dict[tuple[str, str], str]) -> None:
        entry = BOOK[item.id]
        mark = MARK[item.status] if self._console is not None else (item.status, "")
        self._line(mark, (f" {entry.title}", "bold"), (f"  {item.id}", DIM))
        self._labelled("found", item.reason, style=_STYLE[item.status])
        if item.decisive is not None:
            self._exchange(item.decisive)
        self._labelled("why", entry.why)
        self._labelled("change", item.advice)
        if entry.assumed:
            self._labelled("assumed", entry.assumed)
        before = shown.setdefault(item.code, item.id)
        if before != item.id:
            self._labelled("code", f"that of {before}, above")
            return
        self._block("Python", item.code[0])
        self._block("Node", item.code[1])

    def _exchange(self, posted: Posted) -> None:
        self._labelled("sent", posted.what)
        self._block("", as_curl(posted.request, self._ink))
        said = f"{posted.answer} after {seconds(posted.elapsed_ms)}"
        if isinstance(posted.outcome, Response) and posted.outcome.body:
            body = read_body(posted.outcome.body, self._ink.mask, most=_ANSWER)
            said += f": {' '.join(body.text.split())}" + (" …" if body.cut else "")
        self._labelled("answered", said)

    # --- writing -----------------------------------------------------------------------

    def _line(self, *spans: Span, whole: bool = False) -> None:
        """A line; where it is too long for a terminal it is broken at words, unless it must stay *whole*."""
        if self._console is None:
            self._plain.line(*spans)
        else:
            self._console.print(rich_text(spans), soft_wrap=whole)

    def _labelled(self, label: str, said: str, *, style: str = "") -> None:
        said = self._ink.mask(said)
        if self._console is None:
            self._line((f"  {label:{_LABEL}}{said}", ""))
            return
        first, *rest = self._broken(said, 2 + _LABEL) or [""]
        self._line((f"  {label:{_LABEL}}", DIM), (first, style))
        for line in rest:
            self._line((" " * (2 + _LABEL), ""), (line, style))

    def _block(self, label: str, text: str) -> None:
        """*text* with its lines as they are, to be copied."""
        for number, line in enumerate(text.splitlines()):
            self._line((f"  {label if not number else '':{_LABEL}}", DIM), (line, "cyan"), whole=True)

    def _wrapped(self, said: str, *, indent: int, style: str) -> None:
        for line in self._broken(said, indent):
            self._line((" " * indent, ""), (line, style))

    def _broken(self, said: str, indent: int) -> list[str]:
        assert self._console is not None
        room = max(20, self._console.width - 1 - indent)
        # Letters that take two columns are counted by their columns.
        wide = max(1.0, width(said) / max(1, len(said)))
        return wrap(said, int(room / wide), break_on_hyphens=False)


class Quiet:
    """Follows a card that goes to stdout for a machine: a spinner, if somebody looks at stderr."""

    def __init__(self) -> None:
        self._spinner: Spinner | None = None

    def begin(self, id: str, number: int, of: int) -> None:
        """A check begins."""
        if not is_terminal(sys.stderr):
            return
        said = rich_text([(f"check {number} of {of}", "bold"), DOT, (BOOK[id].title, "")])
        if self._spinner is None:
            self._spinner = console_on(sys.stderr).status(said)
            self._spinner.start()
        self._spinner.update(said)

    def end(self, finding: Finding) -> None:
        """A check has ended."""

    def stop(self) -> None:
        """No check goes on any more."""
        spinner, self._spinner = self._spinner, None
        if spinner is not None:
            spinner.stop()
