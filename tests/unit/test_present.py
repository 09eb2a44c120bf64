"""The journal as it is shown: every field of the public surface, no secret, nothing that a terminal obeys."""

import json
import unicodedata
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox.core.entries import Attempted, Attempting, Emitted, Expectation, Resent, Settled, Verdict
from sandbox.core.envelope import Rendering, Target
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
from sandbox.core.present import body_json, entry_json, headers_json, json_line, plain, shown_url

AT = datetime(2026, 4, 24, 14, 2, 10, 123_456, tzinfo=UTC)
SHOWN_AT = "2026-04-24T14:02:10.123Z"
ID = "6640f45ac8a0d7e8b7f2014a"
URL = "http://127.0.0.1:3000/webhooks"
HOSTILE = {
    "an escape sequence": "\x1b]0;owned\x07\x1b[2J",
    "newlines": "a\r\nb\nc",
    "a tab and a NUL": "\t\x00",
    "DEL": "rm\x7f\x7f",
    "CSI in one character": "\x9b31m",
    "NEL": "a\x85b",
    "separators": "a\u2028b\u2029c",
    "a bidi override": "\u202egpj.exe\u202c",
    "bidi isolates": "\u2066x\u2069",
    "direction marks": "\u200e\u200f\u061c",
    "a byte order mark": "\ufeffx",
    "a lone high surrogate": "x\ud83d",
    "a lone low surrogate": "\ude00x",
}

# A high half beside a low one is one character to every reader of JSON: no way back to two.
any_text = st.text(
    st.characters(exclude_characters=[chr(number) for number in range(0xD800, 0xDC00)])
    | st.sampled_from("".join(HOSTILE.values()).replace("\ud83d", ""))
)


def obeyed(character):
    """Whether a terminal does something at *character*, or a reader is deceived; Unicode's own data says so."""
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(character)
        in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        or character in "\u200e\u200f\u061c\ufeff"
    )


def event(data_json=b'{"chat":{"firstName":"Zo\xc3\xab"}}'):
    return Event(
        id="evt_1", name="chat.created", occurred_at=AT, organisation_id="0" * 24, data_json=data_json,
        channel="VIBER",
    )  # fmt: skip


def attempted(outcome=None, *, auth=None, url=URL, data_json=b"{}", **changes):
    target = Target(Connection(name="crm", url=url, auth=auth or NoAuth(), id=ID))
    given = {
        "at": AT + timedelta(seconds=1), "run_id": "run_1", "delivery_id": "dlv_1", "event_id": "evt_1",
        "connection_id": ID, "attempt": 2, "rendering": Rendering(event(data_json), target, 2, AT),
        "outcome": outcome or Response(status=200), "started_at": AT, "elapsed_ms": 12.34567,
    }  # fmt: skip
    return Attempted(**given | changes)


def shown(*given, **options):
    return entry_json(7, attempted(*given, **options))


# --- the fields of each kind -----------------------------------------------------


def test_what_was_emitted_is_shown_with_its_data_and_its_deliveries():
    entry = Emitted(at=AT, run_id="run_1", event=event(), who="Zoë", deliveries=(("dlv_1", ID),))
    assert entry_json(1, entry) == {
        "seq": 1,
        "kind": "emitted",
        "at": SHOWN_AT,
        "run_id": "run_1",
        "event_id": "evt_1",
        "event": "chat.created",
        "channel": "VIBER",
        "who": "Zoë",
        "data": {"chat": {"firstName": "Zoë"}},
        "deliveries": [{"delivery_id": "dlv_1", "connection_id": ID}],
    }


def test_an_attempt_that_begins_is_shown_with_its_number():
    entry = Attempting(
        at=AT, run_id="run_1", delivery_id="dlv_1", event_id="evt_1", connection_id=ID, attempt=2
    )
    assert entry_json(2, entry) == {
        "seq": 2,
        "kind": "attempting",
        "at": SHOWN_AT,
        "run_id": "run_1",
        "delivery_id": "dlv_1",
        "event_id": "evt_1",
        "connection_id": ID,
        "attempt": 2,
    }


def test_an_attempt_that_was_answered_is_shown_with_request_and_response():
    answer = Response(status=503, headers=(("Retry-After", "5"), ("X", "1"), ("X", "2")), body=b"busy")
    document = shown(answer, timing={"connect": 1.23456}, next_attempt_at=AT + timedelta(seconds=5))
    request = document.pop("request")
    assert document == {
        "seq": 7,
        "kind": "attempted",
        "at": "2026-04-24T14:02:11.123Z",
        "run_id": "run_1",
        "delivery_id": "dlv_1",
        "event_id": "evt_1",
        "connection_id": ID,
        "attempt": 2,
        "url": URL,
        "response": {
            "status": 503,
            "headers": [["Retry-After", "5"], ["X", "1"], ["X", "2"]],
            "body": "busy",
        },
        "started_at": SHOWN_AT,
        "elapsed_ms": 12.346,
        "timing": {"connect": 1.235},
        "next_attempt_at": "2026-04-24T14:02:15.123Z",
    }
    assert set(request) == {"headers", "body"}
    assert ["X-Wexio-Attempt", "2"] in request["headers"]


def test_an_attempt_that_failed_is_shown_with_an_error_instead_of_a_response():
    document = shown(TransportError(type="timeout", message="no complete answer within 10s"))
    assert document["error"] == {"type": "timeout", "message": "no complete answer within 10s"}
    assert "response" not in document
    assert "error" not in shown()


def test_the_last_attempt_has_no_next_one_and_says_so():
    document = shown()
    assert (document["next_attempt_at"], document["timing"]) == (None, {})


@pytest.mark.parametrize("truncated", [False, True])
def test_only_an_answer_that_was_cut_says_so(truncated):
    answer = shown(Response(status=200, body=b"x", truncated=truncated))["response"]
    assert answer.get("truncated", False) is truncated


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.FAILED, Status.DEAD_LETTER])
def test_the_end_of_a_delivery_is_shown_with_its_state(status):
    entry = Settled(
        at=AT, run_id="run_1", delivery_id="dlv_1", event_id="evt_1", connection_id=ID, status=status,
        attempt_count=3,
    )  # fmt: skip
    document = entry_json(9, entry)
    assert document == {
        "seq": 9,
        "kind": "settled",
        "at": SHOWN_AT,
        "run_id": "run_1",
        "delivery_id": "dlv_1",
        "event_id": "evt_1",
        "connection_id": ID,
        "status": status.value,
        "attempt_count": 3,
    }
    assert type(document["status"]) is str


def test_the_end_of_a_delivery_says_why_where_no_attempt_decided_it():
    entry = Settled(
        at=AT, run_id="run_1", delivery_id="dlv_1", event_id="evt_1", connection_id=ID, status=Status.FAILED,
        attempt_count=1, reason="connection deleted",
    )  # fmt: skip
    assert entry_json(9, entry)["reason"] == "connection deleted"


def test_a_delivery_that_was_resent_is_shown_by_its_ids():
    entry = Resent(at=AT, run_id="run_1", delivery_id="dlv_1", event_id="evt_1", connection_id=ID)
    assert entry_json(10, entry) == {
        "seq": 10,
        "kind": "resent",
        "at": SHOWN_AT,
        "run_id": "run_1",
        "delivery_id": "dlv_1",
        "event_id": "evt_1",
        "connection_id": ID,
    }


def test_a_verdict_is_shown_with_every_expectation_and_the_counts():
    entry = Verdict(
        at=AT,
        run_id="run_1",
        passed=False,
        expectations=(Expectation(text="2 deliveries SUCCESS", passed=False, actual="1"),),
        deliveries={Status.SUCCESS: 1, Status.FAILED: 1},
        seed=42,
        elapsed_ms=40.00049,
    )
    assert entry_json(10, entry) == {
        "seq": 10,
        "kind": "verdict",
        "at": SHOWN_AT,
        "run_id": "run_1",
        "passed": False,
        "expectations": [{"text": "2 deliveries SUCCESS", "passed": False, "actual": "1"}],
        "deliveries": {"SUCCESS": 1, "FAILED": 1},
        "seed": 42,
        "elapsed_ms": 40.0,
    }


# --- bodies and headers ----------------------------------------------------------


def test_a_requests_body_is_the_exact_text_that_was_sent():
    entry = attempted(data_json='{"chat":{"firstName":"Zoë 🙂\u2028"}}'.encode(), auth=Hmac("whsec_x"))
    assert entry_json(1, entry)["request"]["body"].encode() == entry.request.body


def test_a_body_that_is_not_text_is_shown_as_base64():
    request = shown(data_json=b'{"a":"\xff"}')["request"]
    assert set(request) == {"headers", "body_base64"}
    assert b'{"a":"\xff"}' in b64decode(request["body_base64"])
    answer = shown(Response(status=200, body=b"\x89PNG\r\n"))["response"]
    assert answer == {"status": 200, "headers": [], "body_base64": b64encode(b"\x89PNG\r\n").decode()}


@given(st.binary() | st.text().map(str.encode))
def test_every_body_can_be_had_back(body):
    [(name, value)] = body_json(body).items()
    assert (value.encode() if name == "body" else b64decode(value)) == body


def test_headers_are_pairs_in_the_order_of_the_wire():
    entry = attempted(auth=Hmac("whsec_x"))
    assert entry_json(1, entry)["request"]["headers"] == [list(pair) for pair in entry.request.headers]


# --- secrets ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "masked"),
    [
        pytest.param(Bearer("t0ps3cret"), "Bearer ***", id="bearer"),
        pytest.param(Bearer("two words"), "Bearer ***", id="bearer with a space"),
        pytest.param(Basic("ann", "t0ps3cret"), "Basic ***", id="basic"),
    ],
)
def test_an_authorization_is_masked_but_for_its_scheme(auth, masked):
    entry = attempted(auth=auth)
    [sent] = [value for name, value in entry.request.headers if name == "Authorization"]
    document = entry_json(1, entry)
    assert ["Authorization", masked] in document["request"]["headers"]
    line = json_line(document)
    assert sent not in line
    assert not any(word in line for word in sent.split()[1:])


@pytest.mark.parametrize(
    ("header", "masked"),
    [
        (("authorization", "Bearer x"), "Bearer ***"),
        (("AUTHORIZATION", "Basic x"), "Basic ***"),
        (("Authorization", "x"), "***"),
        (("Authorization", ""), "***"),
        (("Authorization", "Digest a, b"), "Digest ***"),
    ],
)
def test_an_authorization_is_masked_however_it_is_written(header, masked):
    assert headers_json((header,)) == [[header[0], masked]]


def test_a_signature_is_shown_whole_and_its_secret_is_not():
    entry = attempted(auth=Hmac("whsec_t0ps3cret"))
    headers = dict(entry.request.headers)
    document = entry_json(1, entry)
    assert ["X-Wexio-Signature", headers["X-Wexio-Signature"]] in document["request"]["headers"]
    assert "t0ps3cret" not in json_line(document)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h", "http://h"),
        ("https://h:8443/a/b", "https://h:8443/a/b"),
        ("http://ann:pw@h:1/p", "http://h:1/p"),
        ("http://ann@h/p", "http://h/p"),
        ("http://a@b@h/p", "http://h/p"),
        ("http://h/p?a=1&b=2", "http://h/p?a=***&b=***"),
        ("http://h?a=b=c", "http://h?a=***"),
        ("http://h/?a=", "http://h/?a=***"),
        ("http://h/?t0ken", "http://h/?***"),
        ("http://h/?a=1&t0ken&b", "http://h/?a=***&***&***"),
        ("http://h/?", "http://h/"),
        ("http://h/p#s3cret", "http://h/p"),
        ("http://ann:pw@[::1]:80/p?a=1#f", "http://[::1]:80/p?a=***"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(url, expected):
    assert shown_url(url) == expected
    assert shown_url(expected) == expected


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "a=", "token=", "a=b=", "%26="]), st.sampled_from(["", "S3CRET"]))
    )
)
def test_no_value_of_a_query_passes(items):
    assert "S3CRET" not in shown_url("http://h/p?" + "&".join(name + value for name, value in items))


def test_an_attempt_shows_its_address_without_query_values():
    document = shown(url=f"{URL}?key=s3cret&plain")
    assert document["url"] == f"{URL}?key=***&***"
    assert "s3cret" not in json_line(document)


def test_an_error_that_quotes_the_address_quotes_it_without_query_values():
    url = "http://ü.example/hook?key=s3cret"
    document = shown(
        TransportError(type="protocol", message=f"InvalidUrlClientError: {url} ({url})"), url=url
    )
    masked = "http://ü.example/hook?key=***"
    assert document["error"]["message"] == f"InvalidUrlClientError: {masked} ({masked})"
    assert "s3cret" not in json_line(document)


# --- one line of JSON ------------------------------------------------------------


def safe(line, *, ascii_only):
    return not any(map(obeyed, line)) and (line.isascii() or not ascii_only)


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_written_harmlessly_and_read_back_whole(text, ascii_only):
    document = {"who": text, text: [{"deep": text}]}
    line = json_line(document, ascii_only=ascii_only)
    assert json.loads(line) == document
    assert safe(line, ascii_only=ascii_only)
    assert len(line.splitlines()) == 1


@given(
    st.dictionaries(
        any_text,
        st.recursive(
            any_text | st.none() | st.booleans() | st.integers(),
            lambda inner: st.lists(inner) | st.dictionaries(any_text, inner),
            max_leaves=5,
        ),
    ),
    st.booleans(),
)
def test_any_document_is_one_harmless_line_that_reads_back_equal(document, ascii_only):
    line = json_line(document, ascii_only=ascii_only)
    assert json.loads(line) == document
    assert safe(line, ascii_only=ascii_only)
    line.encode("ascii" if ascii_only else "utf-8")


def test_no_command_of_a_ci_job_is_in_a_line_of_json_and_it_reads_back_whole():
    document = {"who": "##[error]owned", "####[": ["##[[", "##"]}
    line = json_line(document)
    assert "##[" not in line
    assert json.loads(line) == document


def test_harmless_text_stays_readable_where_it_can_be_written():
    document = {"who": "Zoë 🙂 Олена 山田 नमस्ते"}
    assert json_line(document) == '{"who":"Zoë 🙂 Олена 山田 नमस्ते"}'
    assert json_line({"who": "Zoë"}, ascii_only=True) == '{"who":"Zo\\u00eb"}'


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_in_an_entry_is_shown_and_does_no_harm(text):
    data = {"chat": {"firstName": text}}
    emitted = Emitted(at=AT, run_id="run_1", event=event(json.dumps(data).encode()), who=text)
    document = entry_json(1, emitted)
    line = json_line(document)
    assert safe(line, ascii_only=False)
    assert json.loads(line) == document
    assert document["data"] == data


# --- plain text ------------------------------------------------------------------


@given(any_text)
def test_plain_text_is_one_line_in_which_nothing_is_obeyed(text):
    result = plain(text)
    assert not any(map(obeyed, result))
    assert len(result) == len(text)
    assert len(result.splitlines()) <= 1
    assert plain(result) == result
    result.encode()


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_printable_ascii_stays_as_it_is(text):
    assume("##[" not in text)
    assert plain(text) == text


@given(st.text(st.characters(codec="utf-8")))
def test_only_what_is_obeyed_is_replaced(text):
    assume("##[" not in text)
    kept = [(a, b) for a, b in zip(text, plain(text), strict=True) if not obeyed(a)]
    assert all(a == b for a, b in kept)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31m", "␛[31m"),
        ("a\nb\r\tc\x00", "a␊b␍␉c␀"),
        ("\x7f", "␡"),
        ("\x9b31m", "\ufffd31m"),
        ("\u202egpj", "\ufffdgpj"),
        ("x\ud83d", "x\ufffd"),
        ("Alex ##[error]x ###[group]", "Alex ##(error]x ###(group]"),
        ("\x1b##[error]é", "␛##(error]é"),
        ("\u0645\u0631\u062d\u0628\u0627", "\u0645\u0631\u062d\u0628\u0627"),
        ("👨\u200d👩", "👨\u200d👩"),
        ("", ""),
    ],
)
def test_what_is_obeyed_becomes_visible(text, expected):
    assert plain(text) == expected
