"""`run`: plays scenarios."""

from __future__ import annotations

import os
from typing import Any

import click

from sandbox.cli.options import LAYERS, delivery_options, settings_of


def complete_scenario(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[click.shell_completion.CompletionItem]:
    """The shipped scenarios, and files."""
    from click.shell_completion import CompletionItem

    from sandbox.files import shipped_scenarios

    names = [CompletionItem(name) for name in shipped_scenarios() if name.startswith(incomplete)]
    return [*names, CompletionItem(incomplete, type="file")]


@click.command(epilog=LAYERS)
@click.argument("scenario", nargs=-1, required=True, shell_complete=complete_scenario)
@delivery_options
def run(scenario: tuple[str, ...], **options: Any) -> int:
    """Play each SCENARIO, a file or the name of a shipped one, and judge the outcome.

    Without --to and without connections in the scenario or the configuration file, a
    built-in subscriber receives, verifies and answers. Ends when every delivery has
    settled; exit code 0 if every expectation held, 1 if not.
    """
    settings = settings_of(options)

    from sandbox.cli.job import file_of, job_of, refusals_marked
    from sandbox.cli.session import play_all
    from sandbox.cli.trouble import warn
    from sandbox.cli.unplayed import unplayed
    from sandbox.files import load_config, open_scenario

    with refusals_marked(settings):
        with unplayed(settings, scenario) as opened:
            config = load_config(settings.config, environ=os.environ)
            for name in scenario:
                opened.append(open_scenario(name, profile=config.profile, environ=os.environ))
        warnings = [problem for _, found in opened for problem in found]
        warn(warnings)
        if job := job_of(settings):
            job.problems(warnings)
        return play_all(
            [item for item, _ in opened],
            settings,
            config,
            commands=[("run", name) for name in scenario],
            files=[file_of(name) for name in scenario],
        )
