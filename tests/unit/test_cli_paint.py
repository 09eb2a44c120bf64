"""What the command line paints: columns that line up, text that is obeyed by nothing, plain words for numbers."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from sandbox.cli.layout import Column
from sandbox.cli.paint import (
    DOT,
    PlainPainter,
    TerminalPainter,
    can_write,
    console_on,
    is_terminal,
    painter,
    rich_text,
    width,
)
from sandbox.cli.words import attempts, chip, count, policy, roughly, seconds, status, tally, target
from sandbox.core.entries import Attempted
from sandbox.core.envelope import Rendering, Target
from sandbox.core.ledger import Delivery
from sandbox.core.model import Connection, Event, NoAuth, Response, Status, TransportError
from sandbox.core.present import plain
from sandbox.core.profile import Profile
from sandbox.core.retry import Backoff, RetryPolicy, preset

AT = datetime(2026, 4, 24, tzinfo=UTC)
ID = "6640f45ac8a0d7e8b7f2014a"
HOSTILE = "\x1b[2J\x1b]0;owned\x07\r\nFAILED\x9b31m\u202egpj\u2028\x7f\ud83d"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(StringIO):
    """A stream that somebody looks at."""

    def isatty(self):
        return True


def on_pipe(paint, *, encoding="utf-8"):
    """What *paint* writes to a stream with this encoding."""
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", newline="")
    paint(PlainPainter(stream))
    stream.flush()
    return raw.getvalue().decode(encoding)


def on_terminal(paint, **options):
    """What *paint* writes to a terminal of 60 columns, without its colours."""
    stream = StringIO()
    given = {"file": stream, "force_terminal": True, "width": 60, "legacy_windows": False}
    paint(TerminalPainter(Console(**given | {"_environ": {"TERM": "xterm-256color"}} | options)))
    return COLOUR.sub("", stream.getvalue())


def obeyed(character):
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in "\u202a\u202b\u202d\u202e"
    )


# --- how wide text is ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param("Ann", 3, id="ASCII"),
        pytest.param("Zoë", 3, id="Latin"),
        pytest.param("Олена", 5, id="Cyrillic"),
        pytest.param("山田太郎", 8, id="Han"),
        pytest.param("ひらカナ", 8, id="kana"),
        pytest.param("한국", 4, id="Hangul"),
        pytest.param("ｗｉｄｅ", 8, id="full width"),
        pytest.param("ｶﾅ", 2, id="half width"),
        pytest.param("e\u0301a\u0308", 2, id="combining marks"),
        pytest.param("\u0e01\u0e34\u0e19", 2, id="a Thai vowel above"),
        pytest.param("\u0928\u0941", 1, id="a Devanagari vowel below"),
        pytest.param("a\u200bb", 2, id="a zero-width space"),
        pytest.param("\ufe0f", 0, id="a variation selector"),
        pytest.param("🙂", 2, id="an emoji"),
        pytest.param("\u0645\u0631\u062d", 3, id="Arabic"),
    ],
)
def test_width_is_in_columns(text, columns):
    assert width(text) == columns
    assert cell_len(text) == columns  # rich says so too


@given(st.text(), st.text())
def test_widths_add_up(one, other):
    assert width(one + other) == width(one) + width(other)


# --- a pipe ----------------------------------------------------------------------


def test_a_line_in_a_pipe_is_its_text_without_style():
    assert on_pipe(lambda p: p.line(("503", "bold red"), (" · ", "dim"), ("200", "green"))) == "503 · 200\n"
    assert on_pipe(lambda p: p.line()) == "\n"


def test_a_pipe_gets_ordinary_spaces_and_none_at_the_end():
    assert on_pipe(lambda p: p.line(("503", ""), ("\u00a0+0s", "dim"), ("  ", ""))) == "503 +0s\n"


def test_nothing_is_cut_or_wrapped_in_a_pipe():
    long = "name " * 400 + "end"
    assert on_pipe(lambda p: p.line((long, ""))) == long + "\n"
    written = on_pipe(lambda p: p.table([[[(long, "")], [(long, "")]], [[("a", "")], [("b", "")]]]))
    assert written.split("\n") == [f"{long}  {long}", "a" + " " * (len(long) - 1) + "  b", ""]


def test_columns_in_a_pipe_line_up_whatever_the_script():
    names = ["Ann", "山田太郎", "e\u0301le\u0301na", "\u0e2a\u0e38\u0e23\u0e35", "Олена"]
    rows = [[[(name, "bold")], [("|", ""), ("x", "dim")]] for name in names]
    lines = on_pipe(lambda p: p.table(rows)).splitlines()
    assert [line.strip() for line in lines] == lines
    assert {cell_len(line.partition("|")[0]) for line in lines} == {8 + 2}


def test_a_table_without_rows_is_nothing():
    assert on_pipe(lambda p: p.table([])) == ""
    assert on_terminal(lambda p: p.table([])) == ""


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from(HOSTILE)))
def test_hostile_text_is_one_harmless_line_in_a_pipe(text):
    line = on_pipe(lambda p: p.line(("<", ""), (text, "red"), (">", "")))
    row = on_pipe(lambda p: p.table([[[(text, "")], [(">", "")]]]))
    for written in (line, row):
        assert written.endswith(">\n")
        assert not any(map(obeyed, written[:-1]))


@pytest.mark.parametrize(
    ("spans", "written"),
    [
        pytest.param(["::error::x"], ": error::x\n", id="at the beginning"),
        pytest.param(["\u00a0 ", "::stop-commands::x"], "  : stop-commands::x\n", id="after a blank"),
        pytest.param(["Alex ##[error]x"], "Alex ##(error]x\n", id="anywhere"),
        pytest.param(["##", "[error]x"], "##(error]x\n", id="of two pieces"),
        pytest.param(["seen::error::x"], "seen::error::x\n", id="not at the beginning: it is none"),
    ],
)
def test_no_line_in_a_pipe_is_a_command_to_a_ci_job(spans, written):
    assert on_pipe(lambda p: p.line(*((words, "") for words in spans))) == written
    assert on_pipe(lambda p: p.table([[[(words, "") for words in spans]]])) == written


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "iso8859-5"])
def test_our_own_signs_are_ascii_where_the_stream_is_not_utf_8(encoding):
    signs = "✓ ✗ → · … — » × ±"
    written = on_pipe(lambda p: p.line((signs + "\u00a0|", "")), encoding=encoding)
    assert written == "ok no -> - ... - > x +- |\n"
    assert on_pipe(lambda p: p.table([[[("→", "")], [("·", "")]]]), encoding=encoding) == "->  -\n"


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "utf8", "utf-8-sig", "utf-16"])
def test_our_own_signs_stay_where_the_stream_can_carry_them(encoding):
    assert on_pipe(lambda p: p.line(("✓ →", "")), encoding=encoding) == "✓ →\n"


def test_a_stream_of_text_can_carry_everything():
    stream = StringIO()
    PlainPainter(stream).line(("✓ Zoë", ""))
    assert stream.getvalue() == "✓ Zoë\n"


@pytest.mark.parametrize(
    ("encoding", "can"),
    [
        ("utf-8", True),
        ("UTF-8", True),
        ("utf8", True),
        ("utf-8-sig", True),
        ("ascii", False),
        ("cp1252", False),
    ],
)
def test_only_utf_8_can_write_any_text(encoding, can):
    assert can_write(TextIOWrapper(BytesIO(), encoding=encoding)) is can
    assert can_write(StringIO())


# --- a terminal ------------------------------------------------------------------


def test_a_stream_gets_the_painter_that_suits_it(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(painter(StringIO()), PlainPainter)
    assert isinstance(painter(Terminal()), TerminalPainter)
    assert is_terminal(Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not is_terminal(Terminal())
    assert isinstance(painter(Terminal()), PlainPainter)


MARKUP = [
    "[/b]",
    "[red]x[/red]",
    "[bold]",
    "[link=http://x]y[/link]",
    ":smile:",
    "[",
    "\\[b]",
    "[/]",
    "[@click=x]",
]


@pytest.mark.parametrize("markup", [False, True], ids=["our console", "rich's own settings"])
@pytest.mark.parametrize("text", MARKUP)
def test_markup_in_a_name_is_only_text(text, markup):
    options = {} if markup else {"markup": False, "highlight": False, "emoji": False}
    assert on_terminal(lambda p: p.line((text, "bold")), **options) == f"{text}\n"
    row = on_terminal(lambda p: p.table([[[(text[:15], "")], [(text, "")]]]), **options)
    assert row.split() == f"{text[:15]} {text}".split()


@pytest.mark.parametrize("text", MARKUP)
def test_the_console_that_is_used_takes_no_markup_either(text):
    stream = StringIO()
    console_on(stream).print(text)
    assert stream.getvalue() == f"{text}\n"


def test_a_terminal_gets_colours_and_no_color_is_heeded():
    def written(environment):
        stream = StringIO()
        console = Console(
            file=stream, force_terminal=True, width=60, legacy_windows=False, _environ=environment
        )
        TerminalPainter(console).line(("FAILED", "red"))
        return stream.getvalue()

    assert written({"TERM": "xterm-256color"}) == "\x1b[31mFAILED\x1b[0m\n"
    assert written({"TERM": "xterm-256color", "NO_COLOR": "1"}) == "FAILED\n"


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from(HOSTILE), max_size=30))
def test_hostile_text_is_harmless_on_a_terminal(text):
    for written in (
        on_terminal(lambda p: p.line((text, "red"))),
        on_terminal(lambda p: p.table([[[(text, "")], [(text, "")]]])),
    ):
        assert not any(map(obeyed, written.replace("\n", "")))
    assert rich_text([(text, "")]).plain == plain(text)


COLUMNS = [Column(), Column(spare=1), Column(least=12), Column(least=23)]


def tried(*answers):
    """A row with so many *answers*, as the summary shows it."""
    spans = [span for answer in answers for span in (DOT, (answer, "bold red"), ("\u00a0+5s", "dim"))]
    return [[("SUCCESS", "green")], [("chat.created", "")], [("n" * 30, "bold")], spans[1:]]


def test_a_table_that_fits_is_shown_whole():
    written = on_terminal(lambda p: p.table([tried("200")], COLUMNS), width=80)
    assert written == f"SUCCESS  chat.created  {'n' * 30}  200\u00a0+5s\n"


def test_a_long_name_is_cut_and_attempts_go_on_below_between_two_of_them():
    written = on_terminal(lambda p: p.table([tried(*["503"] * 7, "200")], COLUMNS), width=80)
    first, *others = written.splitlines()
    assert first.startswith(f"SUCCESS  chat.created  {'n' * 18}")
    assert "…  503\u00a0+5s · 503\u00a0+5s" in first
    assert others
    before = first.index("503")
    assert all(line[:before].isspace() and line[before] != " " for line in others)
    assert all(line.endswith(" ·") for line in [first, *others][:-1])
    assert written.count("\u00a0+5s") == 8
    assert max(map(len, [first, *others])) < 80


def test_what_can_be_spared_goes_before_what_was_tried():
    written = on_terminal(lambda p: p.table([tried("503", "503", "200")], COLUMNS), width=60)
    assert "chat.created" not in written
    assert written.count("\u00a0+5s") == 3
    assert max(map(len, written.splitlines())) < 60


def test_where_nothing_fits_beside_each_other_attempts_stand_below():
    written = on_terminal(lambda p: p.table([tried("503", "503", "200")] * 2, COLUMNS), width=28)
    lines = written.splitlines()
    assert len(lines) == 2 * 3
    assert lines[0].startswith("SUCCESS  nnnn")
    assert lines[1] == "  503\u00a0+5s · 503\u00a0+5s ·"
    assert lines[2] == "  200\u00a0+5s"
    assert max(map(len, lines)) < 28


def test_a_line_stays_one_where_a_terminal_gives_vowel_signs_columns_of_their_own():
    row = [[("सारिका शाह", "")], [("200", "")]]
    [line] = on_terminal(lambda p: p.table([row], [Column(least=5), Column()]), width=16).splitlines()
    assert width(line) <= 15


# --- numbers in words ------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_seconds", "words"),
    [
        (0, "0s"),
        (0.04, "0s"),
        (0.06, "100ms"),
        (0.25, "200ms"),
        (1.26, "1.3s"),
        (5, "5s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (10.4, "10s"),
        (59.6, "1m"),
        (75, "1m15s"),
        (3600, "1h"),
        (86_400, "24h"),
        (90_061.4, "25h1m1s"),
    ],
)
def test_a_duration_is_told_roughly(given_seconds, words):
    assert roughly(timedelta(seconds=given_seconds)) == words


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (0, "0ms"),
        (0.4, "0ms"),
        (40.2, "40ms"),
        (999, "999ms"),
        (1000, "1.0s"),
        (3249, "3.2s"),
        (59_900, "59.9s"),
        (60_000, "1m"),
        (75_400, "1m15s"),
        (3_600_000, "1h"),
    ],
)
def test_time_that_passed_is_told_in_its_unit(milliseconds, words):
    assert seconds(milliseconds) == words


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (0, ("attempt",), "0 attempts"),
        (1, ("attempt",), "1 attempt"),
        (2, ("attempt",), "2 attempts"),
        (1, ("delivery", "deliveries"), "1 delivery"),
        (1200, ("delivery", "deliveries"), "1,200 deliveries"),
        (1_000_000, ("event",), "1,000,000 events"),
    ],
)
def test_a_number_goes_with_its_noun(number, noun, words):
    assert count(number, *noun) == words


@pytest.mark.parametrize(
    ("given_policy", "words"),
    [
        pytest.param(
            preset("wexio", Profile()),
            "retry wexio (assumed numbers): 5 attempts; 5s, 10s, 20s, 40s apart; at most 10s each",
            id="wexio",
        ),
        pytest.param(
            preset("svix", Profile()),
            "retry svix (published numbers): 8 attempts; 5s, 5m, 30m, 2h, 5h, 10h, 10h apart; at most 15s each",
            id="svix",
        ),
        pytest.param(
            preset("none", Profile()), "retry none: a single attempt; at most 10s each", id="none"
        ),
        pytest.param(
            RetryPolicy(attempts=10, delays=(timedelta(seconds=1),) * 9),
            f"retry custom: 10 attempts; {'1s, ' * 8}… apart; at most 10s each",
            id="many delays",
        ),
        pytest.param(
            RetryPolicy(attempts=4, delays=Backoff(base=timedelta(seconds=5), factor=1.5)),
            "retry custom: 4 attempts; 5s apart, each delay 1.5 times the last, at most 1h; at most 10s each",
            id="backoff",
        ),
        pytest.param(
            RetryPolicy(attempts=4, delays=Backoff(base=timedelta(seconds=5), jitter=0.2)),
            "retry custom: 4 attempts; 5s apart, each delay 2 times the last, at most 1h, ±20%; at most 10s each",
            id="jitter",
        ),
    ],
)  # fmt: skip
def test_a_policy_is_told_with_its_numbers_and_how_sure_we_are(given_policy, words):
    assert policy(given_policy) == words


# --- deliveries in words ---------------------------------------------------------


def delivery(*outcomes, state=Status.SUCCESS, begun=None):
    event = Event(id="evt_1", name="chat.created", occurred_at=AT, organisation_id="0" * 24, data_json=b"{}")
    to = Target(Connection(name="crm", url="http://127.0.0.1:1/x", auth=NoAuth(), id=ID))
    made = tuple(
        Attempted(
            at=AT, run_id="r", delivery_id="dlv_1", event_id="evt_1", connection_id=ID, attempt=number,
            rendering=Rendering(event, to, number, AT), outcome=outcome,
            started_at=AT + timedelta(seconds=5 * (number - 1)), elapsed_ms=1.0,
        )
        for number, outcome in enumerate(outcomes, 1)
    )  # fmt: skip
    return Delivery(
        id="dlv_1", run_id="r", event_id="evt_1", event="chat.created", channel="VIBER", who="Ann",
        connection_id=ID, status=state, attempt_count=len(made) if begun is None else begun, attempts=made,
        next_attempt_at=None, emitted_at=AT, settled_at=None,
    )  # fmt: skip


TIMED_OUT = TransportError(type="timeout", message="no complete answer within 10s")


@pytest.mark.parametrize(
    ("given_delivery", "line"),
    [
        pytest.param(delivery(), "", id="none yet"),
        pytest.param(delivery(Response(status=200)), "200 +0s", id="one"),
        pytest.param(delivery(Response(status=503), TIMED_OUT), "503 +0s · timeout +5s", id="two"),
        pytest.param(delivery(state=Status.PENDING, begun=1), "in flight", id="the first in flight"),
        pytest.param(
            delivery(TIMED_OUT, state=Status.PENDING, begun=2), "timeout +0s · in flight", id="in flight"
        ),
        pytest.param(delivery(TIMED_OUT, state=Status.PENDING), "timeout +0s", id="waiting"),
    ],
)
def test_attempts_are_told_in_their_order_and_with_their_time(given_delivery, line):
    assert on_pipe(lambda p: p.line(*attempts(given_delivery))) == f"{line}\n"


@pytest.mark.parametrize(
    ("outcome", "words", "colour"),
    [
        (Response(status=204), "204", "green"),
        (Response(status=302), "302", "yellow"),
        (Response(status=404), "404", "red"),
        (Response(status=500), "500", "red"),
        (TIMED_OUT, "timeout", "magenta"),
    ],
)
def test_an_outcome_has_its_colour(outcome, words, colour):
    text, style = chip(outcome)
    assert (text, style) == (words, f"bold {colour}")


@pytest.mark.parametrize("state", list(Status))
def test_every_state_has_its_word_and_a_colour(state):
    text, style = status(state)
    assert text == state.value
    assert style


def test_a_tally_counts_deliveries_and_attempts():
    assert tally([]) == "0 deliveries · 0 attempts"
    assert tally([delivery(TIMED_OUT)]) == "1 delivery · 1 attempt"
    assert tally([delivery(TIMED_OUT, TIMED_OUT), delivery(TIMED_OUT)]) == "2 deliveries · 3 attempts"


def test_a_target_is_shown_without_query_values():
    connection = Connection(name="crm", url="http://h/x?key=s3cret", auth=NoAuth())
    assert target(connection) == "http://h/x?key=***"
