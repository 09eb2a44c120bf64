"""`check`: the report card of a consumer."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import click

from sandbox.core.cardbook import BOOK
from sandbox.core.errors import UsageError
from sandbox.settings import Settings, one_of, read_settings, variable_of

if TYPE_CHECKING:
    from sandbox.card.probe import Probe
    from sandbox.core.card import Card
    from sandbox.core.config import Config

FORMATS: Final = ("text", "json", "html")
BOUND: Final = timedelta(minutes=15)
_TAKEN: Final = (
    *("to", "secret", "bearer", "basic", "no_auth"),
    *("attempt_timeout", "max_wait", "config", "junit", "report"),
)


def complete_check(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[click.shell_completion.CompletionItem]:
    """The ids that begin so."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(id, help=entry.title) for id, entry in BOOK.items() if id.startswith(incomplete)]


@click.command(
    epilog="Exit codes: 0 nothing failed, 1 something did, 3 nobody answers. --to, --secret, --bearer, --basic, "
    "--no-auth, --attempt-timeout, --max-wait, --config, --junit and --report are also variables, "
    "WEXIO_SANDBOX_<NAME>."
)
@click.option("--to", metavar="URL", help="The consumer.")
@click.option("--secret", metavar="S", help="It verifies signatures (HMAC) with this secret.")
@click.option("--bearer", metavar="TOKEN", help="It asks for this bearer token.")
@click.option("--basic", metavar="USER:PASSWORD", help="It asks for this user and password.")
@click.option("--no-auth", is_flag=True, help="It asks for nothing.")
@click.option(
    "--probe",
    metavar="CMD_OR_URL",
    help="Where a number can be read that one new chat raises by one: the output of a command, or a GET of a URL.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="ID",
    shell_complete=complete_check,
    help="Make this check alone (repeatable, or with commas).",
)
@click.option(
    "--skip",
    multiple=True,
    metavar="ID",
    shell_complete=complete_check,
    help="Leave this check out (repeatable, or with commas).",
)
@click.option("--format", "form", metavar="text|json|html", help="What goes to stdout. Default: text.")
@click.option("--attempt-timeout", metavar="DURATION", help="Time allowed for one attempt. Default: 10s.")
@click.option(
    "--max-wait",
    metavar="DURATION",
    help="Time for all checks; what it does not reach is skipped. Default: 15m.",
)
@click.option(
    "--config", metavar="FILE", help="The configuration file. Default: wexio-sandbox.yaml, if there."
)
@click.option("--junit", metavar="FILE", help="Also write the card as JUnit XML.")
@click.option("--report", metavar="FILE", help="Also write the card as one HTML page, to hand on.")
def check(
    probe: str | None, only: tuple[str, ...], skip: tuple[str, ...], form: str | None, **options: Any
) -> int:
    """Examine a consumer: do to it what Wexio, networks and attackers do, and say how it did."""
    settings = read_settings({name: options[name] for name in _TAKEN}, os.environ)
    try:
        form = one_of(*FORMATS)(form or "text")
    except ValueError as error:
        raise UsageError(f"--format: {error}") from None
    if settings.to is None:
        raise UsageError(f"which consumer? --to URL (or {variable_of('to')}) says so")
    if settings.auth is None:
        raise UsageError(
            "how does the consumer know Wexio? --secret S for a signature, else --bearer, --basic or --no-auth"
        )
    if probe is not None and not probe.strip():
        raise UsageError("--probe is empty: a command or a URL is needed")

    from sandbox.card.examination import chosen
    from sandbox.card.probe import probe_of
    from sandbox.cli.reports import check_files, check_names
    from sandbox.files import load_config

    ids = chosen(_known("--only", only), _known("--skip", skip))
    if not ids:
        raise UsageError("no check is left: --skip takes away all that --only has chosen")
    check_names(settings)
    check_files(settings)
    config = load_config(settings.config, environ=os.environ)
    return _examine(_Order(settings, config, ids, None if probe is None else probe_of(probe), form))


def _known(flag: str, ids: tuple[str, ...]) -> list[str]:
    """*ids*, each of which may be several with commas between them.  Raises `UsageError`."""
    found = [id for said in ids for id in said.split(",")]
    for id in found:
        if id not in BOOK:
            near = get_close_matches(id, BOOK, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(BOOK)}"
            raise UsageError(f"{flag}: there is no check {id!r}; {hint}")
    return found


@dataclass(frozen=True, slots=True)
class _Order:
    settings: Settings
    config: Config
    ids: list[str]
    probe: Probe | None
    form: str


def _examine(order: _Order) -> int:
    from sandbox.cli.card import CardView, Quiet
    from sandbox.cli.ending import Interrupted, run_until_interrupted
    from sandbox.core.card import ink_of
    from sandbox.core.durations import format_duration

    settings = order.settings
    allowed = settings.attempt_timeout or order.config.profile.delivery.timeout
    within = settings.max_wait or BOUND
    connection = _connection(settings)
    view = CardView(sys.stdout, ink_of(connection)) if order.form == "text" else None
    if view is not None:
        view.title(connection, format_duration(allowed), format_duration(within))
    follower = view or Quiet()

    def interrupted() -> None:
        follower.stop()
        click.echo("interrupted; the checks that were to come have not been made", err=True)

    try:
        card = run_until_interrupted(
            _made(order, connection, allowed, within, follower.begin, follower.end), interrupted
        )
    except Interrupted as leaving:
        return leaving.exit_code
    finally:
        follower.stop()
    if view is not None:
        view.found(card)
    _write(order, card)
    return 0 if card.passed else 1


def _connection(settings: Settings) -> Any:
    from sandbox.core.model import Connection

    assert settings.to is not None
    assert settings.auth is not None
    return Connection(name="subscriber", url=settings.to, auth=settings.auth)


async def _made(
    order: _Order, connection: Any, allowed: timedelta, within: timedelta, begin: Any, end: Any
) -> Card:
    from sandbox import __version__
    from sandbox.card.desk import Desk, Pace
    from sandbox.card.examination import Told, examine
    from sandbox.clock import wall_now
    from sandbox.core.letters import Letters
    from sandbox.transport import HttpTransport

    # Drawn anew each time: a consumer that keeps what it has taken would know the ids of the last time.
    letters = Letters(connection, seed=secrets.randbelow(2**48), now=wall_now, profile=order.config.profile)
    return await examine(
        Desk(letters, open=HttpTransport, allowed=allowed, pace=Pace()),
        only=order.ids,
        probe=order.probe,
        within=within,
        version=__version__,
        told=Told(begin=begin, end=end),
    )


def _write(order: _Order, card: Card) -> None:
    from sandbox.cli.paint import can_write
    from sandbox.cli.reports import write
    from sandbox.core.carddocuments import card_json, card_junit
    from sandbox.core.cardpage import card_html
    from sandbox.core.present import json_line

    if order.form == "json":
        sys.stdout.write(json_line(card_json(card), ascii_only=not can_write(sys.stdout)) + "\n")
    elif order.form == "html":
        # Not the page's bytes: whatever stdout is, it is text to it.
        sys.stdout.write(card_html(card).decode().encode("ascii", "xmlcharrefreplace").decode())
    sys.stdout.flush()
    if order.settings.junit is not None:
        write("--junit", order.settings.junit, card_junit(card))
    if order.settings.report is not None:
        write("--report", order.settings.report, card_html(card))
