"""YAML text as plain values that remember where each of them came from.

YAML 1.2, core schema: ``no``, ``12:30`` and ``2026-04-24`` are text.  PyYAML scans and
parses; what its 1.1 makes of scalars, merge keys and duplicates never comes into play.
The scanner is always the one written in Python: the one in C is not on every machine
and reads some texts differently.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sandbox.core.errors import Problem
from sandbox.core.yamlnodes import Builder, Mark, Node, Source

__all__ = ["LARGEST", "Document", "Mark", "Path", "read_yaml"]

LARGEST: Final = 2 * 1024**2
"""How many bytes a text may have."""

Path = tuple[str | int, ...]


@dataclass(slots=True, kw_only=True)
class Document:
    """What a text says, and where.  Where a problem is an error, the value is None or lacks a part."""

    value: Any
    problems: list[Problem]
    _source: Source = field(repr=False, compare=False)
    _root: Node | None = field(repr=False, compare=False)

    def mark(self, path: Path) -> Mark:
        """Where the value is; where *path* leads nowhere, its nearest ancestor that is somewhere."""
        _, node, _ = self._find(path)
        return self._source.mark(node.start, node.end) if node else Mark(1, 1, 1)

    def key_mark(self, path: Path) -> Mark:
        """Where its key is; an item of a list and the whole have none, and are marked themselves."""
        key, node, _ = self._find(path)
        place = key or node
        return self._source.mark(place.start, place.end) if place else Mark(1, 1, 1)

    def problem(
        self,
        path: Path,
        message: str,
        *,
        hint: str | None = None,
        severity: Literal["error", "warning"] = "error",
        at_key: bool = False,
    ) -> Problem:
        """A problem with the value at *path*, or with its key, that knows its place."""
        mark = self.key_mark(path) if at_key else self.mark(path)
        return self._source.problem(mark, message, hint, severity)

    def is_plain(self, path: Path) -> bool:
        """Whether *path* leads to a scalar that is written, and without quotes."""
        _, node, found = self._find(path)
        return found and node is not None and node.plain

    def raw(self, path: Path) -> str | None:
        """The scalar's text before it became a number and the like; None where there is no scalar."""
        _, node, found = self._find(path)
        return node.raw if found and node is not None else None

    def _find(self, path: Path) -> tuple[Node | None, Node | None, bool]:
        """The key and the node as far down as *path* leads, and whether that is its end."""
        key, node = None, self._root
        for part in path:
            match node.inside if node else None:
                case dict() as pairs if isinstance(part, str) and part in pairs:
                    key, node = pairs[part]
                case list() as items if isinstance(part, int) and 0 <= part < len(items):
                    key, node = None, items[part]
                case _:
                    return key, node, False
        return key, node, True


def read_yaml(text: str | bytes, *, file: str = "<text>") -> Document:
    """Read *text*; whatever is wrong with it is in the document's problems.  Never raises."""
    decoded, trouble = _decoded(text, file)
    source = Source(decoded, file)
    builder = Builder(source)
    if trouble:
        return Document(value=None, problems=[trouble], _source=source, _root=None)
    builder.read()
    root = builder.root
    if not builder.problems and (root is None or (root.raw == "" and root.scalar is None)):
        builder.tell(0, 1, "the file is empty", "a scenario has a name and steps at least")
        root = None
    problems = sorted(builder.problems, key=lambda problem: (problem.line, problem.column))
    return Document(value=root.value() if root else None, problems=problems, _source=source, _root=root)


def _decoded(text: str | bytes, file: str) -> tuple[str, Problem | None]:
    """The characters without their byte order mark, or the reason why there are none."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > LARGEST:
        return "", Problem(message="the file is larger than 2 MiB", file=file, hint="split it")
    if isinstance(text, str):
        return text.removeprefix("\ufeff"), None
    if encoding := _foreign(data[:4]):
        return "", Problem(message=f"the file is {encoding}", file=file, hint="save it as UTF-8")
    try:
        return data.decode().removeprefix("\ufeff"), None
    except UnicodeDecodeError as error:
        source = Source(data.decode(errors="replace").removeprefix("\ufeff"), file)
        start = len(data[: error.start].decode().removeprefix("\ufeff"))
        message = f"the byte 0x{data[error.start]:02X} is not UTF-8"
        return "", source.problem(source.mark(start, start + 1), message, "save the file as UTF-8")


def _foreign(beginning: bytes) -> str | None:
    """The encoding of a text that begins so, where it is another one."""
    if beginning in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "UTF-32"
    if beginning[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "UTF-16"
    # Without a mark, ASCII in two bytes: one of each pair is zero.
    zeros = tuple(byte == 0 for byte in beginning)
    return "UTF-16" if zeros in ((True, False) * 2, (False, True) * 2) else None
