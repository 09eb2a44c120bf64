"""A report as one HTML page, read back by a strict parser: complete, harmless, without secrets, small."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import accumulate, pairwise

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.entries import Attempted, Expectation, Verdict
from sandbox.core.envelope import Rendering, Target
from sandbox.core.ledger import Delivery
from sandbox.core.model import (
    Basic,
    Bearer,
    Connection,
    Event,
    Hmac,
    NoAuth,
    Response,
    Status,
    TransportError,
)
from sandbox.core.profile import Profile, Standing
from sandbox.core.report import Play, Report, choose, overall, read_body
from sandbox.core.reportpage import report_html
from sandbox.core.reportstyle import STYLE
from sandbox.core.retry import preset

AT = datetime(2026, 4, 24, 14, 2, 10, 123_456, tzinfo=UTC)
ID = "6640f45ac8a0d7e8b7f2014a"
SECOND = timedelta(seconds=1)
HELD = Expectation(text="2 deliveries SUCCESS", passed=True, actual="2 SUCCESS")
BROKEN = Expectation(text="every delivery SUCCESS", passed=False, actual="1 DEAD_LETTER")
DATA = b'{"chat":{"id":"6804f4c2a6f9f35f6e66f1a1","firstName":"Alex","archivedAt":null}}'
PLAIN = Connection(
    name="crm", url="http://127.0.0.1:1/hook", auth=NoAuth(), id=ID, retry=preset("wexio", Profile())
)


def attempt(
    number=1, outcome=None, *, after=0.0, connection=PLAIN, lasts=0.0, due=None, data=DATA, **changes
):
    event = Event(
        id="evt_1",
        name="chat.created",
        occurred_at=AT,
        organisation_id="0" * 24,
        data_json=data,
        channel="VIBER",
    )
    started = AT + after * SECOND
    given = {
        "at": started + lasts * SECOND, "run_id": "run_1", "delivery_id": "dlv_1", "event_id": "evt_1",
        "connection_id": ID, "attempt": number, "rendering": Rendering(event, Target(connection), number, AT),
        "outcome": outcome or Response(status=200), "started_at": started, "elapsed_ms": 12.4,
        "timing": {"connect": 0.4, "wait": 11.0}, "next_attempt_at": None if due is None else AT + due * SECOND,
    }  # fmt: skip
    return Attempted(**given | changes)


def delivery(number=1, status=Status.SUCCESS, *, who="Ann", channel="VIBER", attempts=None):
    attempts = (attempt(),) if attempts is None else attempts
    return Delivery(
        id=f"dlv_{number}", run_id="run_1", event_id=f"evt_{number}", event="chat.created", channel=channel,
        who=who, connection_id=ID, status=status, attempt_count=len(attempts), attempts=tuple(attempts),
        next_attempt_at=attempts[-1].next_attempt_at if attempts else None, emitted_at=AT,
        settled_at=None if status is Status.PENDING else attempts[-1].at if attempts else AT,
    )  # fmt: skip


def verdict(*expectations, **changes):
    given = {
        "at": AT, "run_id": "run_1", "passed": all(item.passed for item in expectations),
        "expectations": expectations, "deliveries": {}, "seed": 42, "elapsed_ms": 1234.5,
    }  # fmt: skip
    return Verdict(**given | changes)


JUDGED = verdict(HELD)


def play(*deliveries, judged=JUDGED, **changes):
    given = {
        "name": "First contact", "command": "wexio-sandbox run first-contact --seed 42", "began": AT, "seed": 42,
        "connections": (PLAIN,), "deliveries": deliveries, "verdict": judged,
    }  # fmt: skip
    return Play(**given | changes)


def page(*plays, **changes):
    return report_html(Report(**{"plays": plays, "version": "9.8.7", "made_at": AT} | changes))


def parsed(source):
    """The document of somebody else's parser, which refuses what is not well written."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(source)


def words(element):
    """An element's text, as a reader sees it."""
    return " ".join("".join(element.itertext()).split())


def of_class(document, name):
    return [item for item in document.iter() if name in (item.get("class") or "").split()]


def one_of_class(document, name):
    [found] = of_class(document, name)
    return found


LADDER = [0.0, *accumulate([5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0])]
DOWN = TransportError(type="connect", message="no connection to 127.0.0.1:1")


NEVER = [attempt(n, DOWN, after=after) for n, after in enumerate(LADDER, 1)]


def dead(number=1, **changes):
    return delivery(number, Status.DEAD_LETTER, attempts=NEVER, **changes)


# --- one file, and nothing else --------------------------------------------------------


def test_the_page_needs_nothing_from_anywhere():
    document = parsed(page(play(delivery(), dead(2)), play(delivery())))
    tags = {item.tag.rpartition("}")[2] for item in document.iter() if isinstance(item.tag, str)}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base", "image", "use"}
    for item in document.iter():
        assert not {"src", "srcset", "style", "action", "data"} & set(item.attrib)
        assert item.get("href", "#").startswith("#")
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_the_policy_allows_the_one_style_sheet_and_nothing_else():
    document = parsed(page(play(delivery())))
    [style] = document.iter("style")
    digest = b64encode(sha256("".join(style.itertext()).encode()).digest()).decode()
    [policy] = [meta.get("content") for meta in document.iter("meta") if meta.get("http-equiv")]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_same_report_is_the_same_page_byte_for_byte():
    def made():
        return page(play(delivery(), dead(2)), play(*(delivery(n) for n in range(80))), not_played=["x"])

    assert made() == made()


# --- what is told ----------------------------------------------------------------------


def test_the_verdict_and_each_expectation_are_told():
    document = parsed(page(play(delivery(), judged=verdict(HELD, BROKEN))))
    assert words(one_of_class(document, "verdict")) == "Failed"
    assert words(one_of_class(document, "held")) == "Held: 2 deliveries SUCCESS2 SUCCESS"
    assert words(one_of_class(document, "not-held")) == "Did not hold: every delivery SUCCESS1 DEAD_LETTER"
    [title] = document.iter("title")
    assert title.text == "Failed: First contact"


@pytest.mark.parametrize(
    ("plays", "left", "expected"),
    [
        ([play()], [], "PASSED"),
        ([play(judged=verdict(BROKEN))], [], "FAILED"),
        ([play(), play(judged=verdict(BROKEN))], [], "FAILED"),
        ([play(judged=None)], [], "INTERRUPTED"),
        ([play()], ["another"], "INTERRUPTED"),
    ],
    ids=["passed", "failed", "one of two failed", "interrupted", "one not played"],
)
def test_the_whole_passed_only_where_all_was_played_and_passed(plays, left, expected):
    report = Report(plays=plays, not_played=left, version="1", made_at=AT)
    assert overall(report) == expected
    found = of_class(parsed(report_html(report)), "verdict")[0]
    assert words(found) == expected.title()


def test_deliveries_are_counted_by_channel_and_status_and_attempts_by_answer():
    deliveries = [delivery(1), delivery(2, channel="TELEGRAM"), dead(3), dead(4, channel=None)]
    document = parsed(page(play(*deliveries)))
    rows = [[words(cell) for cell in row] for row in document.iter("tr")]
    assert ["channel", "SUCCESS", "DEAD_LETTER", "in all"] in rows
    assert ["VIBER", "1", "1", "2"] in rows
    assert ["–", "0", "1", "1"] in rows
    assert ["in all", "2", "2", "4"] in rows
    assert ["connect", "16"] in rows
    assert ["200", "2"] in rows


def test_an_attempt_shows_what_was_sent_and_what_was_answered():
    answer = Response(status=503, headers=(("Retry-After", "7"),), body=b"not <now>\n")
    refused = attempt(1, answer, due=5)
    document = parsed(page(play(delivery(attempts=[refused, attempt(2, after=5)]))))
    first, _ = of_class(document, "attempt")
    body = refused.request.body.decode()
    assert words(of_class(first, "first-line")[0]) == "POST http://127.0.0.1:1/hook"
    exact, laid_out = one_of_class(first, "exact"), one_of_class(first, "laid-out")
    assert "".join(next(exact.iter("pre")).itertext()) == body
    assert f"{len(refused.request.body)} bytes" in words(exact)
    assert "".join(next(laid_out.iter("pre")).itertext()) == json.dumps(json.loads(body), indent=2)
    sent = [[words(cell) for cell in row] for row in one_of_class(first, "sent").iter("tr")]
    assert sent == [list(pair) for pair in refused.request.headers]
    answered = one_of_class(first, "answered")
    assert [[words(cell) for cell in row] for row in answered.iter("tr")] == [["Retry-After", "7"]]
    assert "".join(next(answered.iter("pre")).itertext()) == "not <now>\n"
    said = words(first)
    assert "503" in said
    assert "connecting0.4 ms" in said
    assert "next attempt due2026-04-24 14:02:15.123Z, 5s after the end of this one" in said


def test_an_attempt_without_an_answer_says_why():
    document = parsed(page(play(delivery(status=Status.FAILED, attempts=[attempt(1, DOWN)]))))
    assert "connect no connection to 127.0.0.1:1" in words(one_of_class(document, "answered"))


def test_the_likely_reason_is_told_where_there_is_one():
    def explain(of):
        return "the body was <parsed> first" if of.attempt == 2 else None

    refused = Response(status=401)
    item = delivery(status=Status.DEAD_LETTER, attempts=[attempt(n, refused, after=n) for n in (1, 2)])
    document = parsed(page(play(item, explain=explain)))
    assert (
        words(one_of_class(document, "reason")) == "Why, as far as can be told: the body was <parsed> first"
    )


def test_the_settings_and_the_command_are_told_without_secrets():
    document = parsed(page(play(speed="max", command="wexio-sandbox run 'a b' --seed 42")))
    said = words(document)
    for expected in (
        "seed42", "speedmax", "start of the sandbox’s clock2026-04-24 14:02:10.123Z", "the wall clock",
        "wexio (assumed numbers): 5 attempts; 5s, 10s, 20s, 40s apart; at most 10s each",
        "wexio-sandbox run 'a b' --seed 42", "wexio-sandbox 9.8.7",
    ):  # fmt: skip
        assert expected in said
    rows = [[words(cell) for cell in row] for row in document.iter("tr")]
    assert ["crm", "http://127.0.0.1:1/hook", "NONE", "wexio", "32", ID] in rows


def assumptions(profile):
    document = parsed(page(play(), profile=profile))
    table = one_of_class(document, "assumptions")
    return [[words(cell) for cell in row] for row in table.iter("tr")][1:], of_class(table, "other")


def test_every_assumption_is_told_with_its_value():
    rows, changed = assumptions(Profile())
    assert [row[0] for row in rows] == [
        fact.path for fact in Profile().facts() if fact.standing is Standing.ASSUMED
    ]
    assert ["delivery.attempts", "5"] in [row[:2] for row in rows]
    assert changed == []


def test_a_changed_assumption_is_marked_with_its_default():
    profile = Profile()
    profile = replace(profile, request=replace(profile.request, user_agent="<b>Mine</b>"))
    _, [changed] = assumptions(profile)
    assert words(changed).startswith(
        "request.user_agent<b>Mine</b> changed; by default Wexio-Webhooks/2026-04-01 (sandbox)"
    )


def test_several_scenarios_share_a_page_with_contents():
    document = parsed(page(play(delivery()), play(dead(), name="Another"), not_played=["A third"]))
    [contents] = document.iter("nav")
    assert [words(row)[:9] for row in contents.iter("tr")][1:] == ["First con", "AnotherPa", "A thirdno"]
    links = [item.get("href") for item in contents.iter("a")]
    ids = {item.get("id") for item in document.iter()}
    assert links == ["#s1", "#s2"]
    assert {link[1:] for link in links} <= ids


def test_a_run_without_deliveries_has_a_page():
    assert "Nothing was delivered." in words(parsed(page(play())))


# --- the drawing -----------------------------------------------------------------------


def marks(row):
    return [item for item in row.iter() if "mark" in (item.get("class") or "").split()]


def test_each_delivery_is_a_row_and_each_attempt_a_mark():
    answers = [Response(status=503), TransportError(type="timeout", message="x"), Response(status=200)]
    item = delivery(
        attempts=[attempt(n, answer, after=5 * n, lasts=n == 1) for n, answer in enumerate(answers)]
    )
    document = parsed(page(play(item, dead(2))))
    rows = [item for item in one_of_class(document, "timeline").iter("li") if of_class(item, "track")]
    assert [[mark.get("class").split()[1] for mark in marks(row)] for row in rows] == [
        ["k-refused", "k-silent", "k-taken"], ["k-silent"] * len(LADDER),
    ]  # fmt: skip
    track = one_of_class(rows[0], "track")
    assert track.get("role") == "img"
    assert track.get("aria-label") == (
        "attempt 0 after 0s: 503; attempt 1 after 5s: timeout; attempt 2 after 10s: 200"
    )
    assert len(of_class(rows[0], "wait")) == 2
    assert len(of_class(rows[0], "busy")) == 1


def test_no_two_outcomes_share_a_shape():
    outcomes = [
        Response(status=200),
        Response(status=500),
        DOWN,
        TransportError(type="interrupted", message="x"),
    ]
    items = [delivery(n, attempts=[attempt(1, outcome)]) for n, outcome in enumerate(outcomes)]
    document = parsed(page(play(*items)))
    shapes = {
        tuple((part.tag, *sorted(part.attrib.items())) for part in mark if not part.tag.endswith("title"))
        for mark in marks(one_of_class(document, "timeline"))
    }
    assert len(shapes) == len(outcomes)
    assert len(of_class(document, "legend")[0].findall(".//li")) == len(outcomes)


def test_what_is_still_due_is_drawn_and_told():
    waiting = delivery(status=Status.PENDING, attempts=[attempt(1, DOWN, due=5)])
    document = parsed(page(play(waiting, judged=None)))
    [track] = of_class(document, "track")
    assert [mark.get("class") for mark in marks(track)] == ["mark k-silent", "mark k-due"]
    assert track.get("aria-label") == "attempt 1 after 0s: connect; the next is due after 5s"


def test_a_long_ladder_says_that_it_is_not_to_scale():
    assert "not to scale" in words(one_of_class(parsed(page(play(dead()))), "timeline"))
    assert "not to scale" not in words(one_of_class(parsed(page(play(delivery()))), "timeline"))


def test_links_of_the_drawing_lead_into_what_they_name():
    document = parsed(page(play(delivery(), dead(2)), play(delivery())))
    ids = [item.get("id") for item in document.iter() if item.get("id")]
    assert len(set(ids)) == len(ids)
    for link in document.iter("a"):
        assert link.get("href")[1:] in ids
    for item in of_class(document, "delivery"):
        assert any(inner.get("id") for inner in item.iter() if inner is not item)


# --- many ------------------------------------------------------------------------------


def test_of_many_the_first_and_the_failed_are_told_and_the_rest_is_counted():
    states = [Status.DEAD_LETTER if n >= 3000 else Status.SUCCESS for n in range(1, 4101)]
    once = [attempt()]
    deliveries = [delivery(n, state, attempts=once) for n, state in enumerate(states, 1)]
    choice = choose(deliveries)
    assert [number for number, _ in choice.whole] == [*range(1, 51), *range(3000, 3050)]
    assert [number for number, _ in choice.brief] == list(range(3050, 4000))
    assert choice.left_out == {Status.SUCCESS: 2949, Status.DEAD_LETTER: 101}
    source = page(play(*deliveries)).decode()  # too long to be parsed in a test
    assert source.count('<details class="delivery') == 100
    assert source.count('<svg class="track"') == 100
    assert "950 more without success" in source
    assert "Left out: 3,050 more (2,949 SUCCESS, 101 DEAD_LETTER)" in source
    assert "100 of 4,100" in source
    assert '<figure class="overview">' in source


def test_ten_thousand_failures_make_a_file_that_can_be_attached():
    assert len(page(play(*(dead(n) for n in range(10_000))))) < 4_000_000


def test_up_to_fifty_are_all_told():
    choice = choose([delivery(n) for n in range(50)])
    assert choice
    assert len(choice.whole) == 50


def test_a_huge_answer_is_cut_and_that_is_said():
    answer = Response(status=500, body=b"x" * 65_536, truncated=True)
    document = parsed(page(play(delivery(attempts=[attempt(1, answer)]))))
    said = words(one_of_class(document, "answered"))
    assert "65,536 bytes and more, which was not read" in said
    assert "Only the first 4,096 characters are shown." in said
    assert said.count("x") < 4200


# --- hostile text ----------------------------------------------------------------------

HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "the ends of elements": "</title></style></pre></details></summary></svg></body></html>",
    "an attribute": '" onmouseover="alert(1)" x=\'',
    "a comment": "<!-- --> --!> <![CDATA[ ]]>",
    "entities": "&lt;script&gt; &amp; &#60; &nope;",
    "controls": "\x00\x07\x1b[2J\x7f\x9b2J\r\n",
    "turned text": "\u202egpj.exe\u2066\u200f",
    "half a character": "\ud83d \udc4d",
    "no characters": "\ufffe\uffff",
    "markup of terminals": "[/b][red]::error::owned",
    "an address": "javascript:alert(1)",
    "very long": "Anna" * 800,
}


def full_of(said):
    """A report in which whatever a stranger can write is *said*."""
    wire = said.encode("utf-8", "replace")
    connection = replace(PLAIN, name=said or "x")
    data = json.dumps({"chat": {"firstName": said}}).encode()
    attempts = [
        attempt(
            1, Response(status=401, headers=((said, said),), body=wire), connection=connection, data=data
        ),
        attempt(2, TransportError(type="protocol", message=said), after=5, connection=connection, data=data),
    ]
    told = play(
        delivery(who=said, attempts=attempts),
        *(delivery(n, Status.FAILED, who=said, attempts=()) for n in range(2, 102)),
        name=said,
        description=said,
        command=f"wexio-sandbox run {said}",
        remarks=[said],
        connections=[connection],
        judged=verdict(Expectation(text=said, passed=False, actual=said)),
        explain=lambda of: said,
    )
    return page(told, replace(told, deliveries=()), not_played=[said])


def structure(document):
    """Every element and attribute name, without what shows a character that cannot be seen."""
    return [
        (str(item.tag), *sorted(name for name in item.attrib if name != "content"))
        for item in document.iter()
        if item.get("class") != "unseen"
    ]


BENIGN = structure(parsed(full_of("Ann")))


@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_text(said):
    source = full_of(said)
    document = parsed(source)
    assert structure(document) == BENIGN
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", source.decode())


any_text = st.text(st.characters(exclude_categories=[]) | st.sampled_from("<>&\"'/-!\0\t\n\r\x1b\x85\ud800\u202e"))  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(any_text.filter(str.strip))
def test_whatever_strangers_write_the_page_stays_as_it_is(said):
    assert structure(parsed(full_of(said))) == BENIGN


def test_foreign_text_keeps_to_its_own_direction():
    document = parsed(page(play(delivery(who="זינה נתן"), name="محمد")))
    [heading] = document.iter("h1")
    assert [item.tag for item in heading] == ["bdi"]
    assert all(
        any(inner.tag == "bdi" for inner in item.iter())
        for item in document.iter()
        if item.tag == "summary" and "זינה" in words(item)
    )


# --- secrets ---------------------------------------------------------------------------

SECRETS = {
    "hmac": (Hmac(secret="whsec_very-secret"), ["whsec_very-secret"]),
    "bearer": (Bearer(token="t0ken-of-mine"), ["t0ken-of-mine"]),
    "basic": (
        Basic(username="ann", password='pa"ss&<w0rd'),
        ['pa"ss&<w0rd', b64encode(b'ann:pa"ss&<w0rd').decode()],
    ),
    "a query": (NoAuth(), ["q-s3cret/x", "q-s3cret%2Fx"]),
}


@pytest.mark.parametrize(("auth", "secrets"), SECRETS.values(), ids=SECRETS)
def test_no_secret_is_on_the_page_even_where_a_subscriber_repeats_it(auth, secrets):
    url = "http://127.0.0.1:1/hook?key=q-s3cret%2Fx"
    connection = replace(PLAIN, auth=auth, url=url)
    for secret in secrets:
        echo = f"you sent {secret} or {json.dumps(secret)} to {url}"
        attempts = [
            attempt(1, Response(status=401, headers=(("X-Echo", echo),), body=echo.encode()), connection=connection),
            attempt(2, TransportError(type="protocol", message=f"InvalidURL: {url} {echo}"), after=5, connection=connection),
            attempt(3, Response(status=500, body=b"x" * 4090 + echo.encode()), after=9, connection=connection),
        ]  # fmt: skip
        told = play(
            delivery(who=echo, status=Status.DEAD_LETTER, attempts=attempts),
            connections=[connection],
            remarks=[echo],
            judged=verdict(Expectation(text=echo, passed=False, actual=echo)),
            explain=lambda of, echo=echo: echo,
        )
        source = page(told)
        said = words(parsed(source))
        for other in [*secrets, "q-s3cret"]:
            assert other not in said
            assert json.dumps(other)[1:-1] not in said
            assert other.encode() not in source
        assert "***" in said


def test_authorization_is_masked_and_the_signature_is_shown_whole():
    bearer = replace(PLAIN, auth=Bearer(token="abc"))  # too short to be looked for elsewhere
    document = parsed(page(play(delivery(attempts=[attempt(connection=bearer)]), connections=[bearer])))
    rows = [[words(cell) for cell in row] for row in one_of_class(document, "sent").iter("tr")]
    assert ["Authorization", "Bearer ***"] in rows
    signed = replace(PLAIN, auth=Hmac(secret="whsec_test"))
    document = parsed(page(play(delivery(attempts=[attempt(connection=signed)]), connections=[signed])))
    rows = dict([words(cell) for cell in row] for row in one_of_class(document, "sent").iter("tr"))
    assert re.fullmatch(r"t=\d+,v1=[0-9a-f]{64}", rows["X-Wexio-Signature"])


# --- bodies ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "text", "laid_out"),
    [
        (b'{"a":1}', '{"a":1}', '{\n  "a": 1\n}'),
        (b"a\xff\r\n", "a\\xff\r\n", None),
        (b"[" * 100_000, "[" * 50, None),
        (b"", "", None),
    ],
    ids=["json", "not UTF-8", "too deep", "empty"],
)
def test_a_body_is_read_as_it_is(body, text, laid_out):
    read = read_body(body, lambda said: said, most=50, lay_out=True)
    assert (read.text, read.laid_out, read.size) == (text, laid_out, len(body))


# --- for everybody -----------------------------------------------------------------------


def test_the_page_has_landmarks_and_its_headings_leave_no_level_out():
    document = parsed(page(play(delivery(), dead(2)), play(delivery())))
    [root] = document.iter("html") if document.tag != "html" else [document]
    assert root.get("lang") == "en"
    for landmark in ("main", "header", "footer", "nav"):
        assert list(document.iter(landmark))
    levels = [int(item.tag[1]) for item in document.iter() if re.fullmatch("h[1-6]", str(item.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_has_headers_with_a_scope():
    for table in parsed(page(play(delivery(), dead(2)))).iter("table"):
        heads = list(table.iter("th"))
        assert heads
        assert all(head.get("scope") in {"row", "col"} for head in heads)


def luminance(colour):
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("index", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "quiet", "accent", "taken", "refused", "silent", "cut"])
def test_text_can_be_read_on_every_ground(index, name):
    def colour(of):
        return re.findall(rf"--{of}: (#[0-9a-f]{{6}});", STYLE)[index]

    for ground in ("paper", "raised"):
        low, high = sorted((luminance(colour(name)), luminance(colour(ground))))
        assert (high + 0.05) / (low + 0.05) >= 4.5
