"""The page of people: `scenarios/PEOPLE.md` holds tables, and here they are made from the code.

``python -m tests.people_page`` writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import phonenumbers

from sandbox.core.locales import LOCALES, Numbers

PAGE: Final = Path(__file__).parents[1] / "scenarios" / "PEOPLE.md"

INVALID: Final = (
    ("GB", "+447700900", 3, "Ofcom: mobile numbers for drama"),
    ("FR", "+3363998", 4, "Arcep: mobile numbers for audiovisual works"),
    ("IE", "+3532091", 5, "ComReg: numbers for drama"),
)
"""Reserved ranges of which no number is valid: country, beginning, digits that follow, source."""


def tables() -> dict[str, str]:
    """Each table by the name of its place in the page."""
    return {"ranges": _ranges(), "channels": _channels(), "invalid": _invalid()}


def written(text: str) -> str:
    """*text*, with the tables as they are made now."""
    for name, table in tables().items():
        before, mark, rest = text.partition(f"<!-- {name} -->\n")
        assert mark, name
        text = f"{before}{mark}{table}<!-- end -->{rest.partition('<!-- end -->')[2]}"
    return text


def _ranges() -> str:
    rows = [
        f"| `{locale.name}` | {locale.country} | {_span(numbers)} | {_kind(numbers)} | "
        f"{'yes' if locale.reserved else 'no'} | {'yes' if _valid(numbers) else 'no'} | {locale.source if first else '″'} |"
        for locale in LOCALES.values()
        for first, numbers in ((index == 0, numbers) for index, numbers in enumerate(locale.numbers))
    ]
    head = (
        "| locale | country | numbers | kind | reserved | valid | source |\n|---|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def _channels() -> str:
    rows = [
        f"| `{locale.name}` | {' | '.join(f'{share} %' for share in locale.channels.values())} |"
        for locale in LOCALES.values()
    ]
    return (
        "| locale | WhatsApp | Telegram | Viber | Instagram |\n|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def _invalid() -> str:
    rows = [
        f"| {country} | `{prefix}{'x' * digits}` | {source} |" for country, prefix, digits, source in INVALID
    ]
    return "| country | numbers | source |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _span(numbers: Numbers) -> str:
    low, high = (f"{numbers.prefix}{tail:0{numbers.digits}d}" for tail in (numbers.low, numbers.high))
    return f"`{low}` to `{high[-numbers.digits :]}`"


def _kind(numbers: Numbers) -> str:
    kind = phonenumbers.number_type(_first(numbers))
    names = {
        phonenumbers.PhoneNumberType.MOBILE: "mobile",
        phonenumbers.PhoneNumberType.FIXED_LINE: "landline",
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: "either",
    }
    return names.get(kind, "other")


def _valid(numbers: Numbers) -> bool:
    return phonenumbers.is_valid_number(_first(numbers))


def _first(numbers: Numbers) -> phonenumbers.PhoneNumber:
    return phonenumbers.parse(f"{numbers.prefix}{numbers.low:0{numbers.digits}d}")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
