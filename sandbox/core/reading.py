"""A signature header read kindly: what was probably meant, and what is wrong with how it is written.

`signing.check` refuses whatever is not exact; here the same text is read with good
will, so that it can be said whether it would hold if it were written as it should be.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from sandbox.core.advice import Code
from sandbox.core.profile import SIGNATURE_HEADER
from sandbox.core.signing import shown

ALGORITHMS: Final = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
"""The digest algorithm by its number of hex digits."""

_LONGEST: Final = 8192  # of a header; servers take no longer one
_MOST: Final = 8  # of times and of digests
_SHORTEST_CUT: Final = 16  # hex digits: 64 bits are no coincidence among a few thousand trials
_ITEM: Final = re.compile(r"[\"']?([A-Za-z][\w-]*)[\"']?\s*[=:]\s*[\"']?(.*?)[\"']?", re.DOTALL)
_TIMES: Final = {"t", "ts", "time", "timestamp"}
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_HEX: Final = re.compile(r"[0-9A-Fa-f]+")
_MILLISECONDS: Final = re.compile(r"[0-9]{13}")


@dataclass(frozen=True, slots=True)
class Note:
    """Something wrong with the header, or with a digest in it."""

    code: Code
    says: str


@dataclass(frozen=True, slots=True)
class Given:
    """One digest as it was given: in lower-case hex, and what is wrong with how it was written.

    *doubt* says why it may be no digest at all, which it is none if it does not match.
    """

    hex: str
    algorithm: str
    notes: tuple[Note, ...] = ()
    doubt: Note | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The times and digests of a header, in order, and what is wrong with it as a whole."""

    times: tuple[str, ...]
    given: tuple[Given, ...]
    notes: tuple[Note, ...]


def read(header: str) -> Reading:
    """Read *header*, however it is written; nothing is refused, much may be left empty."""
    text, notes = header[:_LONGEST].strip(), []
    stripped = _undressed(text)
    if stripped != text:
        notes.append(Note(Code.dressed, "there is something around the header's value that is not its own"))
    exact = [item.partition("=") for item in stripped.split(",")]
    times, digests, strange, plain = [], [], [], True
    for item in re.split(r"[,;&\s]+", stripped):
        found = _ITEM.fullmatch(item)
        name, value = (found[1], found[2]) if found else ("", item.strip("\"'"))
        if not value.strip("=") and len(name) > 20:  # the padding of base64 is no empty value
            name, value = "", item
        if name.lower() in _TIMES:
            times.append(value)
            plain = plain and any(part == ("t", "=", value) for part in exact)
        elif _digest_like(value) and (name or len(value) >= 27):
            digests.append(value)
            plain = plain and any(part == ("v1", "=", value) for part in exact)
        elif name == "v1" and value:
            strange.append(value)
    if times and digests and not plain:
        notes.append(Note(Code.dressed, "the header is not written as t=<unix>,v1=<hex> and nothing else"))
    if len(times) > 1:
        notes.append(Note(Code.repeated, f"the header holds t {len(times)} times"))
    elif not times and (digests or strange):
        notes.append(Note(Code.no_timestamp, "the header holds no t=<unix>"))
    if not digests and strange:
        notes.append(_no_digest(strange[0]))
    elif not digests and times:
        notes.append(Note(Code.no_digest, "the header holds no v1=<hex>"))
    elif not digests:
        notes.append(Note(Code.unreadable, "there is neither t=<unix> nor v1=<hex> in the header"))
    return Reading(
        times=tuple(times[:_MOST]),
        given=tuple(_given(digest) for digest in digests[:_MOST]),
        notes=tuple({note.code: note for note in notes}.values()),
    )


def time_note(text: str, unit: str) -> Note | None:
    """What is wrong with the header's t, or None."""
    if unit == "seconds" and _MILLISECONDS.fullmatch(text):
        return Note(Code.milliseconds, "t counts milliseconds; whole seconds are right")
    if not re.fullmatch(r"0|[1-9][0-9]{0,13}", text):
        return Note(
            Code.timestamp_unreadable, f"t is {shown(text)}; a whole number of {unit} since 1970 is right"
        )
    return None


def _undressed(text: str) -> str:
    name = re.match(rf"\s*(?:{SIGNATURE_HEADER}|HTTP_X_WEXIO_SIGNATURE)\s*[:=]\s*", text, re.IGNORECASE)
    text = text[name.end() :] if name else text
    if "%3D" in text.upper():
        text = unquote(text)
    for _ in range(3):  # ["…"], b'…'
        within = re.fullmatch(r"\s*(?:b?(['\"`])(.*)\1|\[(.*)\]|<(.*)>)\s*", text, re.DOTALL)
        if within is None:
            break
        text = next(part for part in within.groups()[1:] if part is not None)
    return text


def _digest_like(value: str) -> bool:
    return len(value) >= _SHORTEST_CUT and bool(_BASE64.fullmatch(value))


def _no_digest(text: str) -> Note:
    return Note(Code.no_digest, f"v1 is {shown(text)}: too short, or no hex")


def _given(text: str) -> Given:
    if _HEX.fullmatch(text):
        notes = [] if text == text.lower() else [Note(Code.upper_case, "v1 is written in upper-case hex")]
        digits = text.lower()
    elif decoded := _base64(text):
        notes = [Note(Code.base64, "v1 is written in base64; lower-case hex is right")]
        digits = decoded
    else:
        return Given(text.lower(), "sha256", doubt=_no_digest(text))
    algorithm = ALGORITHMS.get(len(digits), "sha256")
    if len(digits) not in ALGORITHMS and len(digits) < 64:
        notes.append(Note(Code.digest_cut, f"v1 has {len(digits)} of 64 digits: it was cut off"))
    elif algorithm != "sha256":
        named = algorithm.upper().replace("SHA", "SHA-")
        notes.append(
            Note(Code.other_digest, f"v1 is {named} by its length ({len(digits)} hex digits); SHA-256 has 64")
        )
    # 64 characters that are not all hex are base64 of a longer digest, or hex with a letter gone wrong.
    doubt = _no_digest(text) if len(text) == 64 and not _HEX.fullmatch(text) else None
    return Given(digits, algorithm, tuple(notes), doubt)


def _base64(text: str) -> str | None:
    try:
        raw = b64decode(
            text.rstrip("=").translate(str.maketrans("-_", "+/")) + "=" * (-len(text.rstrip("=")) % 4)
        )
    except (ValueError, binascii.Error):
        return None
    if len(raw) in ALGORITHMS and re.fullmatch(rb"[0-9A-Fa-f]+", raw):  # base64 of the hex text
        return raw.decode().lower()
    return raw.hex() if len(raw) * 2 in ALGORITHMS else None
