"""Our package `sandbox`, in a world where others have one too.

The name is a common one: a repository may well have a folder or package `sandbox` of its
own.  It keeps it.  `Courtesy` lets it win wherever it can be imported, and where it has
won, `package` loads ours under a name of its own, `_wexio_sandbox`: the same files, whose
``import sandbox...`` mean that name.
"""

from __future__ import annotations

import builtins
import os
import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec, spec_from_file_location
from types import ModuleType
from typing import Any, Final

NAME: Final = "sandbox"
PRIVATE: Final = "_wexio_sandbox"
HOME: Final = os.path.realpath(os.path.join(os.path.dirname(__file__), os.pardir, NAME))  # noqa: PTH118, PTH120


def package(part: str = "") -> Any:
    """Our package, or a *part* of it: under its own name, or, where that is taken, under a private one."""
    return import_module(f"{_name()}.{part}" if part else _name())


def _name() -> str:
    known = sys.modules.get(NAME)
    if PRIVATE not in sys.modules and (is_ours(known) if known is not None else _would_be_ours()):
        return NAME
    if not any(isinstance(finder, _Private) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Private())
    return PRIVATE


def is_ours(module: ModuleType) -> bool:
    """Whether *module* is our package."""
    return _same(os.path.dirname(getattr(module, "__file__", None) or ""))  # noqa: PTH120


def _would_be_ours() -> bool:
    spec = find_spec(NAME)
    return spec is not None and spec.origin is not None and _same(os.path.dirname(spec.origin))  # noqa: PTH120


def _same(folder: str) -> bool:
    return bool(folder) and os.path.realpath(folder) == HOME


# --- theirs first ----------------------------------------------------------------------


class Courtesy(MetaPathFinder):
    """Finds another `sandbox` on the path before ours, wherever on the path it is.

    A folder without an ``__init__.py`` is not asked whether it is meant to be imported:
    its modules are found beside ours, unless one of them is called as one of ours is, and
    then it is theirs alone.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Theirs, ours with theirs beside it, or None where there is nobody but us."""
        if fullname != NAME:
            return None
        theirs = PathFinder.find_spec(NAME, [entry for entry in sys.path if not _same(_inside(entry))])
        if theirs is None or theirs.origin is not None:
            return theirs
        folders = [*(theirs.submodule_search_locations or ())]
        names = {name for folder in folders for name in _importable(folder)}
        if not names:
            return None  # a folder of other things
        if names & {*_importable(HOME)}:
            return theirs
        ours = PathFinder.find_spec(NAME)
        if ours is not None and ours.submodule_search_locations is not None:
            ours.submodule_search_locations += folders
        return ours


def _inside(entry: str) -> str:
    return os.path.join(entry or os.curdir, NAME)  # noqa: PTH118


def _importable(folder: str) -> list[str]:
    """The names of the modules and packages in *folder*."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name, suffix = os.path.splitext(entry.name)  # noqa: PTH122
            if suffix == ".py" or (not suffix and os.path.isfile(os.path.join(entry.path, "__init__.py"))):  # noqa: PTH113, PTH118
                found.append(name)
    return found


# --- ours under another name -------------------------------------------------------------


def _import(
    name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
) -> ModuleType:
    if level == 0 and (name == NAME or name.startswith(f"{NAME}.")):
        name = PRIVATE + name[len(NAME) :]
    return builtins.__import__(name, globals, locals, fromlist, level)


_BUILTINS: Final = {**vars(builtins), "__import__": _import}
"""What our modules have in place of the builtins: an ``import`` statement asks there who imports."""


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = _BUILTINS
        super().exec_module(module)


class _Private(MetaPathFinder):
    """Finds our package and its modules under the private name."""

    def find_spec(self, fullname: str, path: Any = None, target: object = None) -> ModuleSpec | None:
        if fullname == PRIVATE:
            file = os.path.join(HOME, "__init__.py")  # noqa: PTH118
            loader = _Loader(fullname, file)
            return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=[HOME])
        if not fullname.startswith(f"{PRIVATE}."):
            return None
        for folder in path or ():
            spec = FileFinder(folder, (_Loader, SOURCE_SUFFIXES)).find_spec(fullname)
            if spec is not None:
                return spec
        return None
