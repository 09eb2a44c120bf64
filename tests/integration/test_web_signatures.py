"""Signatures explained over the API: of what was sent, and of what somebody's server had."""

from base64 import b64encode
from dataclasses import replace

import pytest

from sandbox.core.advice import DO, Code
from sandbox.core.faults import Fault
from sandbox.core.model import Bearer, Status
from sandbox.core.signing import sign
from sandbox.web.signatures import explained
from tests.workspace import START

BODY = '{"id":"evt_1"}'
NOW = int(START.timestamp())


async def sent(api, outcome=200, **fields):
    made = await api.connected(**fields)
    [id] = (await api.post("/events", {"event": "chat.created"})).json["deliveries"]
    api.workspace.attempt(id, outcome, status=Status.SUCCESS)
    return made, id


async def signature(api, id):
    [attempt] = (await api.get(f"/deliveries/{id}")).json["attempts"]
    return attempt["signature"]


# --- of what was sent ----------------------------------------------------------------------


async def test_a_delivery_says_what_was_signed_with_whose_secret_and_that_it_holds(api):
    made, id = await sent(api)
    assert await signature(api, id) == {
        "signed": "timestamp.body",
        "connection": "crm",
        "secret": f"whsec_…{made['auth']['secret'][-4:]}",
        "holds": True,
        "says": "the signature holds",
        "causes": [],
    }


async def test_a_refused_delivery_says_what_is_likely_behind_it(api):
    _, id = await sent(api, 401)
    found = await signature(api, id)
    assert found["holds"]
    assert found["says"] == "the signature sent holds for the bytes sent and this connection's secret"
    assert [(cause["code"], cause["proven"]) for cause in found["causes"]] == [("refused", False)]


async def test_what_is_not_signed_has_no_signature(api):
    _, id = await sent(api, auth={"type": "NONE"})
    assert await signature(api, id) is None


async def test_after_a_rotation_the_old_signature_does_not_hold_any_more(api):
    made, id = await sent(api, 401)
    await api.post(f"/connections/{made['id']}/rotate-secret")
    found = await signature(api, id)
    assert found["holds"] is False
    assert "another one by now" in found["says"]


async def test_what_was_asked_for_is_not_guessed_at(api):
    made, id = await sent(api, 401)
    await api.post(f"/connections/{made['id']}/rotate-secret")
    [entry] = (await api.workspace.journal.delivery(id)).attempts
    asked = replace(entry.rendering, faults=(Fault(do="wrong_secret"),), signature=entry.rendering.signature)
    found = explained(api.workspace, entry._replace(rendering=asked))
    assert (found["holds"], found["says"], found["causes"]) == (
        False,
        "it does not hold, as was asked for",
        [],
    )


async def test_where_the_connection_is_gone_nobody_can_tell(api):
    made, id = await sent(api)
    await api.delete(f"/connections/{made['id']}")
    found = await signature(api, id)
    assert (found["connection"], found["secret"], found["holds"]) == (None, None, None)


async def test_where_the_connection_does_not_sign_any_more_nobody_can_tell(api):
    made, id = await sent(api)
    await api.workspace.change(made["id"], auth=Bearer("token_of_some_length"))
    found = await signature(api, id)
    assert (found["connection"], found["holds"]) == ("crm", None)


async def test_connections_of_a_scenario_are_known_by_their_run(api):
    made, id = await sent(api)
    held = api.workspace.connection(made["id"])
    text = "name: One\nsteps:\n  - emit: chat.created\n"
    run = (await api.post("/runs", {"scenario_yaml": text})).json["id"]
    api.workspace._put(run, connections=(held.connection,), signature_time="sandbox")
    await api.delete(f"/connections/{made['id']}")
    [entry] = (await api.workspace.journal.delivery(id)).attempts
    found = explained(api.workspace, entry._replace(run_id=run))
    assert (found["connection"], found["holds"]) == ("crm", True)
    # The sandbox's time is not that of whoever reads this.
    assert "ahead" in found["says"] or "old" in found["says"]


# --- of what somebody's server had -----------------------------------------------------------


async def verify(api, **changes):
    body = {
        "signature": sign(b"whsec_test", NOW, BODY.encode()),
        "body": BODY,
        "secret": "whsec_test",
        "now": "2026-04-24T14:02:10.000Z",
    }
    return await api.post("/verify", {k: v for k, v in {**body, **changes}.items() if v is not None})


async def test_a_signature_that_holds_is_said_to(api):
    in_base64 = {"body": None, "body_base64": b64encode(BODY.encode()).decode()}
    expected = {
        "valid": True,
        "reason": "valid",
        "says": "the signature holds",
        "causes": [],
        "difference": None,
    }
    assert (await verify(api)).json == (await verify(api, **in_base64)).json == expected


async def test_why_it_does_not_hold_is_proven(api):
    found = (await verify(api, body='{"id": "evt_1"}')).json
    assert (found["valid"], found["reason"]) == (False, "mismatch")
    assert [(cause["code"], cause["proven"]) for cause in found["causes"]] == [("body_reserialised", True)]


async def test_the_tolerance_can_be_given(api):
    late = {"now": "2026-04-24T14:12:10.000Z"}
    assert (await verify(api, **late)).json["reason"] == "too_old"
    assert (await verify(api, **late, tolerance="1h")).json["valid"]


async def test_no_header_at_all_is_explained_too(api):
    assert (await verify(api, signature=None)).json["reason"] == "missing"


async def test_the_secret_may_be_a_connections_and_that_of_another_one_is_named(api):
    made = await api.connected("crm", auth={"type": "HMAC", "secret": "whsec_of_the_crm_itself"})
    other = await api.connected("billing", auth={"type": "HMAC", "secret": "whsec_test"})
    found = await verify(api, secret=None, connection_id=made["id"])
    assert [cause["code"] for cause in found.json["causes"]] == ["other_connection"]
    assert "billing" in found.json["causes"][0]["says"]
    assert "whsec" not in found.json["causes"][0]["says"]
    assert (await verify(api, secret=None, connection_id=other["id"])).json["valid"]


async def test_the_secret_may_be_that_of_a_runs_own_connection(api):
    made = await api.connected("crm", auth={"type": "HMAC", "secret": "whsec_test"})
    run = (await api.post("/runs", {"scenario_yaml": "name: One\nsteps: [{emit: chat.created}]\n"})).json
    api.workspace._put(run["id"], connections=(api.workspace.connection(made["id"]).connection,))
    await api.delete(f"/connections/{made['id']}")
    assert (await verify(api, secret=None, connection_id=made["id"])).json["valid"]
    found = await verify(api, secret="whsec_another", connection_id=made["id"])
    assert [cause["code"] for cause in found.json["causes"]] == ["wrong_secret"]


async def test_a_secret_that_is_not_the_named_connections_is_told_so_and_not_of_another_one(api):
    made = await api.connected("crm", auth={"type": "HMAC", "secret": "whsec_test"})
    await api.connected("billing", auth={"type": "HMAC", "secret": "whsec_of_billing"})
    [delivery] = (await api.post("/events", {"event": "chat.created", "connection_ids": [made["id"]]})).json[
        "deliveries"
    ]
    for about in ({"connection_id": made["id"]}, {"delivery_id": delivery}):
        found = (await verify(api, secret="whsec_another", **about)).json
        assert found["causes"] == [
            {
                "code": "wrong_secret",
                "proven": True,
                "says": "the secret here is not that of the connection crm, which signed",
                "do": DO[Code.wrong_secret],
            }
        ]
        # How it differs from the right one says more.
        found = (await verify(api, secret="whsec_test\n", **about)).json
        assert [cause["code"] for cause in found["causes"]] == ["secret_white_space"]
        # And what another connection has signed is told as ever.
        signed = sign(b"whsec_of_billing", NOW, BODY.encode())
        found = (await verify(api, signature=signed, secret="whsec_test", **about)).json
        assert [cause["code"] for cause in found["causes"]] == ["other_connection"]
        assert found["causes"][0]["says"] == "the secret that signed is that of another connection: billing"


async def test_a_connection_that_is_gone_or_does_not_sign_is_no_reason_to_refuse_a_secret(api):
    made, id = await sent(api, auth={"type": "NONE"})
    assert (await verify(api, delivery_id=id)).json["valid"]
    await api.delete(f"/connections/{made['id']}")
    assert (await verify(api, delivery_id=id)).json["valid"]


async def test_the_body_is_compared_with_the_one_that_was_sent(api):
    _, id = await sent(api, 401)
    for attempt in (None, 1):
        found = await verify(api, delivery_id=id, attempt=attempt)
        assert found.json["difference"] is None, "a signature that holds is not compared"
        found = await verify(api, body="{}", delivery_id=id, attempt=attempt)
        assert found.json["difference"].startswith("at byte 1: ")


async def test_before_the_first_attempt_there_is_nothing_to_compare(api):
    await api.connected()
    [id] = (await api.post("/events", {"event": "chat.created"})).json["deliveries"]
    assert (await verify(api, body="{}", delivery_id=id)).json["difference"] is None


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"body": None}, 422, "/body"),
        ({"body_base64": "e30="}, 422, "/body"),
        ({"body": None, "body_base64": "***"}, 422, "/body_base64"),
        ({"secret": None}, 422, "/secret"),
        ({"attempt": 1}, 422, "/attempt"),
        ({"delivery_id": "dlv_nothing"}, 404, None),
        ({"secret": None, "connection_id": "f" * 24}, 404, None),
        ({"connection_id": "f" * 24}, 404, None),
    ],
    ids=[
        "no_body",
        "two_bodies",
        "no_base64",
        "no_secret",
        "no_delivery",
        "which_delivery",
        "which_connection",
        "which_connection_beside_a_secret",
    ],
)
async def test_what_is_missing_is_told_at_its_field(api, changes, status, field):
    answer = await verify(api, **changes)
    assert answer.status == status
    if field is not None:
        assert list(answer.errors) == [field]


async def test_an_attempt_that_never_was_and_a_connection_that_does_not_sign_are_told(api):
    made, id = await sent(api, auth={"type": "NONE"})
    assert list((await verify(api, delivery_id=id, attempt=7)).errors) == ["/attempt"]
    unsigned = await verify(api, secret=None, connection_id=made["id"])
    assert list(unsigned.errors) == ["/connection_id"]
