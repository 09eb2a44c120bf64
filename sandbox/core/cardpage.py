"""The report card as one HTML page to hand on: nothing is loaded, no script runs, whatever a consumer answered.

It is made of the same pieces, and looks the same, as the report of a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.core.card import STATUSES, Card, Finding, Posted, Status
from sandbox.core.cardbook import BOOK
from sandbox.core.cardstyle import CARD_STYLE
from sandbox.core.curl import as_curl
from sandbox.core.markup import Child, Html, Ink, join, page, tag, text
from sandbox.core.model import AUTH_TYPE, Response
from sandbox.core.moments import isoformat
from sandbox.core.phrases import count, seconds
from sandbox.core.present import shown_url
from sandbox.core.report import ANSWER_SHOWN, Kind, read_body
from sandbox.core.reportdeliveries import definitions, table
from sandbox.core.reportdrawing import sign
from sandbox.core.reportstyle import STYLE
from sandbox.core.reportterms import assumptions, section

_STYLE: Final = STYLE + CARD_STYLE
_SIGNS: Final[dict[Status, Kind]] = {
    "passed": Kind.TAKEN,
    "failed": Kind.REFUSED,
    "warned": Kind.SILENT,
    "skipped": Kind.CUT,
}
_WORDS: Final[dict[Status, str]] = {
    "passed": "Passed",
    "failed": "Failed",
    "warned": "Warning",
    "skipped": "Skipped",
}
GROUPS: Final = (
    ("Takes what Wexio sends", ("accepts-", "answers-")),
    ("Rejects what Wexio did not send", ("rejects-",)),
    ("Survives what happens on the way", ("survives-", "dedupes")),
)
"""The checks in three groups, by how their ids begin."""


def card_html(card: Card) -> bytes:
    """The page, UTF-8."""
    ink = card.ink
    found = [item for item in card.findings if item.status in ("failed", "warned")]
    found.sort(key=lambda item: STATUSES.index(item.status))
    where = shown_url(card.connection.url)
    body = join(
        (
            tag("a", "To the report card", href="#card", class_="skip"),
            tag("header", _masthead(card, where, ink), class_="masthead"),
            tag(
                "main",
                tag(
                    "article",
                    section("Checks", 2, *_groups(card, ink)),
                    section("What to change", 2, *_changes(found, ink)) if found else None,
                    section("How it was examined", 2, *_terms(card, ink)),
                ),
                assumptions(card.profile, ink),
                id="card",
            ),
            tag("footer", _footer(card)),
        )
    )
    verdict = "Passed" if card.passed else "Failed"
    named = ink.attribute(f"{verdict}: report card of {where}")
    return page(body, title=named, style=_STYLE, version=card.version)


def _masthead(card: Card, where: str, ink: Ink) -> Html:
    counts = card.counts
    figures = [(f"{counts[status]}", status) for status in ("passed", "failed", "warned", "skipped")]
    figures += ((f"{card.posted:,}", "requests"), (seconds(card.elapsed_ms), "in all"))
    kind = Kind.TAKEN if card.passed else Kind.REFUSED
    word = "Passed" if card.passed else "Failed"
    return join(
        (
            tag("p", "wexio-sandbox", tag("span", " report card"), class_="brand"),
            tag("h1", "How a consumer takes webhooks"),
            tag("p", tag("code", ink.foreign(where, most=300)), class_="lead"),
            tag(
                "div",
                tag("p", sign(kind), word, class_=f"verdict v-{word.lower()}"),
                tag("dl", *(tag("div", tag("dt", name), tag("dd", number)) for number, name in figures), class_="figures"),
                class_="outcome",
            ),
        )
    )  # fmt: skip


# --- all checks -----------------------------------------------------------------------


def _groups(card: Card, ink: Ink) -> Iterator[Child]:
    for title, prefixes in GROUPS:
        items = [item for item in card.findings if item.id.startswith(prefixes)]
        if items:
            yield tag("h3", title)
            yield tag("ul", *(_line(item, ink) for item in items), class_="checks")


def _line(item: Finding, ink: Ink) -> Html:
    entry = BOOK[item.id]
    name: Child = entry.title
    if item.status in ("failed", "warned"):
        name = tag("a", entry.title, href=f"#{item.id}")
    return tag(
        "li",
        sign(_SIGNS[item.status], label=_WORDS[item.status]),
        tag("p", tag("strong", name), " ", tag("code", item.id)),
        tag("p", ink.foreign(item.reason), class_="found"),
        class_=f"c-{item.status}",
    )


# --- what was found -------------------------------------------------------------------


def _changes(found: list[Finding], ink: Ink) -> Iterator[Child]:
    shown: dict[tuple[str, str], str] = {}
    for item in found:
        entry = BOOK[item.id]
        before = shown.setdefault(item.code, item.id)
        yield tag(
            "section",
            tag("h3", sign(_SIGNS[item.status], label=_WORDS[item.status]), entry.title, " ", tag("code", item.id)),
            tag("p", ink.foreign(item.reason), class_="found"),
            *(() if item.decisive is None else (_exchange(item.decisive, ink, open=item is found[0]),)),
            _paragraph("Why it matters", entry.why),
            _paragraph("What to change", item.advice),
            _paragraph("Assumed", entry.assumed) if entry.assumed else None,
            _code(*item.code)
            if before == item.id
            else tag("p", "The code is that of ", tag("a", before, href=f"#{before}"), ".", class_="note"),
            class_=f"change c-{item.status}",
            id=item.id,
        )  # fmt: skip


def _paragraph(title: str, said: str) -> Html:
    return tag("div", tag("h4", title), tag("p", said), class_="told")


def _code(python: str, node: str) -> Html:
    return tag(
        "div",
        *(
            tag(
                "div",
                tag("h4", name),
                tag("pre", tag("code", text(said, lines=True)), dir="ltr", tabindex="0"),
            )
            for name, said in (("In Python", python), ("In Node", node))
        ),
        class_="codes",
    )


def _exchange(posted: Posted, ink: Ink, *, open: bool) -> Html:
    return tag(
        "details",
        tag("summary", tag("span", "Sent: ", ink.foreign(posted.what)), tag("span", " → ", ink.foreign(posted.answer, most=200), class_="answer")),
        tag(
            "div",
            tag("h4", "What was sent"),
            ink.block(as_curl(posted.request, ink)),
            tag("h4", "What came back"),
            *_answer(posted, ink),
            class_="inside",
        ),
        class_="attempt printed",
        open=open,
    )  # fmt: skip


def _answer(posted: Posted, ink: Ink) -> Iterator[Child]:
    outcome = posted.outcome
    if not isinstance(outcome, Response):
        yield tag("p", ink.foreign(posted.answer), f" after {seconds(posted.elapsed_ms)}")
        return
    yield tag("p", f"Status {outcome.status} after {seconds(posted.elapsed_ms)}", class_="first-line")
    location = next((value for name, value in outcome.headers if name.lower() == "location"), None)
    if location is not None:
        yield tag("p", "Location: ", ink.foreign(location, most=300))
    body = read_body(outcome.body, ink.mask, most=ANSWER_SHOWN)
    if not body.size:
        yield tag("p", "Without a body.", class_="note")
        return
    yield ink.block(body.text)
    if body.cut:
        yield tag(
            "p",
            f"Shown are the first {ANSWER_SHOWN:,} characters of {count(body.size, 'byte')}.",
            class_="note",
        )


# --- the end --------------------------------------------------------------------------


def _terms(card: Card, ink: Ink) -> Iterator[Child]:
    yield definitions(
        [
            ("address", tag("code", ink.foreign(shown_url(card.connection.url)))),
            ("authorises by", AUTH_TYPE[type(card.connection.auth)]),
            ("an attempt is allowed", card.allowed),
            ("all checks were allowed", card.bound),
        ]
    )
    yield tag(
        "p",
        "Each check has events, people and connections of its own, begins only when a usual delivery is taken, and "
        "differs from one in the single thing that it is about. What cannot be told is skipped, never guessed.",
        class_="note",
    )
    yield tag("h3", "The checks")
    rows = [
        tag("tr", tag("th", tag("code", item.id), scope="row"), tag("td", BOOK[item.id].passes), tag("td", f"{item.posted}", class_="figure"), tag("td", seconds(item.elapsed_ms), class_="figure"))
        for item in card.findings
    ]  # fmt: skip
    columns = ("check", "passes when the consumer", "requests", "took")
    yield table("", columns, rows, figures=("requests", "took"), class_="asked")


def _footer(card: Card) -> Html:
    made = isoformat(card.made_at)
    return tag(
        "p",
        f"wexio-sandbox {card.version} · made ",
        tag("time", f"{made[:10]} {made[11:19]} UTC", datetime=made),
        " · Authorization and known secrets are masked; signatures are shown whole and are too old by now. The page loads nothing and runs no script.",
    )
