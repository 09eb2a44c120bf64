"""A report as one HTML page: nothing is loaded from anywhere, no script runs, whatever the names in it.

The same report is the same page, byte for byte.  The policy in its head lets the
browser use the page's one style sheet, known by its hash, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from sandbox.core.markup import Child, Html, Ink, join, page, tag
from sandbox.core.model import Status
from sandbox.core.moments import isoformat
from sandbox.core.phrases import count, roughly, seconds
from sandbox.core.report import (
    Ending,
    Kind,
    Play,
    Report,
    by_channel,
    choose,
    ending,
    outcomes,
    overall,
    secrets,
)
from sandbox.core.reportdeliveries import Deliveries, table
from sandbox.core.reportdrawing import ROOMY, overview, sign, timeline
from sandbox.core.reportstyle import STYLE
from sandbox.core.reportterms import assumptions, section, settings

_WORDS: Final[dict[Ending, str]] = {"PASSED": "Passed", "FAILED": "Failed", "INTERRUPTED": "Interrupted"}
_SIGNS: Final[dict[Ending, Kind]] = {"PASSED": Kind.TAKEN, "FAILED": Kind.REFUSED, "INTERRUPTED": Kind.CUT}


def report_html(report: Report) -> bytes:
    """The page, UTF-8."""
    ink = Ink(secrets(item for play in report.plays for item in play.connections))
    single = len(report.plays) == 1 and not report.not_played
    title = report.plays[0].name if single else count(len(report.plays) + len(report.not_played), "scenario")
    level = 2 if single else 3
    body = join(
        (
            tag("a", "To the report", href="#report", class_="skip"),
            tag("header", _masthead(report, title, ink, single=single), class_="masthead"),
            tag(
                "main",
                None if single else _contents(report, ink),
                *(
                    tag("article", *_play(play, number, ink, level=level), id=f"s{number}")
                    for number, play in enumerate(report.plays, 1)
                ),
                assumptions(report.profile, ink),
                id="report",
            ),
            tag("footer", _footer(report)),
        )
    )
    named = ink.attribute(f"{_WORDS[overall(report)]}: {title}")
    return page(body, title=named, style=STYLE, version=report.version)


# --- the beginning ---------------------------------------------------------------------


def _masthead(report: Report, title: str, ink: Ink, *, single: bool) -> Html:
    plays = report.plays
    deliveries = [item for play in plays for item in play.deliveries]
    verdict = overall(report)
    took = sum(play.verdict.elapsed_ms for play in plays if play.verdict is not None)
    made = sum(item.attempt_count for item in deliveries)
    good = sum(item.status is Status.SUCCESS for item in deliveries)
    held = [item.passed for play in plays if play.verdict is not None for item in play.verdict.expectations]
    figures = [
        (f"{len(deliveries):,}", "delivery" if len(deliveries) == 1 else "deliveries"),
        (f"{good:,}", "succeeded"),
        (f"{made:,}", "attempt" if made == 1 else "attempts"),
    ]
    if held:
        figures.append((f"{sum(held)} of {len(held)}", "expectations held"))
    if single:
        figures.append((roughly(_passed(plays[0])), "sandbox time"))
    if took:
        figures.append((seconds(took), "real time"))
    return join(
        (
            tag("p", "wexio-sandbox", tag("span", " delivery report"), class_="brand"),
            tag("h1", ink.foreign(title, most=200)),
            tag("p", ink.foreign(plays[0].description), class_="lead") if single and plays[0].description else None,
            tag(
                "div",
                _badge(verdict),
                tag("dl", *(tag("div", tag("dt", name), tag("dd", number)) for number, name in figures), class_="figures"),
                class_="outcome",
            ),
        )
    )  # fmt: skip


def _badge(verdict: Ending) -> Html:
    return tag("p", sign(_SIGNS[verdict]), _WORDS[verdict], class_=f"verdict v-{verdict.lower()}")


def _passed(play: Play) -> timedelta:
    """How far the sandbox's clock went."""
    moments = [attempt.at for item in play.deliveries for attempt in item.attempts]
    if play.verdict is not None:
        moments.append(play.verdict.at)
    return max(moments, default=play.began) - play.began


def _contents(report: Report, ink: Ink) -> Html:
    rows = [
        tag(
            "tr",
            tag("th", tag("a", ink.foreign(play.name, most=120), href=f"#s{number}"), scope="row"),
            tag("td", _badge(ending(play))),
            tag("td", f"{len(play.deliveries):,}", class_="figure"),
            tag("td", f"{sum(item.attempt_count for item in play.deliveries):,}", class_="figure"),
        )
        for number, play in enumerate(report.plays, 1)
    ]
    rows += (
        tag("tr", tag("th", ink.foreign(name, most=120), scope="row"), tag("td", "not played"), tag("td"), tag("td"))
        for name in report.not_played
    )  # fmt: skip
    return tag(
        "nav",
        table(
            "Scenarios",
            ("scenario", "verdict", "deliveries", "attempts"),
            rows,
            figures=("deliveries", "attempts"),
        ),
        aria_label="Scenarios",
    )


# --- a scenario ------------------------------------------------------------------------


def _play(play: Play, number: int, ink: Ink, *, level: int) -> Iterator[Child]:
    if level > 2:
        yield tag(
            "header",
            tag("h2", ink.foreign(play.name, most=200)),
            _badge(ending(play)),
            tag("p", ink.foreign(play.description), class_="lead") if play.description else None,
        )
    yield section("Expectations", level, _expectations(play, ink))
    yield section("In numbers", level, _counts(play))
    choice = choose(play.deliveries)
    if choice.whole:
        anchor = f"s{number}-d"
        drawing = timeline(choice.whole, play.began, ink, anchor=anchor)
        left = len(play.deliveries) - len(choice.whole)
        many = overview(play.deliveries, play.began) if len(play.deliveries) > ROOMY else None
        note = f"Drawn are the deliveries that are told whole below, {len(choice.whole)} of {len(play.deliveries):,}."
        yield section("Timeline", level, many, drawing, tag("p", note, class_="note") if left else None)
        writer = Deliveries(ink, play.explain, play.connections, level=level + 1, anchor=anchor)
        yield section("Deliveries", level, *writer.all(choice))
    yield section("Settings", level, *settings(play, ink, level))


def _expectations(play: Play, ink: Ink) -> Html:
    if play.verdict is None:
        return tag("p", "The run was interrupted before anything was judged.", class_="note")
    items = [
        tag(
            "li",
            sign(Kind.TAKEN if item.passed else Kind.REFUSED),
            tag("p", tag("strong", "Held: " if item.passed else "Did not hold: "), ink.foreign(item.text)),
            tag("p", ink.foreign(item.actual), class_="actual"),
            class_="held" if item.passed else "not-held",
        )
        for item in play.verdict.expectations
    ]
    return tag("ul", *items, class_="expectations")


def _counts(play: Play) -> Html:
    if not play.deliveries:
        return tag("p", "Nothing was delivered.", class_="note")
    channels = by_channel(play.deliveries)
    states = [state for state in Status if any(counts[state] for counts in channels.values())]
    columns = [*map(str, states), "in all"]
    rows = [
        _row(channel, [*(counts[state] for state in states), sum(counts.values())])
        for channel, counts in channels.items()
    ]
    totals = [sum(counts[state] for counts in channels.values()) for state in states]
    rows.append(_row("in all", [*totals, sum(totals)], class_="total"))
    tables = [table("Deliveries by channel and status", ("channel", *columns), rows, figures=columns)]
    if found := sorted(outcomes(play.deliveries).items()):
        rows = [_row(name, [number]) for name, number in found]
        tables.append(table("Attempts by answer", ("answer", "attempts"), rows, figures=("attempts",)))
    return tag("div", *tables, class_="tables")


def _row(name: str, figures: Iterable[int], *, class_: str | None = None) -> Html:
    cells = (tag("td", f"{figure:,}", class_="figure") for figure in figures)
    return tag("tr", tag("th", name, scope="row"), *cells, class_=class_)


def _footer(report: Report) -> Html:
    made = isoformat(report.made_at)
    return tag(
        "p",
        f"wexio-sandbox {report.version} · made ",
        tag("time", f"{made[:10]} {made[11:19]} UTC", datetime=made),
        " · Authorization and known secrets are masked, signatures are shown whole. The page loads nothing and runs no script.",
    )
