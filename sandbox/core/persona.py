"""A person of the cast: who they are, and how each channel shows them.

What may be pinned is drawn first and laid over afterwards, so that pinning one field
changes no other, except those that must fit it: a user name fits the name, a name
without a locale fits the phone number.
"""

from __future__ import annotations

import re
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from itertools import accumulate
from typing import Any, Final, NamedTuple

from sandbox.core.catalogue import CHANNEL_ID_FIELD, CHANNELS
from sandbox.core.errors import UsageError
from sandbox.core.ids import Stream
from sandbox.core.locales import LOCALES, Locale, locale_of
from sandbox.core.payloads import CONTACT_FIELDS
from sandbox.core.people import latin, names_of
from sandbox.core.profile import TypesProfile

Pins = Mapping[str, Any]

PINNABLE: Final = (*CONTACT_FIELDS, "locale", "username", "photoUrl", *CHANNEL_ID_FIELD.values())
"""What a contact of a scenario may say about itself; None leaves a field out."""

PHOTOS: Final = "https://photos.wexio.example"  # a reserved name: it resolves nowhere
_MAIL: Final = ("example.com", "example.net", "example.org")
_TAGS: Final = ("customer", "newsletter", "vip", "wholesale", "returning", "trial", "partner")
_PLANS: Final = ("basic", "plus", "pro")


# Named tuples, because each event makes them and they cost half of a frozen dataclass;
# what most events do not show is made when it is asked for.


class Person(NamedTuple):
    """Who somebody is, on whatever channel they write."""

    locale: Locale
    first: str
    last: str
    latin_first: str  # in letters from a to z
    latin_last: str
    phone: str
    draws: Sequence[int]  # for the rest, one each

    @property
    def email(self) -> str:
        """An address that fits the name, and leads nowhere."""
        name = ".".join(part for part in (self.latin_first, self.latin_last) if part)
        return f"{name or 'someone'}@{_MAIL[self.draws[2] % 3]}"

    @property
    def handle(self) -> str:
        """A user name that fits the name."""
        return _handle(self.latin_first, self.latin_last, 1 + self.draws[0] % 99, self.draws[1] % 4)

    @property
    def tags(self) -> tuple[str, ...]:
        """What Wexio's people have noted about them."""
        return (_TAGS[self.draws[3] % len(_TAGS)],)

    @property
    def orders(self) -> int:
        """How often they have ordered."""
        return 1 + self.draws[4] % 40

    @property
    def plan(self) -> str:
        """What they have subscribed to."""
        return _PLANS[self.draws[5] % 3]


class Appearance(NamedTuple):
    """What one channel knows of a person."""

    channel_id: str
    username: str | None
    photo_url: str | None
    shows_last_name: bool
    shares_phone: bool


def check_pins(name: str, pins: Pins) -> None:
    """Raise `UsageError` where the contact *name* pins what no contact has."""
    for field in pins:
        if field not in PINNABLE:
            near = get_close_matches(str(field), PINNABLE, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(PINNABLE)}"
            raise UsageError(f"the contact {name!r} has no field {field!r}: {hint}")
    locale = pins.get("locale")
    if locale is not None and locale not in LOCALES:
        near = get_close_matches(str(locale), LOCALES, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(LOCALES)}"
        raise UsageError(f"the contact {name!r}: no people are known for the locale {locale!r}: {hint}")


def person(stream: Stream, *, channel: str | None = None, pins: Pins | None = None) -> Person:
    """Somebody from *stream*; from a country where people write on *channel*."""
    # One draw of eleven, for the place, the name, the number and the rest: a draw costs more than an integer.
    place, given, family, which, tail, *draws = stream.integers(11)
    ends, locales = _roulette(channel)
    locale = locales[bisect_right(ends, place % ends[-1])]
    if pins and (pinned := _pinned_locale(pins)):
        locale = pinned
    first, latin_first, last, latin_last = names_of(locale.name).pick(given, family)
    if pins:
        if pins.get("firstName", first) != first:
            first = pins["firstName"] or ""
            latin_first = latin(first, locale.name)
        if pins.get("lastName", last) != last:
            last = pins["lastName"] or ""
            latin_last = latin(last, locale.name)
    return Person(locale, first, last, latin_first, latin_last, locale.number(which, tail), draws)


def appearance(stream: Stream, who: Person, channel: str, types: TypesProfile) -> Appearance:
    """How *channel* shows *who*, drawn from *stream*."""
    channel_id: str = pattern(getattr(types, _PATTERN[channel]))(stream)
    dice = stream.take(12)
    username = has_photo = last_name = phone = True
    match channel:
        case "WHATSAPP":  # the number is the address; the business side sees no picture
            username, has_photo, last_name = False, False, dice[2] < 220
        case "TELEGRAM":
            username, has_photo, last_name, phone = dice[0] < 190, dice[1] < 150, dice[2] < 180, dice[3] < 60
        case "VIBER":
            username, has_photo, last_name, phone = False, dice[1] < 170, dice[2] < 200, dice[3] < 100
        case _:  # INSTAGRAM
            has_photo, phone = dice[1] < 230, False
    handle = None
    if username:
        handle = who.handle if channel == "INSTAGRAM" else who.handle.replace(".", "_")
    photo_url = f"{PHOTOS}/{dice[4:].hex()}.jpg" if has_photo else None
    return Appearance(channel_id, handle, photo_url, last_name, phone)


_PATTERN: Final = {channel: CHANNEL_ID_FIELD[channel].replace("Id", "_id") for channel in CHANNELS}


def _handle(first: str, last: str, digits: int, form: int) -> str:
    if not first or not last:
        return f"{(first or last or 'user')[:20]}_{digits:02d}{form}"
    text = (f"{first}.{last}", f"{first}_{last}", f"{first}{last}{digits}", f"{first[0]}{last}{digits}")[form]
    return text[:28] if len(text) >= 5 else f"{text}_{digits:02d}"


# --- countries ---------------------------------------------------------------------


@cache
def _roulette(channel: str | None) -> tuple[list[int], list[Locale]]:
    """Where each locale's share ends, and the locales."""
    locales = list(LOCALES.values())
    shares = (sum(item.channels.values()) if channel is None else item.channels[channel] for item in locales)
    return list(accumulate(shares)), locales


def _pinned_locale(pins: Pins) -> Locale | None:
    name = pins.get("locale")
    if name is not None:
        return LOCALES[name]
    phone = pins.get("phoneNumber")
    return locale_of(phone) if isinstance(phone, str) else None


# --- channel ids ---------------------------------------------------------------------

_PIECE: Final = re.compile(r"\{([^{}]*)\}")
_KIND: Final = re.compile(r"(digits|hex|base64):([0-9]{1,3})(?:-([0-9]{1,3}))?")


@cache
def pattern(text: str) -> Callable[[Stream], str]:
    """What draws an id in the form of *text*: ``wa_{digits:8}``, ``{digits:15-17}``, ``{hex:24}``, ``{base64:16}``.

    Raises `UsageError` where *text* is no pattern.
    """
    pieces: list[str | tuple[str, int, int]] = []
    for index, part in enumerate(_PIECE.split(text)):
        if index % 2 == 0:
            if "{" in part or "}" in part:
                raise UsageError(f"{text!r} is no pattern of an id: a brace without its partner")
            pieces.append(part)
            continue
        found = _KIND.fullmatch(part)
        low = int(found[2]) if found else 0
        high = int(found[3] or low) if found else 0
        if found is None or not 1 <= low <= high <= 64:
            raise UsageError(
                f"{text!r} is no pattern of an id: {{{part}}} is none of {{digits:8}}, {{digits:15-17}}, "
                "{hex:24}, {base64:16}, with at most 64"
            )
        pieces.append((found[1], low, high))
    if not any(isinstance(piece, tuple) for piece in pieces):
        raise UsageError(f"{text!r} is no pattern of an id: every contact would have the same")

    def draw(stream: Stream) -> str:
        made = ""
        for piece in pieces:
            if isinstance(piece, str):
                made += piece
                continue
            kind, low, high = piece
            size = low if low == high else stream.between(low, high)
            if kind == "digits":
                made += stream.digits(size)
            elif kind == "hex":
                made += stream.take((size + 1) // 2).hex()[:size]
            else:
                made += b64encode(stream.take(size)).decode()
        return made

    return draw
