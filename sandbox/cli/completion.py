"""`completion`: the script with which a shell completes commands, options and scenarios."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from sandbox.core.errors import UsageError
from sandbox.settings import one_of

_CLASSES: Final[dict[str, type[ShellComplete]]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
}


@click.command(
    epilog="\b\n"
    'bash   eval "$(wexio-sandbox completion bash)"\n'
    'zsh    eval "$(wexio-sandbox completion zsh)"\n'
    "fish   wexio-sandbox completion fish | source"
)
@click.argument("shell", required=False, metavar="[bash|zsh|fish]")
def completion(shell: str | None) -> None:
    """Print the completion script of a shell. Default: the one of $SHELL."""
    from sandbox.cli import PROGRAM, commands

    source = "the shell"
    if shell is None:
        shell, source = Path(os.environ.get("SHELL", "")).name, "$SHELL"
        if not shell:
            raise UsageError(f"which shell? {', '.join(_CLASSES)} are known, and $SHELL does not say one")
    try:
        name = one_of(*_CLASSES)(shell)
    except ValueError as error:
        raise UsageError(f"{source}: {error}") from None
    made = _CLASSES[name](commands, {}, PROGRAM, "_WEXIO_SANDBOX_COMPLETE")
    # Not source(): for bash it would first run whichever bash comes first in PATH.
    click.echo(made.source_template % made.source_vars())
