"""The gallery of refusals: reads its pages, plays what they show, says what comes out today.

A page is Markdown.  Each heading of the third level is one exhibit: what was written, and,
in the block after it, exactly what it was answered.

====================== ===========================================================================
a block that begins    is
====================== ===========================================================================
```` ```yaml ````      the scenario file; ``wexio-sandbox lint scenario.yaml`` answers
```` ```python ````    the same as an expression, for bytes that no page can hold
```` ```config ````    the configuration file; ``wexio-sandbox run first-contact`` answers
```` ```settings ````  a configuration file that is right, for the command lines after it
```` ```text ````      what stdout says (of a configuration: stderr)
```` ```last ````      the last problem of many
```` ```console ````   command lines, each with all that it says and its exit code
====================== ===========================================================================

``python -m tests.gallery.replay`` writes today's answers into the pages: look at the difference
before it is committed.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sandbox.cli import PROGRAM, run_command

PAGES: Final = tuple(sorted(Path(__file__).parent.glob("*.md")))
_HEADING: Final = re.compile(r"^### (.+)$", re.MULTILINE)
_BLOCK: Final = re.compile(
    r"^```(yaml|python|config|settings|text|last|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """What was written, and what the page says that it was answered: the Markdown below its heading."""

    title: str
    text: str


def exhibits(page: Path) -> Iterator[Exhibit]:
    """The exhibits of *page*, in order."""
    _, *parts = _HEADING.split(page.read_text(encoding="utf-8"))
    for title, text in zip(parts[::2], parts[1::2], strict=True):
        yield Exhibit(title=title, text=text)


def replayed(exhibit: Exhibit) -> str:
    """The exhibit's text, with the answers of today."""
    with TemporaryDirectory() as folder, chdir(folder), _silent_environment():
        Path("body.json").write_text("{}", encoding="utf-8")
        answer = ""

        def today(found: re.Match[str]) -> str:
            nonlocal answer
            kind, body = found[1], found[2]
            match kind:
                case "yaml" | "python":
                    content = body.encode() if kind == "yaml" else eval(body)
                    Path("scenario.yaml").write_bytes(content)
                    answer = _said(["lint", "scenario.yaml"])[0]
                case "config":
                    Path("wexio-sandbox.yaml").write_text(body, encoding="utf-8")
                    answer = _said(["run", "first-contact"])[1]
                case "settings":
                    Path("wexio-sandbox.yaml").write_text(body, encoding="utf-8")
                case "text":
                    return f"```text\n{answer}```"
                case "last":
                    return f"```last\n{answer[answer.rindex('scenario.yaml:') :]}```"
                case _:
                    return f"```console\n{_console(body)}```"
            return found[0]

        return _BLOCK.sub(today, exhibit.text)


def _console(body: str) -> str:
    """Each command line that *body* shows, with what it says now."""
    lines = [line for line in body.splitlines() if line.startswith("$ ")]
    return "\n".join(_command(line) for line in lines)


def _command(line: str) -> str:
    words = shlex.split(line.removeprefix("$ "))
    variables: dict[str, str] = {}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    assert words[0] == PROGRAM, line
    with _variables(variables):
        out, err, code = _said(words[1:])
    return f"{line}\n{out}{err}exit code {code}\n"


def _said(arguments: list[str]) -> tuple[str, str, int]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run_command(arguments)
    return out.getvalue(), err.getvalue(), code


@contextmanager
def _silent_environment() -> Iterator[None]:
    ours = {name: text for name, text in os.environ.items() if name.startswith(("WEXIO_", "GITHUB_"))}
    for name in ours:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(ours)


@contextmanager
def _variables(variables: Mapping[str, str]) -> Iterator[None]:
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]


def rewrite(page: Path) -> None:
    """Put today's answers into *page*."""
    text = page.read_text(encoding="utf-8")
    for exhibit in exhibits(page):
        text = text.replace(exhibit.text, replayed(exhibit))
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for each in PAGES:
        rewrite(each)
