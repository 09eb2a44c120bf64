"""How a signature may have been made otherwise: with another key, or over other bytes around the body.

Each is a guess that somebody has made by mistake; whether it is the one, only a
digest that matches can prove.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar
from unicodedata import normalize

from sandbox.core.advice import Code
from sandbox.core.moments import isoformat
from sandbox.core.profile import SignatureProfile

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Guess(Generic[T]):
    """Something that may be otherwise than it should be; ``code`` None is: as it should be."""

    code: Code | None
    says: str
    value: T


# --- keys --------------------------------------------------------------------------

_QUOTES: Final = (b'"', b"'", b"`")
_UNSET: Final = (b"", b"undefined", b"null", b"None", b"nil", b"false")


def keys(
    secret: bytes, others: Mapping[str, bytes], prefix: str, own: tuple[str, bytes] | None = None
) -> Iterator[Guess[bytes]]:
    """The keys that may have been used instead of *secret*, likely ones first; the right one leads.

    *others* are the secrets of other connections, by name, *own* is the name of the connection
    in question and its secret.  No secret is in any text.
    """
    seen: set[bytes] = set()
    for guess in _keys(secret, others, prefix.encode(), own):
        if guess.value not in seen:
            seen.add(guess.value)
            yield guess


def _keys(
    secret: bytes, others: Mapping[str, bytes], prefix: bytes, own: tuple[str, bytes] | None
) -> Iterator[Guess[bytes]]:
    yield Guess(None, "", secret)
    for name, other in others.items():
        yield Guess(
            Code.other_connection,
            f"the secret that signed is that of another connection: {ascii(name)[1:-1]}",
            other,
        )
    space, quoted = Code.secret_white_space, Code.secret_quoted
    stripped = secret.strip()
    yield Guess(space, f"the secret here has {_around(secret)}, and the one that signed has not", stripped)
    for quote in _QUOTES:
        if len(stripped) > 1 and stripped.startswith(quote) and stripped.endswith(quote):
            yield Guess(quoted, "the secret here has quotes around it", stripped[1:-1])
    for more, what in ((b"\n", "a line break"), (b"\r\n", "a line break (CRLF)"), (b" ", "a space")):
        yield Guess(space, f"the secret that signed has {what} at its end", secret + more)
    yield Guess(space, "the secret that signed has a space before it", b" " + secret)
    for quote in _QUOTES:
        yield Guess(quoted, "the secret that signed has quotes around it", quote + secret + quote)
    if prefix:
        yield from _prefixed(stripped, prefix)
    for text, what in ((secret, "the secret"), (stripped, "the secret")):
        for raw, how in _decoded(text):
            yield Guess(Code.secret_decoded, f"the key that signed is {what} decoded from {how}", raw)
    yield from _spelled(secret)
    for word in _UNSET:
        named = f"the text {word.decode()}" if word else "empty"
        yield Guess(Code.secret_unset, f"the secret that signed is {named}: it was not set there", word)
    if own is not None:  # last: how the one here differs from it says more than that it does
        says = f"the secret here is not that of the connection {ascii(own[0])[1:-1]}, which signed"
        yield Guess(Code.wrong_secret, says, own[1])


def _around(secret: bytes) -> str:
    if secret.lstrip() != secret:
        return "white space before it"
    return "a line break at its end" if secret.endswith(b"\n") else "white space at its end"


def _prefixed(secret: bytes, prefix: bytes) -> Iterator[Guess[bytes]]:
    shown = ascii(prefix.decode())[1:-1]
    if not secret.startswith(prefix):
        yield Guess(
            Code.secret_prefix, f"the secret here lacks {shown}, with which it signed", prefix + secret
        )
        return
    bare = secret.removeprefix(prefix)
    yield Guess(Code.secret_prefix, f"the key that signed is the secret without its {shown}", bare)
    for raw, how in _decoded(bare):
        says = f"the key that signed is the secret without {shown}, decoded from {how}"
        yield Guess(Code.secret_decoded, f"{says} (as Svix does it)" if "base64" in how else says, raw)
    yield Guess(Code.secret_prefix, f"the secret that signed has {shown} twice", prefix + secret)


def _decoded(text: bytes) -> Iterator[tuple[bytes, str]]:
    if re.fullmatch(rb"(?:[0-9A-Fa-f]{2})+", text):
        yield bytes.fromhex(text.decode()), "hex"
    bare = text.rstrip(b"=")
    if re.fullmatch(rb"[A-Za-z0-9+/_-]+", bare) and len(bare) % 4 != 1:
        try:
            yield b64decode(bare.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(bare) % 4)), "base64"
        except binascii.Error:
            return


def _spelled(secret: bytes) -> Iterator[Guess[bytes]]:
    if secret.isascii():
        return
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        return
    for form in ("NFC", "NFD"):
        says = f"the secret's letters are composed otherwise in the one that signed (Unicode {form})"
        yield Guess(Code.secret_encoding, says, normalize(form, text).encode())
    try:
        yield Guess(
            Code.secret_encoding, "the key that signed is the secret in Latin-1", text.encode("latin-1")
        )
    except UnicodeEncodeError:
        return


# --- what stands around the body -----------------------------------------------------

Around = tuple[bytes, bytes]
"""What is signed before the body, and after it."""

_SEPARATORS: Final = {
    b"": "nothing",
    b":": "a colon",
    b"\n": "a line break",
    b" ": "a space",
    b"|": "a bar",
    b"-": "a hyphen",
    b",": "a comma",
    b"_": "an underscore",
    b";": "a semicolon",
    b"&": "an ampersand",
}


def forms(
    t: str, *, rules: SignatureProfile, headers: Mapping[str, str], event_id: str | None
) -> Iterator[Guess[Around]]:
    """What may have been signed around the body, for a header's *t* (may be empty); the right one leads.

    *headers* are those of the request, by lower-case name.
    """
    seen: set[Around] = set()
    for guess in _forms(t, rules, headers, event_id):
        if guess.value not in seen:
            seen.add(guess.value)
            yield guess


def _forms(
    t: str, rules: SignatureProfile, headers: Mapping[str, str], event_id: str | None
) -> Iterator[Guess[Around]]:
    stamp = t.encode("utf-8", "replace")
    if rules.signed == "body":
        yield Guess(None, "", (b"", b""))
        with_time = "the signature is over t, a dot and the body; the body alone is expected"
        yield Guess(Code.timestamp_signed, with_time, (stamp + b".", b""))
    else:
        yield Guess(None, "", (stamp + b".", b""))
        yield Guess(Code.body_alone, "the signature is over the body alone, without t and a dot", (b"", b""))
    for separator, what in _SEPARATORS.items():
        says = f"the signature is over t, {what} and the body; a dot belongs between them"
        yield Guess(Code.other_separator, says, (stamp + separator, b""))
    for separator, what in ((b".", "a dot"), (b"", "nothing"), (b":", "a colon")):
        says = f"the signature is over the body, {what} and t; t comes first"
        yield Guess(Code.other_order, says, (b"", separator + stamp))
    for scheme in (b"v1", b"v0"):
        says = f"the signature is over {scheme.decode()}:t:body (as Slack does it)"
        yield Guess(Code.other_separator, says, (scheme + b":" + stamp + b":", b""))
    whole = "the signature is over t=<unix>, a dot and the body: t's name is not signed"
    yield Guess(Code.other_separator, whole, (b"t=" + stamp + b".", b""))
    for name in dict.fromkeys((event_id, headers.get("x-wexio-event-id"), headers.get("svix-id"))):
        if name:
            says = "the signature is over the event's id, t and the body (as Svix does it)"
            yield Guess(Code.id_signed, says, (f"{name}.{t}.".encode("utf-8", "replace"), b""))
    for other, what in _other_times(t, headers):
        says = f"the time that was signed is {what}, not the text of the header's t"
        yield Guess(Code.other_timestamp, says, (other.encode("utf-8", "replace") + b".", b""))


def _other_times(t: str, headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if re.fullmatch(r"[1-9][0-9]{8,10}", t):
        moment = datetime.fromtimestamp(int(t), UTC)
        yield t + "000", "t in milliseconds"
        yield t + ".0", "t with a decimal point"
        yield isoformat(moment), "t in ISO-8601"
        yield f"{moment:%Y-%m-%dT%H:%M:%SZ}", "t in ISO-8601"
    elif re.fullmatch(r"[1-9][0-9]{12}", t):
        yield t[:-3], "t in seconds"
    elif found := re.match(r"([0-9]{9,11})\.[0-9]+", t):
        yield found[1], "t in whole seconds"
    if stamp := headers.get("x-wexio-timestamp"):
        yield stamp, "that of X-Wexio-Timestamp"
