"""What each fault does to a request, byte for byte; the signature is checked with the standard library alone."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.cast import Cast
from sandbox.core.envelope import Rendering, Target
from sandbox.core.faults import KINDS, Fault, excludes, parse_fault
from sandbox.core.ids import Seed
from sandbox.core.model import Basic, Bearer, Connection, Hmac, NoAuth, Sending
from sandbox.core.spoiling import UNKNOWN_EVENT
from sandbox.store.coding import read_target, target_document

NOW = datetime(2026, 4, 24, 14, 2, 10, 500_000, tzinfo=UTC)
SECRET = "whsec_of_the_test"


def an_event(**options):
    cast = Cast(Seed(7))
    return cast.chat_created(at=NOW, channels=("WHATSAPP",), **options).event


EVENT = an_event()


def target(auth=None):
    auth = Hmac(SECRET) if auth is None else auth
    return Target(Connection(name="crm", url="http://127.0.0.1:1/hook", auth=auth, id="a" * 24))


def rendering(*texts, event=EVENT, auth=None):
    return Rendering(event, target(auth), 1, NOW, faults=tuple(map(parse_fault, texts)))


def sent(*texts, **options):
    return rendering(*texts, **options).request()


def header(request, name):
    found = [value for key, value in request.headers if key == name]
    return found[0] if found else None


def signed_by(request, secret=SECRET, body=None):
    """Whether the signature is over exactly these bytes, by the published rule and nothing of ours."""
    t, v1 = (part.partition("=")[2] for part in header(request, "X-Wexio-Signature").split(","))
    signed = t.encode() + b"." + (request.body if body is None else body)
    return hmac.compare_digest(hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest(), v1)


def t_of(request):
    return int(header(request, "X-Wexio-Signature").split(",")[0][2:])


RIGHT = sent()
"""What is sent when nothing goes wrong."""


def test_without_a_fault_nothing_is_changed():
    assert signed_by(RIGHT)
    assert RIGHT.sending is None


def test_a_missing_signature_is_not_there_and_all_else_is():
    wrong = sent("missing_signature")
    assert wrong.headers == tuple(pair for pair in RIGHT.headers if pair[0] != "X-Wexio-Signature")
    assert wrong.body == RIGHT.body


def test_a_malformed_signature_is_neither_a_time_nor_a_digest():
    wrong = sent("malformed_signature")
    t, v1 = header(wrong, "X-Wexio-Signature").split(",")
    with pytest.raises(ValueError, match="invalid literal"):
        int(t.removeprefix("t="))
    with pytest.raises(ValueError, match="non-hexadecimal"):
        bytes.fromhex(v1.removeprefix("v1="))
    assert wrong.body == RIGHT.body


def test_a_wrong_secret_makes_a_well_formed_signature_of_somebody_else():
    wrong = sent("wrong_secret")
    assert (t_of(wrong), wrong.body) == (t_of(RIGHT), RIGHT.body)
    assert len(header(wrong, "X-Wexio-Signature")) == len(header(RIGHT, "X-Wexio-Signature"))
    assert not signed_by(wrong)


@pytest.mark.parametrize(("fault", "seconds"), [("stale", -3600), ("future:by=10m", 600)])
def test_another_time_is_signed_rightly_and_is_in_the_headers(fault, seconds):
    wrong = sent(fault)
    assert signed_by(wrong)
    assert t_of(wrong) - t_of(RIGHT) == seconds
    moved = NOW + timedelta(seconds=seconds)
    assert header(wrong, "X-Wexio-Timestamp") == f"{moved:%Y-%m-%dT%H:%M:%S}.500Z"
    assert wrong.body == RIGHT.body, "when it happened is another thing"


def test_a_tampered_body_differs_in_one_value_and_is_signed_as_it_was_before():
    wrong = sent("tampered_body")
    assert header(wrong, "X-Wexio-Signature") == header(RIGHT, "X-Wexio-Signature")
    assert not signed_by(wrong)
    assert len(wrong.body) == len(RIGHT.body)
    assert sum(one != other for one, other in zip(wrong.body, RIGHT.body, strict=True)) == 1
    was, now = json.loads(RIGHT.body), json.loads(wrong.body)
    assert now["data"]["chat"].pop("id") != was["data"]["chat"].pop("id")
    assert now == was


def test_only_the_chats_own_id_is_tampered_with():
    chat_id = EVENT.data["chat"]["id"]
    event = an_event(data={"chat": {"title": f'"chat":{{"id":"{chat_id}"'}, "contact": {"peopleId": chat_id}})
    was = json.loads(sent(event=event).body)["data"]
    now = json.loads(sent("tampered_body", event=event).body)["data"]
    assert {name for name in was["chat"] if was["chat"][name] != now["chat"][name]} == {"id"}
    assert was["contact"] == now["contact"]


@pytest.mark.parametrize("chat_id", ["0", "", 7, None, 'with "quotes"', "Zoë"], ids=repr)
def test_whatever_the_chats_id_is_one_value_is_another_of_the_same_shape(chat_id):
    data = json.dumps({"chat": {"id": chat_id}}, separators=(",", ":"), ensure_ascii=False)
    event = EVENT._replace(data_json=data.encode())
    was, now = (json.loads(sent(*fault, event=event).body) for fault in ((), ("tampered_body",)))
    changed = [now["data"] != was["data"], now["meta"] != was["meta"]]
    assert changed == ([True, False] if isinstance(chat_id, str) and chat_id else [False, True])
    assert type(now["data"]["chat"]["id"]) is type(chat_id)


def test_extra_fields_are_added_at_every_level_and_signed():
    wrong = sent("extra_fields")
    assert signed_by(wrong)
    was, now = json.loads(RIGHT.body), json.loads(wrong.body)
    for path in ((), ("meta",), ("data",), ("data", "chat"), ("data", "contact")):
        before, after = was, now
        for name in path:
            before, after = before[name], after[name]
        assert [*after][: len(before)] == [*before], "what was there stands first"
        assert len(after) > len(before)


def test_an_unknown_event_has_another_name_everywhere_and_the_same_data():
    wrong = sent("unknown_event")
    assert signed_by(wrong)
    was, now = json.loads(RIGHT.body), json.loads(wrong.body)
    assert now["type"] == now["meta"].pop("event") == header(wrong, "X-Wexio-Event") == UNKNOWN_EVENT
    del was["type"], was["meta"]["event"], now["type"]
    assert now == was


@given(st.integers(1, 300_000), st.sampled_from(["with", "without", "fields", "title"]))
def test_a_large_body_is_exactly_as_large_as_asked_or_as_it_was(size, kind):
    event = {
        "with": EVENT,
        "without": an_event(contact="none"),
        "fields": an_event(data={"contact": {"customFields": {"plan": "gold"}}}),
        "title": an_event(contact="none", data={"chat": {"title": "Ours"}}),
    }[kind]
    fault = Fault(do="large_body", size=size)
    wrong = Rendering(event, target(), 1, NOW, faults=(fault,)).request()
    small = len(sent(event=event).body)
    assert signed_by(wrong)
    assert json.loads(wrong.body)["meta"] == json.loads(sent(event=event).body)["meta"]
    if size > small + 200:
        assert len(wrong.body) == size
    else:
        assert len(wrong.body) in (small, size)


def test_a_large_body_has_many_fields_and_none_of_them_is_long():
    fields = json.loads(sent("large_body:size=64kB").body)["data"]["contact"]["customFields"]
    assert len(fields) > 400
    assert max(map(len, fields.values())) < 256


def test_unicode_is_in_the_names_in_utf_8_and_signed():
    wrong = sent("unicode")
    assert signed_by(wrong)
    name = json.loads(wrong.body)["data"]["chat"]["firstName"]
    assert name.encode() in wrong.body, "as UTF-8, without escapes"
    assert "\u200d" in name
    assert any("\u0590" <= letter <= "\u05ff" for letter in name), "right to left"
    assert any("\u0400" <= letter <= "\u04ff" for letter in name), "Cyrillic"
    assert any("\u0300" <= letter <= "\u036f" for letter in name), "combining marks"
    assert json.loads(wrong.body)["data"]["contact"]["firstName"] == name


def test_a_truncated_body_is_half_of_what_was_signed():
    wrong = sent("truncated_body")
    assert RIGHT.body.startswith(wrong.body)
    assert wrong.sending == Sending(length=len(RIGHT.body), end="closed")
    assert signed_by(wrong, body=RIGHT.body)


@pytest.mark.parametrize(("at", "share"), [("headers", 0), ("body", 0.5)])
def test_a_reset_sends_so_much_of_the_body(at, share):
    wrong = sent(f"reset:at={at}")
    assert wrong.body == RIGHT.body[: int(len(RIGHT.body) * share)]
    assert wrong.sending == Sending(length=len(RIGHT.body), end="reset")


def test_a_slow_body_is_the_right_one():
    wrong = sent("slow_body:over=1s")
    assert wrong._replace(sending=None) == RIGHT
    assert wrong.sending.over == timedelta(seconds=1)


@pytest.mark.parametrize("kind", ["delay", "drop", "duplicate", "reorder"])
def test_what_happens_to_a_delivery_leaves_the_request_as_it_is(kind):
    assert sent(kind) == RIGHT


def test_faults_on_body_and_signature_compose_in_one_order_however_they_are_listed():
    texts = [
        "truncated_body",
        "tampered_body",
        "wrong_secret",
        "large_body:size=8kB",
        "extra_fields",
        "unicode",
    ]
    assert sent(*texts) == sent(*reversed(texts))
    wrong = sent("tampered_body", "large_body:size=8kB")
    assert len(wrong.body) == 8000
    assert "firstName" in json.loads(sent("unicode", "large_body:size=8kB").body)["data"]["chat"]


# --- other ways to authorise -------------------------------------------------------------


@pytest.mark.parametrize("auth", [Bearer("right-token"), Basic("me", "right-word")], ids=["bearer", "basic"])
def test_where_a_token_stands_for_the_signature_that_goes_wrong(auth):
    right = header(sent(auth=auth), "Authorization")
    assert header(sent("missing_signature", auth=auth), "Authorization") is None
    assert header(sent("malformed_signature", auth=auth), "Authorization") == right.split()[0]
    wrong = header(sent("wrong_secret", auth=auth), "Authorization")
    assert (wrong.split()[0], wrong != right) == (right.split()[0], True)
    if isinstance(auth, Basic):
        assert b":" in base64.b64decode(wrong.split()[1], validate=True)


def test_without_any_authorisation_only_the_time_is_another():
    wrong, right = sent("stale", auth=NoAuth()), sent(auth=NoAuth())
    assert {
        name for (name, one), (_, other) in zip(wrong.headers, right.headers, strict=True) if one != other
    } == {"X-Wexio-Timestamp"}


# --- made again ----------------------------------------------------------------------------


def compatible(kinds):
    faults = []
    for kind in kinds:
        fault = Fault(do=kind, size=4096) if kind == "large_body" else Fault(do=kind)
        if not any(excludes(fault, other) for other in faults):
            faults.append(fault)
    return tuple(faults)


@given(st.lists(st.sampled_from(KINDS), unique=True).map(compatible))
def test_the_same_request_is_made_again_without_the_secret_from_what_a_journal_keeps(faults):
    first = Rendering(EVENT, target(), 1, NOW, faults=faults)
    request = first.request()
    kept = read_target(target_document(target()))
    again = Rendering(EVENT, kept, 1, NOW, first.signature, faults).request()
    assert again == request
    assert first.request() == request
