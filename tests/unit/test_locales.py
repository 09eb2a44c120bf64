import importlib
import re
import textwrap
from collections.abc import Iterator

import phonenumbers
import pytest

from sandbox.core.catalogue import CHANNELS
from sandbox.core.ids import Seed
from sandbox.core.locales import LOCALES, Locale, Numbers, locale_of
from sandbox.core.parse import read_scenario
from tests.people_page import INVALID, PAGE
from tests.people_page import written as written_page

MADE_UP = {name: locale for name, locale in LOCALES.items() if not locale.reserved}

each = pytest.mark.parametrize("locale", LOCALES.values(), ids=LOCALES)


def written(numbers: Numbers) -> Iterator[str]:
    """Every number of a short range; the ends of a long one and some between them."""
    size = numbers.high - numbers.low + 1
    step = 1 if size <= 2000 else size // 500
    for tail in {*range(numbers.low, numbers.high + 1, step), numbers.high}:
        yield f"{numbers.prefix}{tail:0{numbers.digits}d}"


def ranges(locale: Locale) -> int:
    return sum(numbers.high - numbers.low + 1 for numbers in locale.numbers)


@each
def test_every_number_of_every_locale_is_valid_and_of_its_country(locale):
    for numbers in locale.numbers:
        for number in written(numbers):
            parsed = phonenumbers.parse(number)
            assert phonenumbers.is_valid_number(parsed), number
            assert phonenumbers.region_code_for_number(parsed) == locale.country, number
            assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number


@pytest.mark.parametrize("locale", MADE_UP.values(), ids=MADE_UP)
def test_a_made_up_number_is_a_mobile_one_with_zeros_in_a_row(locale):
    people = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    for numbers in locale.numbers:
        assert numbers.prefix.endswith("000")
        assert {phonenumbers.number_type(phonenumbers.parse(number)) for number in written(numbers)} <= people


@each
def test_there_are_numbers_for_many_people(locale):
    assert ranges(locale) >= (400 if locale.reserved else 1000)


@each
def test_a_drawn_number_is_of_a_range_and_the_same_every_time(locale):
    allowed = {number for numbers in locale.numbers for number in all_of(numbers)}
    drawn = [locale.number(*Seed(seed).stream("contact/alex").integers(2)) for seed in range(200)]
    assert set(drawn) <= allowed
    assert drawn == [locale.number(*Seed(seed).stream("contact/alex").integers(2)) for seed in range(200)]
    assert len(set(drawn)) > 100


def all_of(numbers: Numbers) -> Iterator[str]:
    return (f"{numbers.prefix}{tail:0{numbers.digits}d}" for tail in range(numbers.low, numbers.high + 1))


def test_both_ends_of_a_range_are_drawn():
    numbers = Numbers(prefix="+4670174", low=605, high=607, digits=4)
    sweden = LOCALES["sv_SE"]
    short = Locale(
        name=sweden.name,
        country=sweden.country,
        numbers=(numbers,),
        reserved=True,
        source=sweden.source,
        channels=sweden.channels,
    )
    stream = Seed(0).stream("contact/alex")
    assert {short.number(*stream.integers(2)) for _ in range(100)} == {
        "+46701740605",
        "+46701740606",
        "+46701740607",
    }


@each
def test_every_channel_has_somebody_and_no_other_exists(locale):
    assert tuple(locale.channels) == CHANNELS
    assert all(weight > 0 for weight in locale.channels.values())
    assert sum(locale.channels.values()) == 100


@each
def test_every_locale_has_people_of_its_own_in_faker(locale):
    importlib.import_module(f"faker.providers.person.{locale.name}")
    assert locale.name.endswith(f"_{locale.country}")


@each
def test_a_source_says_whether_anyone_has_set_the_numbers_aside(locale):
    assert locale.source
    assert ("made up" in locale.source) is not locale.reserved


def test_locales_are_many_sorted_and_cannot_be_changed():
    assert len(LOCALES) >= 24
    assert list(LOCALES) == sorted(LOCALES)
    with pytest.raises(TypeError):
        LOCALES["sv_SE"] = LOCALES["de_DE"]
    with pytest.raises(TypeError):
        LOCALES["sv_SE"].channels["WHATSAPP"] = 0


@pytest.mark.parametrize("locale", LOCALES.values(), ids=lambda locale: locale.name)
def test_a_number_leads_back_to_its_country(locale):
    found = locale_of(locale.numbers[0].prefix + "0" * 4)
    assert found is not None
    assert found.country == locale.country


def test_the_page_of_people_says_what_the_code_does():
    text = PAGE.read_text(encoding="utf-8")
    assert text == written_page(text), "python -m tests.people_page writes the tables anew"


def test_the_examples_of_the_page_of_people_can_be_played():
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    contacts, steps = (textwrap.dedent(block) for block in blocks)
    text = f"name: x\n{contacts}steps:\n" + textwrap.indent(steps, "  ")
    assert read_scenario(text).problems == ()


@pytest.mark.parametrize(("country", "prefix", "digits", "source"), INVALID)
def test_what_the_page_calls_invalid_is_invalid(country, prefix, digits, source):
    for tail in range(0, 10**digits, 10**digits // 100):
        number = phonenumbers.parse(f"{prefix}{tail:0{digits}d}", country)
        assert not phonenumbers.is_valid_number(number), source


def test_a_number_from_elsewhere_leads_nowhere():
    assert locale_of("+99812345") is None
