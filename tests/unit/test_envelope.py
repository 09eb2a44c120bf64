"""What goes on the wire."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.envelope import Rendering, Target
from sandbox.core.model import Basic, Bearer, Connection, Event, Hmac, NoAuth, Retired
from sandbox.core.profile import EnvelopeProfile, Profile, RequestProfile, SignatureProfile
from sandbox.core.signing import check

OCCURRED = datetime(2026, 4, 24, 14, 2, 10, 123_000, tzinfo=UTC)
SENT = datetime(2026, 4, 24, 14, 2, 15, 500_000, tzinfo=UTC)
ID = "evt_2a3f1d4c-9b2e-4e7a-9c8d-bd8e9a0e4c10"
EVENT = Event(
    id=ID,
    name="chat.created",
    occurred_at=OCCURRED,
    organisation_id="6640f3d5c8a0d7e8b7f20222",
    data_json='{"chat":{"firstName":"Zoë 🙂","archivedAt":null}}'.encode(),
    channel="WHATSAPP",
)


def request(auth=None, *, attempt=1, profile=None, id="6640f45ac8a0d7e8b7f2014a"):
    connection = Connection(name="crm", url="http://127.0.0.1:1/x", auth=auth or NoAuth(), id=id)
    return Rendering(EVENT, Target(connection, profile or Profile()), attempt, SENT).request()


def test_the_envelope_has_the_documented_keys_in_their_order():
    assert request(attempt=3).body.decode() == (
        f'{{"id":"{ID}","type":"chat.created","timestamp":"2026-04-24T14:02:10.123Z",'
        '"data":{"chat":{"firstName":"Zoë 🙂","archivedAt":null}},'
        f'"meta":{{"eventId":"{ID}","event":"chat.created","occurredAt":"2026-04-24T14:02:10.123Z",'
        '"organisationId":"6640f3d5c8a0d7e8b7f20222","connectionId":"6640f45ac8a0d7e8b7f2014a",'
        '"apiVersion":"2026-04-01","attempt":3}}'
    )


def test_the_headers_are_the_documented_ones_in_their_order():
    headers = request(Hmac("whsec_x"), attempt=2).headers
    assert [name for name, _ in headers] == [
        "Content-Type",
        "X-Wexio-Event",
        "X-Wexio-Event-Id",
        "X-Wexio-Attempt",
        "X-Wexio-Timestamp",
        "Idempotency-Key",
        "X-Wexio-Signature",
        "User-Agent",
    ]
    assert dict(headers) | {"X-Wexio-Signature": ""} == {
        "Content-Type": "application/json",
        "X-Wexio-Event": "chat.created",
        "X-Wexio-Event-Id": ID,
        "X-Wexio-Attempt": "2",
        "X-Wexio-Timestamp": "2026-04-24T14:02:15.500Z",
        "Idempotency-Key": ID,
        "X-Wexio-Signature": "",
        "User-Agent": "Wexio-Webhooks/2026-04-01 (sandbox)",
    }


@pytest.mark.parametrize(
    ("auth", "authorization", "signed"),
    [
        (NoAuth(), None, False),
        (Bearer("t0k"), "Bearer t0k", False),
        (Basic("ann", "p:äss"), "Basic " + b64encode("ann:p:äss".encode()).decode(), False),
        (Hmac("whsec_x"), None, True),
    ],
    ids=["none", "bearer", "basic", "hmac"],
)
def test_each_way_to_authorise_sets_its_own_header_and_no_other(auth, authorization, signed):
    headers = dict(request(auth).headers)
    assert headers.get("Authorization") == authorization
    assert ("X-Wexio-Signature" in headers) == signed


def test_a_retry_keeps_the_event_id_and_changes_body_and_signature():
    first, second = (request(Hmac("whsec_x"), attempt=n) for n in (1, 2))
    assert json.loads(first.body)["id"] == json.loads(second.body)["id"] == ID
    assert json.loads(second.body)["meta"]["attempt"] == 2
    assert first.body != second.body
    assert dict(first.headers)["X-Wexio-Signature"] != dict(second.headers)["X-Wexio-Signature"]


def test_the_signature_carries_the_time_of_sending_in_whole_seconds():
    assert dict(request(Hmac("x")).headers)["X-Wexio-Signature"].startswith(f"t={int(SENT.timestamp())},v1=")


def test_every_assumption_about_the_request_can_be_changed():
    profile = Profile(
        request=RequestProfile(timestamp="occurrence", user_agent=None),
        signature=SignatureProfile(unit="milliseconds"),
    )
    headers = dict(request(Hmac("x"), profile=profile).headers)
    assert headers["X-Wexio-Timestamp"] == "2026-04-24T14:02:10.123Z"
    assert "User-Agent" not in headers
    assert headers["X-Wexio-Signature"].startswith(f"t={int(SENT.timestamp() * 1000)},v1=")


def test_connections_share_the_event_id_unless_the_profile_says_otherwise():
    def ids(profile):
        requests = [request(profile=profile, id=id * 24) for id in "ab"]
        for item in requests:
            headers, body = dict(item.headers), json.loads(item.body)
            assert headers["X-Wexio-Event-Id"] == headers["Idempotency-Key"] == body["id"]
            assert body["meta"]["eventId"] == body["id"]
        return {json.loads(item.body)["id"] for item in requests}

    assert ids(Profile()) == {ID}
    own = ids(Profile(envelope=EnvelopeProfile(event_id="per_connection")))
    assert len(own) == 2
    assert ID not in own
    assert own == ids(Profile(envelope=EnvelopeProfile(event_id="per_connection")))


def test_a_request_is_the_same_each_time_it_is_rendered():
    assert request(Hmac("x")) == request(Hmac("x"))


def test_a_kept_signature_makes_the_same_request_without_the_secret():
    signed = Connection(name="crm", url="http://127.0.0.1:1/x", auth=Hmac("x"), id="a" * 24)
    bare = Connection(name="crm", url="http://127.0.0.1:1/x", auth=Hmac(), id="a" * 24)
    sent = Rendering(EVENT, Target(signed), 1, SENT)
    request = sent.request()
    assert Rendering(EVENT, Target(bare), 1, SENT, sent.signature).request() == request
    assert Rendering(EVENT, Target(bare), 1, SENT).request() != request


@pytest.mark.parametrize(("left", "signatures"), [(timedelta(seconds=1), 2), (timedelta(), 1)])
def test_a_retired_secret_signs_too_until_its_time_is_over(left, signatures):
    auth = Hmac("whsec_new", retired=Retired("whsec_old", until=SENT + left))
    connection = Connection(name="crm", url="http://127.0.0.1:1/x", auth=auth, id="6640f45ac8a0d7e8b7f2014a")
    sent = Rendering(EVENT, Target(connection).at(SENT), 1, SENT).request()
    header = dict(sent.headers)["X-Wexio-Signature"]
    assert header.count("v1=") == signatures
    # The new one first: a receiver that looks at one signature only looks at this.
    only_new = dict(request(Hmac("whsec_new")).headers)["X-Wexio-Signature"]
    assert header.startswith(only_new)
    now = SENT.timestamp()
    holds = check(header=header, body=sent.body, secret=b"whsec_old", now=now).valid
    assert holds == (signatures == 2)
    assert "whsec" not in repr(auth)
