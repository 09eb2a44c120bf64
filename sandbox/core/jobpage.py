"""A run for the page of a CI job: Markdown, and harmless whatever the names in it.

Everything but the blank lines is HTML, which Markdown passes through: what a stranger
wrote is text inside of ``<code>``, where nothing becomes a link, a mention or a heading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sandbox.core.entries import Attempted
from sandbox.core.errors import Problem
from sandbox.core.junit import in_words
from sandbox.core.ledger import Delivery
from sandbox.core.markup import Child, Html, Ink, tag
from sandbox.core.model import Status
from sandbox.core.phrases import count, roughly, seconds
from sandbox.core.report import Ending, Play, Report, by_channel, ending, overall, secrets

LARGEST: Final = 500_000
"""So many bytes at most: GitHub takes a megabyte for all that one step writes."""
SHOWN: Final = 20
"""Of the deliveries without success, so many are told with their attempts."""

_EXPECTATIONS: Final = 100
_ATTEMPTS: Final = 12  # of one delivery: the first ones and the last
_NAME: Final = 120  # characters of a name
_SAID: Final = 400  # characters of anything else
_SIGN: Final[dict[Ending, str]] = {"PASSED": "✅", "FAILED": "❌", "INTERRUPTED": "⏹️"}


def job_page(report: Report) -> bytes:
    """*report* as Markdown, UTF-8; what would make it too large is left out, and counted."""
    ink = Ink(secrets(item for play in report.plays for item in play.connections))
    parts = [
        tag("h3", f"{_SIGN[overall(report)]} wexio-sandbox: {overall(report)}"),
        _scenarios(report, ink),
    ]
    size = sum(len(part.encode()) for part in parts)
    for number, play in enumerate(report.plays):
        more = list(_play(play, ink))
        size += sum(len(part.encode()) for part in more)
        if size > LARGEST:
            left = len(report.plays) - number
            parts.append(tag("p", f"{count(left, 'scenario')} more: this page would be too long"))
            break
        parts += more
    return ("\n\n".join(parts) + "\n\n").encode()


def refused_page(problems: Sequence[Problem], says: str) -> bytes:
    """What there is to tell where nothing could be played: each of *problems*, or where there are none what it *says*."""
    ink = Ink(())
    parts = [tag("h3", f"{_SIGN['FAILED']} wexio-sandbox: NOT PLAYED")]
    if not problems:
        parts.append(tag("p", _foreign(says, ink)))
    else:
        rows = (
            (
                _foreign(f"{item.file}:{item.line}:{item.column}", ink),
                Html(("warning: " if item.severity == "warning" else "") + _foreign(item.message, ink)),
                _foreign(item.hint, ink) if item.hint else "",
            )
            for item in problems[:_EXPECTATIONS]
        )
        parts.append(_table(("where", "what is wrong", "what would be right"), rows))
    if len(problems) > _EXPECTATIONS:
        parts.append(tag("p", f"and {len(problems) - _EXPECTATIONS:,} more"))
    return ("\n\n".join(parts) + "\n\n").encode()


def _scenarios(report: Report, ink: Ink) -> Html:
    rows: list[Sequence[Child]] = []
    told = report.plays[:_EXPECTATIONS]
    for play in told:
        good = sum(item.status is Status.SUCCESS for item in play.deliveries)
        rows.append(
            (
                f"{_SIGN[ending(play)]} {ending(play)}",
                _foreign(play.name, ink, _NAME),
                f"{good:,} of {len(play.deliveries):,}",
                f"{sum(item.attempt_count for item in play.deliveries):,}",
                "–" if play.verdict is None else seconds(play.verdict.elapsed_ms),
                str(play.seed),
            )
        )
    rows += (
        ("not played", _foreign(name, ink, _NAME), "–", "–", "–", "–")
        for name in report.not_played[:_EXPECTATIONS]
    )
    return _table(("verdict", "scenario", "delivered", "attempts", "took", "seed"), rows)


def _play(play: Play, ink: Ink) -> Iterator[Html]:
    """What is to be known of one scenario; of one that passed, its expectations folded away."""
    passed = ending(play) == "PASSED"
    yield tag("h4", f"{_SIGN[ending(play)]} ", _foreign(play.name, ink, _NAME))
    if play.verdict is not None:
        judged = play.verdict.expectations
        # Those that failed first: they are what somebody opens the page for.
        ordered = sorted(judged, key=lambda item: item.passed)[:_EXPECTATIONS]
        expectations = _table(
            ("", "expected", "actual"),
            (
                (
                    "✅" if item.passed else "❌",
                    _foreign(item.text, ink),
                    _foreign(item.actual, ink),
                )
                for item in ordered
            ),
        )
        if len(judged) > len(ordered):
            expectations = Html(expectations + tag("p", f"and {len(judged) - len(ordered):,} more"))
        held = f"{sum(item.passed for item in judged):,} of {count(len(judged), 'expectation')} held"
        yield _folded(held, expectations) if passed else expectations
    failed = [item for item in play.deliveries if item.status is not Status.SUCCESS]
    if failed:
        yield _table(
            ("channel", *Status),
            (
                (channel, *(f"{counts[status]:,}" for status in Status))
                for channel, counts in by_channel(play.deliveries).items()
            ),
        )
        yield _folded(
            f"{count(len(failed), 'delivery', 'deliveries')} without success"
            + (f", the first {SHOWN} of them" if len(failed) > SHOWN else ""),
            *(_delivery(item, play, ink) for item in failed[:SHOWN]),
            opened=not passed,
        )
    if not passed:
        yield tag("p", "The same again: ", tag("code", ink.foreign(play.command, most=2000)))


def _delivery(delivery: Delivery, play: Play, ink: Ink) -> Html:
    who = delivery.who or delivery.event
    said = tag(
        "p",
        tag("strong", str(delivery.status)),
        f" {delivery.channel or '–'} ",
        _foreign(who, ink, _NAME),
        " ",
        _foreign(delivery.event_id, ink, _NAME),
        f" {delivery.reason}" if delivery.reason else None,
    )
    attempts = delivery.counted
    told = attempts if len(attempts) <= _ATTEMPTS else (*attempts[: _ATTEMPTS - 1], attempts[-1])
    rows = [
        (
            str(item.attempt),
            f"+{roughly(item.started_at - delivery.emitted_at)}",
            Html(_foreign(in_words(item), ink) + _wrong(item)),
            f"{item.elapsed_ms:.0f} ms",
        )
        for item in told
    ]
    reason = _why(attempts, play)
    return Html(
        said
        + (_table(("attempt", "after", "answer", "took"), rows) if rows else "")
        + (tag("p", _foreign(reason, ink, 1000)) if reason else "")
    )


def _wrong(attempt: Attempted) -> Html:
    """What went wrong with it on purpose, so that nobody takes it for Wexio's doing."""
    return tag("em", f" on purpose: {attempt.went_wrong}") if attempt.went_wrong else Html("")


def _why(attempts: Sequence[Attempted], play: Play) -> str | None:
    """The likely reason of the last refusal, where one is known."""
    return play.explain(attempts[-1]) if attempts else None


def _table(heads: Iterable[str], rows: Iterable[Iterable[Child]]) -> Html:
    head = tag("tr", *(tag("th", str(item)) for item in heads))
    return tag("table", head, *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows))


def _folded(title: str, *children: Child, opened: bool = False) -> Html:
    return tag("details", tag("summary", title), *children, open=opened)


def _foreign(said: str, ink: Ink, most: int = _SAID) -> Html:
    return tag("code", ink.foreign(said, most=most))
