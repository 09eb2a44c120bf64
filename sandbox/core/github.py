"""GitHub's workflow commands: annotations, which it shows beside the line and on the job's page.

What they quote was written by a stranger: no other command can begin in it.
"""

from __future__ import annotations

from typing import Literal

from sandbox.core.present import plain


def annotation(
    severity: Literal["error", "warning"],
    message: str,
    *,
    file: str | None = None,
    line: int | None = None,
    column: int | None = None,
    end_column: int | None = None,
    title: str | None = None,
) -> str:
    """One annotation, on one line; each line of *message* is shown as one."""
    said = {"file": file, "line": line, "col": column, "endColumn": end_column, "title": title}
    properties = ",".join(
        f"{name}={_property(str(value))}" for name, value in said.items() if value is not None
    )
    return f"::{severity}{' ' if properties else ''}{properties}::{_data(message)}"


def _data(text: str) -> str:
    return "%0A".join(_escaped(line) for line in text.split("\n"))


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _escaped(line: str) -> str:
    return plain(line).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
