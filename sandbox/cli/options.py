"""The options that `run` and `send` share; all are text here, and read by `sandbox.settings`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from sandbox.settings import OPTIONS, Settings, read_settings

F = TypeVar("F", bound=Callable[..., Any])

# The presets and other words are repeated here only as help; who reads them decides.
_DELIVERY = (
    click.option("--to", metavar="URL", help="Deliver here instead of to connections that a file names."),
    click.option(
        "--secret", metavar="S", help="Sign with this secret (HMAC). Default: a generated one, shown."
    ),
    click.option("--bearer", metavar="TOKEN", help="Authorise by a bearer token, without a signature."),
    click.option(
        "--basic", metavar="USER:PASSWORD", help="Authorise by user and password, without a signature."
    ),
    click.option("--no-auth", is_flag=True, help="Neither signature nor authorisation."),
    click.option("--seed", metavar="N", help="The same seed gives the same people, ids and secrets."),
    click.option("--start", metavar="TIME", help="Where the sandbox's clock starts: 2026-04-24T14:02:10Z."),
    click.option(
        "--signature-time", metavar="wall|sandbox", help="Whose time the signature carries. Default: wall."
    ),
    click.option("--speed", metavar="X|max", help="How much faster waits and retry delays pass. Default: 1."),
    click.option(
        "--retry", metavar="PRESET", help="The retry policy of every connection: wexio, none or svix."
    ),
    click.option("--attempt-timeout", metavar="DURATION", help="Real time allowed for one attempt: 10s."),
    click.option(
        "--max-wait", metavar="DURATION", help="Real time for the whole run; used up, it has failed."
    ),
    click.option(
        "--config", metavar="FILE", help="The configuration file. Default: wexio-sandbox.yaml, if there."
    ),
    click.option("--json", is_flag=True, help="Print the journal, one JSON object a line, and the verdict."),
    click.option("--junit", metavar="FILE", help="Also write the verdict as JUnit XML."),
    click.option(
        "--report", metavar="FILE", help="Also write all of it as one HTML page, to attach to a ticket."
    ),
    click.option(
        "--summary", metavar="FILE", help="Also write a summary in Markdown, for the page of a job."
    ),
    click.option(
        "--ci",
        metavar="github|none",
        help="github: mark what failed in the pull request, and add the summary to the job's page. "
        "Default: github where GITHUB_ACTIONS is true.",
    ),
)

LAYERS = (
    "Each delivery option is also a variable, WEXIO_SANDBOX_<NAME>, such as "
    "WEXIO_SANDBOX_ATTEMPT_TIMEOUT. A flag beats its variable, that beats the scenario, "
    "that the configuration file. An option of --secret, --bearer, --basic and --no-auth "
    "is for every connection, whoever named it."
)


def delivery_options(command: F) -> F:
    """Give *command* the delivery options; they arrive as keyword arguments."""
    for option in reversed(_DELIVERY):
        command = option(command)
    return command


def settings_of(options: Mapping[str, Any]) -> Settings:
    """The settings that flags and this process's environment add up to."""
    return read_settings({name: options[name] for name in OPTIONS}, os.environ)
