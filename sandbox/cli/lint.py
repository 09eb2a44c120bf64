"""`lint`: what is wrong with scenario files, all of it, each with its place."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import click

from sandbox.cli.run import complete_scenario
from sandbox.core.errors import Problem, UsageError
from sandbox.settings import one_of


@click.command()
@click.argument("scenario", nargs=-1, required=True, shell_complete=complete_scenario)
@click.option(
    "--format", "form", metavar="text|json|github", default="text", help="How to print. Default: text."
)
def lint(scenario: tuple[str, ...], form: str) -> int:
    """Check each SCENARIO, a file or the name of a shipped one.

    Every problem is told in one run. Exit code 2 when there are errors; warnings alone
    leave it 0.
    """
    from sandbox.cli.words import count
    from sandbox.core import problems as rendering
    from sandbox.files import lint_scenario

    try:
        one_of("text", "json", "github")(form)
    except ValueError as error:
        raise UsageError(f"--format: {error}") from None
    found: list[Problem] = []
    for name in scenario:
        try:
            found += lint_scenario(name, environ=os.environ)
        except UsageError as error:  # a file that cannot be read is no reason to pass over the others
            found.append(Problem(file=name, message=str(error)))
    if form == "github":
        from sandbox.cli.job import file_of

        # From where GitHub looks, which need not be the folder that the command runs in.
        found = [replace(problem, file=file_of(problem.file) or problem.file) for problem in found]
    render = {"json": rendering.render_json, "github": rendering.render_github}.get(
        form, rendering.render_text
    )
    if found or form == "json":
        click.echo(render(found))
    errors = sum(problem.severity == "error" for problem in found)
    warnings = len(found) - errors
    said = [count(errors, "error")] if errors else []
    said += [count(warnings, "warning")] if warnings else []
    click.echo(f"{count(len(scenario), 'file')}, {' and '.join(said) or 'no problems'}", file=sys.stderr)
    return 2 if errors else 0
