"""What is refused before anything is played, for those who read files and not what was printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sandbox.cli.job import file_of, publish
from sandbox.cli.reports import check_files, check_names, fault_of, write
from sandbox.cli.trouble import explain
from sandbox.core.discreet import discreet
from sandbox.core.errors import CannotRun, ConfigError, Problem, SandboxError, ScenarioError
from sandbox.core.scenario import Scenario
from sandbox.settings import Settings

if TYPE_CHECKING:
    from sandbox.core.junit import Suite

Opened = list[tuple[Scenario, tuple[Problem, ...]]]
_NOTHING: Final[tuple[Problem, ...]] = ()


@contextmanager
def unplayed(settings: Settings, names: Sequence[str]) -> Iterator[Opened]:
    """A list for the scenarios called *names*, as they are opened inside the block; nothing is played in it.

    What is refused there, or because a file that is asked for could not be written, is an
    error in the JUnit document and in the summary: with neither of them a page of CI shows nothing.
    """
    opened: Opened = []
    check_names(settings)
    try:
        yield opened
        check_files(settings)
    except SandboxError as error:
        try:
            _tell(error, settings, names, opened)
        except CannotRun as failed:
            explain(failed)  # and what was refused is told as ever
        raise


def _tell(error: SandboxError, settings: Settings, names: Sequence[str], opened: Opened) -> None:
    found = error.problems if isinstance(error, ScenarioError | ConfigError) else _NOTHING
    problems = tuple(map(discreet, found))
    # Why a file cannot be written is the error itself, or less than that.
    if settings.junit is not None and fault_of(settings.junit) is None:
        from sandbox.core.junit import junit_xml

        write("--junit", settings.junit, junit_xml(_suites(error, problems, names, opened)))
    if settings.summary is None or fault_of(settings.summary) is None:
        publish(lambda: _page(error, problems), settings)


def _page(error: SandboxError, problems: Sequence[Problem]) -> bytes:
    from sandbox.core.jobpage import refused_page

    return refused_page(problems, str(error))


def _suites(
    error: SandboxError, problems: Sequence[Problem], names: Sequence[str], opened: Opened
) -> Iterator[Suite]:
    from sandbox.core.junit import Suite
    from sandbox.core.problems import render_text

    # The one that was being opened; what is wrong with all of them is told of the first.
    wrong = len(opened) if len(opened) < len(names) else 0
    for number, name in enumerate(names):
        known = opened[number][0].name if number < len(opened) else name
        if number != wrong:
            yield Suite(name=known, begun=False)
            continue
        first = next((item for item in problems if item.severity == "error"), None)
        more = sum(item.severity == "error" for item in problems) - 1
        says = str(error) if first is None else str(first) + (f", and {more:,} more" if more else "")
        yield Suite(
            name=known,
            begun=False,
            file=file_of(name) if first is None else file_of(first.file),
            line=1 if first is None else first.line,
            refused=says,
            details=render_text(problems),
        )
