"""The summary for a job's page, read back by a Markdown parser and an HTML parser of somebody else."""

from dataclasses import replace
from datetime import UTC, datetime

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sandbox.core.entries import Expectation
from sandbox.core.errors import Problem
from sandbox.core.jobpage import LARGEST, SHOWN, job_page, refused_page
from sandbox.core.model import Connection, Hmac, Response, Status, TransportError
from sandbox.core.report import Play, Report
from tests.unit.test_junit import FAILED, HELD, attempt, delivery, verdict

AT = datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)
OURS = {
    "h3",
    "h4",
    "table",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
    "bdi",
    "span",
    "details",
    "summary",
    "p",
    "strong",
}


def play(*expectations, name="First contact", deliveries=(), **changes):
    given = {
        "name": name, "command": "wexio-sandbox run first-contact --seed 42", "began": AT, "seed": 42,
        "deliveries": deliveries, "verdict": verdict(*expectations),
    }  # fmt: skip
    return Play(**given | changes)


def page(*plays, **changes):
    source = job_page(Report(plays=plays, version="1", made_at=AT, **changes)).decode()
    rendered = MarkdownIt("commonmark").enable("table").enable("strikethrough").render(source)
    return html5lib.parse(rendered, namespaceHTMLElements=False).find("body")


def words(element):
    return " ".join("".join(element.itertext()).split())


def rows(table):
    return [[words(cell) for cell in row] for row in table.iter("tr")]


def refused(*problems, says=""):
    rendered = MarkdownIt("commonmark").enable("table").render(refused_page(problems, says).decode())
    return html5lib.parse(rendered, namespaceHTMLElements=False).find("body")


def test_what_could_not_be_played_is_told_problem_by_problem():
    body = refused(
        Problem(file="mine.yaml", line=6, column=11, message="unknown key '`x`'", hint="did you <mean> y?"),
        Problem(file="mine.yaml", line=7, column=1, message="odd\n\n# not a heading", severity="warning"),
    )
    assert words(body.find("h3")) == "❌ wexio-sandbox: NOT PLAYED"
    [table] = body.iter("table")
    assert rows(table)[1:] == [
        ["mine.yaml:6:11", "unknown key '`x`'", "did you <mean> y?"],
        ["mine.yaml:7:1", "warning: odd␊␊# not a heading", ""],
    ]
    assert {element.tag for element in body.iter()} <= OURS | {"body"}


def test_a_refusal_without_a_place_is_a_sentence_and_many_problems_are_counted():
    assert words(refused(says="there is no scenario x").find("p")) == "there is no scenario x"
    body = refused(*(Problem(message=f"wrong {number}") for number in range(1234)))
    assert len(rows(next(body.iter("table")))) == 101
    assert words(body.find("p")) == "and 1,134 more"


def test_a_run_that_passed_is_told_in_a_few_lines():
    body = page(play(HELD, deliveries=[delivery(attempts=[attempt()])]))
    assert words(body.find("h3")) == "✅ wexio-sandbox: PASSED"
    [overview, expectations] = body.iter("table")
    assert rows(overview)[1] == ["✅ PASSED", "First contact", "1 of 1", "1", "1.2s", "42"]
    assert rows(expectations)[1:] == [["✅", "2 deliveries SUCCESS", "2"]]
    [folded] = body.iter("details")
    assert folded.get("open") is None
    assert words(folded.find("summary")) == "1 of 1 expectation held"


def test_a_run_that_failed_tells_what_failed_first_and_how_to_play_it_again():
    attempts = [
        attempt(1, Response(status=500)),
        attempt(2, TransportError(type="timeout", message="none"), after=5),
    ]
    lost = delivery(2, Status.DEAD_LETTER, who="Bob", attempts=attempts)
    body = page(play(HELD, FAILED, deliveries=[delivery(), lost], explain=lambda attempt: "Likely: slow."))
    assert words(body.find("h3")) == "❌ wexio-sandbox: FAILED"
    _, expectations, channels, tried = body.iter("table")
    assert [row[0] for row in rows(expectations)[1:]] == ["❌", "✅"]
    assert rows(channels) == [
        ["channel", "PENDING", "SUCCESS", "FAILED", "DEAD_LETTER"],
        ["VIBER", "0", "1", "0", "1"],
    ]
    assert rows(tried)[1:] == [["1", "+0s", "500", "12 ms"], ["2", "+5s", "timeout: none", "12 ms"]]
    [folded] = body.iter("details")
    assert folded.get("open") is not None
    assert "DEAD_LETTER VIBER Bob evt_2" in words(folded)
    assert "Likely: slow." in words(folded)
    assert words(body).endswith("The same again: wexio-sandbox run first-contact --seed 42")


def test_an_interrupted_run_says_so_and_what_was_not_played():
    body = page(replace(play(), verdict=None), not_played=["Another"])
    [overview] = body.iter("table")
    assert [row[:2] for row in rows(overview)[1:]] == [
        ["⏹️ INTERRUPTED", "First contact"],
        ["not played", "Another"],
    ]


HOSTILE = [
    "# heading", "a\n\n# b", "|`|``", "<script>alert(1)</script>", "</code></td></table><img src=x onerror=y>",
    "[a](http://evil)", "![a](http://evil)", "**bold** _it_ ~~s~~", "\x1b[31m", "::error::x", "- a", "&lt;b&gt;", "```", "    x",
    "<!--", "<![CDATA[", "<pre>\n\n", "http://evil/ @octocat #1",
]  # fmt: skip


@pytest.mark.parametrize("said", HOSTILE)
def test_a_hostile_name_is_text(said):
    failed = Expectation(text=said, passed=False, actual=said)
    lost = delivery(
        2,
        Status.FAILED,
        who=said,
        channel=None,
        attempts=[attempt(1, TransportError(type="dns", message=said))],
    )
    body = page(
        play(failed, name=said, deliveries=[lost], command=said, explain=lambda attempt: said),
        not_played=[said],
    )
    assert {element.tag for element in body.iter()} - {"body"} <= OURS
    assert {name for element in body.iter() for name in element.attrib} <= {"class", "open"}
    shown = said.replace("\n", "␊").replace("\x1b", "␛")
    assert rows(next(body.iter("table")))[1][1] == " ".join(shown.split())


@given(st.text(), st.sampled_from(HOSTILE))
def test_whatever_the_names_nothing_but_our_own_markup_is_on_the_page(one, other):
    failed = Expectation(text=one + other, passed=False, actual=other + one)
    body = page(play(failed, name=other + one, command=one))
    assert {element.tag for element in body.iter()} - {"body"} <= OURS


def test_no_secret_is_on_the_page():
    crm = Connection(name="crm", url="http://127.0.0.1/?key=s3cret-key", auth=Hmac(secret="whsec_of-crm"))
    said = "no: whsec_of-crm, s3cret-key"
    source = job_page(
        Report(plays=[play(replace(FAILED, actual=said), connections=[crm])], version="1", made_at=AT)
    ).decode()
    assert "no: ***, ***" in source


def test_of_many_deliveries_the_first_are_told():
    lost = [delivery(number, Status.FAILED) for number in range(SHOWN + 5)]
    [folded] = page(play(FAILED, deliveries=lost)).iter("details")
    assert (
        words(folded.find("summary")) == f"{SHOWN + 5} deliveries without success, the first {SHOWN} of them"
    )
    assert len(list(folded.iter("p"))) == SHOWN


def test_a_page_has_an_end_and_says_what_it_leaves_out():
    many = [replace(FAILED, text="x" * 1000, actual="ж" * 1000) for _ in range(200)]
    plays = [play(*many, name=f"play {number}") for number in range(20)]
    source = job_page(Report(plays=plays, version="1", made_at=AT))
    assert len(source) < LARGEST + 10_000
    assert "scenarios more: this page would be too long" in source.decode()
    assert "and 100 more" in source.decode()
