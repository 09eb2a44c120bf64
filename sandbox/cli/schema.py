"""`schema`: the JSON schemas, for editors and for receivers."""

from __future__ import annotations

import click

from sandbox.core.errors import UsageError
from sandbox.settings import one_of


@click.command()
@click.argument("name", default="scenario", metavar="[scenario|event]")
def schema(name: str) -> None:
    """Print a JSON schema: of scenario files (default), or of the events that a subscriber receives."""
    from sandbox.files import shipped_schema

    if name == "openapi":
        raise UsageError("openapi is documented, not yet built; there are scenario and event")
    try:
        one_of("scenario", "event")(name)
    except ValueError as error:
        raise UsageError(f"the schema: {error}") from None
    click.echo(shipped_schema(name).read_text(encoding="utf-8"), nl=False)
