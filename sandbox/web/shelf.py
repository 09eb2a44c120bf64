"""The scenarios that can be played by their names: those of one's own folder, then the shipped ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.core.errors import NotFound, UsageError
from sandbox.core.parse import Reading, read_scenario
from sandbox.core.profile import Profile
from sandbox.core.readers import near
from sandbox.files import shipped_scenarios

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One scenario on the shelf, as it was last read."""

    name: str
    shipped: bool
    text: str
    reading: Reading


class Shelf:
    """Reads on a thread, and only what has changed.

    A name is looked up among those that are there and never becomes part of a path.
    *environ* is what ``${…}`` is taken from.
    """

    def __init__(self, own: Path | None, *, environ: Mapping[str, str], profile: Profile) -> None:
        self._own, self._environ, self._profile = own, environ, profile
        self._read: dict[Path, tuple[tuple[int, int], Book]] = {}

    async def books(self) -> list[Book]:
        """Every scenario, one's own first.  Raises `UsageError` where the folder cannot be read."""
        return await asyncio.to_thread(
            lambda: [self._book(name, *found) for name, found in self._paths().items()]
        )

    async def book(self, name: str) -> Book:
        """The scenario called *name*.  Raises `NotFound` with what was probably meant."""
        return await asyncio.to_thread(self._find, name)

    def _find(self, name: str) -> Book:
        paths = self._paths()
        if name not in paths:
            raise NotFound(f"there is no scenario {name!r}: {near(name, tuple(paths))}")
        return self._book(name, *paths[name])

    def _paths(self) -> dict[str, tuple[Path, bool]]:
        own: dict[str, tuple[Path, bool]] = {}
        if self._own is not None:
            try:
                files = sorted(self._own.iterdir())
            except OSError as error:
                why = error.strerror or error
                raise UsageError(f"the folder of scenarios {self._own} cannot be read: {why}") from None
            own = {path.stem: (path, False) for path in files if path.suffix in _SUFFIXES and path.is_file()}
        shipped = {name: (path, True) for name, path in shipped_scenarios().items() if name not in own}
        return own | shipped

    def _book(self, name: str, path: Path, shipped: bool) -> Book:
        try:
            status = path.stat()
            state = (status.st_mtime_ns, status.st_size)
            known = self._read.get(path)
            if known is not None and known[0] == state:
                return known[1]
            raw = path.read_bytes()
        except OSError as error:
            raise UsageError(f"the scenario {name} cannot be read: {error.strerror or error}") from None
        reading = read_scenario(
            raw, file=path.name, environ=self._environ, profile=self._profile, strict=True
        )
        book = Book(name=name, shipped=shipped, text=raw.decode(errors="replace"), reading=reading)
        self._read[path] = (state, book)
        return book
