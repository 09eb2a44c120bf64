"""Where people come from: their numbers and the channels they prefer, by Faker's locales.

Every number is valid, so that a consumer's own check accepts it.  Where a regulator
has set numbers aside for fiction, they are those; elsewhere they are made up so that
one sees it.  Nothing here ever dials, but a recorded payload may reach someone who does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sandbox.core.catalogue import CHANNELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """A range of E.164 numbers, all of them valid."""

    prefix: str
    """All before the tail, with the plus: ``+4670174``."""
    low: int
    high: int
    """The tail's ends, both included."""
    digits: int
    """The tail's width, zeros in front."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    """A country in one of its languages."""

    name: str
    """Faker's name: ``sv_SE``."""
    country: str
    """ISO 3166: ``SE``."""
    numbers: tuple[Numbers, ...]
    reserved: bool
    """Whether a regulator has set all of these numbers aside for fiction."""
    source: str
    """Who has set them aside, or how one sees that they are made up."""
    channels: Mapping[str, int]
    """What share of people writes on which channel: our guess at the country, none of them 0."""

    def number(self, which: int, tail: int) -> str:
        """The number that these two draws make, each range as likely as the others; people may share one."""
        numbers = self.numbers[which % len(self.numbers)]
        tail = numbers.low + tail % (numbers.high - numbers.low + 1)
        return numbers.prefix + str(tail).zfill(numbers.digits)


def _tails(prefix: str, low: int, high: int, digits: int) -> Numbers:
    return Numbers(prefix=prefix, low=low, high=high, digits=digits)


def _reserved(name: str, source: str, channels: Mapping[str, int], *numbers: Numbers) -> Locale:
    return Locale(
        name=name, country=name[-2:], numbers=numbers, reserved=True, source=source, channels=channels
    )


def _made_up(name: str, prefix: str, channels: Mapping[str, int], why: str = "") -> Locale:
    """A thousand numbers: *prefix* ends in the zeros that give them away."""
    return Locale(
        name=name,
        country=name[-2:],
        numbers=(_tails(prefix, 0, 999, 3),),
        reserved=False,
        source=f"{why or _NOTHING_RESERVED}: made up of zeros after {prefix.rstrip('0')}, not set aside by anyone",
        channels=channels,
    )


def _shares(*weights: int) -> Mapping[str, int]:
    """WhatsApp, Telegram, Viber and Instagram, in the order of `CHANNELS`."""
    return MappingProxyType(dict(zip(CHANNELS, weights, strict=True)))


_NOTHING_RESERVED: Final = "no range for fiction is known to us"

_NANP: Final = "North American Numbering Plan: 555-0100 to 555-0199 of every area code are for fiction"
_PTS: Final = "PTS, Sweden: numbers for use in books and films"
_OFCOM: Final = "Ofcom, United Kingdom: telephone numbers for use in TV and radio drama"
_BNETZA: Final = "Bundesnetzagentur, Germany: numbers for use in media productions"
_ARCEP: Final = "Arcep, France: numbers for audiovisual works"

# Mobile numbers for drama, +44 7700 900xxx, exist as well; libraries call them invalid,
# as they do +33 6 39 98 xx xx and the Irish +353 20 91x xxxx.
_BRITISH_AREAS: Final = ("113", "114", "121", "131", "141", "151", "161")

# Area codes of one country each: the plan has no other mark of it.
_AMERICAN_AREAS: Final = (
    *("202", "206", "212", "213", "215", "303", "305", "312"),
    *("404", "415", "503", "512", "602", "617", "702", "713"),
)
_QUEBEC_AREAS: Final = ("418", "438", "450", "514", "819")


def _nanp(areas: tuple[str, ...]) -> tuple[Numbers, ...]:
    return tuple(_tails(f"+1{area}555", 100, 199, 4) for area in areas)


_ALL: Final = (
    _made_up("ar_SA", "+966500000", _shares(70, 14, 3, 13)),
    _made_up("bg_BG", "+359880000", _shares(22, 12, 52, 14)),
    _made_up("cs_CZ", "+420790000", _shares(64, 12, 6, 18)),
    _made_up("da_DK", "+4526000", _shares(46, 10, 4, 40)),
    _made_up("de_AT", "+436640000", _shares(72, 10, 4, 14)),
    _made_up("de_CH", "+41790000", _shares(74, 9, 3, 14)),
    # Mobile numbers are scarce, but people write from them.
    _reserved(
        "de_DE",
        _BNETZA,
        _shares(76, 12, 2, 10),
        _tails("+4917139200", 0, 99, 2),
        _tails("+49176040690", 0, 99, 2),
        *(
            _tails(prefix, 0, 999, 3)
            for prefix in ("+493023125", "+494066969", "+492214710", "+496990009", "+498999998")
        ),
    ),
    _made_up("el_GR", "+306900000", _shares(28, 6, 52, 14)),
    _reserved(
        "en_GB",
        _OFCOM,
        _shares(76, 6, 3, 15),
        _tails("+442079460", 0, 999, 3),
        *(_tails(f"+44{area}4960", 0, 999, 3) for area in _BRITISH_AREAS),
    ),
    _made_up(
        "en_IE",
        "+353890000",
        _shares(74, 5, 5, 16),
        "ComReg has 020 91x xxxx for drama, which libraries call invalid",
    ),
    _made_up("en_IN", "+916000000", _shares(72, 14, 1, 13)),
    _made_up("en_NZ", "+64270000", _shares(50, 8, 6, 36)),
    _reserved("en_US", _NANP, _shares(38, 14, 4, 44), *_nanp(_AMERICAN_AREAS)),
    _made_up("es_AR", "+5491100000", _shares(80, 6, 1, 13)),
    _made_up("es_CL", "+56910000", _shares(78, 5, 1, 16)),
    _made_up("es_CO", "+573510000", _shares(78, 7, 1, 14)),
    _made_up("es_ES", "+34710000", _shares(75, 12, 1, 12)),
    _made_up("es_MX", "+525500000", _shares(78, 6, 1, 15)),
    _made_up("et_EE", "+37250000", _shares(44, 14, 14, 28)),
    _made_up("fi_FI", "+358450000", _shares(72, 12, 1, 15)),
    _made_up("fr_BE", "+32450000", _shares(68, 6, 8, 18)),
    _reserved("fr_CA", _NANP, _shares(40, 9, 5, 46), *_nanp(_QUEBEC_AREAS)),
    _reserved(
        "fr_FR",
        _ARCEP,
        _shares(64, 12, 4, 20),
        _tails("+331990", 0, 99999, 5),
        *(_tails(prefix, 0, 9999, 4) for prefix in ("+3326191", "+3335301", "+3346571", "+3353649")),
    ),
    _made_up("he_IL", "+972500000", _shares(70, 18, 2, 10)),
    _made_up("hi_IN", "+916000000", _shares(74, 14, 1, 11)),
    _made_up("hr_HR", "+385910000", _shares(52, 5, 28, 15)),
    _made_up("hu_HU", "+36200000", _shares(32, 8, 38, 22)),
    _made_up("id_ID", "+6281200000", _shares(74, 12, 1, 13)),
    _made_up("it_IT", "+393200000", _shares(74, 12, 1, 13)),
    _made_up("ja_JP", "+818010000", _shares(12, 8, 4, 76)),
    _made_up("lv_LV", "+37120000", _shares(64, 10, 6, 20)),
    _made_up("nl_BE", "+32450000", _shares(72, 5, 3, 20)),
    _made_up("nl_NL", "+31610000", _shares(78, 6, 1, 15)),
    _made_up("no_NO", "+4745000", _shares(34, 12, 6, 48)),
    _made_up("pl_PL", "+48450000", _shares(64, 8, 10, 18)),
    _made_up("pt_BR", "+5511900000", _shares(74, 9, 1, 16)),
    _made_up("pt_PT", "+351910000", _shares(70, 6, 6, 18)),
    _made_up("ro_RO", "+40700000", _shares(76, 6, 3, 15)),
    _made_up("sk_SK", "+421950000", _shares(56, 8, 18, 18)),
    _made_up("sl_SI", "+38631000", _shares(38, 6, 40, 16)),
    _reserved(
        "sv_SE",
        _PTS,
        _shares(42, 12, 5, 41),
        _tails("+4670174", 605, 699, 4),
        _tails("+46313900", 600, 699, 3),
        _tails("+46406280", 400, 499, 3),
        _tails("+46846500", 400, 499, 3),
        _tails("+46980319", 200, 299, 3),
    ),
    _made_up("tr_TR", "+905000000", _shares(72, 12, 1, 15)),
    _made_up("uk_UA", "+380500000", _shares(10, 46, 34, 10)),
)

LOCALES: Final[Mapping[str, Locale]] = MappingProxyType({locale.name: locale for locale in _ALL})
"""Every locale by its name.

Those without people of their own in Faker are missing: it would answer for
``en_AU``, ``fil_PH`` or ``ar_EG`` with the names of another country.
"""

_BY_CALLING_CODE: Final = {
    "+1": "en_US",
    "+30": "el_GR",
    "+31": "nl_NL",
    "+32": "nl_BE",
    "+33": "fr_FR",
    "+34": "es_ES",
    "+351": "pt_PT",
    "+353": "en_IE",
    "+358": "fi_FI",
    "+359": "bg_BG",
    "+36": "hu_HU",
    "+371": "lv_LV",
    "+372": "et_EE",
    "+380": "uk_UA",
    "+385": "hr_HR",
    "+386": "sl_SI",
    "+39": "it_IT",
    "+40": "ro_RO",
    "+41": "de_CH",
    "+420": "cs_CZ",
    "+421": "sk_SK",
    "+43": "de_AT",
    "+44": "en_GB",
    "+45": "da_DK",
    "+46": "sv_SE",
    "+47": "no_NO",
    "+48": "pl_PL",
    "+49": "de_DE",
    "+52": "es_MX",
    "+54": "es_AR",
    "+55": "pt_BR",
    "+56": "es_CL",
    "+57": "es_CO",
    "+62": "id_ID",
    "+64": "en_NZ",
    "+81": "ja_JP",
    "+90": "tr_TR",
    "+91": "en_IN",
    "+966": "ar_SA",
    "+972": "he_IL",
    **{f"+1{area}": "fr_CA" for area in _QUEBEC_AREAS},
}


def locale_of(phone: str) -> Locale | None:
    """Where somebody with this number is likely to live, as far as we know people there."""
    codes = (phone[:length] for length in (5, 4, 3, 2))
    return next((LOCALES[_BY_CALLING_CODE[code]] for code in codes if code in _BY_CALLING_CODE), None)
