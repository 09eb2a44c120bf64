"""Plays scenarios one after the other, shows each, and says how it all ended: `run` and `send`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from sandbox.cli.ending import Interrupted, run_until_interrupted
from sandbox.cli.job import job_of, publish
from sandbox.cli.layout import Column
from sandbox.cli.live import LiveTable, Progress, ProgressLines, Silence
from sandbox.cli.paint import can_write, console_on, err, is_terminal, out
from sandbox.cli.reports import (
    again,
    play_of,
    report_of,
    write,
    write_report,
)
from sandbox.cli.summary import show_secrets, show_summary, show_title
from sandbox.cli.words import count, seconds, waiting
from sandbox.core.config import Config
from sandbox.core.entries import Entry, Verdict
from sandbox.core.ledger import Delivery
from sandbox.core.model import Status
from sandbox.core.present import entry_json, json_line
from sandbox.core.scenario import Scenario
from sandbox.runner import Stage, play
from sandbox.settings import Settings

if TYPE_CHECKING:
    from sandbox.core.junit import Suite
    from sandbox.core.report import Play, Report

_NAMED: Final = 5  # of what was pending


def play_all(
    scenarios: Sequence[Scenario],
    settings: Settings,
    config: Config,
    *,
    commands: Sequence[Sequence[str]],
    files: Sequence[str | None] | None = None,
) -> int:
    """Play *scenarios* and return the exit code: 0 where every one passed.

    *commands* are the words with which each is played again by itself, *files* where
    each was read from, as a CI system knows it.  That the files which *settings* ask for can
    be written has been seen to before.
    """
    session = _Session(scenarios, settings, config, commands, files or [None] * len(scenarios))
    try:
        run_until_interrupted(session.play_and_report(), session.interrupted)
    except Interrupted as interrupted:
        return interrupted.exit_code
    return 0 if all(played.verdict.passed for played in session.played) else 1


class _Played(NamedTuple):
    """A scenario that was played to its end."""

    name: str
    verdict: Verdict
    deliveries: Sequence[Delivery]
    file: str | None

    def suite(self) -> Suite:
        """The same for JUnit and CI jobs; not every run needs it."""
        from sandbox.core.junit import Suite

        return Suite(name=self.name, verdict=self.verdict, deliveries=self.deliveries, file=self.file)


def _job_page(report: Report) -> bytes:
    from sandbox.core.jobpage import job_page

    return job_page(report)


class _Session:
    def __init__(
        self,
        scenarios: Sequence[Scenario],
        settings: Settings,
        config: Config,
        commands: Sequence[Sequence[str]],
        files: Sequence[str | None],
    ) -> None:
        self.played: list[_Played] = []
        self._plays: list[Play] = []
        self._scenarios, self._settings, self._config = scenarios, settings, config
        self._commands, self._files = commands, files
        self._job = job_of(settings)
        self._stage: Stage | None = None
        self._begun = 0  # scenarios
        self._progress: Progress = Silence()
        self._told = 0
        self._ascii = not can_write(sys.stdout)

    async def play_and_report(self) -> None:
        """Play, and write the files however that ends: those of an interrupted run are wanted most."""
        try:
            await self.play()
        finally:
            try:
                if self._settings.junit is not None:
                    self._junit(self._settings.junit)
            finally:
                self._report()

    async def play(self) -> None:
        began = perf_counter()
        limit = self._settings.max_wait
        for number, scenario in enumerate(self._scenarios):
            left = None if limit is None else max(0.0, limit.total_seconds() - (perf_counter() - began))
            if number and not self._settings.json:
                out().line()
            try:
                verdict = await play(
                    scenario,
                    self._settings,
                    self._config,
                    begin=self._begin,
                    tell=self._tell,
                    end=self._end,
                    narrate=self._note,
                    seconds_left=left,
                )
            finally:
                self._end()
            self._show(scenario, verdict)
        if len(self._scenarios) > 1:
            self._show_all((perf_counter() - began) * 1000)

    def interrupted(self) -> None:
        """Say at once what is left, before anything is cancelled."""
        self._progress.stop()
        self._progress = Silence()
        said = err()
        deliveries = [] if self._stage is None else self._stage.deliveries()
        pending = [item for item in deliveries if item.status is Status.PENDING]
        if pending:
            said.line(
                ("interrupted; still pending: ", "bold yellow"),
                (count(len(pending), "delivery", "deliveries"), "bold"),
            )
        else:
            said.line(("interrupted; nothing was pending", "bold yellow"))
        for item in pending[:_NAMED]:
            said.line((f"  {item.who or item.event}", "bold"), (f" ({item.event_id}): {waiting(item)}", ""))
        if len(pending) > _NAMED:
            said.line((f"  and {len(pending) - _NAMED:,} more", ""))
        if left := self._scenarios[len(self.played) + 1 :]:
            said.line(("not played: " + ", ".join(item.name for item in left), ""))
        sys.stderr.flush()

    def _begin(self, stage: Stage) -> None:
        self._stage, self._began = stage, stage.sandbox.now()
        self._begun += 1
        show_title(err() if self._settings.json else out(), stage)
        sys.stdout.flush()
        show_secrets(err(), stage)
        sys.stderr.flush()
        self._progress = self._follow(stage)

    def _end(self) -> None:
        self._progress.stop()

    def _follow(self, stage: Stage) -> Progress:
        if self._settings.json and (is_terminal(sys.stdout) or not is_terminal(sys.stderr)):
            return Silence()  # the lines themselves are the progress
        if is_terminal(sys.stderr):
            return LiveTable(console_on(sys.stderr), stage)
        return ProgressLines(err())

    def _tell(self, seq: int, entry: Entry) -> None:
        if self._settings.json:
            # One stream: the numbers of the second scenario go on from those of the first.
            self._told += 1
            document = entry_json(self._told, entry)
            sys.stdout.write(json_line(document, ascii_only=self._ascii) + "\n")
            sys.stdout.flush()
        self._progress.tell(entry)

    def _note(self, text: str) -> None:
        self._progress.note(text)

    def _show(self, scenario: Scenario, verdict: Verdict) -> None:
        assert self._stage is not None
        file = self._files[len(self.played)]
        self.played.append(_Played(scenario.name, verdict, self._stage.deliveries(), file))
        if self._told_of:
            self._plays.append(self._play_of(self._stage, verdict))
        sys.stderr.flush()
        show_summary(err() if self._settings.json else out(), self._stage, verdict)
        sys.stdout.flush()
        if self._job is not None:
            self._job.mark(self.played[-1].suite(), again=self._plays[-1].command)

    @property
    def _told_of(self) -> bool:
        """Whether somebody wants more than what is shown meanwhile."""
        page, summary = self._settings.report, self._settings.summary
        return page is not None or summary is not None or self._job is not None

    def _play_of(self, stage: Stage, verdict: Verdict | None) -> Play:
        words = self._commands[len(self._plays)]
        return play_of(
            stage, verdict, began=self._began, command=again(words, self._settings, stage, self._began)
        )

    def _junit(self, path: Path) -> None:
        from sandbox.core.junit import Suite, junit_xml

        suites = [played.suite() for played in self.played]
        if self._stage is not None and len(suites) == self._begun - 1:
            name, file = self._stage.scenario.name, self._files[len(suites)]
            suites.append(Suite(name=name, deliveries=self._stage.deliveries(), file=file))
        if suites:  # else nothing was begun, and why that is has been told
            suites += (Suite(name=item.name, begun=False) for item in self._scenarios[len(suites) :])
            write("--junit", path, junit_xml(suites))

    def _report(self) -> None:
        if not self._told_of:
            return
        page = self._settings.report
        plays = list(self._plays)
        if self._stage is not None and len(plays) == self._begun - 1:
            plays.append(self._play_of(self._stage, None))
        if not plays:
            return  # nothing was begun, and why that is has been told
        left = [item.name for item in self._scenarios[len(plays) :]]
        report = report_of(plays, left, self._config.profile)
        if page is not None:
            write_report(page, report)
        publish(lambda: _job_page(report), self._settings)

    def _show_all(self, milliseconds: float) -> None:
        painter = err() if self._settings.json else out()
        painter.line()
        painter.table(
            [
                [
                    [("PASSED", "green") if played.verdict.passed else ("FAILED", "red")],
                    [(played.name, "bold")],
                    [(f"{count(len(played.deliveries), 'delivery', 'deliveries')}", "")],
                ]
                for played in self.played
            ],
            [Column(), Column(least=12), Column()],
        )
        failed = sum(not played.verdict.passed for played in self.played)
        word, style = ("FAILED", "bold red") if failed else ("PASSED", "bold green")
        how = (
            f"{failed} of {len(self.played)} scenarios failed" if failed else f"{len(self.played)} scenarios"
        )
        painter.line((word, style), (f" {how} · {seconds(milliseconds)}", "bold"))
