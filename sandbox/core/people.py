"""Who people are: names of a locale in its own script, and what they are in Latin letters.

Faker is asked once for each locale, for a fixed number of names from a fixed seed; a
person is then two draws from these.  The same stream gives the same person with the
same version of Faker, whatever else has been drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import dropwhile
from typing import TYPE_CHECKING, Final, NamedTuple
from unicodedata import category, combining, normalize
from unicodedata import name as unicode_name

from sandbox.core import names
from sandbox.core.ids import Stream

if TYPE_CHECKING:
    from faker import Faker


class FullName(NamedTuple):
    """A given and a family name that go together."""

    first: str
    latin_first: str
    last: str
    latin_last: str
    """The same for user names and addresses: each at least two letters from a to z."""


Name = tuple[str, str]
"""As it is written, and in Latin letters."""

Pool = tuple[tuple[Name, ...], tuple[Name, ...]]
"""Given names, family names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """A locale's names, women's apart from men's: family names may tell them apart too."""

    women: Pool
    men: Pool

    def draw(self, stream: Stream) -> FullName:
        """A person, by two draws from *stream*; women and men are equally likely."""
        return self.pick(*stream.integers(2))

    def pick(self, number: int, other: int) -> FullName:
        """The person whom these two draws make."""
        # One draw for the gender and the given name: the pools differ in length.
        number &= 0xFFFFFFFF
        given, family = self.women if number & 1 else self.men
        return FullName(*given[(number >> 1) % len(given)], *family[other % len(family)])


@cache
def names_of(locale: str) -> Names:
    """The names of *locale*, which is one that Faker knows; made once, in some milliseconds."""
    if locale in _READ:
        women, men, families = _READ[locale]
        return Names(women=(women, families), men=(men, families))
    # Here and not above: whoever only replays recorded payloads need not load Faker.
    from faker import Faker  # noqa: PLC0415

    # Weighted draws are ten times as slow, and what is drawn twice is kept once anyway.
    fake = Faker(locale, providers=["faker.providers.person"], use_weighting=False)
    fake.seed_instance(_SEED)
    hers, his = _japanese(fake) if locale == "ja_JP" else _ordinary(fake, locale)
    return Names(women=hers, men=his)


# Of these the letters do not say how they are read, and Faker does not either.
_READ: Final = {
    "ar_SA": (names.ARABIC_WOMEN, names.ARABIC_MEN, names.ARABIC_FAMILIES),
    "he_IL": (names.HEBREW_WOMEN, names.HEBREW_MEN, names.HEBREW_FAMILIES),
}
_SEED: Final = 2026
_DRAWS: Final = 200


def _ordinary(fake: Faker, locale: str) -> tuple[Pool, Pool]:
    if locale == "bg_BG":
        women, men, family = names.BULGARIAN_WOMEN, names.BULGARIAN_MEN, names.BULGARIAN_FAMILIES
        female = tuple(f"{name}а" for name in family)
    elif locale == "tr_TR":
        women, men, female = names.TURKISH_WOMEN, names.TURKISH_MEN, names.TURKISH_FAMILIES
        family = female
    else:
        women, female = _drawn(fake.first_name_female), _drawn(fake.last_name_female)
        men, family = _drawn(fake.first_name_male), _drawn(fake.last_name_male)
    if locale == "pl_PL":
        # Faker's are without gender on purpose and contain, by oversight, adjectives of
        # one gender; but every third Pole has a name that has two forms.
        female = (*_genderless(female), *(f"{name[:-1]}a" for name in names.POLISH_FAMILIES))
        family = (*_genderless(family), *names.POLISH_FAMILIES)
    return (
        (_named(women, locale), _named(female, locale)),
        (_named(men, locale), _named(family, locale)),
    )


def _japanese(fake: Faker) -> tuple[Pool, Pool]:
    """Characters do not say how they are read; Faker does, in pairs."""
    family = _read(fake.last_name_pair)
    return (_read(fake.first_name_female_pair), family), (_read(fake.first_name_male_pair), family)


def _read(draw: Callable[[], tuple[str, str, str]]) -> tuple[Name, ...]:
    pairs = dict.fromkeys(draw() for _ in range(_DRAWS))
    return tuple((written, latin(romaji)) for written, _, romaji in pairs)


def _drawn(draw: Callable[[], str]) -> tuple[str, ...]:
    return tuple(draw().strip() for _ in range(_DRAWS))


def _named(given: Iterable[str], locale: str) -> tuple[Name, ...]:
    """Each of *given* once, in their order, without those that are no plain names."""
    plain = ((name, latin(name, locale)) for name in dict.fromkeys(given) if _is_plain(name))
    return tuple(named for named in plain if _LATIN.fullmatch(named[1]))


_LATIN: Final = re.compile(r"[a-z]{2,}")

# Latin letters among others are slips of a keyboard: Васовa ends in one.
_MIXED: Final = re.compile(r"[A-Za-z].*[\u0370-\u1dff]|[\u0370-\u1dff].*[A-Za-z]")

_PARTICLES: Final = frozenset(
    names.words("'s 't da das de del den der di do dos du la las le los ten ter van von zu zum zur")
)

# Names that make a reader think of one person only.
_UNFIT: Final = frozenset({"Adolf", "Адольф", "Бандера", "بن لادن", "آل سعود"})


def _is_plain(name: str) -> bool:
    """Whether *name* is free of titles, initials and what does not belong in a name."""
    words = name.split(" ")
    # Particles come first: de la Torre, but no Aelftrud van Wessex.
    proper = list(dropwhile(_PARTICLES.__contains__, words))
    return (
        bool(proper)
        and len(words) <= 3
        and all(_is_word(word) for word in proper)
        and _MIXED.search(name) is None
        and name not in _UNFIT
    )


def _is_word(word: str) -> bool:
    # Alphabets with two cases write a name with a capital; all capitals are an initial or a number.
    # Vowel signs (the Hindi ones) are no letters to isalpha(), and begin no word.
    if not word or not word[0].isalpha() or word.isupper():
        return False
    if any(part[:1].islower() or not part for part in word.split("-")):
        return False
    return word.isalpha() or all(
        letter.isalpha() or letter in "-'’ʼ׳" or category(letter) in {"Mn", "Mc"} for letter in word
    )


def _genderless(families: Iterable[str]) -> Iterator[str]:
    return (name for name in families if not _POLISH_ADJECTIVE.search(name))


_POLISH_ADJECTIVE: Final = re.compile(
    r"([sc]k|dzk)[ia]$|[^aeiouó]y$|[^aeiouyó]na$|(ał|oł|pł|at|ow|ar|iw|og)a$"
)


# --- in Latin letters ----------------------------------------------------------------


def latin(text: str, locale: str = "") -> str:
    """*text* as lower-case letters a to z and digits, for user names and addresses.

    Good enough to be read; no standard's transliteration.  What does not say how it is
    read (kanji, symbols) is left out, so that the result may be empty.  *locale*
    matters where languages share an alphabet: without it Cyrillic is read as Ukrainian.
    """
    text = text.lower()
    if not text.isascii():
        text = normalize("NFKC", text).lower()
        text = _HINDI_A.sub("a", _KANA.sub(_hepburn, text))
        if locale != "bg_BG":
            text = _START.sub(lambda start: _AT_START[start[0]], text)
        # Before marks come off, for й is no и.
        text = text.translate(_BULGARIAN if locale == "bg_BG" else _UKRAINIAN)
        text = "".join(letter for letter in normalize("NFKD", text) if not combining(letter))
        text = _GREEK_PAIR.sub(lambda pair: _GREEK_PAIRS[pair[0]], text).translate(_OTHERS)
    return _REST.sub("", text)


_REST: Final = re.compile(r"[^a-z0-9]+")

_KANA: Final = re.compile(r"[ぁ-ゖァ-ヺ]+")
_HEPBURN: Final = {"si": "shi", "ti": "chi", "tu": "tsu", "hu": "fu", "zi": "ji", "di": "ji", "du": "zu"}


def _hepburn(kana: re.Match[str]) -> str:
    # Their Unicode names are how they are read: HIRAGANA LETTER SMALL YA.
    called = [unicode_name(letter).lower().split()[2:] for letter in kana[0]]
    sounds = "".join("_" * (len(name) - 1) + _HEPBURN.get(name[-1], name[-1]) for name in called)
    sounds = re.sub(r"(?<=[sc]h)i_y|(?<=j)i_y", "", sounds)  # shi + small ya is sha
    sounds = re.sub(r"i_y", "y", sounds)  # ki + small ya is kya
    return re.sub(r"_tsu(.)", r"\1\1", sounds)  # small tsu doubles what follows


def _table(letters: str, *more: str) -> dict[int, str]:
    """From pairs of a letter and what it becomes; a letter alone becomes nothing."""
    pairs = " ".join((letters, *more)).split()
    return {ord(pair[0]): pair[1:] for pair in pairs}


_UKRAINIAN: Final = _table(
    "аa бb вv гh ґg дd еe єie жzh зz иy іi їi йi кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щshch ь юiu яia",
    "ёe ыy эe ъ",
)
_BULGARIAN: Final = _UKRAINIAN | _table("гg иi йy хh щsht ъa ьy юyu яya")

# Letters that are read otherwise where a word begins.
_AT_START: Final = {
    "є": "ye",
    "ї": "yi",
    "й": "y",
    "ю": "yu",
    "я": "ya",
    "зг": "zgh",
    "ו": "v",
    "י": "y",
    "و": "w",
    "ي": "y",
}
_START: Final = re.compile(r"(?<![^\W\d_])[єїйюяוי\u0648\u064a]|зг")

_GREEK_PAIRS: Final = {"ου": "ou", "αυ": "av", "ευ": "ev", "μπ": "b", "γγ": "ng", "γκ": "gk", "γχ": "nch"}
_GREEK_PAIR: Final = re.compile("|".join(_GREEK_PAIRS))

# A Hindi consonant is followed by an a unless a sign says otherwise or the word ends.
_HINDI_A: Final = re.compile(r"(?<=[क-ह])(?=[ऀ-ःअ-ह])|(?<=[क-ह]़)(?=[ऀ-ःअ-ह])")

_OTHERS: Final = _table(
    "ßss øo łl đd ðd þth æae œoe ıi ħh ŋn əa",
    "αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo",
    "אa בb גg דd הh וo זz חh טt יi כk ךk לl מm םm נn ןn סs עa פp ףf צts ץts קk רr שsh תt",
    "اa بb تt ثth جj حh خkh دd ذdh رr زz سs شsh صs ضd طt ظz عa غgh فf قq كk لl مm نn هh وu يi ىa ةa ء",
    "پp چch گg ژzh کk یi ڤv",
    "अa आa इi ईi उu ऊu ऋri एe ऐai ऑo ओo औau ाa िi ीi ुu ूu ृri ॅe ेe ैai ॉo ोo ौau ंn ँn ः ् ़",
    "कk खkh गg घgh ङn चch छchh जj झjh ञn टt ठth डd ढdh णn तt थth दd धdh नn पp फph बb भbh मm यy रr लl ळl",
    "वv शsh षsh सs हh",
)
