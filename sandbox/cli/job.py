"""The CI job around a run: what it is told on its own channels, beside stdout, stderr and the exit code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sandbox.cli.reports import job_page_of, write_summary
from sandbox.core.discreet import discreet
from sandbox.core.errors import CannotRun, ConfigError, Problem, SandboxError, ScenarioError
from sandbox.core.github import annotation
from sandbox.settings import Settings

if TYPE_CHECKING:
    from sandbox.core.junit import Suite

MOST: Final = 10
"""GitHub shows so many annotations of one step."""

_TITLE: Final = "wexio-sandbox"


def job_of(settings: Settings) -> Job | None:
    """The job that this process runs in, if it is one that takes annotations and no setting forbids it."""
    on_github = os.environ.get("GITHUB_ACTIONS") == "true"
    return Job() if settings.ci == "github" or (settings.ci is None and on_github) else None


def file_of(name: str) -> str | None:
    """The file of the scenario *name*, as seen from the repository; None for a shipped one."""
    path = Path(name)
    if not path.is_file():
        return None
    workspace = os.environ.get("GITHUB_WORKSPACE")
    inside = workspace is not None and path.absolute().is_relative_to(workspace)
    return (path.absolute().relative_to(str(workspace)) if inside else path).as_posix()


@contextmanager
def refusals_marked(settings: Settings) -> Iterator[None]:
    """What is refused inside the block is an annotation as well, where the job takes some."""
    try:
        yield
    except (ScenarioError, ConfigError) as error:
        if job := job_of(settings):
            job.problems(error.problems)
        raise
    except SandboxError as error:
        if job := job_of(settings):
            job.say(annotation("error", str(error), title=_TITLE))
        raise


def publish(summary: Callable[[], bytes], settings: Settings) -> None:
    """Write *summary*, Markdown, to the file that *settings* ask for, and add it to the job's page."""
    path, job = settings.summary, job_of(settings)
    if path is None and job is None:
        return
    page = summary()
    if path is not None:
        write_summary("--summary", path, page)
    if job is not None and path != job_page_of(os.environ):
        job.summarise(page)


class Job:
    """GitHub's: annotations on stderr, which the runner reads like stdout, and a page to add to."""

    def say(self, line: str) -> None:
        """Tell the runner."""
        click.echo(line, err=True)

    def problems(self, problems: Sequence[Problem]) -> None:
        """Mark what is wrong, or odd, with scenario and configuration files."""
        if problems:
            from sandbox.core.problems import render_github

            placed = [replace(discreet(item), file=file_of(item.file) or item.file) for item in problems]
            self.say(render_github(placed))

    def mark(self, suite: Suite, *, again: str) -> None:
        """Mark the expectations of one scenario that did not hold, in its file where it has one."""
        expected = () if suite.verdict is None else suite.verdict.expectations
        failed = [item for item in expected if not item.passed]
        for item in failed[:MOST]:
            self.say(
                annotation(
                    "error",
                    f"expected: {_line(item.text)}\nactual: {_line(item.actual)}\nthe same again: {_line(again)}",
                    file=suite.file,
                    line=None if suite.file is None else item.line or 1,
                    title=f"{_TITLE}: {_line(suite.name)}",
                )
            )

    def summarise(self, summary: bytes) -> None:
        """Add *summary*, Markdown, to the job's page.  That it cannot be written is said, and fails nothing."""
        page = job_page_of(os.environ)
        if page is None:
            return
        try:
            write_summary("GITHUB_STEP_SUMMARY", page, summary)
        except CannotRun as error:
            self.say(annotation("warning", str(error), title=_TITLE))


def _line(said: str) -> str:
    return " ".join(said.split())
