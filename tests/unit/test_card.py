"""The report card as a value, and what is made of it: curl, JSON, JUnit, the page. No network."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from itertools import pairwise
from xml.etree import ElementTree as ET

import html5lib
import pytest

from sandbox.core.card import Card, Finding, Posted, ink_of
from sandbox.core.cardbook import BOOK
from sandbox.core.carddocuments import card_json, card_junit
from sandbox.core.cardpage import GROUPS, card_html
from sandbox.core.curl import as_curl
from sandbox.core.faults import Fault
from sandbox.core.letters import Letters, nearly
from sandbox.core.markup import Ink
from sandbox.core.model import Basic, Bearer, Connection, Hmac, Response, TransportError
from sandbox.core.present import json_line
from sandbox.core.profile import Profile
from tests.acceptance.conftest import missing

NOW = datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)
SECRET = "whsec_very-secret-indeed"
HOSTILE = "\x1b]0;x\x07\x1b[2J<script>alert(1)</script>\n::error::x\u202e[/b] ]]> " + SECRET


def letters(auth=None, url="http://127.0.0.1:3000/hook?token=not-for-you"):
    connection = Connection(name="subscriber", url=url, auth=auth or Hmac(SECRET))
    return Letters(connection, seed=7, now=lambda: NOW, profile=Profile())


def posted(outcome=None, request=None):
    request = request or letters().request(letters().event())
    outcome = outcome or Response(status=500, headers=(("X-Said", HOSTILE),), body=HOSTILE.encode())
    return Posted(what="an event", request=request, outcome=outcome, elapsed_ms=12.3)


def finding(id="dedupes", status="failed", **more):
    advice = (
        {"advice": "Do it.", "code": (BOOK[id].python, BOOK[id].node)}
        if status in ("failed", "warned")
        else {}
    )
    return Finding(
        **({"id": id, "status": status, "reason": "so it is", "elapsed_ms": 1.5, "posted": 2} | advice | more)
    )


def card(*findings, auth=None):
    return Card(
        connection=letters(auth).connection,
        findings=findings,
        allowed="10s",
        bound="15m",
        made_at=NOW,
        elapsed_ms=1234.5,
        version="1.0",
    )


ALL = card(
    finding("accepts-unicode", "failed", decisive=posted(), reason=f"it said {HOSTILE}"),
    finding(
        "rejects-wrong-secret", "failed", decisive=posted(TransportError(type="protocol", message=HOSTILE))
    ),
    finding("rejects-tampered-body", "failed"),
    finding("accepts-large-body", "warned", decisive=posted(Response(status=413))),
    finding("dedupes", "skipped", reason="give --probe"),
    finding("survives-burst", "passed"),
)


# --- the book -------------------------------------------------------------------------------


def test_every_check_says_why_and_what_to_change_in_two_languages():
    for id, entry in BOOK.items():
        assert entry.id == id
        assert all((entry.title, entry.passes, entry.why, entry.change, entry.python, entry.node)), id
        assert id.startswith(tuple(prefix for _, prefixes in GROUPS for prefix in prefixes))


@pytest.mark.parametrize("id", BOOK)
def test_the_python_that_is_advised_is_python(id):
    # Pieces of a function and of a class: each stands in one.
    compile("async def f():\n" + re.sub("^", "    ", BOOK[id].python, flags=re.MULTILINE), id, "exec")


@pytest.mark.parametrize("id", BOOK)
def test_the_node_that_is_advised_is_javascript(id):
    node = shutil.which("node")
    if node is None:
        missing("Node is not installed")
    source = f"async function f(req, res) {{\n{BOOK[id].node}\n}}".replace("  ...\n", "")
    done = subprocess.run([node, "--check", "-"], input=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- what is sent ---------------------------------------------------------------------------


def test_everybody_has_a_name_in_plain_letters_an_id_of_their_own_and_no_number_of_anybody_s():
    desk = letters()
    events = [desk.event(channel=channel) for channel in ("WHATSAPP", "TELEGRAM", "VIBER", "INSTAGRAM") * 40]
    events += [desk.event(contact=False, channel="TELEGRAM") for _ in range(40)]
    assert all(event.data_json.isascii() for event in events)
    assert len({event.id for event in events}) == len(events)
    assert len({event.data["contact"]["peopleId"] for event in events[:160]}) > 125


def test_a_request_without_a_fault_is_a_valid_one_and_each_defect_has_exactly_its_own():
    desk = letters()
    kinds = [desk.missing, desk.malformed, desk.forged, desk.tampered, desk.stale, desk.future]
    seen = set()
    for kind in kinds:
        for what, request in kind():
            header = dict(request.headers).get("X-Wexio-Signature", "")
            assert (what, header) not in seen
            seen.add((what, header))
    assert len(seen) == 1 + 9 + 3 + 2 + 2 + 1


def test_the_bodies_of_garbage_are_what_they_are_called():
    (_, half), (_, raw), (_, empty) = letters().garbage()
    with pytest.raises(json.JSONDecodeError):
        json.loads(half.body)
    with pytest.raises(UnicodeDecodeError):
        raw.body.decode()
    assert empty.body == b""


# --- curl -------------------------------------------------------------------------------------


CASES = {
    "usual": lambda desk: desk.request(desk.event()),
    "letters": lambda desk: desk.request(desk.event(), 1, Fault(do="unicode")),
    "quotes": lambda desk: desk.request(desk.event())._replace(body=b"""{"it's": "$HOME `id` \\\\ !"}"""),
    "not UTF-8": lambda desk: list(desk.garbage())[1][1],
    "empty": lambda desk: list(desk.garbage())[2][1],
    "control characters": lambda desk: desk.request(desk.event())._replace(body=b"a\r\n\x1b[2J\t"),
}


@pytest.mark.parametrize("case", CASES)
def test_bash_reads_the_curl_line_as_the_very_request(case):
    bash = shutil.which("bash")
    if bash is None:
        missing("bash is not installed")
    request = CASES[case](letters(url="http://127.0.0.1:3000/hook"))
    # A curl that tells what it was given.
    script = "curl() { printf '%s\\0' \"$@\"; }\n" + as_curl(request, Ink())
    done = subprocess.run([bash, "-c", script], capture_output=True, check=True)
    said = done.stdout.split(b"\0")[:-1]
    assert said[:2] == [b"-i", b"http://127.0.0.1:3000/hook"]
    headers = [value for flag, value in pairwise(said) if flag == b"-H"]
    assert headers == [f"{name}: {value}".encode() for name, value in request.headers]
    assert said[-2:] == [b"--data-binary", request.body]


def test_a_curl_line_holds_no_secret():
    for auth, variable in (
        (Bearer("tok-en-of-mine"), "$WEXIO_SANDBOX_BEARER"),
        (Basic("me", "pass-word"), "$WEXIO_SANDBOX_BASIC"),
    ):
        desk = letters(auth)
        line = as_curl(desk.request(desk.event()), ink_of(desk.connection))
        assert variable in line
        assert "not-for-you" not in line
        for word in ("tok-en", "pass-word", "bWU6cGFzcy13b3Jk"):
            assert word not in line


def test_a_long_body_is_named_not_written():
    desk = letters()
    line = as_curl(desk.request(desk.event(), 1, Fault(do="large_body", size=65536)), Ink())
    assert "--data-binary @body.json   # 65,536 bytes" in line
    assert len(line) < 1000


# --- documents --------------------------------------------------------------------------------


def test_json_has_the_promised_shape():
    document = card_json(ALL)
    assert list(document)[:2] == ["passed", "checks"]
    assert not document["passed"]
    for check in document["checks"]:
        assert list(check)[:6] == ["id", "status", "reason", "sent", "answered", "advice"]
    assert document["counts"] == {"failed": 3, "warned": 1, "skipped": 1, "passed": 1}
    first = document["checks"][0]
    assert first["answered"]["status"] == 500
    assert first["sent"]["curl"].startswith("curl -i ")
    assert set(first["code"]) == {"python", "node"}
    assert document["checks"][1]["answered"]["error"]["type"] == "protocol"
    assert json.loads(json_line(document)) == document


def test_a_warning_alone_passes_and_a_failure_does_not():
    assert card(finding("accepts-large-body", "warned"), finding("dedupes", "skipped")).passed
    assert not card(finding("accepts-large-body", "warned"), finding()).passed


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda found: json_line(card_json(found)).encode(), id="json"),
        pytest.param(card_junit, id="junit"),
        pytest.param(card_html, id="html"),
    ],
)
def test_what_a_consumer_says_is_harmless_and_no_secret_is_in_it(write):
    said = write(ALL)
    for word in (
        SECRET.encode(),
        b"not-for-you",
        b"\x1b",
        b"\x07",
        "\u202e".encode(),
        b"<script>alert(1)</script>",
    ):
        if word == b"<script>alert(1)</script>" and said.startswith(b"{"):
            continue  # JSON is text in which this is only text
        if word == "\u202e".encode() and said.startswith(b"<?xml"):
            continue  # XML may hold it
        assert word not in said


def test_the_credentials_that_are_wrong_in_one_letter_are_no_less_secret():
    auth = Bearer("tok-en-of-mine")
    near = nearly("tok-en-of-mine")
    answer = Response(status=401, body=f"you said {near}".encode())
    found = card(finding(decisive=posted(answer, letters(auth).request(letters(auth).event()))), auth=auth)
    for said in (json_line(card_json(found)), card_html(found).decode(), card_junit(found).decode()):
        assert near not in said


def test_a_body_that_is_not_utf_8_keeps_no_secret_either():
    answer = Response(status=200, body=b"\xff" + SECRET.encode())
    said = json_line(card_json(card(finding(decisive=posted(answer)))))
    assert SECRET not in said
    assert "base64" not in said


def test_junit_has_a_case_for_each_check():
    suite = ET.fromstring(card_junit(ALL)).find("testsuite")
    assert suite.attrib["tests"] == "6"
    assert (suite.attrib["failures"], suite.attrib["skipped"]) == ("3", "1")
    cases = {case.attrib["name"]: [child.tag for child in case] for case in suite.iter("testcase")}
    assert cases["rejects-tampered-body"] == ["failure"]
    assert cases["accepts-large-body"] == ["system-out"]
    assert cases["dedupes"] == ["skipped"]
    assert cases["survives-burst"] == []


# --- the page ---------------------------------------------------------------------------------


def page(found):
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(card_html(found))


def test_the_page_is_strict_html_that_loads_nothing_and_links_only_to_itself():
    document = page(ALL)
    assert document.findall(".//script") == []
    assert document.findall(".//link") == []
    ids = {element.attrib["id"] for element in document.iter() if "id" in element.attrib}
    links = [element.attrib["href"] for element in document.iter("a")]
    assert links
    assert all(link.startswith("#") and link[1:] in ids for link in links)


def test_the_page_tells_what_was_sent_what_came_back_why_and_what_to_change():
    said = " ".join("".join(page(ALL).itertext()).split())
    for expected in (
        "Failed",
        "curl -i",
        "Status 500 after 12ms",
        "Why it matters",
        "What to change",
        "In Python",
        "In Node",
        "give --probe",
    ):
        assert expected in said


def test_the_same_code_is_shown_once():
    said = card_html(ALL).decode()
    assert said.count("def holds(") == 1
    assert "The code is that of" in said


def test_the_page_of_a_clean_card_has_nothing_to_change():
    said = card_html(card(finding("survives-burst", "passed"))).decode()
    assert "What to change" not in said
    assert "Passed" in said


def test_the_same_card_is_the_same_page():
    assert card_html(ALL) == card_html(ALL)
