"""`schema`: the JSON schemas, for editors and for receivers, and the document of the server's API."""

from __future__ import annotations

import click

from sandbox.core.errors import UsageError
from sandbox.settings import one_of


@click.command()
@click.argument("name", default="scenario", metavar="[scenario|event|openapi]")
def schema(name: str) -> None:
    """Print a document: the JSON schema of scenario files (default), that of an event, or the API's OpenAPI."""
    try:
        one_of("scenario", "event", "openapi")(name)
    except ValueError as error:
        raise UsageError(f"the schema: {error}") from None
    if name == "openapi":
        from sandbox.web.api import openapi_text

        click.echo(openapi_text(), nl=False)
        return
    from sandbox.files import shipped_schema

    click.echo(shipped_schema(name).read_text(encoding="utf-8"), nl=False)
