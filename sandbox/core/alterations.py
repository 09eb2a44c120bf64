"""What happens to a body between signing and checking, and how to undo it.

Each alteration is one thing that a program does to bytes, often without its author
knowing: parse and serialise, decode and encode, add a line break.  Applied to what was
received they lead back to what was signed; applied to what was sent they tell how it
came to be what was received.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final
from unicodedata import normalize
from urllib.parse import quote_plus, unquote_to_bytes

from sandbox.core.advice import Code
from sandbox.core.payloads import CHAT_FIELDS, CONTACT_FIELDS
from sandbox.core.recipes import Guess

MOST_BYTES: Final = 24 * 1024 * 1024
"""So many bytes are made from one body at most; what is less likely comes last and is left out."""

_LARGEST_UNPACKED: Final = 4 * 1024 * 1024
_OFTEN: Final = 10  # attempts that are tried
_LARGE: Final = 500_000  # beyond, what is slow and rare is left out
_MARK: Final = b"\xef\xbb\xbf"

_ORDER: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    (): ("id", "type", "timestamp", "data", "meta"),
    ("meta",): ("eventId", "event", "occurredAt", "organisationId", "connectionId", "apiVersion", "attempt"),
    ("data",): ("chat", "message", "previous", "contact", "deletedAt"),
    ("data", "chat"): CHAT_FIELDS,
    ("data", "contact"): CONTACT_FIELDS,
}
"""The documented order of keys, by path."""


def alterations(body: bytes) -> Iterator[Guess[bytes]]:
    """What one alteration makes of *body*, each result once, likely ones first."""
    yield from _bounded(body, _singly(body), MOST_BYTES)


def double_alterations(body: bytes) -> Iterator[Guess[bytes]]:
    """What two alterations, one after the other, make of *body*, as far as it is cheap."""
    yield from _bounded(body, _doubly(body), MOST_BYTES // 3)


def alteration_between(before: bytes, after: bytes) -> Guess[bytes] | None:
    """The alteration, or the two of them, that make *after* of *before*."""
    for made in (alterations, double_alterations):
        for guess in made(before):
            if guess.value == after:
                return guess
    return None


def _bounded(body: bytes, guesses: Iterator[Guess[bytes]], most: int) -> Iterator[Guess[bytes]]:
    seen, left = {hash(body)}, most  # hashes: the bodies themselves may be large
    for guess in guesses:
        left -= len(guess.value)
        if left < 0:
            return
        if hash(guess.value) not in seen:
            seen.add(hash(guess.value))
            yield guess


def _singly(body: bytes) -> Iterator[Guess[bytes]]:
    yield from _json(body, most=1)
    yield from _edges(body)
    yield from _undone(body)
    yield from _json(body)
    yield from _attempts(body)
    yield from _done(body)
    yield from _lost()


def _doubly(body: bytes) -> Iterator[Guess[bytes]]:
    for first in (*_undone(body), *_attempts(body)):
        for second in _json(first.value, most=12):
            yield _both(first, second)
        for second in _edges(first.value):
            yield _both(first, second)
    for first in _json(body):
        for second in (*_edges(first.value), *_undone(first.value)):
            yield _both(first, second)
    for first in _edges(body):
        for second in _edges(first.value):
            yield _both(first, second)
    for first in _charsets(body):
        for second in _json(first.value, most=12):
            yield _both(first, second)


def _both(first: Guess[bytes], second: Guess[bytes]) -> Guess[bytes]:
    return Guess(first.code, f"{first.says}, and {second.says}", second.value)


# --- bytes -------------------------------------------------------------------------


def _edges(body: bytes) -> Iterator[Guess[bytes]]:
    yield Guess(Code.line_break, "a line break was added at its end", body + b"\n")
    yield Guess(Code.line_break, "a line break (CRLF) was added at its end", body + b"\r\n")
    yield Guess(
        Code.line_break, "the line break at its end was removed", body.removesuffix(b"\n").removesuffix(b"\r")
    )
    yield Guess(Code.white_space, "the white space around it was removed", body.strip())
    yield Guess(Code.byte_order_mark, "the byte order mark was removed", body.removeprefix(_MARK))
    yield Guess(Code.byte_order_mark, "a byte order mark was put before it", _MARK + body)
    if b"\n" in body:
        unix = body.replace(b"\r\n", b"\n")
        yield Guess(Code.line_endings, "CRLF line endings became LF", unix)
        yield Guess(Code.line_endings, "LF line endings became CRLF", unix.replace(b"\n", b"\r\n"))


def _attempts(body: bytes) -> Iterator[Guess[bytes]]:
    places = [*re.finditer(rb'"attempt"\s{0,9}:\s{0,9}([0-9]{1,9})(?=\s{0,99}[,}])', body)]
    if not places:
        return
    found = places[-1]  # meta comes last
    for number in range(1, _OFTEN + 1):
        says = f"its meta.attempt were {number}"
        yield Guess(
            Code.other_attempt, says, b"%b%d%b" % (body[: found.start(1)], number, body[found.end(1) :])
        )


def _undone(body: bytes) -> Iterator[Guess[bytes]]:
    """What *body* seems to be a form of."""
    if body[:2] in (b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda") and (plain := _unpacked(body)):
        yield Guess(Code.compressed, "it was decompressed", plain)
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield from _recoded(body, "utf-16", "utf-8", "it was read as UTF-16 and written as UTF-8")
    if not body.isascii():
        yield from _recoded(body, "utf-8", "latin-1", "it was read as UTF-8 and written as Latin-1")
        yield from _recoded(body, "utf-8", "cp1252", "it was read as UTF-8 and written as Windows-1252")
    inner = body.strip()
    if inner.startswith(b'"') and isinstance(text := _parsed(inner), str):
        yield Guess(Code.encoded_twice, "the JSON text in it was decoded", text.encode("utf-8", "replace"))
    if inner[:2] in (b"b'", b'b"') and inner[1:2] == inner[-1:]:
        plain = re.sub(rb"\\(x[0-9a-f]{2}|.)", _python_escape, inner[2:-1])
        yield Guess(Code.python_text, "the bytes in Python's b'...' were taken out", plain)
    if inner.startswith(b'{"type"') and isinstance(tree := _parsed(inner), dict):
        try:
            yield Guess(
                Code.node_buffer, "the bytes in Node's Buffer were taken out", bytes(tree.get("data") or ())
            )
        except (TypeError, ValueError):
            return
    if inner.startswith(b"%7B"):
        yield Guess(
            Code.url_encoded, "it was decoded from a form", unquote_to_bytes(inner.replace(b"+", b" "))
        )


def _python_escape(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if len(code) == 3:
        return bytes.fromhex(code[1:].decode())
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(code, code)


def _unpacked(body: bytes) -> bytes | None:
    try:
        return zlib.decompressobj(wbits=47).decompress(body, _LARGEST_UNPACKED)
    except zlib.error:
        return None


def _done(body: bytes) -> Iterator[Guess[bytes]]:
    yield from _charsets(body)
    text = body.decode("utf-8", "replace")
    yield Guess(Code.encoded_twice, "it was encoded as a JSON text once more", json.dumps(text).encode())
    unescaped = json.dumps(text, ensure_ascii=False).encode()
    yield Guess(Code.encoded_twice, "it was encoded as a JSON text once more", unescaped)
    yield Guess(Code.python_text, "it was written as Python's b'...'", repr(body).encode())
    if isinstance(tree := _parsed(body), dict):
        with suppress(RecursionError):
            yield Guess(Code.python_text, "it was written as a Python dict", _safe(str(tree)))
    yield Guess(Code.url_encoded, "it was encoded as a form", quote_plus(body).encode())
    if len(body) <= 65_536:
        buffer = json.dumps({"type": "Buffer", "data": list(body)}, separators=(",", ":"))
        yield Guess(Code.node_buffer, "it was written as Node's Buffer", buffer.encode())


def _charsets(body: bytes) -> Iterator[Guess[bytes]]:
    yield from _recoded(body, "utf-8", "utf-16", "it was written as UTF-16")
    if body.isascii():
        return
    for name, title in (("latin-1", "Latin-1"), ("cp1252", "Windows-1252")):
        yield from _recoded(body, name, "utf-8", f"it was read as {title} and written as UTF-8")
    for errors, became in (("replace", "question marks"), ("ignore", "nothing")):
        yield from _recoded(body, "utf-8", "ascii", f"letters beyond ASCII became {became}", errors)
    lost = body.decode("ascii", "replace").encode()
    yield Guess(Code.charset, "bytes beyond ASCII became replacement characters (U+FFFD)", lost)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return
    yield Guess(Code.unicode_form, "its letters were composed (Unicode NFC)", normalize("NFC", text).encode())
    yield Guess(
        Code.unicode_form, "its letters were decomposed (Unicode NFD)", normalize("NFD", text).encode()
    )


def _recoded(
    body: bytes, read: str, written: str, says: str, errors: str = "strict"
) -> Iterator[Guess[bytes]]:
    try:
        yield Guess(Code.charset, says, body.decode(read).encode(written, errors))
    except UnicodeError:
        return


def _lost() -> Iterator[Guess[bytes]]:
    yield Guess(Code.body_empty, "it became empty", b"")
    for text in ("{}", "null", "undefined", "None", "[object Object]", '""'):
        yield Guess(Code.body_lost, f"it became the text {text}", text.encode())


# --- JSON --------------------------------------------------------------------------

_STYLES: Final[dict[str, dict[str, Any]]] = {
    "compact JSON": {"separators": (",", ":")},
    "JSON with spaces after commas and colons, as Python's json.dumps does": {"separators": (", ", ": ")},
    "JSON indented by 2": {"indent": 2, "separators": (",", ": ")},
    "JSON indented by 4": {"indent": 4, "separators": (",", ": ")},
    "JSON indented by tabs": {"indent": "\t", "separators": (",", ": ")},
}
_COMPACT: Final = "compact JSON"


def _json(body: bytes, most: int | None = None) -> Iterator[Guess[bytes]]:
    tree = _parsed(body)
    if not isinstance(tree, dict | list):
        return
    made = 0
    for order, arranged in (("", tree), (_DOCUMENTED, _documented(tree)), (_SORTED, tree)):
        for style, layout in _STYLES.items():
            for escapes, text in _escaped(arranged, layout, sort=order == _SORTED):
                made += 1
                if most is not None and made > most:
                    return
                says = f"it was written as {style}{escapes}{order}"
                yield Guess(_code(style, order, escapes), says, _safe(text))


_DOCUMENTED: Final = ", its keys in the documented order"
_SORTED: Final = ", its keys sorted"
_ESCAPED: Final = ", other letters than ASCII as \\u escapes"
_UPPER: Final = f"{_ESCAPED} in upper-case hex"
_SLASHES: Final = ", / as \\/"


def _code(style: str, order: str, escapes: str) -> Code:
    if order == _SORTED:
        return Code.keys_sorted
    if style != _COMPACT or not escapes:
        return Code.body_reserialised
    return Code.slashes_escaped if _SLASHES in escapes else Code.unicode_escaped


def _escaped(tree: Any, layout: dict[str, Any], *, sort: bool) -> Iterator[tuple[str, str]]:
    try:
        raw = json.dumps(tree, ensure_ascii=False, sort_keys=sort, **layout)
        yield "", raw
        if "/" in raw:
            yield _SLASHES, raw.replace("/", "\\/")
        if any(letter in raw for letter in "<>&"):
            yield ", <, > and & as \\u escapes (as Go does)", _without_html(raw)
        if raw.isascii():
            return
        escaped = json.dumps(tree, sort_keys=sort, **layout)
        yield _ESCAPED, escaped
        yield f"{_ESCAPED}{_SLASHES} (as PHP does)", escaped.replace("/", "\\/")
        if len(escaped) > _LARGE:
            return
        yield _UPPER, _in_upper_case(escaped)
        if any(letter in raw for letter in "<>&'+"):
            net = _in_upper_case(_without_html(escaped)).replace("'", "\\u0027").replace("+", "\\u002B")
            yield f"{_UPPER}, <, >, &, + and ' too (as .NET does)", net
    except RecursionError:
        return


def _without_html(text: str) -> str:
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _in_upper_case(text: str) -> str:
    # An escaped backslash before a u is no escape: pairs are passed over.
    return re.sub(r"\\(?:u([0-9a-f]{4})|.)", lambda it: f"\\u{it[1].upper()}" if it[1] else it[0], text)


def _documented(tree: Any, path: tuple[str, ...] = ()) -> Any:
    if not isinstance(tree, dict):
        return tree
    known = _ORDER.get(path, ())
    names = [name for name in known if name in tree] + [name for name in tree if name not in known]
    return {name: _documented(tree[name], (*path, name)) if known else tree[name] for name in names}


def _parsed(body: bytes) -> Any:
    """The value of JSON text, or None."""
    try:
        return json.loads(body.removeprefix(_MARK).decode())
    except (ValueError, RecursionError):  # no UTF-8, no JSON, too deep, a number too long
        return None


def _safe(text: str) -> bytes:
    # Half a character has no UTF-8 form; JSON.stringify writes it as an escape.
    return text.encode("utf-8", "backslashreplace")
