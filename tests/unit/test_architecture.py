"""The house keeps its shape: what may import what, and where what may happen.

Reads the sources, imports none of them.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "sandbox"

ORDER = (
    "core",
    "clock",
    "steering",
    "wire",
    "transport",
    "journal",
    "store",
    "lanes",
    "closing",
    "mishaps",
    "dispatcher",
    "byhand",
    "connections",
    "owner",
    "subscriber",
    "player",
    "engine",
    "builtin",
    "held",
    "identity",
    "orders",
    "requests",
    "plays",
    "runs",
    "workspace",
    "files",
    "fixtures",
    "settings",
    "serving",
    "runner",
    "card",
    "drill",
    "web",
    "cli",
    "testing",
)
"""A module imports from those before it and never from those after it."""

OUTSIDE_THE_ORDER = {"sandbox", "sandbox.__main__"}  # the public names; python -m sandbox

CORE_MAY_IMPORT = {"faker", "pydantic", "pydantic_core", "typing_extensions", "yaml", "sandbox"}
CORE_MUST_NOT_IMPORT = {
    *("aiohttp", "asyncio", "click", "rich", "sqlite3"),
    *("logging", "multiprocessing", "os", "pathlib", "shutil", "socket", "ssl", "subprocess", "sys"),
    *("tempfile", "threading", "time", "urllib.request", "http"),
}
SPEAKS_HTTP = {"wire", "transport", "subscriber", "web"}
UNSPEAKABLE = {"utils", "helpers", "common", "manager", "service", "base"}
LONGEST = 400


class Module:
    """One source file: its dotted name, its text, its tree."""

    def __init__(self, path: Path) -> None:
        parts = path.relative_to(ROOT).with_suffix("").parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text, str(path))
        self.part = self.name.split(".")[1] if "." in self.name else ""  # core, clock, cli …

    def imports(self) -> Iterator[str]:
        """Every imported name in full, also those of functions and of type checking."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name} imports relatively"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = [Module(path) for path in sorted(PACKAGE.rglob("*.py"))]
CORE = [module for module in MODULES if module.part == "core"]


def by_name(module: Module) -> str:
    return module.name


def within(name: str, packages: set[str]) -> bool:
    """Whether *name* is one of *packages* or lies inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_there_is_something_to_read() -> None:
    assert CORE


@pytest.mark.parametrize("module", CORE, ids=by_name)
def test_the_core_imports_nothing_that_acts(module: Module) -> None:
    assert [name for name in module.imports() if within(name, CORE_MUST_NOT_IMPORT)] == []


@pytest.mark.parametrize("module", CORE, ids=by_name)
def test_the_core_imports_only_the_core_and_libraries_that_compute(module: Module) -> None:
    strangers = {name.split(".")[0] for name in module.imports()} - set(sys.stdlib_module_names)
    assert strangers <= CORE_MAY_IMPORT
    assert [
        name for name in module.imports() if within(name, {"sandbox"}) and not within(name, {"sandbox.core"})
    ] == []


@pytest.mark.parametrize("module", CORE, ids=by_name)
def test_the_core_never_waits_and_opens_nothing(module: Module) -> None:
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert [node for node in ast.walk(module.tree) if isinstance(node, waiting)] == []
    assert "open" not in called(module)


@pytest.mark.parametrize(
    "module", [module for module in MODULES if module.name not in OUTSIDE_THE_ORDER], ids=by_name
)
def test_imports_point_one_way(module: Module) -> None:
    assert module.part in ORDER, f"{module.name} has no place in the order yet: give it one"
    allowed = set(ORDER[: ORDER.index(module.part) + 1])
    wrong = []
    for name in module.imports():
        first, _, rest = name.partition(".")
        part = rest.split(".")[0]
        # What is no module is a public name of the package itself, which stands above
        # them all: those in front of a person may use them.
        is_module = part in ORDER
        if first == "sandbox" and not (
            part in allowed if is_module else module.part in {"web", "cli", "testing"}
        ):
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("module", MODULES, ids=by_name)
def test_only_those_who_speak_http_import_aiohttp(module: Module) -> None:
    if module.part not in SPEAKS_HTTP:
        assert [name for name in module.imports() if within(name, {"aiohttp"})] == []


@pytest.mark.parametrize("module", MODULES, ids=by_name)
def test_a_module_can_be_read_in_one_sitting(module: Module) -> None:
    lines = len(module.text.splitlines())
    assert lines <= LONGEST, f"{module.name} has {lines} lines: it holds more than one noun"


@pytest.mark.parametrize("module", MODULES, ids=by_name)
def test_a_module_is_named_after_what_it_holds(module: Module) -> None:
    assert not UNSPEAKABLE & set(module.name.split("."))


@pytest.mark.parametrize("module", MODULES, ids=by_name)
def test_no_except_is_blind_but_the_transport_s(module: Module) -> None:
    if module.part == "transport":
        return
    blind = [
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and catches_everything(node) and not passes_it_on(node)
    ]
    assert blind == []


@pytest.mark.parametrize("module", MODULES, ids=by_name)
def test_only_the_command_line_prints(module: Module) -> None:
    if module.part != "cli":
        assert "print" not in called(module)


def called(module: Module) -> set[str]:
    """The plain names that *module* calls."""
    calls = (node.func for node in ast.walk(module.tree) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """Whether it says ``except:``, ``except Exception`` or ``except BaseException``."""
    if handler.type is None:
        return True
    return any(
        isinstance(node, ast.Name) and node.id in {"Exception", "BaseException"}
        for node in ast.walk(handler.type)
    )


def passes_it_on(handler: ast.ExceptHandler) -> bool:
    """Whether it only tidies up: its last word is a bare ``raise``."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_every_module_has_its_place_in_the_maintainers_table():
    table = (
        (ROOT / "CONTRIBUTING.md")
        .read_text(encoding="utf-8")
        .partition("## The house")[2]
        .partition("## Habits")[0]
    )
    assert [name for name in ORDER if not re.search(rf"`{name}(\.py|/)?`", table)] == []
