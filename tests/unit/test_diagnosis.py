"""Every cause by which a signature does not hold, each made the way it happens and found again."""

import gzip
import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote_plus

import pytest
import stripe
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox import explain_signature
from sandbox.core.advice import DO, Code
from sandbox.core.alterations import MOST_BYTES, alterations, double_alterations
from sandbox.core.diagnosis import causes_json
from sandbox.core.difference import difference
from sandbox.core.profile import SignatureProfile
from sandbox.core.search import LARGEST_EXPLAINED, MOST_TRIALS
from sandbox.core.signing import check, sign

SAMPLE = (Path(__file__).parents[1] / "vectors/chat-created.sample.json").read_text("utf-8")
NOW = 1_777_039_330
SECRET = "whsec_" + b64encode(b"a key that Svix would decode").decode()
TREE = json.loads(SAMPLE)
CONTACT = TREE["data"]["contact"]
CREATED = {name: CONTACT.pop(name) for name in ("createdAt", "updatedAt")}  # these come last
CONTACT |= {"firstName": "Zoë", "customFields": {"a/b": "<1 & 2>", "é": "O'Neil + co"}} | CREATED
BODY = json.dumps(TREE, separators=(",", ":"), ensure_ascii=False).encode()
BODY_3 = BODY.replace(b'"attempt":1', b'"attempt":3')
ONE_LINE = b"plain text\nof two lines\n"
RIGHT = sign(SECRET.encode(), NOW, BODY)
DIGEST = RIGHT.partition("v1=")[2]


def made(signed: bytes, key: bytes = SECRET.encode(), algorithm: str = "sha256") -> bytes:
    return hmac.new(key, signed, algorithm).digest()


def over(signed: bytes, key: bytes = SECRET.encode()) -> str:
    """A header whose digest is over exactly *signed*."""
    return f"t={NOW},v1={made(signed, key).hex()}"


def signed_with(secret: str | bytes) -> str:
    return sign(secret if isinstance(secret, bytes) else secret.encode(), NOW, BODY)


def explain(header=RIGHT, *, body=BODY, secret=SECRET, now=NOW, **more):
    return explain_signature(header, body=body, secret=secret, now=now, **more)


def codes(causes):
    return [str(cause.code) for cause in causes]


T = str(NOW).encode()
COMPACT_ASCII = json.dumps(TREE, separators=(",", ":"))

BY_HEADER = {
    "no header": (None, {}, "missing"),
    "an empty header": ("", {}, "missing"),
    "under another name": (None, {"headers": {"X-Hub-Signature-256": "sha256=ab"}}, "other_name"),
    "as a WSGI variable": (None, {"headers": {"HTTP_X_WEXIO_SIGNATURE": RIGHT}}, "other_name"),
    "under a name that says nothing": (None, {"headers": [("X-Proof", RIGHT)]}, "other_name"),
    "with a token instead": (None, {"headers": {"Authorization": "Bearer t0ken"}}, "other_auth"),
    "nothing like it": ("hello", {}, "unreadable"),
    "only t": (f"t={NOW}", {}, "no_digest"),
    "v1 that is no hex": (f"t={NOW},v1=zz", {}, "no_digest"),
    "v1 of four digits": (f"t={NOW},v1=abcd", {}, "no_digest"),
    "only v1": (f"v1={made(BODY).hex()}", {}, "no_timestamp body_alone"),
    "only v1, and X-Wexio-Timestamp signed": (
        f"v1={made(b'2026-04-24T14:02:10.123Z.' + BODY).hex()}",
        {"headers": {"X-Wexio-Timestamp": "2026-04-24T14:02:10.123Z"}},
        "no_timestamp",
    ),
    "t twice": (f"{RIGHT},t={NOW}", {}, "repeated"),
    "two headers joined": (f"{RIGHT},{RIGHT}", {}, "repeated"),
    "spaces": (RIGHT.replace(",", ", "), {}, "dressed"),
    "semicolon": (RIGHT.replace(",", ";"), {}, "dressed"),
    "quotes": (f'"{RIGHT}"', {}, "dressed"),
    "Python's bytes": (f"b'{RIGHT}'", {}, "dressed"),
    "a list": (f"['{RIGHT}']", {}, "dressed"),
    "its name": (f"X-Wexio-Signature: {RIGHT}", {}, "dressed"),
    "percent signs": (RIGHT.replace("=", "%3D").replace(",", "%2C"), {}, "dressed"),
    "other names": (f"ts={NOW},sig={DIGEST}", {}, "dressed"),
    "another scheme": (f"t={NOW},v0={DIGEST}", {}, "dressed"),
    "upper case throughout": (RIGHT.upper(), {}, "dressed upper_case"),
    "upper-case hex": (f"t={NOW},v1={DIGEST.upper()}", {}, "upper_case"),
    "base64": (f"t={NOW},v1={b64encode(bytes.fromhex(DIGEST)).decode()}", {}, "base64"),
    "base64 without padding": (f"t={NOW},v1={b64encode(bytes.fromhex(DIGEST)).decode()[:-1]}", {}, "base64"),
    "base64 of the hex": (f"t={NOW},v1={b64encode(DIGEST.encode()).decode()}", {}, "base64"),
    "cut off": (f"t={NOW},v1={DIGEST[:50]}", {}, "digest_cut"),
    "milliseconds": (sign(SECRET.encode(), NOW * 1000 + 7, BODY), {}, "milliseconds"),
    "milliseconds beside signed seconds": (RIGHT.replace("t=", "t=", 1).replace(str(NOW), f"{NOW}123"), {}, "milliseconds other_timestamp"),
    "a decimal point": (f"t={NOW}.25,v1={made(T + b'.25.' + BODY).hex()}", {}, "timestamp_unreadable"),
    "SHA-1": (f"t={NOW},v1={made(T + b'.' + BODY, algorithm='sha1').hex()}", {}, "other_digest"),
    "SHA-512": (f"t={NOW},v1={made(T + b'.' + BODY, algorithm='sha512').hex()}", {}, "other_digest"),
    "SHA-384 in base64": (
        f"t={NOW},v1={b64encode(made(T + b'.' + BODY, algorithm='sha384')).decode()}", {}, "base64 other_digest"),
    "key and message swapped": (f"t={NOW},v1={made(SECRET.encode(), T + b'.' + BODY).hex()}", {}, "not_hmac"),
    "no HMAC": (
        f"t={NOW},v1={hashlib.sha256(SECRET.encode() + T + b'.' + BODY).hexdigest()}", {}, "not_hmac"),
    "no key": (f"t={NOW},v1={hashlib.sha256(BODY).hexdigest()}", {}, "not_hmac"),
    "a digest of the right form under v0 only": (f"t={NOW},v1={'0' * 64},v0={DIGEST}", {}, "dressed"),
}  # fmt: skip

BY_TIME = {
    "old": ({"now": NOW + 600}, "too_old"),
    "early": ({"now": NOW - 600}, "too_new"),
    "the receiver counts milliseconds": ({"now": NOW * 1000.0}, "clock_milliseconds"),
    "the receiver counts milliseconds and is late": ({"now": (NOW + 600) * 1000.0}, "too_old"),
    "seconds where milliseconds are expected": ({"rules": SignatureProfile(unit="milliseconds")}, "seconds"),
    "seconds where milliseconds are expected, and old": (
        {"rules": SignatureProfile(unit="milliseconds"), "now": NOW + 900}, "seconds too_old"),
}  # fmt: skip

BARE = SECRET.removeprefix("whsec_")
BY_SECRET = {
    "a line break here": (SECRET, SECRET + "\n", "secret_white_space"),
    "a line break there": (SECRET + "\n", SECRET, "secret_white_space"),
    "CRLF there": (SECRET + "\r\n", SECRET, "secret_white_space"),
    "a space here": (SECRET, " " + SECRET, "secret_white_space"),
    "a space there": (SECRET + " ", SECRET, "secret_white_space"),
    "quotes here": (SECRET, f'"{SECRET}"', "secret_quoted"),
    "quotes and a line break here": (SECRET, f"'{SECRET}'\n", "secret_quoted"),
    "quotes there": (f"'{SECRET}'", SECRET, "secret_quoted"),
    "no prefix there": (BARE, SECRET, "secret_prefix"),
    "no prefix here": (SECRET, BARE, "secret_prefix"),
    "Svix's way": (b64decode(BARE), SECRET, "secret_decoded"),
    "base64 undone": (b"\x01\x02raw bytes", b64encode(b"\x01\x02raw bytes").decode(), "secret_decoded"),
    "hex undone": (bytes.fromhex("00ff10"), "00ff10", "secret_decoded"),
    "Latin-1": ("clé".encode("latin-1"), "clé", "secret_encoding"),
    "decomposed": ("cle\u0301", "clé", "secret_encoding"),
    "undefined": ("undefined", SECRET, "secret_unset"),
    "empty there": (b"", SECRET, "secret_unset"),
}

BY_FORM = {
    "the body alone": (over(BODY), "body_alone"),
    "no dot": (over(T + BODY), "other_separator"),
    "a colon": (over(T + b":" + BODY), "other_separator"),
    "Slack's way": (over(b"v0:" + T + b":" + BODY), "other_separator"),
    "t= signed": (over(b"t=" + T + b"." + BODY), "other_separator"),
    "the body first": (over(BODY + b"." + T), "other_order"),
    "the event's id": (over(f"{TREE['id']}.{NOW}.".encode() + BODY), "id_signed"),
    "t in milliseconds": (over(T + b"000." + BODY), "other_timestamp"),
    "t in ISO-8601": (over(b"2026-04-24T14:02:10.000Z." + BODY), "other_timestamp"),
}

BY_BODY = {
    "json.dumps": (json.dumps(TREE).encode(), "body_reserialised", "as Python's json.dumps does"),
    "json.dumps without ASCII": (json.dumps(TREE, ensure_ascii=False).encode(), "body_reserialised", "spaces"),
    "indented by 2": (json.dumps(TREE, indent=2, ensure_ascii=False).encode(), "body_reserialised", "indented by 2"),
    "indented by 4": (json.dumps(TREE, indent=4).encode(), "body_reserialised", "indented by 4"),
    "indented by tabs": (json.dumps(TREE, indent="\t").encode(), "body_reserialised", "indented by tabs"),
    "indented, CRLF": (json.dumps(TREE, indent=2).replace("\n", "\r\n").encode(), "body_reserialised", "indented by 2"),
    "sorted": (json.dumps(TREE, sort_keys=True).encode(), "keys_sorted", "its keys sorted"),
    "sorted and compact": (
        json.dumps(TREE, sort_keys=True, separators=(",", ":")).encode(), "keys_sorted", "compact"),
    "escaped unicode": (COMPACT_ASCII.encode(), "unicode_escaped", "as \\u escapes"),
    "escaped in upper case": (
        COMPACT_ASCII.replace("\\u00eb", "\\u00EB").replace("\\u00e9", "\\u00E9").encode(), "unicode_escaped", "upper"),
    "escaped slashes": (BODY.replace(b"/", b"\\/"), "slashes_escaped", "/ as \\/"),
    "PHP": (COMPACT_ASCII.replace("/", "\\/").encode(), "slashes_escaped", "PHP"),
    "Go": (
        BODY.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026"), "unicode_escaped", "Go"),
    "a line break more": (BODY + b"\n", "line_break", "a line break was added at its end"),
    "CRLF more": (BODY + b"\r\n", "line_break", "CRLF"),
    "spaces around": (b"  " + BODY + b" ", "body_reserialised", "compact JSON"),
    "a byte order mark": (b"\xef\xbb\xbf" + BODY, "byte_order_mark", "was put before it"),
    "mojibake": (BODY.decode("latin-1").encode(), "charset", "read as Latin-1 and written as UTF-8"),
    "Latin-1": (BODY.decode().encode("latin-1"), "charset", "written as Latin-1"),
    "UTF-16": (BODY.decode().encode("utf-16"), "charset", "UTF-16"),
    "gzip": (gzip.compress(BODY), "compressed", "decompressed"),
    "encoded twice": (json.dumps(BODY.decode()).encode(), "encoded_twice", "once more"),
    "Python's str(bytes)": (str(BODY).encode(), "python_text", "b'...'"),
    "Node's Buffer": (
        json.dumps({"type": "Buffer", "data": [*BODY]}, separators=(",", ":")).encode(), "node_buffer", "Buffer"),
    "a form": (quote_plus(BODY).encode(), "url_encoded", "form"),
    "another attempt": (BODY_3, "other_attempt", "if its meta.attempt were 1"),
    "json.dumps and a line break": (
        json.dumps(TREE).encode() + b"\n", "body_reserialised", "and a line break was added at its end"),
    "another attempt, json.dumps": (json.dumps(json.loads(BODY_3)).encode(), "other_attempt", "and it was written"),
    "mojibake and json.dumps": (
        json.dumps(json.loads(BODY.decode("latin-1"))).encode(), "charset", ""),
}  # fmt: skip

LOST = {
    "empty": (b"", "body_empty", "it became empty"),
    "an empty object": (b"{}", "body_lost", "it became the text {}"),
    "no object": (b"[object Object]", "body_lost", "[object Object]"),
    "question marks": (BODY.decode().encode("ascii", "replace"), "charset", "question marks"),
    "replacement characters": (BODY.decode("ascii", "replace").encode(), "charset", "U+FFFD"),
    "a Python dict": (str(TREE).encode(), "python_text", "a Python dict"),
    "cut off": (BODY[:400], "body_cut", f"only the first 400 of {len(BODY)} bytes"),
    "a letter changed": (BODY.replace(b"Stone", b"Stine"), "body_changed", "changed after it was signed"),
}


def assert_proven(found, expected, says=""):
    assert not found.valid
    assert codes(found.proven) == expected.split()
    assert found.code == expected.split()[0]
    assert says in str(found)


@pytest.mark.parametrize("case", BY_HEADER)
def test_what_is_wrong_with_a_header_is_found(case):
    header, more, expected = BY_HEADER[case]
    found = explain(header, **more)
    assert not found.valid
    assert codes(found.proven) == expected.split()


@pytest.mark.parametrize("case", BY_TIME)
def test_what_is_wrong_with_the_time_is_found(case):
    more, expected = BY_TIME[case]
    assert_proven(explain(**more), expected)


@pytest.mark.parametrize("case", BY_SECRET)
def test_what_is_wrong_with_the_secret_is_found_and_no_secret_is_told(case):
    there, here, expected = BY_SECRET[case]
    found = explain(signed_with(there), secret=here)
    assert_proven(found, expected)
    if len(here) > 8:
        assert here.strip("\"' \r\n") not in str(found)


@pytest.mark.parametrize("case", BY_FORM)
def test_what_else_was_signed_is_found(case):
    header, expected = BY_FORM[case]
    assert_proven(explain(header), expected)


@pytest.mark.parametrize("case", BY_BODY)
def test_how_the_body_was_changed_is_found_without_knowing_what_was_sent(case):
    body, expected, says = BY_BODY[case]
    assert_proven(explain(body=body), expected, says)


@pytest.mark.parametrize("case", [*BY_BODY, *LOST])
def test_with_the_bytes_that_were_sent_every_change_is_found_and_its_place_shown(case):
    body, expected, says = (BY_BODY | LOST)[case]
    found = explain(body=body, sent=BODY)
    assert_proven(found, expected)
    assert case in BY_BODY or says in str(found)
    assert found.difference == difference(BODY, body)
    assert f"differs: at byte {found.difference.at}: sent '" in str(found)


def test_letters_that_only_windows_has_tell_its_encoding():
    body = '{"price":"5 €"}'.encode()
    header = sign(SECRET.encode(), NOW, body)
    assert_proven(explain(header, body=body.decode("cp1252").encode()), "charset", "read as Windows-1252")
    assert_proven(explain(header, body=body.decode().encode("cp1252")), "charset", "written as Windows-1252")


@pytest.mark.parametrize("unit", ["timestamp.body", "body"])
def test_the_profile_says_what_is_expected(unit):
    other = {"timestamp.body": "body", "body": "timestamp.body"}[unit]
    header = sign(SECRET.encode(), NOW, BODY, rules=SignatureProfile(signed=other))
    found = explain(header, rules=SignatureProfile(signed=unit))
    assert_proven(found, "body_alone" if unit == "timestamp.body" else "timestamp_signed")


def test_the_connection_whose_secret_would_match_is_named():
    found = explain(secret="whsec_x", others={"crm": "whsec_y", "erp": SECRET})
    assert_proven(found, "other_connection", "that of another connection: erp")
    assert SECRET not in str(found)
    assert "whsec_" not in repr(found)


def test_two_things_at_once_are_found_and_proven_together():
    body = json.dumps(TREE).encode()
    assert_proven(explain(body=body, secret=SECRET + "\n"), "secret_white_space body_reserialised")
    assert_proven(explain(over(BODY), body=body), "body_alone body_reserialised")
    assert_proven(explain(over(BODY, SECRET.encode() + b"\n")), "secret_white_space body_alone")
    assert_proven(explain(over(BODY), now=NOW + 600), "body_alone too_old")
    assert_proven(
        explain(body=BODY + b"\n", secret="x", others={"erp": SECRET}, sent=BODY),
        "other_connection line_break",
    )
    base64 = b64encode(made(BODY, algorithm="sha1")).decode()
    assert_proven(explain(f"t={NOW},v1={base64}"), "base64 other_digest body_alone")


def test_svix_headers_in_a_row_are_understood():
    digest = b64encode(made(b"msg_1.%d." % NOW + BODY, b64decode(BARE))).decode()
    headers = {"svix-id": "msg_1", "svix-timestamp": str(NOW)}
    found = explain(f"v1,{digest}", headers=headers)
    assert set(codes(found.proven)) == {"no_timestamp", "base64", "secret_decoded", "id_signed"}


# --- what is likely -----------------------------------------------------------------

UNKNOWN = sign(b"nobody knows this one", NOW, BODY)
LIKELY = {
    "untouched": ({}, "wrong_secret"),
    "known to be untouched": ({"sent": BODY}, "wrong_secret"),
    "not the one that was sent": ({"sent": BODY_3}, "body_changed wrong_secret"),
    "empty": ({"body": b""}, "body_empty wrong_secret"),
    "cut off": ({"body": BODY[:-9]}, "body_cut wrong_secret"),
    "[object Object]": ({"body": b"[object Object]"}, "body_lost wrong_secret"),
    "replacement characters": ({"body": b'"\xef\xbf\xbd"'}, "charset wrong_secret"),
    "a Python dict": ({"body": str(TREE).encode()}, "python_text wrong_secret"),
    "a form": ({"body": b"payload=%7B%7D"}, "url_encoded wrong_secret"),
    "JSON with spaces": ({"body": json.dumps(TREE).encode()}, "body_reserialised wrong_secret"),
    "numbers that JSON cannot say": ({"body": b"[NaN]"}, "wrong_secret"),
    "a secret with a space": ({"secret": "whsec_x "}, "secret_white_space wrong_secret"),
    "a secret of nothing": ({"secret": ""}, "secret_unset wrong_secret"),
    "half a quoted secret": ({"secret": '"whsec_x'}, "secret_quoted wrong_secret"),
    "a variable": ({"secret": "${WEXIO_SECRET}"}, "secret_unset wrong_secret"),
    "another event": ({"headers": {"X-Wexio-Event-Id": "evt_other"}}, "other_event wrong_secret"),
    "another attempt": ({"headers": {"X-Wexio-Attempt": "2"}}, "other_attempt wrong_secret"),
    "old": ({"now": NOW + 600}, "too_old wrong_secret"),
    "two hours old": ({"now": NOW + 7203}, "too_old time_zone wrong_secret"),
    "very large": ({"body": b'"' + b"x" * LARGEST_EXPLAINED + b'"'}, "body_changed wrong_secret"),
}


@pytest.mark.parametrize("case", LIKELY)
def test_what_cannot_be_proven_is_called_likely(case):
    more, expected = LIKELY[case]
    found = explain(UNKNOWN, **more)
    assert found.proven == ()
    assert codes(found.causes) == expected.split()
    assert found.why.startswith("likely: ")
    assert "proven" not in str(found)


def test_a_time_that_is_off_by_whole_hours_makes_a_time_zone_likely_and_no_more():
    found = explain(now=NOW + 7200)
    assert codes(found.causes) == ["too_old", "time_zone"]
    assert codes(found.proven) == ["too_old"]
    assert found.causes[0].says == "the timestamp is 2h old; 5m are allowed (assumed tolerance)"


def test_a_header_that_cannot_be_read_is_that_whatever_else_may_be_wrong():
    found = explain(UNKNOWN.replace(",", ", "))
    assert [(cause.code, cause.proven) for cause in found.causes] == [
        ("dressed", True),
        ("wrong_secret", False),
    ]


@pytest.mark.parametrize(
    ("v1", "shown"),
    [
        ("zz", "'zz'"),
        ("z" * 23, f"'{'z' * 23}'"),
        (UNKNOWN[-64:-1] + "O", f"'{UNKNOWN[-64:-43]}...'"),  # as somebody reads it off a screen
        ("é" * 64, f"'{ascii('é' * 21)[1:-1]}...'"),
    ],
    ids=["short", "no-hex", "one-letter-wrong", "not-ascii"],
)
def test_where_no_digest_can_be_read_no_secret_is_suspected(v1, shown):
    found = explain(f"t={NOW},v1={v1}")
    assert [(cause.code, cause.proven, cause.says) for cause in found.causes] == [
        ("no_digest", True, f"v1 is {shown}: too short, or no hex")
    ]


def test_a_digest_that_is_none_is_told_where_t_is_missing_too():
    found = explain("v1=zz")
    assert [(cause.code, cause.says) for cause in found.causes] == [
        ("no_timestamp", "the header holds no t=<unix>"),
        ("no_digest", "v1 is 'zz': too short, or no hex"),
    ]


def test_a_longer_digest_in_base64_is_known_by_its_match():
    base64 = b64encode(made(T + b"." + BODY, algorithm="sha384")).decode()
    assert len(base64) == 64
    assert_proven(explain(f"t={NOW},v1={base64}"), "base64 other_digest")


# --- what is always so ----------------------------------------------------------------


def test_what_holds_needs_no_explanation():
    found = explain()
    assert (found.valid, found.code, found.causes, found.why) == (True, "valid", (), "the signature holds")
    assert (str(found), causes_json(found), causes_json(None)) == ("valid: the signature holds", [], [])


def test_the_header_is_found_among_the_headers():
    assert explain(None, headers={"x-wexio-signature": RIGHT}).valid
    assert (
        explain(None, headers=[("X-Wexio-Signature", RIGHT), ("x-wexio-signature", RIGHT)]).code == "repeated"
    )


def test_the_tolerance_is_seconds_or_a_timedelta():
    assert explain(now=NOW + 900, tolerance=900).valid
    assert explain(now=NOW + 900, tolerance=timedelta(minutes=15)).valid
    assert not explain(now=NOW + 901, tolerance=900).valid


def test_every_code_says_what_to_do():
    assert set(DO) == set(Code)
    assert all(text and text.isascii() and not text.endswith(".") for text in DO.values())


def test_causes_are_told_as_json():
    [cause] = causes_json(explain(secret=SECRET + "\n"))
    assert cause["code"] == "secret_white_space"
    assert cause["proven"] is True
    assert json.loads(json.dumps(cause)) == cause
    assert set(cause) == {"code", "proven", "says", "do"}


def test_of_a_body_of_a_megabyte_the_same_is_found():
    large = {**TREE, "items": [{"name": "x" * 60, "n": 1}] * 13_000}
    true = json.dumps(large, separators=(",", ":"), ensure_ascii=False).encode()
    assert 900_000 < len(true) < 1024 * 1024
    header = sign(SECRET.encode(), NOW, true)
    assert_proven(explain(header, body=json.dumps(large).encode()), "body_reserialised")
    assert_proven(explain(header, body=true + b"\n"), "line_break")
    assert_proven(explain(header, body=true, secret=SECRET + "\n"), "secret_white_space")


def test_work_is_bounded():
    assert explain(UNKNOWN).tried <= MOST_TRIALS
    large = b'{"a":"' + "é".encode() * 500_000 + b'"}'
    assert explain(UNKNOWN, body=large).tried < 300
    for made_of in (alterations, double_alterations):
        assert sum(len(guess.value) for guess in made_of(large)) <= MOST_BYTES


bodies = st.binary(max_size=300) | st.sampled_from([BODY, BODY_3, *(body for body, _, _ in BY_BODY.values())])
headers = (
    st.sampled_from([RIGHT, UNKNOWN, *(header for header, _, _ in BY_HEADER.values() if header)])
    | st.text(max_size=80)
    | st.text(max_size=6).map(lambda text: RIGHT + text)
    | st.binary(max_size=40).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
HOSTILE = [b"[" * 100_000, b'"\\ud800"', b"1" * 5000, b"[1e999]", b'{"type":"Buffer","data":[300]}', b"\x1f\x8b\x08", b"b'\\", b'{"type":"x","data":{"a":1}}', b"\xff\xfe\x00"]  # fmt: skip


@given(
    headers,
    bodies,
    st.text(max_size=12) | st.just(SECRET),
    st.floats(-1e20, 1e20) | st.just(NOW),
    st.none() | bodies,
)
@example(RIGHT, HOSTILE[0], SECRET, NOW, BODY)
@settings(max_examples=60, deadline=None)
def test_it_never_crashes_and_holds_valid_only_what_the_judgement_does(header, body, secret, now, sent):
    found = explain(header, body=body, secret=secret, now=now, sent=sent)
    judged = check(header=header, body=body, secret=secret.encode("utf-8", "surrogatepass"), now=now)
    assert found.check == judged
    assert found.valid == judged.valid == (not found.causes)
    assert str(found).isascii()
    if found.valid and body.decode("utf-8", "ignore").encode() == body:
        assert stripe.WebhookSignature.verify_header(body, header, secret)


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: repr(body[:20]))
def test_a_hostile_body_is_a_body_like_any_other(body):
    assert explain(body=body).proven == ()
    assert explain(body=body, sent=BODY).proven
    assert_proven(explain(sign(SECRET.encode(), NOW, body), body=body + b"\n"), "line_break")


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=20, deadline=None)
def test_of_a_digest_that_nobody_made_nothing_is_proven(digest):
    assert explain(f"t={NOW},v1={digest.hex()}").proven == ()


@pytest.mark.parametrize(
    "body", [BODY, ONE_LINE, b"", b"\xff\x00"], ids=["envelope", "text", "empty", "bytes"]
)
def test_every_alteration_is_recognised_by_who_knows_what_was_sent(body):
    header = sign(SECRET.encode(), NOW, body)
    for guess in alterations(body):
        found = explain(header, body=guess.value, sent=body)
        assert found.proven, guess.says
        assert not found.valid
        assert found.tried <= 2


def test_the_first_difference_is_shown_with_what_stands_around_it():
    apart = difference(BODY, BODY.replace(b"Stone", b"Stine"))
    assert apart.at == BODY.index(b"Stone") + 2
    assert str(apart).startswith(f"at byte {apart.at}: sent '")
    assert difference(BODY, BODY) is None
    assert difference(BODY, BODY + b"\n").at == len(BODY)
    assert "sent nothing, received '\\n'" in str(difference(b"", b"\n"))
    long = b"x" * 10_000
    assert difference(long + b"a", long + b"b").at == 10_000
