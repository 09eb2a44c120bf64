"""A request as a line for a shell: curl, with everything that could be a secret left to a variable."""

from __future__ import annotations

import shlex
from typing import Final

from sandbox.core.markup import Ink
from sandbox.core.model import Request
from sandbox.core.present import shown_url

LONGEST: Final = 4096
"""Bytes of a body that are written out; a longer one is named."""

_VARIABLE: Final = {"bearer": "WEXIO_SANDBOX_BEARER", "basic": "WEXIO_SANDBOX_BASIC"}


def as_curl(request: Request, ink: Ink) -> str:
    """The command that sends *request* again, a line for each header."""
    lines = [f"curl -i {shlex.quote(ink.mask(shown_url(request.url)))}"]
    for name, value in request.headers:
        scheme = value.partition(" ")[0].lower()
        if name == "Authorization" and scheme == "bearer" and " " in value:
            lines.append(f'-H "Authorization: Bearer ${_VARIABLE[scheme]}"')
        elif name == "Authorization" and scheme == "basic" and " " in value:
            lines.append(f'-u "${_VARIABLE[scheme]}"')
        else:
            # curl leaves out a header without a value, unless a semicolon ends it.
            said = f"{name}: {ink.mask(value)}" if value else f"{name};"
            lines.append(f"-H {_quoted(said)}")
    if not request.body:
        # An empty body is sent all the same, and this is how curl says so.
        lines.append("--data-binary ''")
    elif len(request.body) > LONGEST:
        lines.append(f"--data-binary @body.json   # {len(request.body):,} bytes, not written out here")
    else:
        lines.append(f"--data-binary {_body(request.body, ink)}")
    return " \\\n  ".join(lines)


def _body(body: bytes, ink: Ink) -> str:
    try:
        return _quoted(ink.mask(body.decode()))
    except UnicodeDecodeError:
        return _escaped(body)


def _quoted(text: str) -> str:
    if text.isprintable():
        return shlex.quote(text)
    return _escaped(text.encode("utf-8", "replace"))


def _escaped(raw: bytes) -> str:
    """Bash's ``$'…'``: any bytes in letters that a terminal does not obey."""
    return "$'" + "".join(chr(b) if 32 <= b < 127 and b not in b"\\'" else f"\\x{b:02x}" for b in raw) + "'"
