"""What an operator may say about a server: each setting's reader, for flags, variables and the file alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from sandbox.core import readers as read
from sandbox.core.addresses import Targets
from sandbox.core.errors import UsageError
from sandbox.core.readers import Wrong
from sandbox.core.sizes import parse_size

MEMORY: Final = ":memory:"
NONE: Final = "none"

_LEAST: Final = 2**20
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{8,}")


def port(value: object) -> int:
    """A port; 0 takes a free one."""
    written = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,5}", written) or int(written) > 65_535:
        raise Wrong(f"{written!r} is no port: 0 to 65535 are")
    return int(written)


def host(value: object) -> str:
    """An address to listen on."""
    written = read.some_text(value).strip().strip("[]")
    if not written or any(character.isspace() or character == "/" for character in written):
        raise Wrong(f"{written!r} is no address to listen on: 127.0.0.1 or 0.0.0.0 are")
    return written


def file_name(value: object) -> str:
    """A file's or a folder's name."""
    written = read.some_text(value)
    if "\0" in written:
        raise Wrong("no file name holds a NUL character")
    return written


def token(value: object) -> str:
    """What a client must know."""
    written = read.text(value)
    if not _TOKEN.fullmatch(written):
        raise Wrong("a token is 8 or more letters, digits or . _ ~ + / = -")
    return written


def target(value: object) -> str:
    """A pattern of allowed targets."""
    try:
        Targets.read([read.text(value)])
    except UsageError as error:
        raise Wrong(str(error)) from None
    return read.text(value)


def host_name(value: object) -> str:
    """A name under which the server may be reached."""
    written = read.text(value)
    if not _HOST_NAME.fullmatch(written):
        raise Wrong(f"{written!r} is no host name: write sandbox or sandbox.internal, without port")
    return written.lower()


def age(value: object) -> timedelta | None:
    """How long something is kept; None is for ever."""
    return None if value == NONE else read.some_duration(value)


def number(value: object) -> int | None:
    """How many are kept; None is without limit."""
    written = str(value)
    if value == NONE:
        return None
    if isinstance(value, bool) or not re.fullmatch(r"[1-9][0-9]{0,11}", written):
        raise Wrong(f"{written!r} is neither a whole number from 1 on nor none")
    return int(written)


def size(value: object) -> int | None:
    """How many bytes, such as ``500MB``; None is without limit."""
    if value == NONE:
        return None
    count = parse_size(value, such="500MB, 2GiB or none")
    if count < _LEAST:
        raise Wrong(f"{value} is too little: 1MiB or more")
    return count


READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "host": host,
    "port": port,
    "db": file_name,
    "scenarios": file_name,
    "token": token,
    "allow_target": target,
    "allow_host": host_name,
    "no_subscriber": read.truth,
    "subscriber_port": port,
    "log_format": read.word("text", "json"),
    "keep_for": age,
    "keep_entries": number,
    "keep_bytes": size,
}
"""Each setting's name, and how one value of it is read; those of `LISTS` are lists of such values."""

LISTS: Final = ("allow_target", "allow_host")
