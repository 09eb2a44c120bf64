"""Scenarios, configuration and schemas on disk."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.core.config import Config
from sandbox.core.errors import Problem, ScenarioError, UsageError
from sandbox.core.profile import Profile
from sandbox.core.scenario import Scenario

if TYPE_CHECKING:
    from sandbox.core.parse import Reading

CONFIG_NAME: Final = "wexio-sandbox.yaml"
_SUFFIXES: Final = (".yaml", ".yml")
_PACKAGE: Final = Path(__file__).parent
# Inside the package in a wheel, beside it in a checkout.
_SHELVES: Final = (_PACKAGE / "scenarios", _PACKAGE.parent / "scenarios")


def load_scenario(
    name: str | Path, *, environ: Mapping[str, str] | None = None, profile: Profile | None = None
) -> Scenario:
    """The scenario in the file *name*, or the shipped one of that name.

    ``${…}`` is taken from *environ* (nothing is set where that is None).  Raises
    `ScenarioError` with every problem, `UsageError` where there is no such scenario.
    """
    return open_scenario(name, environ=environ, profile=profile)[0]


def open_scenario(
    name: str | Path, *, environ: Mapping[str, str] | None = None, profile: Profile | None = None
) -> tuple[Scenario, tuple[Problem, ...]]:
    """As `load_scenario`, and its warnings beside it."""
    reading = _read(name, environ=environ, profile=profile, strict=True)
    if reading.scenario is None:
        raise ScenarioError(reading.problems)
    return reading.scenario, reading.problems


def lint_scenario(name: str | Path, *, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """Every problem of the scenario *name*, warnings included.  Raises `UsageError` as `load_scenario`."""
    return _read(name, environ=environ, profile=None, strict=False).problems


def shipped_scenarios() -> dict[str, Path]:
    """The scenarios that come with the sandbox, by name."""
    return {path.stem: path for path in sorted(_shelf().glob("*.yaml"), key=lambda path: path.stem)}


def shipped_schema(name: str) -> Path:
    """The file of the JSON Schema called *name*: ``scenario`` or ``event``."""
    return _PACKAGE / "schemas" / f"{name}.schema.json"


def load_config(path: Path | None, *, environ: Mapping[str, str]) -> Config:
    """The configuration in *path*, or in ``wexio-sandbox.yaml`` of this folder, if there is one.

    Raises `ConfigError` with every problem, `UsageError` where *path* cannot be read.
    """
    if path is None:
        path = Path(CONFIG_NAME)
        if not path.is_file():
            return Config()
    from sandbox.core.configfile import parse_config

    return parse_config(_bytes_of(path, "configuration file"), file=str(path), environ=environ)


def _read(
    name: str | Path, *, environ: Mapping[str, str] | None, profile: Profile | None, strict: bool
) -> Reading:
    from sandbox.core.parse import read_scenario

    path = _find(name)
    return read_scenario(
        _bytes_of(path, "scenario"), file=str(path), environ=environ or {}, profile=profile, strict=strict
    )


def _find(name: str | Path) -> Path:
    """The file that *name* means: one that is there, else a shipped scenario."""
    path = Path(name)
    if path.is_dir():
        raise UsageError(f"{name} is a folder: name the scenario inside it")
    if path.is_file() or path.exists():
        return path
    shipped = shipped_scenarios()
    text = str(name)
    stem = text.removesuffix(".yaml").removesuffix(".yml").removeprefix("scenarios/")
    if path.suffix not in _SUFFIXES or "/" not in text or stem in shipped:
        if stem in shipped:
            return shipped[stem]
        near = get_close_matches(stem, shipped, 1)
        hint = f"did you mean {near[0]}?" if near else f"those shipped are {', '.join(shipped)}"
        raise UsageError(f"there is no scenario {text}: neither a file nor a shipped one; {hint}")
    raise UsageError(f"there is no file {text}")


def _bytes_of(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"the {what} {path} cannot be read: {error.strerror or error}") from None


def _shelf() -> Path:
    return next((shelf for shelf in _SHELVES if shelf.is_dir()), _SHELVES[-1])
