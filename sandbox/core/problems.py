"""Problems as they are shown: as text with the line and a caret, as JSON, as GitHub's annotations.

What they quote was written by a stranger: nothing in it is obeyed, by a terminal or by
GitHub.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from sandbox.core.errors import Problem
from sandbox.core.github import annotation
from sandbox.core.present import no_command, plain

WIDEST: Final = 160
"""So many characters of a source line are shown, those around the problem."""

_BEFORE: Final = 60  # so many of them before it
_NOT_ASCII: Final = re.compile(r"[^\n -~]")


def render_text(problems: Sequence[Problem]) -> str:
    """Each with its place, its line, a caret and, where there is one, the likely correction."""
    return "\n\n".join("\n".join(_lines(problem)) for problem in _sorted(problems))


def render_json(problems: Sequence[Problem]) -> str:
    """An array of objects; it can always be written, and nothing in it is obeyed."""
    text = json.dumps(
        [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "severity": problem.severity,
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in _sorted(problems)
        ],
        ensure_ascii=False,
        indent=2,
    )
    # What is not ASCII stands inside a string, where an escape means the same.
    return no_command(_NOT_ASCII.sub(_escaped_if_unsafe, text))


def render_github(problems: Sequence[Problem]) -> str:
    """Each as a workflow command, which GitHub shows beside the line."""
    return "\n".join(
        annotation(
            problem.severity,
            plain(problem.message) + (f"\n{plain(problem.hint)}" if problem.hint else ""),
            file=problem.file,
            line=problem.line,
            column=problem.column,
            end_column=problem.column + problem.length,
        )
        for problem in _sorted(problems)
    )


def _sorted(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))


def _lines(problem: Problem) -> list[str]:
    warning = "warning: " if problem.severity == "warning" else ""
    place = f"{plain(problem.file)}:{problem.line}:{problem.column}"
    lines = [f"{place}: {warning}{plain(problem.message)}"]
    number = str(problem.line)
    gutter = " " * len(number)
    if problem.source_line is not None:
        shown, carets = _underlined(problem.source_line, problem.column, problem.length)
        lines += [f"  {number} | {shown}".rstrip(), f"  {gutter} | {carets}"]
    if problem.hint:
        lines.append(f"  {gutter} = {plain(problem.hint)}")
    return lines


def _underlined(line: str, column: int, length: int) -> tuple[str, str]:
    """*line* as it is shown, and the carets to stand below it."""
    start = min(max(column - 1, 0), len(line))
    first = max(0, min(start - _BEFORE, len(line) - WIDEST))
    left, right = "…" if first else "", "…" if first + WIDEST < len(line) else ""
    # One character for each: the columns stay.
    window = plain(line[first : first + WIDEST].replace("\t", " "))
    if window and not left and _width(window[0]) == 0:
        left = " "  # a mark that combines needs something other than our gutter
    before, under = window[: start - first], window[start - first : start - first + max(length, 1)]
    return left + window + right, " " * _columns(left + before) + "^" * max(1, _columns(under))


def _columns(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    """How many columns of a terminal *character* takes."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _escaped_if_unsafe(found: re.Match[str]) -> str:
    return found[0] if plain(found[0]) == found[0] else f"\\u{ord(found[0]):04x}"
