"""The deliveries of a report: each folds open to its attempts, each attempt to what was sent and answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sandbox.core.entries import Attempted
from sandbox.core.ledger import Delivery
from sandbox.core.markup import Child, Html, Ink, join, tag
from sandbox.core.model import Connection, Headers, Response, Status
from sandbox.core.moments import isoformat
from sandbox.core.phrases import closely, count, seconds
from sandbox.core.present import headers_json, shown_url
from sandbox.core.report import (
    ANSWER_SHOWN,
    REQUEST_SHOWN,
    WHOLE,
    Body,
    Choice,
    Kind,
    in_a_word,
    kind,
    read_body,
    with_faults,
)
from sandbox.core.reportdrawing import sign

PRINTED: Final = 12
"""Where a run has up to so many deliveries, paper shows all of them unfolded; else only those without success."""

_PHASES: Final = {
    "dns": "looking up the name",
    "connect": "connecting",
    "wait": "waiting for the answer",
    "read": "reading the answer",
}
STATUS_KIND: Final = {
    Status.SUCCESS: Kind.TAKEN,
    Status.FAILED: Kind.REFUSED,
    Status.DEAD_LETTER: Kind.REFUSED,
    Status.PENDING: None,
}


class Deliveries:
    """Writes the deliveries of one play; headings begin at *level*, ids with *anchor*."""

    def __init__(
        self,
        ink: Ink,
        explain: Callable[[Attempted], str | None],
        connections: Sequence[Connection],
        *,
        level: int,
        anchor: str,
    ) -> None:
        self._ink, self._explain, self._level, self._anchor = ink, explain, level, anchor
        self._names: Mapping[str, str] = {str(item.id): item.name for item in connections}

    def all(self, choice: Choice) -> Iterator[Html]:
        """Those told whole, those told in a line, and how many are not told."""
        unfold = len(choice.whole) <= PRINTED
        for number, item in choice.whole:
            yield self._delivery(number, item, printed=unfold or item.status is not Status.SUCCESS)
        if choice.brief:
            yield self._brief(choice.brief)
        if not choice:
            yield tag("p", self._left_out(choice), class_="note")

    def _left_out(self, choice: Choice) -> str:
        left = sum(choice.left_out.values())
        said = f"Told whole: {count(len(choice.whole), 'delivery', 'deliveries')}, the first ones and at most {WHOLE} of those without success after them."
        if choice.brief:
            said += f" In one line each: {len(choice.brief):,} more without success."
        if left:
            states = ", ".join(
                f"{choice.left_out[state]:,} {state}" for state in Status if choice.left_out[state]
            )
            said += (
                f" Left out: {left:,} more ({states}); the counts above hold them all, and --json tells each."
            )
        return said

    # --- a delivery --------------------------------------------------------------------

    def _delivery(self, number: int, item: Delivery, *, printed: bool) -> Html:
        ink = self._ink
        facts: list[tuple[str, Child]] = [
            ("event", tag("code", item.event_id)),
            ("delivery", tag("code", item.id)),
            ("emitted", _moment(item.emitted_at)),
        ]
        if item.settled_at is not None:
            facts.append(("settled", join((_moment(item.settled_at), f" after {closely(item.settled_at - item.emitted_at)}"))))  # fmt: skip
        elif item.next_attempt_at is not None:
            facts.append(("next attempt due", _moment(item.next_attempt_at)))
        if name := self._names.get(item.connection_id):
            facts.append(("connection", ink.foreign(name)))
        summary = tag(
            "summary",
            tag("span", str(number), class_="number"),
            tag(f"h{self._level}", ink.foreign(item.who or item.event, most=120)),
            tag("span", item.channel or "–", class_="channel"),
            self._chain(item),
            tag(
                "span",
                sign(STATUS_KIND[item.status]),
                str(item.status),
                class_=f"status s-{item.status.lower()}",
            ),
        )
        attempts = [self._attempt(item, attempt, printed=printed) for attempt in item.attempts]
        if not attempts:
            attempts = [tag("p", "No attempt has ended.", class_="note")]
        # The id stands inside: a link to what is folded away unfolds it.
        inside = tag("div", definitions(facts), *attempts, class_="inside", id=f"{self._anchor}{number}")
        return tag("details", summary, inside, class_="delivery printed" if printed else "delivery")

    def _chain(self, item: Delivery) -> Html:
        chips = [
            tag(
                "span",
                sign(kind(attempt)),
                in_a_word(attempt),
                tag("small", f" {attempt.went_wrong}", class_="fault") if attempt.went_wrong else None,
                class_=f"k-{kind(attempt)}",
            )
            for attempt in item.attempts
        ]
        return tag("span", *chips, class_="chain")

    def _brief(self, items: Iterable[tuple[int, Delivery]]) -> Html:
        rows = [
            tag(
                "tr",
                tag("td", str(number), class_="number"),
                tag("th", self._ink.foreign(item.who or item.event, most=60), scope="row"),
                tag("td", item.channel or "–"),
                tag("td", " · ".join(with_faults(attempt) for attempt in item.attempts) or "–"),
                tag("td", str(item.status), class_=f"status s-{item.status.lower()}"),
                tag("td", tag("code", item.event_id)),
            )
            for number, item in items
        ]
        return tag(
            "details",
            tag("summary", tag(f"h{self._level}", f"{len(rows):,} more without success, in one line each")),
            table("", ("number", "who", "channel", "attempts", "status", "event"), rows),
            class_="more",
        )

    # --- an attempt --------------------------------------------------------------------

    def _attempt(self, item: Delivery, attempt: Attempted, *, printed: bool) -> Html:
        after, shape = closely(attempt.started_at - item.emitted_at), kind(attempt)
        summary = tag(
            "summary",
            sign(shape),
            tag(f"h{self._level + 1}", f"Attempt {attempt.attempt}"),
            tag("span", in_a_word(attempt), class_=f"answer k-{shape}"),
            tag("span", f"on purpose: {attempt.went_wrong}", class_="fault") if attempt.went_wrong else None,
            tag("span", f"+{after}", class_="after"),
            tag("span", seconds(attempt.elapsed_ms), class_="took"),
        )
        reason = self._explain(attempt)
        inside = tag(
            "div",
            tag("p", tag("strong", "Why, as far as can be told: "), self._ink.foreign(reason), class_="reason") if reason else None,
            tag("div", *self._request(attempt), self._answer(attempt), class_="exchange"),
            self._timing(attempt),
            class_="inside",
        )  # fmt: skip
        return tag("details", summary, inside, class_="attempt printed" if printed else "attempt")

    def _request(self, attempt: Attempted) -> Iterator[Html]:
        request = attempt.request
        body = read_body(request.body, self._ink.mask, most=REQUEST_SHOWN, lay_out=True)
        yield tag(
            "section",
            tag(f"h{self._level + 2}", "Request"),
            tag("p", tag("strong", "POST "), self._ink.foreign(shown_url(request.url)), class_="first-line"),
            self._headers("Headers of the request", request.headers),
            class_="sent",
        )
        if body.laid_out is not None:
            heading = tag(f"h{self._level + 2}", "Body, laid out")
            yield tag("section", heading, self._ink.block(body.laid_out), class_="laid-out")
        heading = tag(f"h{self._level + 2}", f"Body, exactly as sent · {_size(body)}")
        yield tag("section", heading, self._raw(body), class_="exact")

    def _answer(self, attempt: Attempted) -> Html:
        outcome = attempt.outcome
        heading = tag(f"h{self._level + 2}", "Answer")
        if not isinstance(outcome, Response):
            message = outcome.message.replace(attempt.request.url, shown_url(attempt.request.url))
            line = tag("p", tag("strong", outcome.type), " ", self._ink.foreign(message), class_="first-line")
            return tag(
                "section", heading, line, tag("p", "There was no answer.", class_="note"), class_="answered"
            )
        body = read_body(outcome.body, self._ink.mask, most=ANSWER_SHOWN)
        size = _size(body) + (" and more, which was not read" if outcome.truncated else "")
        return tag(
            "section",
            heading,
            tag("p", tag("strong", str(outcome.status)), class_="first-line"),
            self._headers("Headers of the answer", outcome.headers),
            tag("p", f"Body · {size}" if outcome.body else "No body", class_="label"),
            self._raw(body) if outcome.body else None,
            class_="answered",
        )

    def _headers(self, caption: str, headers: Headers) -> Html | None:
        if not headers:
            return tag("p", "No headers", class_="label")
        rows = [
            tag("tr", tag("th", self._ink.foreign(name, most=200), scope="row"), tag("td", self._ink.foreign(value)))
            for name, value in headers_json(headers)
        ]  # fmt: skip
        return tag(
            "table", tag("caption", caption, class_="unseen-caption"), tag("tbody", *rows), class_="headers"
        )

    def _raw(self, body: Body) -> Html:
        notes = []
        if body.cut:
            notes.append(f"Only the first {len(body.text):,} characters are shown.")
        if not body.is_text:
            notes.append("Bytes that are no UTF-8 are written as \\xNN.")
        note = tag("p", " ".join(notes), class_="note") if notes else None
        return join((self._ink.block(body.text), note))

    def _timing(self, attempt: Attempted) -> Html:
        facts: list[tuple[str, Child]] = [("began", _moment(attempt.started_at))]
        if attempt.at != attempt.started_at:
            facts.append(("ended", _moment(attempt.at)))
        facts += ((_PHASES.get(phase, phase), f"{spent:.1f} ms") for phase, spent in attempt.timing.items())
        facts.append(("in all (real time)", f"{attempt.elapsed_ms:.1f} ms"))
        if attempt.next_attempt_at is not None:
            due = f", {closely(attempt.next_attempt_at - attempt.at)} after the end of this one"
            facts.append(("next attempt due", join((_moment(attempt.next_attempt_at), due))))
        return definitions(facts)


def definitions(facts: Iterable[tuple[str, Child]]) -> Html:
    """Names and what they stand for."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", said)) for name, said in facts))


def table(
    caption: str,
    columns: Iterable[str],
    rows: Iterable[Html],
    *,
    figures: Iterable[str] = (),
    class_: str | None = None,
) -> Html:
    """A table that scrolls by itself where the page is too narrow for it; *figures* are columns of numbers."""
    figures = set(figures)
    heads = (tag("th", name, scope="col", class_="figure" if name in figures else None) for name in columns)
    head = tag("thead", tag("tr", *heads))
    title = tag("caption", caption) if caption else None
    inner = tag("table", title, head, tag("tbody", *rows), class_=class_)
    return tag("div", inner, class_="scrolls", tabindex="0", role="group", aria_label=caption or "Table")


def _moment(at: datetime) -> Html:

    return tag("time", isoformat(at).replace("T", " "), datetime=isoformat(at))


def _size(body: Body) -> str:
    return count(body.size, "byte")
