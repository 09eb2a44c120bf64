"""YAML's nodes: what PyYAML's events become, each with its place, none beyond its limit.

Only for `sandbox.core.yamltext`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final, Literal

from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from sandbox.core.errors import Problem
from sandbox.core.yamlscan import Scanner, resolve, reworded, tagged

DEEPEST: Final = 64
"""How many collections may lie in each other."""
MOST: Final = 100_000
"""How many nodes a text may have, keys among them, each alias counted as what it stands for."""

_BREAK: Final = re.compile(r"\r\n|\n|\r")
_FORBIDDEN: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)  # all but YAML's c-printable
_LONGEST: Final = 400  # characters of a message or hint: what it quotes may be the whole file
_TOLD: Final = 20  # so many forbidden characters are told one by one
_ENOUGH: Final = 1000  # nobody reads so many problems
_PROPERTIES: Final = re.compile(r"(?:(?:!<[^>\s]*>|[!&][^\s,\[\]{}]*)[ \t]+(?![\s#]|$))*")
_WRITTEN_TAG: Final = re.compile(r"!(?:<[^>\s]*>|[^\s,\[\]{}]*)")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_PAIRS: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text: line and column from 1, and how much of that line a caret underlines."""

    line: int
    column: int
    length: int


def _in_short(text: str) -> str:
    """*text* without its middle where it is too long: who reads it needs both ends."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


class Source:
    """The text, and its lines as an editor counts them."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self._starts = [0, *(found.end() for found in _BREAK.finditer(text))]
        self._lines: dict[int, str] = {}  # many problems with one long line share it

    def line_of(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def line(self, number: int) -> str:
        """The line of that number, without its end; empty where there is none."""
        if not 1 <= number <= len(self._starts):
            return ""
        start = self._starts[number - 1]
        return self.text[start : self.end_of_line(start)]

    def end_of_line(self, offset: int) -> int:
        line = self.line_of(offset)
        if line == len(self._starts):
            return len(self.text)
        end = self._starts[line]
        return end - 2 if self.text[end - 2 : end] == "\r\n" else end - 1

    def mark(self, start: int, end: int) -> Mark:
        line = self.line_of(start)
        length = min(end, self.end_of_line(start)) - start
        return Mark(line, start - self._starts[line - 1] + 1, max(1, length))

    def problem(
        self,
        mark: Mark,
        message: str,
        hint: str | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> Problem:
        if mark.line not in self._lines:
            self._lines[mark.line] = self.line(mark.line)
        return Problem(
            message=_in_short(message),
            file=self.file,
            line=mark.line,
            column=mark.column,
            hint=None if hint is None else _in_short(hint),
            severity=severity,
            source_line=self._lines[mark.line],
            length=mark.length,
        )


@dataclass(slots=True)
class Node:
    """A value and its place."""

    start: int
    end: int  # of what stands in its first line
    scalar: Any = None
    inside: dict[str, tuple[Node, Node]] | list[Node] | None = None
    raw: str | None = None
    plain: bool = False
    size: int = 1
    height: int = 0

    def value(self) -> Any:
        """Made anew at every call: what an alias stands for is nobody else's."""
        match self.inside:
            case dict() as pairs:
                return {name: node.value() for name, (_, node) in pairs.items()}
            case list() as items:
                return [node.value() for node in items]
            case None:
                return self.scalar


class _Stop(Exception):
    """There is no use in reading on."""


@dataclass(slots=True)
class _Open:
    """A collection whose end is still to come."""

    node: Node
    stop: int  # the end of its first line
    flow: bool
    anchor: str | None
    key: Node | None = None  # waits for its value


class Builder:
    """Makes nodes of PyYAML's events, one by one, so that nothing grows beyond its limit."""

    def __init__(self, source: Source) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._source = source
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}  # None while the node is open
        self._total = 0
        self._documents = 0
        self._scanner: Scanner

    def tell(self, start: int, end: int, message: str, hint: str | None = None) -> None:
        self.problems.append(self._source.problem(self._source.mark(start, end), message, hint))

    def read(self) -> None:
        self._scanner = Scanner(self._without_forbidden())
        try:
            for event in self._scanner.events():
                self._take(event)
        except _Stop:
            pass  # what was complete before stays: a problem more may be found in it
        except MarkedYAMLError as error:
            self.root = None
            place, message, hint = reworded(error, self._source)
            self.tell(place, place + 1, message, hint)
        except (ValueError, OverflowError):  # an escape beyond U+10FFFF, a version with 5000 digits
            self.root = None
            at = self._scanner.index
            self.tell(at, at + 1, "no such character, or no such number", "write the character itself")
        finally:
            self._scanner.dispose()

    def _without_forbidden(self) -> str:
        text = self._source.text
        for count, found in enumerate(_FORBIDDEN.finditer(text), 1):
            if count > _TOLD:
                break
            number = ord(found[0])
            if 0xD800 <= number < 0xE000:
                message, hint = f"U+{number:04X} is half a character", None
            else:
                escape = f"\\x{number:02X}" if number < 256 else f"\\u{number:04X}"
                message = f"the control character U+{number:04X} cannot stand in YAML"
                hint = f"remove it, or write {escape} in double quotes"
            self.tell(found.start(), found.end(), message, hint)
        return _FORBIDDEN.sub("\ufffd", text) if self.problems else text

    def _take(self, event: Event) -> None:
        if len(self.problems) > _ENOUGH:
            raise _Stop
        start, end = _index(event.start_mark), _index(event.end_mark)
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self.tell(start, end, "a second document begins here", "keep one document in each file")
                    raise _Stop
            case AliasEvent():
                self._place(self._aliased(event, start, end))
            case ScalarEvent():
                self._count(1, start, end)
                node = self._scalar(event, start, end)
                if event.anchor is not None:
                    self._anchors[event.anchor] = node
                self._place(node)
            case CollectionStartEvent():
                self._begin(event, start, end)
            case CollectionEndEvent():
                self._end(end)
            case _:  # the ends of documents and streams say nothing
                pass

    def _count(self, more: int, start: int, end: int) -> None:
        self._total += more
        if self._total > MOST:
            self.tell(start, end, f"there are more than {MOST:,} values up to here, aliases expanded")
            raise _Stop

    def _deepen(self, depth: int, start: int, end: int) -> None:
        if depth > DEEPEST:
            self.tell(start, end, f"nested deeper than {DEEPEST} levels")
            raise _Stop

    def _begin(self, event: CollectionStartEvent, start: int, end: int) -> None:
        self._count(1, start, end)
        self._deepen(len(self._open) + 1, start, end)
        mapping = isinstance(event, MappingStartEvent)
        self._check_tag(event.tag, "map" if mapping else "seq", start)
        start = self._content(start)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = Node(start, start, inside={} if mapping else [], height=1)
        self._open.append(_Open(node, self._source.end_of_line(start), bool(event.flow_style), event.anchor))

    def _end(self, end: int) -> None:
        closed = self._open.pop()
        if closed.flow:
            closed.node.end = min(end, closed.stop)
        if closed.anchor is not None:
            self._anchors[closed.anchor] = closed.node
        self._place(closed.node)

    def _place(self, node: Node) -> None:
        """Put *node* where it belongs: into the collection that is open, or at the root."""
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.node.size += node.size
        parent.node.height = max(parent.node.height, node.height + 1)
        if parent.node.start <= node.start <= parent.stop:
            parent.node.end = max(parent.node.end, min(node.end, parent.stop))
        match parent.node.inside:
            case list() as items:
                items.append(node)
            case dict() as pairs if parent.key is not None:
                self._pair(pairs, parent.key, node)
                parent.key = None
            case _:
                parent.key = node

    def _pair(self, pairs: dict[str, tuple[Node, Node]], key: Node, value: Node) -> None:
        name = self._name(key)
        if name is None:
            return
        if name not in pairs:
            pairs[name] = key, value
            return
        first, here = (self._source.line_of(node.start) for node in (pairs[name][0], key))
        where = f"after line {first}" if first != here else "in the same line"
        hint = "remove or rename one of them"
        self.tell(key.start, key.end, f"the key {name!r} stands here again, {where}", hint)

    def _name(self, key: Node) -> str | None:
        """The text of *key*; None where it is told that this key is no key."""
        if key.inside is not None:
            hint = "quote text that begins with { or ["
            self.tell(key.start, key.end, "a key must be text, not a mapping or a list", hint)
            return None
        if key.plain and key.raw == "<<":
            hint = "write the keys out; an alias may stand for a whole value"
            self.tell(key.start, key.end, "YAML merge keys are not part of YAML 1.2", hint)
            return None
        if isinstance(key.scalar, str):
            return key.scalar
        if key.raw:
            self.tell(key.start, key.end, f"the key {key.raw} is not text", f'quote it: "{key.raw}"')
        else:
            self.tell(key.start, key.end, "a key is missing before the colon")
        return key.raw or None

    def _aliased(self, event: AliasEvent, start: int, end: int) -> Node:
        name = event.anchor or ""
        if name not in self._anchors:
            near = get_close_matches(name, self._anchors, 1)
            hint = f"did you mean *{near[0]}?" if near else f"quote it, if *{name} is text"
            self.tell(start, end, f"there is no anchor &{name} before its alias", hint)
            self._count(1, start, end)
            return Node(start, end)
        node = self._anchors[name]
        if node is None:
            self.tell(start, end, f"*{name} stands inside of what it stands for")
            self._count(1, start, end)
            return Node(start, end)
        self._count(node.size, start, end)
        self._deepen(len(self._open) + node.height, start, end)
        return replace(node, start=start, end=end)

    def _scalar(self, event: ScalarEvent, start: int, end: int) -> Node:
        text = self._scanner.restored(event.value)
        if event.style == '"' and _SURROGATES.search(text):
            text = _PAIRS.sub(_joined, text)
            if found := _SURROGATES.search(text):
                self.tell(
                    start, end, f"\\u{ord(found[0]):04x} is half a character", "write the character itself"
                )
                text = _SURROGATES.sub("\ufffd", text)
        value: Any = text
        try:
            if event.tag is not None:
                value = tagged(text, event.tag)
            elif event.style is None:
                value = resolve(text)
        except LookupError:
            self._refuse_tag(start)
        except ValueError:
            value = None
            if event.tag is None or len(text) > 600:
                self.tell(
                    start, end, f"a number of {len(text)} digits is too large", "quote it, if it is text"
                )
            else:
                self.tell(start, end, f"{text!r} is no !!{event.tag.rpartition(':')[2]}", "leave out the tag")
        if event.anchor is not None or event.tag is not None:
            start = self._content(start)
        return Node(start, end, value, raw=text, plain=event.style is None and text != "")

    def _check_tag(self, tag: str | None, kind: str, start: int) -> None:
        if tag not in (None, "!", f"tag:yaml.org,2002:{kind}"):
            self._refuse_tag(start)

    def _refuse_tag(self, start: int) -> None:
        found = _WRITTEN_TAG.search(self._source.text, start)
        start, end = found.span() if found else (start, start + 1)
        written = self._source.text[start:end]
        hint = "quote text that begins with !; there are !!str, !!int, !!float, !!bool, !!null, !!map, !!seq"
        self.tell(start, end, f"the tag {written} cannot stand here", hint)

    def _content(self, start: int) -> int:
        """Where the node itself begins, behind its tag and anchor where those stand in the same line."""
        found = _PROPERTIES.match(self._source.text, start, self._source.end_of_line(start))
        return found.end() if found else start


def _joined(pair: re.Match[str]) -> str:
    """The character that JSON writes as two escapes."""
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _index(mark: Any) -> int:
    return mark.index if mark is not None else 0
