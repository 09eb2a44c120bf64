"""How to serve, from all who may say so: a flag beats its variable, that the configuration file, that the default."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from sandbox.core.addresses import Targets
from sandbox.core.errors import UsageError
from sandbox.core.operating import LISTS, READERS
from sandbox.core.readers import Wrong
from sandbox.settings import flag_of, truth, variable_of

PORT: Final = 8420
DATABASE: Final = ".wexio-sandbox/sandbox.db"
_LOOPBACK: Final = re.compile(r"localhost|::1|127(\.[0-9]{1,3}){3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What an operator may say."""

    host: str = "127.0.0.1"
    port: int = PORT
    db: str = DATABASE  # or :memory:
    scenarios: str | None = None
    token: str | None = field(default=None, repr=False)
    allow_target: tuple[str, ...] = ()
    allow_host: tuple[str, ...] = ()
    no_subscriber: bool = False
    subscriber_port: int = 0
    log_format: Literal["text", "json"] = "text"
    keep_for: timedelta | None = timedelta(days=30)
    keep_entries: int | None = 4_000_000
    keep_bytes: int | None = 2 * 2**30

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return _LOOPBACK.fullmatch(self.host) is not None

    @property
    def targets(self) -> Targets:
        """Who may be sent to."""
        return Targets.read(self.allow_target)


def read_serve_settings(
    flags: Mapping[str, str | bool | Sequence[str] | None],
    environ: Mapping[str, str],
    configured: Mapping[str, Any],
) -> ServeSettings:
    """Read *flags* over *environ* over the file's ``server`` section, whose values are read already.

    A list is separated by commas in a variable.  Raises `UsageError` that names the flag
    or the variable which carried a wrong value; an empty variable counts as not set.
    """
    said = dict(configured)
    for name, reader in READERS.items():
        flag, text = flags.get(name), environ.get(variable_of(name))
        if flag is not None and flag is not False and flag != ():
            said[name] = _read(name, reader, flag, flag_of(name))
        elif text:
            said[name] = _read(name, reader, text, variable_of(name))
    return ServeSettings(**said)


def _read(name: str, reader: Callable[[Any], Any], value: Any, source: str) -> Any:
    try:
        if name in LISTS:
            items = value.split(",") if isinstance(value, str) else value
            return tuple(reader(item.strip()) for item in items)
        if name == "no_subscriber":
            return value is True or truth(value)
        return reader(value)
    except Wrong as error:
        hint = f" ({error.hint})" if error.hint else ""
        raise UsageError(f"{source}: {error}{hint}") from None
    except ValueError as error:
        raise UsageError(f"{source}: {error}") from None
