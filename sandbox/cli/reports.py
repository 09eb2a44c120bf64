"""The files that a run leaves behind where it is asked to: JUnit XML, a report and a summary for people."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox import __version__
from sandbox.cli.refusals import likely_reason
from sandbox.clock import wall_now
from sandbox.core.durations import format_duration
from sandbox.core.entries import Verdict
from sandbox.core.errors import CannotRun, UsageError
from sandbox.core.present import shown_url
from sandbox.core.profile import Profile
from sandbox.runner import Stage
from sandbox.settings import AUTH_OPTIONS, Settings, flag_of, variable_of

if TYPE_CHECKING:
    from sandbox.core.report import Play, Report


def check_files(settings: Settings) -> None:
    """Raise `CannotRun` before anything is sent, if a file that is asked for could not be written."""
    for name, path in _asked(settings):
        if fault := fault_of(path):
            raise CannotRun(f"{flag_of(name)}: {path} cannot be written: {fault}")


def check_names(settings: Settings) -> None:
    """Raise `UsageError` where two of the files that are asked for are one."""
    asked: dict[Path, str] = {}
    for name, path in _asked(settings):
        other = asked.setdefault(path.absolute(), flag_of(name))
        if other != flag_of(name):
            raise UsageError(f"{other} and {flag_of(name)} name the same file")


def _asked(settings: Settings) -> Iterator[tuple[str, Path]]:
    for name in ("junit", "report", "summary"):
        path: Path | None = getattr(settings, name)
        if path is not None:
            yield name, path


def fault_of(path: Path) -> str | None:
    """Why the file *path* could not be written, as far as can be told beforehand."""
    try:
        if path.is_dir():
            return "a folder"
        if not path.absolute().parent.is_dir():
            return "no such folder"
        if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
            return "not allowed"
    except OSError as error:  # a name that is too long, say
        return error.strerror
    return None


def write(flag: str, path: Path, content: bytes, *, append: bool = False) -> None:
    """Write *content*; raises `CannotRun` that names *flag*."""
    try:
        with path.open("ab" if append else "wb") as file:
            file.write(content)
    except OSError as error:
        raise CannotRun(f"{flag}: {path} cannot be written: {error.strerror}") from error


def report_of(plays: Sequence[Play], not_played: Sequence[str], profile: Profile) -> Report:
    """What is told of *plays*."""
    from sandbox.core.report import Report

    return Report(
        plays=plays, not_played=not_played, profile=profile, version=__version__, made_at=wall_now()
    )


def write_report(path: Path, report: Report) -> None:
    """Write the page about *report*."""
    from sandbox.core.reportpage import report_html

    write("--report", path, report_html(report))


def write_summary(flag: str, path: Path, page: bytes) -> None:
    """Write *page*, which is Markdown; the page of the CI job is added to, since others write there too."""
    write(flag, path, page, append=path == job_page_of(os.environ))


def job_page_of(environ: Mapping[str, str]) -> Path | None:
    """The file whose Markdown GitHub shows on the page of the job."""
    path = environ.get("GITHUB_STEP_SUMMARY")
    return Path(path) if path else None


def play_of(stage: Stage, verdict: Verdict | None, *, began: datetime, command: str) -> Play:
    """What the report tells of one scenario; without a verdict it was interrupted."""
    from sandbox.core.report import Play

    checks, settings = stage.checks, stage.settings
    remarks = []
    if checks.verified or checks.refused:
        seen = checks.verified + checks.refused
        remarks.append(
            f"the built-in subscriber verified {seen} signatures; {checks.refused or 'none'} did not hold"
        )
    if checks.first_refusal:
        remarks.append(f"the first that did not: {checks.first_refusal}")
    return Play(
        name=stage.scenario.name,
        description=stage.scenario.description,
        command=command,
        began=began,
        seed=stage.sandbox.seed,
        speed=settings.speed or 1.0,
        signature_time=settings.signature_time or "wall",
        connections=stage.connections,
        built_in=stage.built_in,
        remarks=remarks,
        deliveries=stage.deliveries(),
        verdict=verdict,
        explain=partial(likely_reason, stage),
    )


def again(words: Sequence[str], given: Settings, stage: Stage, began: datetime) -> str:
    """The command line that plays the same once more: *words* and what was *given*, without secrets."""
    line = ["wexio-sandbox", *(shlex.quote(word) for word in words)]
    line += ["--seed", str(stage.sandbox.seed)]
    if given.start is not None or stage.scenario.start is None:
        line += ["--start", began.isoformat().replace("+00:00", "Z")]
    if given.to is not None:
        line += ["--to", shlex.quote(shown_url(given.to))]
    # A reader who exports the variable can run the line as it is.
    line += (f'{flag_of(name)} "${variable_of(name)}"' for name in AUTH_OPTIONS[:3] if getattr(given, name))
    line += [flag_of("no_auth")] if given.no_auth else []
    for name in ("signature_time", "speed", "retry", "attempt_timeout", "max_wait", "config"):
        if (value := getattr(given, name)) is not None:
            line += [flag_of(name), shlex.quote(_typed(value))]
    return " ".join(line)


def _typed(value: object) -> str:
    if isinstance(value, timedelta):
        return format_duration(value)
    return f"{value:.12g}" if isinstance(value, float) else str(value)
