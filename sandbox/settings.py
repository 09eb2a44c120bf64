"""How to run, from all who may say so: one frozen value, layered by a pure function.

A flag beats its environment variable (``WEXIO_SANDBOX_<NAME>``), which beats the
scenario, the configuration file and the default.  Whoever calls hands over the
environment; nothing is read from the process here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from sandbox.core.durations import parse_duration
from sandbox.core.errors import UsageError
from sandbox.core.model import Auth, Basic, Bearer, Hmac, NoAuth, url_fault, url_meant
from sandbox.core.moments import parse_moment
from sandbox.core.retry import PRESET_NAMES
from sandbox.core.scenario import Scenario, SignatureTime

T = TypeVar("T")

PREFIX: Final = "WEXIO_SANDBOX_"
AUTH_OPTIONS: Final = ("secret", "bearer", "basic", "no_auth")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What flags and environment said; None where they were silent."""

    to: str | None = None
    secret: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    basic: str | None = field(default=None, repr=False)
    no_auth: bool = False
    seed: int | None = None
    start: datetime | None = None
    signature_time: SignatureTime | None = None
    speed: float | Literal["max"] | None = None
    retry: str | None = None
    attempt_timeout: timedelta | None = None
    max_wait: timedelta | None = None
    config: Path | None = None
    json: bool = False
    junit: Path | None = None
    report: Path | None = None
    summary: Path | None = None
    ci: Literal["github", "none"] | None = None

    @property
    def auth(self) -> Auth | None:
        """How to authorise, where one of the four options says so."""
        if self.secret is not None:
            return Hmac(secret=self.secret)
        if self.bearer is not None:
            return Bearer(token=self.bearer)
        if self.basic is not None:
            return _basic(self.basic)
        return NoAuth() if self.no_auth else None


def flag_of(name: str) -> str:
    """``attempt_timeout`` as it is typed: ``--attempt-timeout``."""
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """``attempt_timeout`` as it is exported: ``WEXIO_SANDBOX_ATTEMPT_TIMEOUT``."""
    return PREFIX + name.upper()


def read_settings(flags: Mapping[str, str | bool | None], environ: Mapping[str, str]) -> Settings:
    """Read *flags* (None or False: not given) over *environ*.

    Raises `UsageError` that names the flag or the variable which carried a wrong value.
    An empty variable counts as not set.
    """
    said: dict[str, Any] = {}
    for name, read in _READERS.items():
        flag, variable = flags.get(name), variable_of(name)
        if flag is not None and flag is not False:
            said[name] = _read(read, flag, flag_of(name))
        elif text := environ.get(variable):
            said[name] = _read(read, text, variable)
    return Settings(**(said | _one_kind_of_auth(said, flags)))


def _one_kind_of_auth(said: Mapping[str, Any], flags: Mapping[str, object]) -> dict[str, Any]:
    """The auth options with those silenced that a flag of another kind beats."""
    given = [name for name in AUTH_OPTIONS if said.get(name)]
    by_flag = [name for name in given if flags.get(name)]
    chosen = by_flag or given
    if len(chosen) > 1:
        names = " and ".join((flag_of if by_flag else variable_of)(name) for name in chosen)
        raise UsageError(f"{names} exclude each other: a connection authorises in one way")
    return {name: False if name == "no_auth" else None for name in given if name not in chosen}


def _read(read: Callable[[Any], Any], value: object, source: str) -> Any:
    try:
        return value if value is True else read(value)
    except (ValueError, UsageError) as error:
        raise UsageError(f"{source}: {error}") from None


def layered(given: Settings, scenario: Scenario) -> Settings:
    """*given*, and where it is silent what *scenario* says, and the defaults.

    Not ``retry``: a flag's goes before each connection's, the scenario's after it.
    """
    return replace(
        given,
        seed=first(given.seed, scenario.seed),
        start=first(given.start, scenario.start),
        signature_time=first(given.signature_time, scenario.signature_time, "wall"),
        speed=first(given.speed, 1.0),
    )


def first(*candidates: T | None) -> T | None:
    """The first that was said."""
    return next((item for item in candidates if item is not None), None)


# --- reading each -------------------------------------------------------------------


def truth(text: str) -> bool:
    """Read a yes or no from the environment."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(f"{text!r} is neither yes nor no: {', '.join(_TRUE)} and {', '.join(_FALSE)} are")


def seed(text: str) -> int:
    """Read a seed: a whole number."""
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ValueError(f"{text!r} is not a seed: a whole number of at most 18 digits is, such as 42")
    return int(text)


def speed(text: str) -> float | Literal["max"]:
    """Read ``max`` or a factor."""
    if text == "max":
        return "max"
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 0 < factor <= 1_000_000:
        raise ValueError(f"{text!r} is not a speed: a number above 0 (at most 1000000) or max is")
    return factor


def positive(text: str) -> timedelta:
    """Read a duration longer than nothing."""
    duration = parse_duration(text)
    if not duration:
        raise ValueError("must be longer than 0s")
    return duration


def one_of(*words: str) -> Callable[[str], str]:
    """Read one of *words*; the nearest is suggested."""

    def read(text: str) -> str:
        if text in words:
            return text
        folded = {word.lower(): word for word in words}
        near = get_close_matches(text.lower(), folded, 1)
        hint = f"; did you mean {folded[near[0]]}?" if near else ""
        raise ValueError(f"{text!r} is none of {', '.join(words)}{hint}")

    return read


def _url(text: str) -> str:
    if fault := url_fault(text):
        meant = url_meant(text)
        raise ValueError(f"{fault}; did you mean {meant}?" if meant else fault)
    return text


def secret(text: str) -> str:
    """Read a signing secret: any text but none."""
    Hmac(secret=text)
    return text


def _bearer(text: str) -> str:
    Bearer(token=text)
    return text


def _basic_text(text: str) -> str:
    _basic(text)
    return text


def _basic(text: str) -> Basic:
    username, colon, password = text.partition(":")
    if not colon:
        raise UsageError("write USER:PASSWORD, with a colon between them")
    return Basic(username=username, password=password)


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("a file name is needed")
    return Path(text)


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "to": _url,
    "secret": secret,
    "bearer": _bearer,
    "basic": _basic_text,
    "no_auth": truth,
    "seed": seed,
    "start": parse_moment,
    "signature_time": one_of("wall", "sandbox"),
    "speed": speed,
    "retry": one_of(*PRESET_NAMES),
    "attempt_timeout": positive,
    "max_wait": positive,
    "config": _path,
    "json": truth,
    "junit": _path,
    "report": _path,
    "summary": _path,
    "ci": one_of("github", "none"),
}
OPTIONS: Final = tuple(_READERS)
