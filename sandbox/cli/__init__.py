"""The command line: ``wexio-sandbox``, also ``python -m sandbox``.

A command's module is imported when the command is used: the list of commands costs
nothing but click.  Here errors become exit codes, and nowhere else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click

from sandbox import __version__
from sandbox.core.errors import CannotRun, SandboxError

PROGRAM: Final = "wexio-sandbox"
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 128 + 13  # as a process that SIGPIPE ends

COMMANDS: Final = {
    "run": ("sandbox.cli.run", "Play scenarios, deliver their webhooks, judge the outcome."),
    "send": ("sandbox.cli.send", "Emit one event (or many) and wait for its delivery."),
    "listen": ("sandbox.cli.listen", "Receive webhooks: verify, print and answer them."),
    "serve": ("sandbox.cli.serve", "Serve the control API, the live stream and the dashboard."),
    "check": ("sandbox.cli.check", "Examine a consumer: the report card."),
    "drill": ("sandbox.cli.drill", "Rehearse an outage of hours and its recovery."),
    "verify": ("sandbox.cli.verify", "Say whether a signature holds and, if not, why."),
    "lint": ("sandbox.cli.lint", "Check scenario files; every problem with its place."),
    "schema": ("sandbox.cli.schema", "Print the JSON schema of a scenario or event, or the OpenAPI."),
    "completion": ("sandbox.cli.completion", "Print the completion script of a shell."),
}
"""Each command: the module that holds it, under its own name, and what it does."""

MISSING: Final = {
    "scenario": "which scenario? Name a file, or one that is shipped, such as first-contact",
    "event": "which event? chat.created is one",
}
"""What is said where an argument is not given."""


class Commands(click.Group):
    """Knows its commands by name, and imports the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = get_close_matches(name.lower(), COMMANDS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        if any(name.startswith("WEXIO_SANDBOX_") for name in os.environ):
            _warn_of_strange_variables()
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Click would make it a failure, exit code 1.
            raise click.exceptions.Exit(BROKEN_PIPE) from None
        except click.UsageError as error:
            # Click's parser does not say whose option it was.
            if error.ctx is None and (name := ctx.invoked_subcommand):
                command = self.get_command(ctx, name)
                error.ctx = click.Context(command, info_name=name, parent=ctx) if command else ctx
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with:  wexio-sandbox run first-contact",
)
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
def commands() -> None:
    """The Wexio that you can run: realistic, signed webhooks with their retries.

    Exit codes: 0 all held, 1 not so, 2 wrong usage, scenario or configuration,
    3 could not run, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave the process with its exit code."""
    sys.exit(run_command(sys.argv[1:] if arguments is None else arguments))


def run_command(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that a terminal cannot show is no reason to stop
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(list(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
        return BROKEN_PIPE
    except OSError as error:
        # The surroundings: a full disk behind a redirected stream, no more files to be had.
        with suppress(OSError):
            _say(f"could not go on: {error.strerror or error}", None)
        _forget_output()
        return CannotRun.exit_code
    return code


def _run(arguments: list[str]) -> int:
    try:
        result: Any = commands.main(arguments, prog_name=PROGRAM, standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.UsageError as error:
        if not arguments:  # click's message is the whole help then
            click.echo(error.format_message(), err=True)
            return 2
        _say(_in_one_line(error), error.ctx)
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except SandboxError as error:
        from sandbox.cli.trouble import explain

        explain(error)
        return error.exit_code


def _say(message: str, ctx: click.Context | None) -> None:
    from sandbox.core.present import plain

    click.echo(f"error: {plain(message)}", err=True)
    if ctx is not None:
        click.echo(f"Try '{ctx.command_path} --help' for help.", err=True)


def _warn_of_strange_variables() -> None:
    from sandbox.cli.variables import strange_variables
    from sandbox.core.present import plain

    for warning in strange_variables(os.environ):
        click.echo(f"warning: {plain(warning)}", err=True)


def _in_one_line(error: click.UsageError) -> str:
    """Click's *error* in our words: what is wrong, and what would be right."""
    known = (
        {} if error.ctx is None else {name: item for item in error.ctx.command.params for name in item.opts}
    )
    match error:
        case click.NoSuchOption(option_name=name):
            near = get_close_matches(name, [*known, "--help"], 1)
            return f"there is no option {name}" + (f"; did you mean {near[0]}?" if near else "")
        case click.BadOptionUsage(option_name=name) if name in known and known[name].metavar:
            return f"{name} needs a value: {known[name].metavar}"
        case click.MissingParameter(param=click.Option(opts=[name, *_], help=str(says))):
            return f"{name} is needed: {says[:1].lower()}{says[1:]}"
        case click.MissingParameter(param=click.Argument(name=name)):
            return MISSING.get(name or "", f"{name} is needed")
    message = error.format_message()
    return message[:1].lower() + message[1:]


def _open_what_is_closed() -> None:
    # Python has None for a stream that was closed before it began, and the next file
    # to be opened would get its number.
    nothing = Path(os.devnull)
    sys.stdin = sys.stdin or nothing.open(encoding="utf-8")
    sys.stdout = sys.stdout or nothing.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nothing.open("w", encoding="utf-8")


def _forget_output() -> None:
    # What is still buffered cannot be written; at exit Python would try, and complain.
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nothing, stream.fileno())


__all__ = ["COMMANDS", "commands", "main", "run_command"]
