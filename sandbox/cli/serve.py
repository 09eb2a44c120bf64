"""`serve`: the sandbox as a server, until it is told to end."""

from __future__ import annotations

import logging
import os
import secrets
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sandbox.core.operating import READERS
from sandbox.serving import read_serve_settings

if TYPE_CHECKING:
    from sandbox.cli.paint import Painter
    from sandbox.core.config import Config
    from sandbox.serving import ServeSettings
    from sandbox.subscriber import Subscriber

log: Final = logging.getLogger("wexio_sandbox.serve")


@click.command()
@click.option("--host", metavar="NAME", help="The address to listen on. Default: 127.0.0.1.")
@click.option("--port", metavar="N", help="Default: 8420; 0 takes a free one.")
@click.option(
    "--db", metavar="FILE", help="Where the journal is kept. Default: .wexio-sandbox/sandbox.db; or :memory:."
)
@click.option("--scenarios", metavar="DIR", help="A folder of scenarios, beside those shipped.")
@click.option(
    "--token",
    metavar="T",
    help="Ask for this token. Where others can reach the server, one is needed, and generated.",
)
@click.option(
    "--allow-target",
    metavar="PATTERN",
    multiple=True,
    help="Deliver only there (repeatable): *.example.com, 10.0.0.0/8, localhost:3000.",
)
@click.option(
    "--allow-host",
    metavar="NAME",
    multiple=True,
    help="A name under which the server may be reached without a token (repeatable).",
)
@click.option("--no-subscriber", is_flag=True, help="Offer no built-in subscriber as a target.")
@click.option(
    "--subscriber-port", metavar="N", help="The built-in subscriber's port. Default: 0, a free one."
)
@click.option("--log-format", metavar="text|json", help="For people or for machines. Default: text.")
@click.option("--keep-for", metavar="DURATION", help="How long deliveries are kept. Default: 720h; or none.")
@click.option(
    "--keep-entries", metavar="N", help="How many journal entries are kept. Default: 4000000; or none."
)
@click.option("--keep-bytes", metavar="SIZE", help="How large the file may grow. Default: 2GiB; or none.")
@click.option(
    "--config", metavar="FILE", help="The configuration file. Default: wexio-sandbox.yaml, if there."
)
def serve(config: str | None, **flags: Any) -> int:
    """Serve the control API, the live stream and the dashboard, until Ctrl-C.

    Each option is also a variable, WEXIO_SANDBOX_<NAME> (lists separated by commas), and
    a line of the configuration file's section server.
    """
    from sandbox.cli.ending import Interrupted, run_until_interrupted
    from sandbox.cli.logs import set_up_logs
    from sandbox.core.errors import CannotRun, UsageError
    from sandbox.files import load_config
    from sandbox.settings import variable_of

    named = config or os.environ.get(variable_of("config")) or None
    configured = load_config(None if named is None else Path(named), environ=os.environ)
    settings = read_serve_settings({name: flags[name] for name in READERS}, os.environ, configured.server)
    if settings.token is None and not settings.on_loopback:
        settings = replace(settings, token=secrets.token_urlsafe(24))
        generated = True
    else:
        generated = False
    if settings.scenarios is not None and not Path(settings.scenarios).is_dir():
        raise UsageError(f"--scenarios: there is no folder {settings.scenarios!r}")
    set_up_logs(settings.log_format)
    try:
        run_until_interrupted(_serve(settings, configured, generated=generated), _say_goodbye, server=True)
    except Interrupted as interrupted:
        return interrupted.exit_code
    except CannotRun as error:
        if settings.log_format == "text":
            raise
        log.critical("%s", error)
        return error.exit_code
    return 0


async def _serve(settings: ServeSettings, config: Config, *, generated: bool) -> None:
    from sandbox.cli.paint import out
    from sandbox.clock import wall_now
    from sandbox.store import Retention, SqliteJournal
    from sandbox.subscriber import Subscriber
    from sandbox.transport import HttpTransport
    from sandbox.web import Options, listening, make_app
    from sandbox.workspace import Workspace

    async with AsyncExitStack() as stack:
        kept = Retention(age=settings.keep_for, entries=settings.keep_entries, bytes=settings.keep_bytes)
        journal = await stack.enter_async_context(await SqliteJournal.open(settings.db, retention=kept))
        subscriber, known = None, dict[str, str]()
        if not settings.no_subscriber:
            subscriber = Subscriber(
                now=lambda: wall_now().timestamp(),
                secrets=known,
                rules=config.profile.signature,
                keep=200,
                port=settings.subscriber_port,
            )
            await stack.enter_async_context(subscriber)
        transport = HttpTransport(targets=settings.targets)
        stack.push_async_callback(transport.close)
        workspace = await stack.enter_async_context(
            Workspace(
                journal=journal,
                transport=transport,
                config=config,
                subscriber=subscriber,
                subscriber_secrets=known,
            )
        )
        options = Options(
            token=settings.token,
            allow_hosts=settings.allow_host,
            scenarios=None if settings.scenarios is None else Path(settings.scenarios),
            environ=os.environ,
        )
        url = await stack.enter_async_context(
            listening(make_app(workspace, options), host=settings.host, port=settings.port, options=options)
        )
        _say_where(out(), url, settings, subscriber, generated=generated)
        await workspace.until_broken()


def _say_where(
    painter: Painter, url: str, settings: ServeSettings, subscriber: Subscriber | None, *, generated: bool
) -> None:
    shown = url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
    page = f"{shown}/#token={settings.token}" if generated else f"{shown}/"
    painter.line(("serving on ", ""), (page, "bold cyan"), (" (Ctrl-C ends it)", "dim"))
    if generated:
        painter.line(
            ("token:      ", "dim"), (settings.token or "", ""), (" (generated: others can reach it)", "dim")
        )
    if subscriber is not None:
        painter.line(
            ("subscriber: ", "dim"), (subscriber.url, ""), (" (built in, a target to begin with)", "dim")
        )
    painter.line(("journal:    ", "dim"), (str(settings.db), ""))
    painter.line(("API:        ", "dim"), (f"{shown}/docs", ""))
    sys.stdout.flush()


def _say_goodbye() -> None:
    log.info("ending")
