"""HTML that cannot be broken by what stands in it: a string is text, and only `Html` is markup.

Whatever comes from a scenario or a subscriber passes through `text`: markup characters
are escaped, and what a reader would not see, or be deceived by, becomes visible.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import Final

from sandbox.core.present import MASK, plain

# Controls of both kinds, soft hyphens and spaces without width, marks that turn the
# direction of text around, line and paragraph separators, halves of characters, and
# what no text may hold.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_VOID: Final = frozenset({"meta", "br", "hr", "col"})


class Html(str):
    """Markup that is finished: nothing in it is escaped again."""

    __slots__ = ()


Child = str | None
"""Text, or `Html`; None is nothing."""


def text(value: str, *, lines: bool = False) -> Html:
    """*value* as text and nothing else; *lines* keeps line breaks and tabs as they are."""

    def show(found: re.Match[str]) -> str:
        character = found[0]
        if lines and character in "\n\t":
            return character
        name = plain(character)  # ␛, ␊ and so on
        if len(name) != 1 or name in (character, "\ufffd"):
            name = f"U+{ord(character):04X}"
        return f'<span class="unseen">{name}</span>'

    return Html(_UNSEEN.sub(show, escape(value, quote=False)))


def join(children: Iterable[Child]) -> Html:
    """*children* one after the other."""
    return Html("".join(child if isinstance(child, Html) else text(child) for child in children if child))


def tag(name: str, /, *children: Child, **attributes: str | bool | None) -> Html:
    """An element.  ``class_`` and ``aria_label`` read as they must; None and False leave an attribute out."""
    said = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{said}>")
    return Html(f"<{name}{said}>{join(children)}</{name}>")


def _attribute(key: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(plain(value))}"'


class Ink:
    """Writes what others have said: harmless, in its own direction, and without the secrets it is told."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first: a secret may hold another one.
        found = sorted(set(secrets), key=lambda item: (-len(item), item))
        self._secrets = re.compile("|".join(map(re.escape, found))) if found else None

    def mask(self, said: str) -> str:
        """*said*, with a mask in place of every secret."""
        return said if self._secrets is None else self._secrets.sub(MASK, said)

    def foreign(self, said: str, *, most: int = 2000) -> Html:
        """One line of foreign text, of which at most *most* characters are shown."""
        return tag("bdi", text(_cut(self.mask(said), most)))

    def block(self, said: str) -> Html:
        """Foreign text with its line breaks."""
        return tag("pre", tag("code", text(self.mask(said), lines=True)), dir="ltr", tabindex="0")

    def attribute(self, said: str, *, most: int = 300) -> str:
        """Foreign text for an attribute, which `tag` escapes."""
        return _cut(self.mask(said), most)


def _cut(said: str, most: int) -> str:
    return said if len(said) <= most else said[: most - 1] + "…"


def page(body: Html, *, title: str, style: str, version: str) -> bytes:
    """A whole document of one file: nothing is loaded and no script runs.

    The policy in its head lets the browser use *style*, known by its hash, and nothing else.
    """
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = join(
        (
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=policy),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="referrer", content="no-referrer"),
            tag("meta", name="generator", content=f"wexio-sandbox {version}"),
            tag("title", title),
            tag("style", Html(style)),
        )
    )
    document = tag("html", tag("head", head), tag("body", body), lang="en")
    return f"<!doctype html>\n{document}\n".encode()
