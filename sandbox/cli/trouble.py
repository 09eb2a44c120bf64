"""How expected errors are told: one plain line each, on stderr, never a traceback."""

from __future__ import annotations

from collections.abc import Sequence

import click

from sandbox.core.errors import ConfigError, Problem, SandboxError, ScenarioError
from sandbox.core.present import plain


def warn(problems: Sequence[Problem]) -> None:
    """Say on stderr what is odd, and can be done all the same."""
    if problems:
        from sandbox.core.problems import render_text

        click.echo(render_text(problems), err=True)


def explain(error: SandboxError) -> None:
    """Say on stderr what was refused, and why."""
    if isinstance(error, ScenarioError | ConfigError):
        from sandbox.core.problems import render_text

        click.echo(render_text(error.problems), err=True)
    else:
        for line in str(error).splitlines():
            click.echo(f"error: {plain(line)}", err=True)
