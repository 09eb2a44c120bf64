"""How problems are shown: where the carets stand, and that nothing quoted is obeyed."""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.errors import Problem
from sandbox.core.problems import WIDEST, render_github, render_json, render_text


def problem(**given):
    return Problem(**{"message": "is wrong", "file": "a.yaml", "line": 4, "column": 3, **given})


def test_a_problem_is_shown_with_its_line_a_caret_and_the_correction():
    shown = render_text([problem(source_line="  who: 5", column=8, length=1, hint="give a name")])
    assert shown.split("\n") == [
        "a.yaml:4:8: is wrong",
        "  4 |   who: 5",
        "    |        ^",
        "    = give a name",
    ]


def test_a_warning_says_that_it_is_one():
    assert render_text([problem(severity="warning")]) == "a.yaml:4:3: warning: is wrong"


def test_problems_stand_in_the_order_of_the_file_and_keep_theirs_where_they_share_a_place():
    places = [("b", 1, 1, "1"), ("a", 10, 1, "2"), ("a", 9, 5, "3"), ("a", 9, 5, "4"), ("a", 9, 2, "5")]
    shuffled = [Problem(file=f, line=n, column=c, message=m) for f, n, c, m in places]
    order = ["5", "3", "4", "2", "1"]
    assert [item["message"] for item in json.loads(render_json(shuffled))] == order
    assert [line[-1] for line in render_text(shuffled).split("\n\n")] == order
    assert [line[-1] for line in render_github(shuffled).split("\n")] == order


def test_no_problems_are_shown_as_none():
    assert (render_text([]), render_json([]), render_github([])) == ("", "[]", "")


@pytest.mark.parametrize(
    ("line", "column", "length", "shown", "carets"),
    [
        ("a: bc", 4, 2, "a: bc", "   ^^"),
        ("\ta: b", 5, 1, " a: b", "    ^"),
        ("名前: 値段", 5, 2, "名前: 値段", "      ^^^^"),
        ("ｗ: x", 4, 1, "ｗ: x", "    ^"),
        ("e\u0301: x", 5, 1, "e\u0301: x", "   ^"),
        ("a\u200b: x", 5, 1, "a\u200b: x", "   ^"),
        ("😀: x", 4, 1, "😀: x", "    ^"),
        ("a:", 3, 1, "a:", "  ^"),
        ("a:", 999, 5, "a:", "  ^"),
        ("a: b", 4, 999, "a: b", "   ^"),
        ("", 1, 1, "", "^"),
        ("\u0301a", 2, 1, " \u0301a", " ^"),
        ("a: \u0301", 4, 1, "a: \u0301", "   ^"),
        ("a: \x1b[31mred", 4, 2, "a: ␛[31mred", "   ^^"),
        ("a: \u202eevil", 5, 4, "a: \ufffdevil", "    ^^^^"),
        ("a: \ud800b", 5, 1, "a: \ufffdb", "    ^"),
        ("a\nb", 3, 1, "a␊b", "  ^"),
        ("x", 0, 0, "x", "^"),
    ],
    ids=ascii,
)
def test_carets_stand_below_what_they_mean(line, column, length, shown, carets):
    _, source, below = render_text([problem(source_line=line, column=column, length=length)]).split("\n")
    assert source == f"  4 | {shown}".rstrip()
    assert below == f"    | {carets}"


@pytest.mark.parametrize("column", [1, 61, 62, 200, 500, 839, 1000], ids=str)
def test_of_a_long_line_the_part_around_the_problem_is_shown(column):
    line = "".join(chr(ord("a") + index % 26) for index in range(1000))
    _, source, below = render_text([problem(source_line=line, column=column, length=900)]).split("\n")
    assert len(source) <= len("  4 | ") + WIDEST + 2
    assert source[len("  4 | ")] == ("a" if column <= 61 else "…")
    assert source.endswith("…") == (column < 900)
    assert source[below.index("^")] == line[column - 1]
    assert len(below) <= len(source)


def test_the_gutter_is_as_wide_as_the_number():
    shown = render_text([problem(line=1234, source_line="a", column=1, hint="so")]).split("\n")
    assert shown[1:] == ["  1234 | a", "       | ^", "       = so"]


HOSTILE = "\x1b[2J\x9b31m\r\n\u202e\u2028\x00::error::owned##[error]\ud800%0A,:"


def test_nothing_quoted_is_obeyed_by_a_terminal_or_a_ci_job():
    problems = [problem(message=HOSTILE, file=HOSTILE, hint=HOSTILE, source_line=HOSTILE)]
    for render in (render_text, render_json, render_github):
        shown = render(problems)
        shown.encode()
        assert not {unicodedata.category(character) for character in shown if character != "\n"} & {
            "Cc",
            "Zl",
        }
        assert "\u202e" not in shown
        assert "##[" not in shown
    assert len(render_text(problems).split("\n")) == 4


def test_json_says_exactly_what_was_wrong():
    problems = [problem(message=HOSTILE, hint="größer 😀"), problem(severity="warning")]
    text = render_json(problems)
    assert "größer 😀" in text
    assert json.loads(text) == [
        {
            "file": "a.yaml",
            "line": 4,
            "column": 3,
            "severity": "error",
            "message": HOSTILE,
            "hint": "größer 😀",
        },
        {
            "file": "a.yaml",
            "line": 4,
            "column": 3,
            "severity": "warning",
            "message": "is wrong",
            "hint": None,
        },
    ]


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        ({"length": 2}, "::error file=a.yaml,line=4,col=3,endColumn=5::is wrong"),
        ({"severity": "warning"}, "::warning file=a.yaml,line=4,col=3,endColumn=4::is wrong"),
        ({"hint": "do right"}, "::error file=a.yaml,line=4,col=3,endColumn=4::is wrong%0Ado right"),
        ({"message": "100% a,b:c"}, "::error file=a.yaml,line=4,col=3,endColumn=4::100%25 a,b:c"),
        ({"file": "C:\\a,b%.yaml"}, "::error file=C%3A\\a%2Cb%25.yaml,line=4,col=3,endColumn=4::is wrong"),
        ({"message": "x\n::error::y\r\n"}, "::error file=a.yaml,line=4,col=3,endColumn=4::x␊::error::y␍␊"),
    ],
    ids=repr,
)
def test_github_is_told_in_its_own_words(given_, shown):
    assert render_github([problem(**given_)]) == shown


anything = st.text(st.characters(), max_size=300)
problems = st.builds(
    Problem,
    message=anything,
    file=anything,
    line=st.integers(1, 10**6),
    column=st.integers(1, 400),
    length=st.integers(1, 400),
    hint=st.none() | anything,
    source_line=st.none() | anything,
)


@settings(deadline=None)
@given(st.lists(problems, max_size=4))
def test_any_problems_can_be_shown(found):
    for render in (render_text, render_json, render_github):
        render(found).encode()
    assert len(json.loads(render_json(found))) == len(found)
    commands = render_github(found).splitlines()
    assert len(commands) == len(found)
    assert all(line.startswith("::error file=") for line in commands)
