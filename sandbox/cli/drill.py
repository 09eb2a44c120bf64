"""`drill`: an outage of hours in a minute, and how a consumer comes out of it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import click

from sandbox.core.errors import CannotRun, UsageError
from sandbox.settings import Settings, one_of, positive, read_settings

if TYPE_CHECKING:
    from datetime import datetime

    from rich.status import Status as Spinner

    from sandbox.core.config import Config
    from sandbox.core.drill import Plan, Report, Tally
    from sandbox.core.model import Connection

FORMATS: Final = ("text", "json")
_TAKEN: Final = (
    *("to", "secret", "bearer", "basic", "no_auth", "seed", "speed", "retry"),
    *("attempt_timeout", "max_wait", "config"),
)
VARIABLES: Final = (
    f"{', '.join('--' + name.replace('_', '-') for name in _TAKEN[:-1])} and --config "
    "are also variables, WEXIO_SANDBOX_<NAME>. A flag beats its variable, and that the configuration file."
)
_BAR: Final = 24  # columns of the longest bar
_GLANCE: Final = 0.2  # seconds between two looks at how it stands


@click.command(epilog=VARIABLES)
@click.option(
    "--outage", default="6h", metavar="DURATION", help="How long nothing is delivered. Default: 6h."
)
@click.option(
    "--rate",
    default="2/s",
    metavar="N/s",
    help="How many events happen meanwhile: 2/s, 30/m, 100/h. Default: 2/s.",
)
@click.option(
    "--to",
    metavar="URL",
    help="The consumer. Default: the configuration file's connection, else a built-in subscriber.",
)
@click.option("--secret", metavar="S", help="Sign with this secret (HMAC). Default: a generated one, shown.")
@click.option("--bearer", metavar="TOKEN", help="Authorise by a bearer token, without a signature.")
@click.option("--basic", metavar="USER:PASSWORD", help="Authorise by user and password, without a signature.")
@click.option("--no-auth", is_flag=True, help="Neither signature nor authorisation.")
@click.option(
    "--retry",
    metavar="PRESET",
    help="The retry policy: wexio, none or svix. Default: the configuration file's, else svix.",
)
@click.option("--speed", metavar="X|max", help="How much faster time passes. Default: max.")
@click.option("--seed", metavar="N", help="The same seed gives the same people and ids.")
@click.option("--attempt-timeout", metavar="DURATION", help="Real time allowed for one attempt: 10s.")
@click.option("--max-wait", metavar="DURATION", help="Real time for all of it; used up, it has failed.")
@click.option("--format", "form", metavar="text|json", help="What goes to stdout. Default: text.")
@click.option(
    "--config", metavar="FILE", help="The configuration file. Default: wexio-sandbox.yaml, if there."
)
def drill(outage: str, rate: str, form: str | None, **options: Any) -> int:
    """Hold everything back for the length of an outage, then recover: backlog, retry storm, how long it takes.

    The outage is on this side: for its length nothing is sent, and each attempt counts as a failed one.
    """
    settings = read_settings({name: options[name] for name in _TAKEN}, os.environ)
    try:
        form = one_of(*FORMATS)(form or "text")
    except ValueError as error:
        raise UsageError(f"--format: {error}") from None

    from sandbox.files import load_config

    plan = _plan(outage, rate)
    config = load_config(settings.config, environ=os.environ)
    return _play(plan, settings, config, form)


def _plan(outage: str, rate: str) -> Plan:
    from sandbox.core.drill import Plan, parse_rate

    try:
        length = positive(outage)
    except ValueError as error:
        raise UsageError(f"--outage: {error}") from None
    try:
        return Plan(outage=length, rate=parse_rate(rate), written=rate)
    except ValueError as error:
        raise UsageError(f"--rate: {error}") from None


def _play(plan: Plan, settings: Settings, config: Config, form: str) -> int:
    from sandbox.cli.ending import Interrupted, run_until_interrupted
    from sandbox.cli.words import target
    from sandbox.core.model import Hmac
    from sandbox.core.present import json_line
    from sandbox.drill import Drill, consumer, policy

    connection = consumer(settings, config)
    made = Drill(
        plan=plan,
        connection=connection,
        retry=policy(settings, connection, config),
        seed=settings.seed,
        speed=settings.speed or "max",
        attempt_timeout=settings.attempt_timeout,
        profile=config.profile,
        within=settings.max_wait,
    )
    view = _View(
        plan,
        built_in=connection is None,
        generated=connection is not None and connection.auth == Hmac(),
        text=form == "text",
    )
    try:
        report = run_until_interrupted(made.run(begin=view.begin, tell=view.tell), view.interrupted)
    except Interrupted as leaving:
        return leaving.exit_code
    finally:
        view.stop()
    if report.silent and connection is not None:
        raise CannotRun(f"nobody answers at {target(connection)}: not one request met anybody")
    if form == "json":
        sys.stdout.write(json_line(report.json()) + "\n")
    else:
        _show(report)
    sys.stdout.flush()
    return 0 if report.passed else 1


@dataclass(slots=True)
class _View:
    """Says what begins, and on a terminal how it stands."""

    plan: Plan
    built_in: bool
    generated: bool
    text: bool
    _spinner: Spinner | None = field(default=None)
    _told: float = field(default=0.0)

    def begin(self, connection: Connection) -> None:
        """The first line, before anything happens."""
        from sandbox.cli.paint import err, out
        from sandbox.cli.words import DIM, count, policy, target
        from sandbox.core.durations import format_duration
        from sandbox.core.model import Hmac

        painter = out() if self.text else err()
        length = format_duration(self.plan.outage)
        where = "the built-in subscriber at " if self.built_in else ""
        painter.line(("Outage drill", "bold"), (f" → {where}", DIM), (target(connection), "cyan"))
        painter.line(
            (f"an outage of {length} · {count(self.plan.count, 'event')} at {self.plan.written}", DIM)
        )
        retry: Any = connection.retry
        painter.line((policy(retry), DIM))
        sys.stdout.flush()
        if self.generated and isinstance(connection.auth, Hmac):
            err().line(("signing with a generated secret: ", ""), (str(connection.auth.secret), "bold"))

    def tell(self, tally: Tally, at: datetime) -> None:
        """How it stands."""
        from sandbox.cli.paint import DOT, console_on, is_terminal, rich_text
        from sandbox.cli.words import roughly

        now = perf_counter()
        if now - self._told < _GLANCE or not is_terminal(sys.stderr):
            return
        self._told = now
        phase = "outage" if at < tally.over else "recovery"
        after = roughly(at - tally.over + self.plan.outage)
        done = f"{sum(tally.settled.values()):,} of {self.plan.count:,} settled"
        said = rich_text([(phase, "bold"), DOT, (f"{after} on the sandbox's clock", ""), DOT, (done, "")])
        if self._spinner is None:
            self._spinner = console_on(sys.stderr).status(said)
            self._spinner.start()
        self._spinner.update(said)

    def interrupted(self) -> None:
        """It was interrupted."""
        self.stop()
        click.echo("interrupted; the drill is not over", err=True)

    def stop(self) -> None:
        """Nothing more is to come."""
        spinner, self._spinner = self._spinner, None
        if spinner is not None:
            spinner.stop()


def _show(report: Report) -> None:
    from sandbox.cli.paint import out
    from sandbox.cli.words import DIM, count, roughly, seconds

    painter = out()
    painter.line()
    painter.table([[[(name, DIM)], [(said, style)]] for name, said, style in _facts(report)])
    if report.waves:
        painter.line()
        painter.line(("requests after the outage", "bold"))
        most = max(number for _, _, number in report.waves)
        painter.table(
            [
                [
                    [(f"  +{roughly(start)} to +{roughly(end)}", DIM)],
                    [("#" * round(_BAR * number / most), "cyan")],
                    [(f"{number:,}", "")],
                ]
                for start, end, number in report.waves
            ]
        )
    painter.line()
    word, style = ("PASSED", "bold green") if report.passed else ("FAILED", "bold red")
    how = f"{report.delivered:,} of {count(report.plan.count, 'event')} came through"
    painter.line((word, style), (f" {how} · {seconds(report.elapsed_ms)}", "bold"))


def _facts(report: Report) -> list[tuple[str, str, str]]:
    from sandbox.cli.words import count, roughly, seconds
    from sandbox.core.model import Status

    dead = report.settled.get(Status.DEAD_LETTER, 0)
    facts = [
        ("backlog", f"{count(report.backlog, 'delivery', 'deliveries')} pending when the outage ended", ""),
        ("held back", f"{count(report.held_back, 'attempt')}, never sent (dropped)", ""),
        ("retry storm", f"{count(report.peak_second, 'request')} in the busiest second, {report.peak_minute:,} in the busiest minute (usually {report.plan.rate * 60:,.3g})", ""),
        ("recovered", "never" if report.recovery is None else f"{roughly(report.recovery)} after the outage", ""),
        ("duplicates", f"{report.duplicates:,} requests repeated one that had been received" if report.duplicates else "none", "yellow" if report.duplicates else ""),
        ("dead letters", f"{dead:,}" if dead else "none", "red" if dead else ""),
        ("answers", ", ".join(f"{number:,} × {said}" for said, number in report.answers.items()) or "none", ""),
        ("slowest answer", f"{seconds(report.slowest_ms)}, in real time", ""),
    ]  # fmt: skip
    if report.pending:
        facts.append(("still pending", f"{report.pending:,}: --max-wait was up", "red"))
    return facts
