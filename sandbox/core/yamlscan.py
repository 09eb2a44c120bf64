"""PyYAML's scanner brought up to YAML 1.2, and its complaints in words for people.

Only for `sandbox.core.yamlnodes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

import yaml
from yaml.error import Mark, MarkedYAMLError
from yaml.events import Event
from yaml.tokens import ScalarToken

_TAG: Final = "tag:yaml.org,2002:"
_BREAKS_OF_1_1: Final = "\x85\u2028\u2029"
_ESCAPED: Final = re.compile(r"\\U([0-9a-fA-F]{8})")


class Scanner(yaml.SafeLoader):
    r"""PyYAML's scanner and parser, where YAML 1.2 wants them different.

    Tabs separate, but do not indent; ``?`` may stand in plain text between brackets; only
    \n, \r\n and \r end a line.  The text holds nothing that YAML forbids.
    """

    def __init__(self, text: str) -> None:
        self._restore = _stand_ins(text)
        stood_in = {original: stand_in for stand_in, original in self._restore.items()}
        super().__init__(text.translate(stood_in) if stood_in else text)

    def events(self) -> Iterator[Event]:
        while (event := self.get_event()) is not None:  # type: ignore[no-untyped-call]
            yield event

    def restored(self, text: str) -> str:
        """A scalar's *text* with the characters that others stood in for."""
        return text.translate(self._restore) if self._restore else text

    def check_printable(self, data: str) -> None:
        """The caller has looked, and tells all of them at once."""

    def check_key(self) -> bool:
        return self.peek(1) in ("\0 \t\r\n,[]{}" if self.flow_level else "\0 \t\r\n")

    def check_plain(self) -> bool:
        return super().check_plain() or (self.peek() == "?" and not self.check_key())

    def scan_to_next_token(self) -> None:
        while True:
            while self.peek() == " ":
                self.forward()
            if self.peek() == "\t":
                run = self._blanks()
                if self.flow_level or not self.allow_simple_key or self.peek(run) in "\0\r\n#":
                    self.forward(run)
                    continue
            if self.peek() == "#":
                while self.peek() not in "\0\r\n":
                    self.forward()
            if not self.scan_line_break():  # type: ignore[no-untyped-call]
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def scan_plain(self) -> ScalarToken:
        chunks: list[str] = []
        start = end = self.get_mark()
        indent = self.indent + 1
        spaces: list[str] = []
        while self.peek() != "#":
            length = 0
            while not self._plain_ends(length):
                length += 1
            if length == 0:
                break
            self.allow_simple_key = False
            chunks += [*spaces, self.prefix(length)]
            self.forward(length)
            end = self.get_mark()
            spaces = self.scan_plain_spaces(indent, start)
            if not spaces or (not self.flow_level and self.column < indent):
                break
        return ScalarToken("".join(chunks), True, start, end)

    def _plain_ends(self, length: int) -> bool:
        character = self.peek(length)
        if character == ":":
            return self.peek(length + 1) in ("\0 \t\r\n,[]{}" if self.flow_level else "\0 \t\r\n")
        return character in ("\0 \t\r\n,[]{}" if self.flow_level else "\0 \t\r\n")

    def scan_plain_spaces(self, indent: int, start_mark: Any) -> list[str]:
        run = self._blanks()
        spaces = self.prefix(run)
        self.forward(run)
        if self.peek() not in "\r\n":
            return [spaces] if spaces else []
        self.scan_line_break()  # type: ignore[no-untyped-call]
        self.allow_simple_key = True
        breaks: list[str] = []
        while True:
            if self.prefix(3) in ("---", "...") and self.peek(3) in "\0 \t\r\n":
                return []
            while self.peek() == " ":
                self.forward()
            run = self._blanks()
            if self.flow_level or self.column >= indent or self.peek(run) in "\0\r\n":
                self.forward(run)
            if self.peek() not in "\r\n":
                return breaks or [" "]
            breaks.append(self.scan_line_break())  # type: ignore[no-untyped-call]

    def _blanks(self) -> int:
        run = 0
        while self.peek(run) in " \t":
            run += 1
        return run


def _stand_ins(text: str) -> dict[int, int]:
    """Characters that *text* neither holds nor escapes, each with one that ends a line in 1.1 only.

    There are always enough of them: a text of 2 MB can name but half a million.
    """
    breaks = [ord(character) for character in _BREAKS_OF_1_1 if character in text]
    if not breaks:
        return {}
    taken = {ord(character) for character in set(text)} | {
        int(digits, 16) for digits in _ESCAPED.findall(text)
    }
    free = (number for number in range(0x10FFFD, 0xFFFF, -1) if number not in taken)
    return dict(zip(free, breaks, strict=False))


# --- the core schema -----------------------------------------------------------------


def _integer(text: str) -> int:
    """Raises `ValueError` for what is so large that Python would not even print it."""
    value = int(text[2:], {"0o": 8, "0x": 16}[text[:2]]) if text[:2] in ("0o", "0x") else int(text)
    str(value)
    return value


def _float(text: str) -> float:
    return float(text.lower().replace(".", "") if text[-1] in "fFnN" else text)


_CORE: Final[dict[str, tuple[re.Pattern[str], Callable[[str], Any]]]] = {
    "null": (re.compile(r"null|Null|NULL|~|"), lambda text: None),
    "bool": (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text[0] in "tT"),
    "int": (re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"), _integer),
    "float": (
        re.compile(
            r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
        _float,
    ),
}


def resolve(text: str) -> Any:
    """What plain *text* is by the core schema.  Raises `ValueError` for an integer beyond measure."""
    for pattern, convert in _CORE.values():
        if pattern.fullmatch(text):
            return convert(text)
    return text


def tagged(text: str, tag: str) -> Any:
    """What *text* is as a ``!!tag``.  Raises `LookupError` where there is no such tag, `ValueError` where it is none."""
    short = tag.removeprefix(_TAG) if tag.startswith(_TAG) else "str" if tag == "!" else tag
    if short == "str":
        return text
    pattern, convert = _CORE[short]
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return convert(text)


# --- what PyYAML complains of --------------------------------------------------------

_NAMES: Final = {
    "<block mapping start>": "a key",
    "<block sequence start>": "a list",
    "<block end>": "the end of the block",
    "<scalar>": "text",
    "<stream end>": "the end of the file",
    "<document start>": "a new document",
    "<document end>": "the end of the document",
    "<alias>": "an alias",
    "<anchor>": "an anchor",
    "<tag>": "a tag",
    "?": "a key",
}
_QUOTE: Final = "quote the text, if it is text"
_INDENT: Final = "check the indentation"

# Context and problem as PyYAML says them; our message and hint, where {0} is what it
# found, {1} the line in which the context began; whether the caret stands there.
_COMPLAINTS: Final[tuple[tuple[str, str, str | None, bool], ...]] = (
    (r"found character '\\t' that", "a tab cannot indent", "indent with spaces", False),
    (r"found character (.+) that", "text cannot begin with {0}", "quote it", False),
    (
        r"could not find expected ':'",
        "this is neither key: value nor an item of a list",
        "add the colon; or indent it, if it goes on with the text above",
        True,
    ),
    (
        r"sequence entries are not allowed",
        "a list cannot begin here",
        "put each - on a line of its own; quote text that begins with -",
        False,
    ),
    (r"mapping keys are not allowed", "a key cannot begin here", "quote text that begins with ?", False),
    (
        r"scanning an (?:anchor|alias).*but found (.+)",
        "text cannot begin with & or *",
        "quote it; otherwise letters and digits follow, and {0} is none",
        True,
    ),
    (
        r"scanning a block scalar.*found (.+)",
        "only a line break can follow | or >, not {0}",
        "begin the text in the next line; quote text that begins with | or >",
        False,
    ),
    (r"unknown escape character (.+)", "there is no escape with {0}", r"write \\ for a backslash", False),
    (r"expected escape sequence of (\d+)", "here belong {0} hexadecimal digits", None, False),
    (
        r"quoted scalar.*found unexpected",
        "this quote is never closed",
        "end the text with the same quote",
        True,
    ),
    (r"while (?:scanning|parsing) a tag", "text cannot begin with !", "quote it", True),
    (r"undefined tag handle (.+)", "text cannot begin with !", "quote it: {0} is no tag", False),
    (r"incompatible YAML document", "this is not YAML 1", "leave the line out", False),
    (r"directive", "a line cannot begin with %", "quote the text, or indent it", True),
    (
        r"parsing a flow sequence.*'<stream end>'",
        "this [ is never closed",
        f"close it with ], or {_QUOTE}",
        True,
    ),
    (
        r"parsing a flow mapping.*'<stream end>'",
        "this {{ is never closed",
        f"close it with }}}}, or {_QUOTE}",
        True,
    ),
    (
        r"parsing a flow sequence.*got (.+)",
        "a comma or ] is missing before {0}",
        "the [ stands in line {1}",
        False,
    ),
    (
        r"parsing a flow mapping.*got (.+)",
        "a comma or }} is missing before {0}",
        "the {{ stands in line {1}",
        False,
    ),
    (r"expected <block end>.*'<scalar>'", "text follows what is complete", "quote it all", False),
    (r"block mapping.*expected <block end>, but found ':'", "a key is missing before the colon", None, False),
    (
        r"block mapping.*expected <block end>, but found (.+)",
        "{0} does not line up with the mapping that began in line {1}",
        _INDENT,
        False,
    ),
    (
        r"block collection.*expected <block end>, but found (.+)",
        "{0} does not line up with the list that began in line {1}",
        _INDENT,
        False,
    ),
    (
        r"flow node.*'<stream end>'",
        "a bracket is still open at the end of the file",
        f"close it, or {_QUOTE}",
        False,
    ),
    (r"expected the node content, but found (.+)", "a value cannot begin with {0}", _QUOTE, False),
    (
        r"expected '<document start>'.*'<stream end>'",
        "--- is missing after the lines that begin with %",
        "quote text that begins with %",
        False,
    ),
    (
        r"expected '<document start>', but found (.+)",
        "{0} cannot follow what stands above",
        "check the indentation; a file holds one document",
        False,
    ),
)


class Lines(Protocol):
    """The text by its lines, which count from 1."""

    def line_of(self, offset: int) -> int: ...

    def line(self, number: int) -> str: ...


def reworded(error: MarkedYAMLError, lines: Lines) -> tuple[int, str, str | None]:
    """Where the caret stands, what is wrong, what would be right."""
    said = f"{error.context or ''} {error.problem or ''}"
    place = _index(error.problem_mark, error.context_mark)
    context = _index(error.context_mark, error.problem_mark)
    if "mapping values are not allowed here" in said and error.problem_mark is not None:
        return place, *_colon(lines, lines.line_of(place), error.problem_mark.column)
    for pattern, message, hint, at_context in _COMPLAINTS:
        if found := re.search(pattern, said, re.DOTALL):
            name = (found[1] if found.re.groups else "").strip()
            words = (_NAMES.get(name.strip("'"), name), lines.line_of(context))
            told = None if hint is None else hint.format(*words)
            return context if at_context else place, message.format(*words), told
    return place, f"this is no YAML: {error.problem}", _QUOTE


def _colon(lines: Lines, number: int, column: int) -> tuple[str, str]:
    """A colon where no key can be: the text has one too many, or the line above is to blame."""
    line, above = lines.line(number), lines.line(number - 1)
    if not above.strip() or re.search(r":\s|[\[{,]", line[:column]):
        return "a second colon cannot stand here", "quote text that holds a colon and a space"
    indents = [len(text) - len(text.lstrip(" -")) for text in (line, above)]
    if indents[0] > indents[1]:
        return (
            "no key can stand here: the line goes on with the text above, as it is indented deeper",
            "indent it as far as the key above",
        )
    return (
        "no key can stand here: the line above is no key: value yet",
        "write a space after its colon" if ":" in above else f"give line {number - 1} its colon",
    )


def _index(*marks: Mark | None) -> int:
    return next((mark.index for mark in marks if mark is not None), 0)
