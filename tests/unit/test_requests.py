"""Requests without a network: what a test client posts is what Wexio would send."""

import json
import subprocess
import sys
import unittest
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from flask import Flask, request

from sandbox import Basic, Bearer, Fault, NoAuth, UsageError, WebhookRequest, build_request, explain_signature
from sandbox.core.profile import HEADERS
from sandbox.requests import RequestBuilder

SECRET = "whsec_test"
NOW = datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)


def verdict(built, now=NOW):
    """What a receiver that knows the secret says of its signature."""
    header = built.headers.get("X-Wexio-Signature")
    return explain_signature(header, body=built.body, secret=built.secret, now=now.timestamp())


def test_a_request_has_a_signature_that_holds_and_the_documented_headers():
    built = build_request(channel="VIBER", secret=SECRET, now=NOW)
    assert verdict(built).valid
    assert built.method == "POST"
    assert list(built.headers)[:-2] == list(HEADERS[:6])
    assert json.loads(built.body)["data"] == built.event.data
    assert built.event.data["chat"]["channel"] == "VIBER"


def test_without_a_secret_one_is_made_up_and_told():
    built = build_request(now=NOW)
    assert built.secret.startswith("whsec_")
    assert verdict(built).valid
    assert built.secret not in repr(built)


def test_the_same_seed_and_now_build_the_same_bytes():
    first, second = (build_request(seed=7, now=NOW, secret=SECRET) for _ in range(2))
    assert (first.headers, first.body) == (second.headers, second.body)
    assert build_request(seed=8, now=NOW).event.id != first.event.id
    assert build_request().event.id != build_request().event.id


def test_one_builder_builds_another_event_each_time_and_knows_its_people():
    build = RequestBuilder(seed=7, secret=SECRET, contacts={"alex": {"firstName": "Alex"}})
    first, second = build(contact="alex"), build(contact="alex", channel="VIBER")
    assert first.event.id != second.event.id
    assert first.event.data["contact"]["peopleId"] == second.event.data["contact"]["peopleId"]
    assert json.loads(first.body)["meta"]["connectionId"] == json.loads(second.body)["meta"]["connectionId"]


def test_what_happened_can_be_said():
    built = build_request(
        channel="TELEGRAM",
        contact={"firstName": "Zoë"},
        data={"chat": {"username": "zoe"}},
        id="evt_mine",
        occurred_at=NOW - timedelta(hours=1),
        origin="flow",
        url="http://localhost:3000/hook?team=1",
    )
    envelope = json.loads(built.body)
    assert (envelope["id"], envelope["timestamp"]) == ("evt_mine", "2026-04-24T13:02:10.000Z")
    assert (envelope["data"]["contact"]["firstName"], envelope["data"]["chat"]["username"]) == ("Zoë", "zoe")
    assert (built.url, built.path) == ("http://localhost:3000/hook?team=1", "/hook?team=1")


def test_an_attempt_is_in_header_and_body_and_later_than_the_event():
    built = build_request(attempt=3, secret=SECRET, now=NOW)
    meta = json.loads(built.body)["meta"]
    assert (built.headers["X-Wexio-Attempt"], meta["attempt"]) == ("3", 3)
    assert meta["occurredAt"] == "2026-04-24T14:01:55.000Z"  # 5 s and 10 s before
    assert verdict(built).valid


def test_again_is_the_same_event_signed_anew():
    first = build_request(secret=SECRET, now=NOW)
    second = first.again()
    assert (second.attempt, first.again(attempt=5).attempt) == (2, 5)
    assert second.headers["Idempotency-Key"] == first.headers["Idempotency-Key"]
    assert json.loads(second.body)["data"] == json.loads(first.body)["data"]
    assert second.headers["X-Wexio-Signature"] != first.headers["X-Wexio-Signature"]
    assert verdict(second).valid
    assert verdict(first.again(wrong_secret=True)).check.reason == "mismatch"
    assert verdict(first.again(wrong_secret=True).again()).valid


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"wrong_secret": True}, "mismatch"),
        ({"tampered": True}, "mismatch"),
        ({"stale": "10m"}, "too_old"),
        ({"stale": timedelta(minutes=6)}, "too_old"),
        ({"stale": 301}, "too_old"),
    ],
)
def test_what_is_broken_on_purpose_is_refused_for_that_reason(broken, code):
    built = build_request(secret=SECRET, now=NOW, **broken)
    assert verdict(built).check.reason == code


def test_a_tampered_body_is_json_of_the_same_shape_with_one_value_changed():
    good, bad = (build_request(secret=SECRET, seed=7, now=NOW, tampered=item) for item in (False, True))
    assert bad.headers == good.headers
    assert len(bad.body) == len(good.body)
    assert sum(a != b for a, b in zip(bad.body, good.body, strict=True)) == 1
    json.loads(bad.body)


def test_a_chat_without_an_id_in_text_is_tampered_with_all_the_same():
    options = {"secret": SECRET, "seed": 7, "now": NOW, "data": {"chat": {"id": 5}}}
    good, bad = (build_request(**options, tampered=item) for item in (False, True))
    assert sum(a != b for a, b in zip(bad.body, good.body, strict=True)) == 1


def test_a_stale_request_is_old_in_every_time_that_it_tells():
    built = build_request(secret=SECRET, now=NOW, stale="10m")
    assert built.headers["X-Wexio-Timestamp"] == "2026-04-24T13:52:10.000Z"
    assert json.loads(built.body)["timestamp"] == "2026-04-24T13:52:10.000Z"


def test_other_ways_to_authorise_can_be_wrong_too():
    for auth in (Bearer("token"), Basic("user", "password")):
        good, bad = (build_request(auth=auth, wrong_secret=item) for item in (False, True))
        assert good.headers["Authorization"] != bad.headers["Authorization"]
        assert (good.secret, bad.auth) == (None, auth)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"auth": NoAuth(), "wrong_secret": True}, "needs something to authorise with"),
        ({"auth": Bearer("x"), "tampered": True}, "only where requests are signed"),
        ({"auth": NoAuth(), "stale": "10m"}, "only where requests are signed"),
        ({"stale": timedelta(minutes=-1)}, "above 0"),
        ({"stale": "10"}, "write 10s"),
        ({"secret": "x", "auth": Bearer("x")}, "exclude each other"),
        ({"auth": "whsec_x"}, "auth is str"),
        ({"secret": ""}, "not empty"),
        ({"attempt": 0}, "counted from 1"),
        ({"event": "chat.updated"}, "not yet built"),
        ({"channel": "VIBR"}, "did you mean VIBER"),
        ({"now": datetime(2026, 1, 1)}, "needs an offset"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(options, says):
    with pytest.raises(UsageError, match=says):
        build_request(**options)


# --- in the hands of test clients -----------------------------------------------------


def holds(headers, body):
    return explain_signature(
        headers.get("X-Wexio-Signature"), body=body, secret=SECRET, now=datetime.now(UTC).timestamp()  # noqa: TID251
    ).valid  # fmt: skip


def test_flask_s_client_posts_it():
    app = Flask("consumer")

    @app.post("/webhooks/wexio")
    def hook():
        return "", 204 if holds(request.headers, request.get_data()) else 401

    client = app.test_client()
    for broken, status in ((False, 204), (True, 401)):
        built = build_request(secret=SECRET, tampered=broken)
        assert client.post(built.path, headers=built.headers, data=built.body).status_code == status


async def test_aiohttp_s_client_posts_it():
    async def hook(request):
        return web.Response(status=204 if holds(request.headers, await request.read()) else 401)

    app = web.Application()
    app.router.add_post("/webhooks/wexio", hook)
    async with TestClient(TestServer(app)) as client:
        for broken, status in ((False, 204), (True, 401)):
            built = build_request(secret=SECRET, wrong_secret=broken)
            answer = await client.request(built.method, built.path, headers=built.headers, data=built.body)
            assert answer.status == status


class InUnittest(unittest.TestCase):
    """A suite without pytest's fixtures."""

    def test_the_function_needs_no_fixture(self):
        built = build_request("chat.created", channel="VIBER", secret=SECRET)
        assert isinstance(built, WebhookRequest)
        assert holds(built.headers, built.body)


def test_building_a_request_loads_nothing_that_speaks_http_or_reads_files():
    program = (
        "import sys; from sandbox import build_request; build_request(secret='x')\n"
        "print([name for name in ('aiohttp', 'pydantic', 'yaml', 'click', 'rich') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout
    assert out == "[]\n"


# --- faults --------------------------------------------------------------------------


def test_any_fault_that_shows_in_a_request_can_be_asked_for():
    options = {"secret": SECRET, "seed": 7, "now": NOW}
    small = build_request(**options)
    assert len(build_request(**options, faults=["large_body:size=8kB"]).body) == 8000
    assert build_request(**options, faults=[Fault(do="tampered_body")]) == build_request(
        **options, tampered=True
    )
    bare = build_request(**options, faults=[{"do": "missing_signature"}])
    assert "X-Wexio-Signature" not in bare.headers
    assert bare.body == small.body


def test_a_fault_of_another_attempt_waits_for_it():
    first = build_request(secret=SECRET, faults=["wrong_secret:attempt=2"])
    assert first.headers["X-Wexio-Signature"] == first.again(attempt=1).headers["X-Wexio-Signature"]
    second = build_request(secret=SECRET, attempt=2, faults=["malformed_signature:attempt=2"])
    assert second.headers["X-Wexio-Signature"] == "t=soon,v1=not-hex"
    again = first.again(faults=["malformed_signature"])
    assert (again.attempt, again.headers["X-Wexio-Signature"]) == (2, "t=soon,v1=not-hex")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"faults": ["slow_body"]}, "slow_body is how a request is sent"),
        ({"faults": ["drop"]}, "drop is how a request is sent"),
        ({"faults": ["unicode:chance=0.5"]}, "a chance is drawn for what is delivered"),
        ({"faults": ["missing_signature"], "wrong_secret": True}, "exclude each other"),
        ({"faults": ["stale"], "stale": "10m"}, "stale is there twice"),
        ({"faults": ["malformed_signature"], "auth": NoAuth()}, "needs something to authorise with"),
        ({"faults": "unicode"}, "faults is a list"),
    ],
)
def test_a_fault_that_no_request_could_show_is_refused(options, says):
    with pytest.raises(UsageError, match=says):
        build_request(**options)
