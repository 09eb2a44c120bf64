"""The timeline of a report: a row for each delivery, a mark for each attempt, lines for what was waited.

Drawn as SVG whose places are percentages, so that it fills any width and its text keeps
its size.  Each outcome has a shape as well as a colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from sandbox.core.ledger import Delivery
from sandbox.core.markup import Html, Ink, tag
from sandbox.core.model import Status
from sandbox.core.phrases import closely
from sandbox.core.report import KIND_SAYS, Kind, in_a_word, kind, with_faults
from sandbox.core.reportaxis import Axis, axis

ROOMY: Final = 12
"""Up to so many rows there is room for words beside the marks."""

# Percent of the width that a character and the space around a word take, on a narrow page.
_CHARACTER: Final = 1.9
_AROUND: Final = 2.0
_MARK: Final = 4.5

_SHAPES: Final = {
    Kind.TAKEN: '<circle r="6.5"/><path class="in" d="M-3 .3-.9 2.5 3-2.1"/>',
    Kind.REFUSED: '<rect x="-6" y="-6" width="12" height="12" rx="2.5"/><path class="in" d="M-2.6-2.6 2.6 2.6M2.6-2.6-2.6 2.6"/>',
    Kind.SILENT: '<path d="M0-7 6.8 5.2H-6.8Z"/><path class="in" d="M0-2.6V1.4M0 3.1V3.2"/>',
    Kind.CUT: '<rect class="hollow" x="-5" y="-5" width="10" height="10"/>',
}
_DUE: Final = '<circle class="hollow" r="5"/>'
_COLUMNS: Final = 60
_TALL: Final = 100  # pixels
Place = Callable[[datetime], float]
_KIND_CLASS: Final = {item: f"k-{item}" for item in Kind}


def sign(of: Kind | None, *, label: str | None = None) -> Html:
    """The mark of an outcome by itself; of what is still due where None."""
    inner = Html(_DUE if of is None else _SHAPES[of])
    return tag(
        "svg", tag("g", inner, class_="k-due" if of is None else _KIND_CLASS[of]), class_="sign",
        viewBox="-8 -8 16 16", role="img" if label else None, aria_label=label, aria_hidden=None if label else "true",
    )  # fmt: skip


def timeline(numbered: Sequence[tuple[int, Delivery]], began: datetime, ink: Ink, *, anchor: str) -> Html:
    """The drawing of these deliveries; *anchor* is what their ids on the page begin with."""
    scale = _axis([item for _, item in numbered], began)
    roomy = len(numbered) <= ROOMY
    rows = [
        tag("li", _label(number, item, ink, anchor), _track(item, began, scale, ink, roomy=roomy))
        for number, item in numbered
    ]
    head = tag(
        "div", tag("span", "delivery", class_="what"), _scale(scale), class_="axis", aria_hidden="true"
    )
    foot = head if len(rows) > 2 * ROOMY else None
    return tag(
        "figure", head, tag("ol", *rows), foot, _legend(numbered, scale),
        class_="timeline roomy" if roomy else "timeline",
    )  # fmt: skip


def _axis(deliveries: Sequence[Delivery], began: datetime) -> Axis:
    moments, ladders = [0.0], []
    for item in deliveries:
        moments.append(_since(began, item.emitted_at))
        moments += (_since(began, attempt.at) for attempt in item.counted)
        ladder = [_since(began, attempt.started_at) for attempt in item.counted]
        if (due := _due(item)) is not None:
            ladder.append(_since(began, due))
        moments += ladder
        ladders.append(ladder)
    return axis(moments, ladders)


def _since(began: datetime, moment: datetime) -> float:
    return max(0.0, (moment - began).total_seconds())


def _due(item: Delivery) -> datetime | None:
    """When a pending delivery would be tried again, after at least one attempt."""
    if item.status is not Status.PENDING or not item.counted:
        return None
    return item.counted[-1].next_attempt_at


# --- a row -------------------------------------------------------------------------------


def _label(number: int, item: Delivery, ink: Ink, anchor: str) -> Html:
    return tag(
        "div",
        tag("a", tag("span", str(number), class_="number"), ink.foreign(item.who or item.event, most=60), href=f"#{anchor}{number}"),
        tag("span", item.channel or "–", class_="channel"),
        tag("span", str(item.status), class_=f"status s-{item.status.lower()}"),
        class_="who",
    )  # fmt: skip


def _track(item: Delivery, began: datetime, scale: Axis, ink: Ink, *, roomy: bool) -> Html:
    middle = "18" if roomy else "11"

    def at(moment: datetime) -> float:
        return round(scale.place(_since(began, moment)) * 100, 2)

    lines = [tag("line", x1=_p(tick.place * 100), x2=_p(tick.place * 100), y1="0", y2="100%", class_="grid") for tick in scale.ticks]  # fmt: skip
    starts = [at(attempt.started_at) for attempt in item.counted]
    ends = [at(attempt.at) for attempt in item.counted]
    lines += _lines(item, at, starts, ends, middle)
    marks = []
    for attempt, place in zip(item.counted, starts, strict=True):
        shape = kind(attempt)
        after = closely(attempt.started_at - item.emitted_at)
        said = f"attempt {attempt.attempt} after {after}: {with_faults(attempt)}"
        marks.append(_mark(place, middle, _KIND_CLASS[shape], _SHAPES[shape], said))
    due = _due(item)
    if due is not None:
        marks.append(_mark(at(due), middle, "k-due", _DUE, f"due after {closely(due - item.emitted_at)}"))
    words = list(_words(item, starts, ends)) if roomy else []
    return tag(
        "svg", *lines, *marks, *words, class_="track", role="img", aria_label=ink.attribute(_aloud(item), most=1000)
    )  # fmt: skip


def _lines(
    item: Delivery, at: Place, starts: Sequence[float], ends: Sequence[float], middle: str
) -> Iterator[Html]:
    emitted = at(item.emitted_at)
    if starts and starts[0] > emitted:
        yield _line(emitted, starts[0], middle, "wait")
    yield tag("line", x1=_p(emitted), x2=_p(emitted), y1=str(int(middle) - 5), y2=str(int(middle) + 5), class_="emitted")  # fmt: skip
    for end, start in zip(ends, starts[1:], strict=False):
        yield _line(end, start, middle, "wait")
    for attempt, start, end in zip(item.counted, starts, ends, strict=True):
        if end > start:
            yield _line(start, end, middle, f"busy {_KIND_CLASS[kind(attempt)]}")
    if (due := _due(item)) is not None:
        yield _line(ends[-1], at(due), middle, "wait due")


def _words(item: Delivery, starts: Sequence[float], ends: Sequence[float]) -> Iterator[Html]:
    """How long was waited, above the line, and what was answered, below the marks: where there is room."""
    for (before, after), end, start in zip(pairwise(item.counted), ends, starts[1:], strict=False):
        said = closely(after.started_at - before.at)
        if start - end >= len(said) * _CHARACTER + _MARK + _AROUND:
            yield tag("text", said, x=_p((end + start) / 2), y="13", class_="waited", text_anchor="middle")
    left = 200.0
    for attempt, place in reversed(list(zip(item.counted, starts, strict=True))):
        said = in_a_word(attempt)
        width = len(said) * _CHARACTER
        anchor = "start" if place < width / 2 else "end" if place > 100 - width / 2 else "middle"
        right = {"start": place + width, "middle": place + width / 2, "end": place}[anchor]
        if right + _AROUND <= left:
            left = right - width
            yield tag("text", said, x=_p(place), y="39", class_=f"answer {_KIND_CLASS[kind(attempt)]}", text_anchor=anchor, **{"data-edge": anchor})  # fmt: skip


def _line(start: float, end: float, y: str, name: str) -> Html:
    return tag("line", x1=_p(start), x2=_p(end), y1=y, y2=y, class_=name)


def _mark(place: float, y: str, name: str, shape: str, said: str) -> Html:
    return tag("svg", tag("g", tag("title", said), Html(shape), class_=f"mark {name}"), x=_p(place), y=y)


def _p(place: float) -> str:
    return f"{place:.2f}".rstrip("0").rstrip(".") + "%"


def _aloud(item: Delivery) -> str:
    """The row in words."""
    if not item.counted:
        return "no attempt has ended"
    said = [
        f"attempt {attempt.attempt} after {closely(attempt.started_at - item.emitted_at)}: {with_faults(attempt)}"
        for attempt in item.counted
    ]
    if (due := _due(item)) is not None:
        said.append(f"the next is due after {closely(due - item.emitted_at)}")
    return "; ".join(said)


# --- around the rows -----------------------------------------------------------------------


def _scale(of: Axis) -> Html:
    parts = [tag("line", x1="0", x2="100%", y1="22", y2="22", class_="rule")]
    parts += (_line(left * 100, right * 100, "22", "shortened") for left, right in of.shortened)
    last = len(of.ticks) - 1  # on a narrow page every second label has room, the last one first
    for index, tick in enumerate(of.ticks):
        place = _p(tick.place * 100)
        anchor = "start" if tick.place < 0.02 else "end" if tick.place > 0.96 else "middle"
        minor = "minor" if index and (last - index) % 2 else None
        parts.append(tag("line", x1=place, x2=place, y1="18", y2="26", class_="tick"))
        parts.append(tag("text", tick.label, x=place, y="13", text_anchor=anchor, class_=minor))
    return tag("svg", *parts, class_="scale")


def _legend(numbered: Sequence[tuple[int, Delivery]], of: Axis) -> Html:
    kinds = {kind(attempt) for _, item in numbered for attempt in item.counted}
    entries = [tag("li", sign(item), says) for item, says in KIND_SAYS.items() if item in kinds]
    if any(_due(item) is not None for _, item in numbered):
        entries.append(tag("li", sign(None), "not sent: due later than the run’s end"))
    how = "Time since the run began, on the sandbox’s clock"
    if not of.even:
        how += "; not to scale: the longer a pause, the more it is shortened (dashed), and the labels say its length"
    return tag(
        "figcaption", tag("ul", *entries, class_="legend"), tag("p", f"{how}. A line is a wait for the next attempt.")
    )  # fmt: skip


# --- all attempts at once ------------------------------------------------------------------


def overview(deliveries: Sequence[Delivery], began: datetime) -> Html:
    """How many attempts there were at which time: those taken stand up, the others hang down."""
    scale = _axis(deliveries, began)
    columns: list[Counter[Kind]] = [Counter() for _ in range(_COLUMNS)]
    for item in deliveries:
        for attempt in item.counted:
            place = scale.place(_since(began, attempt.started_at))
            columns[min(int(place * _COLUMNS), _COLUMNS - 1)][kind(attempt)] += 1
    up = max(column[Kind.TAKEN] for column in columns)
    down = max(column.total() - column[Kind.TAKEN] for column in columns)
    unit = _TALL / max(up + down, 1)
    zero = 3 + up * unit
    bars = [bar for index, column in enumerate(columns) for bar in _column(index, column, zero, unit)]
    line = tag("line", x1="0", x2="100%", y1=_y(zero), y2=_y(zero), class_="zero")
    most = [f"at most {up:,} taken"] if up else []
    most += [f"at most {down:,} not taken"] if down else []
    said = f"Attempts over time, each column a {_COLUMNS}th of the axis: {', '.join(most) or 'none'} in one column"
    drawing = tag("svg", *bars, line, class_="columns", role="img", aria_label=said)
    return tag(
        "figure",
        drawing,
        tag("div", _scale(scale), aria_hidden="true"),
        tag(
            "figcaption",
            tag(
                "p",
                f"{said}. Taken ones stand up; refused ones hang down filled, unanswered ones as outlines.",
            ),
        ),
        class_="overview",
    )


def _column(index: int, column: Counter[Kind], zero: float, unit: float) -> Iterator[Html]:
    x, width = _p(index * 100 / _COLUMNS), _p(100 / _COLUMNS * 0.82)
    if taken := column[Kind.TAKEN]:
        yield _bar(x, zero - taken * unit, width, taken * unit, "k-taken", f"{taken:,} taken")
    top = zero
    for item in (Kind.REFUSED, Kind.SILENT, Kind.CUT):
        if number := column[item]:
            name = _KIND_CLASS[item] if item is Kind.REFUSED else f"{_KIND_CLASS[item]} hollow"
            yield _bar(x, top, width, number * unit, name, f"{number:,} {KIND_SAYS[item].partition(':')[0]}")
            top += number * unit


def _bar(x: str, y: float, width: str, height: float, name: str, said: str) -> Html:
    # A single one among thousands is to be seen, too.
    return tag(
        "rect", tag("title", said), x=x, y=_y(y), width=width, height=_y(max(height, 1.5)), class_=name
    )


def _y(place: float) -> str:
    return f"{place:.1f}"
