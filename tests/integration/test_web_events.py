"""Events by hand over the API, what would be sent, and what became of the deliveries."""

import hashlib
import hmac
import json
from base64 import b64decode
from datetime import timedelta

import pytest

from sandbox.core.model import Response, Status, TransportError
from sandbox.core.scenario import NO_CONTACT
from sandbox.orders import EventOrder

# --- events ------------------------------------------------------------------------------


async def test_an_event_is_accepted_with_its_deliveries(api):
    one, two = await api.connected("one"), await api.connected("two")
    answer = await api.post("/events", {"event": "chat.created", "channel": "VIBER"})
    assert answer.status == 202
    [event] = answer.json["events"]
    assert event["event"] == "chat.created"
    assert event["data"]["chat"]["channel"] == "VIBER"
    assert len(answer.json["deliveries"]) == 2
    found = [await api.get(f"/deliveries/{id}") for id in answer.json["deliveries"]]
    assert [item.json["connection_id"] for item in found] == [one["id"], two["id"]]
    assert {item.json["event_id"] for item in found} == {event["id"]}


async def test_what_is_ordered_reaches_the_workspace_whole(api):
    made = await api.connected()
    body = {
        "event": "chat.created",
        "channel": ["WHATSAPP", "VIBER"],
        "contact": {"firstName": "Alex", "email": None, "locale": "uk_UA"},
        "origin": "flow",
        "data": {"chat": {"title": "VIP", "lastName": None}},
        "count": 3,
        "connection_ids": [made["id"]],
    }
    assert (await api.post("/events", body)).status == 202
    assert api.workspace.asked[-1] == EventOrder(
        event="chat.created",
        channel=("WHATSAPP", "VIBER"),
        contact={"firstName": "Alex", "email": None, "locale": "uk_UA"},
        origin="flow",
        data={"chat": {"title": "VIP", "lastName": None}},
        count=3,
        connection_ids=(made["id"],),
    )


async def test_none_is_a_chat_without_a_contact(api):
    answer = await api.post("/events", {"event": "chat.created", "contact": "none"})
    assert "contact" not in answer.json["events"][0]["data"]
    assert api.workspace.asked[-1].contact == NO_CONTACT


async def test_somebody_new_is_no_contact_at_all(api):
    for body in ({"event": "chat.created"}, {"event": "chat.created", "contact": None}):
        assert (await api.post("/events", body)).status == 202
        assert api.workspace.asked[-1].contact is None


async def test_many_are_emitted_at_once(api):
    answer = await api.post("/events", {"event": "chat.created", "count": 250})
    assert len({event["id"] for event in answer.json["events"]}) == 250


WRONG = {
    "an event to come": (
        {"event": "chat.updated"},
        {"/event": "chat.updated is documented, not yet built"},
    ),
    "an event that is none": ({"event": "chat.creatd"}, {"/event": "Wexio documents no event called 'chat.creatd'"}),
    "no event": ({}, {"/event": "is missing"}),
    "a channel misspelt": (
        {"event": "chat.created", "channel": "WHATSAP"},
        {"/channel": "no channel is called 'WHATSAP'"},
    ),
    "one of the channels misspelt": (
        {"event": "chat.created", "channel": ["VIBER", "X"]},
        {"/channel/1": "no channel is called 'X'"},
    ),
    "no channels": ({"event": "chat.created", "channel": []}, {"/channel": "must not be empty"}),
    "a connection twice": (
        {"event": "chat.created", "connection_ids": ["0" * 24, "1" * 24, "0" * 24]},
        {"/connection_ids": f"{'0' * 24} is named twice"},
    ),
    "too many": (
        {"event": "chat.created", "count": 10_001},
        {"/count": "10001 is out of range: a whole number from 1 to 10,000 is needed"},
    ),
    "none at all": (
        {"event": "chat.created", "count": 0},
        {"/count": "0 is out of range: a whole number from 1 to 10,000 is needed"},
    ),
    "a name of a contact": (
        {"event": "chat.created", "contact": "alex"},
        {"/contact": "'alex' is no contact: an object with fields is, or none"},
    ),
    "a field that contacts do not have": (
        {"event": "chat.created", "contact": {"fistName": "A"}},
        {"/contact/fistName": "there is no field 'fistName' here"},
    ),
    "a phone number as a number": (
        {"event": "chat.created", "contact": {"phoneNumber": 46700000000}},
        {"/contact/phoneNumber": "must be text"},
    ),
    "a contact without its id": (
        {"event": "chat.created", "contact": {"peopleId": None}},
        {"/contact/peopleId": "peopleId is always there and cannot be removed"},
    ),
    "data without a chat": (
        {"event": "chat.created", "data": {"chat": None}},
        {"/data/chat": "chat is always there and cannot be removed"},
    ),
    "data that contradicts": (
        {"event": "chat.created", "contact": "none", "data": {"contact": {"firstName": "A"}}},
        {"/data/contact": "contact: none leaves data.contact out"},
    ),
    "a fault misspelt": (
        {"event": "chat.created", "faults": [{"do": "unicode"}, {"do": "wrong_secrt"}]},
        {"/faults/1/do": "no fault is called 'wrong_secrt'"},
    ),
    "an argument that a fault does not take": (
        {"event": "chat.created", "faults": [{"do": "stale", "over": "3s"}]},
        {"/faults/0/over": "there is no field 'over' here"},
    ),
    "faults that exclude each other": (
        {"event": "chat.created", "faults": [{"do": "stale"}, {"do": "future"}]},
        {"/faults/1": "stale and future exclude each other"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "errors"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("path", ["/events", "/render"])
async def test_what_is_wrong_is_told_field_by_field_and_nothing_happens(api, path, body, errors):
    more = {"auth": {"type": "NONE"}} if path == "/render" else {}
    refused = await api.post(path, body | more)
    assert (refused.status, refused.errors) == (422, errors)
    assert api.workspace.journal.seq == 0


async def test_a_number_that_should_be_text_is_told_to_be_quoted(api):
    refused = await api.post("/events", {"event": "chat.created", "contact": {"phoneNumber": 46700000000}})
    assert refused.hints == {"/contact/phoneNumber": 'quote it: "+46700000000"'}


async def test_a_connection_that_is_not_there_is_told(api):
    body = {"event": "chat.created", "connection_ids": ["0" * 24]}
    assert (await api.post("/events", body)).status == 404


# --- what would be sent ------------------------------------------------------------------


async def test_what_is_rendered_is_signed_over_its_very_bytes(api):
    secret = "whsec_test"
    answer = await api.post(
        "/render", {"event": "chat.created", "auth": {"type": "HMAC", "secret": secret}, "attempt": 3}
    )
    headers, body = answer.json["headers"], b64decode(answer.json["body_base64"])
    assert list(headers) == [
        "Content-Type", "X-Wexio-Event", "X-Wexio-Event-Id", "X-Wexio-Attempt", "X-Wexio-Timestamp",
        "Idempotency-Key", "X-Wexio-Signature", "User-Agent",
    ]  # fmt: skip
    moment, digest = (part[part.index("=") + 1 :] for part in headers["X-Wexio-Signature"].split(","))
    assert hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest() == digest
    envelope = json.loads(body)
    assert (envelope["meta"]["attempt"], headers["X-Wexio-Attempt"]) == (3, "3")


async def test_rendering_leaves_no_trace(api):
    made = await api.connected()
    assert (await api.post("/render", {"event": "chat.created", "connection_id": made["id"]})).status == 200
    assert api.workspace.journal.seq == 0


async def test_an_auth_of_one_s_own_is_rendered_whole_and_a_connection_s_is_not(api):
    auth = {"type": "BEARER", "token": "tok_0123456789abcdefghij"}
    own = await api.post("/render", {"event": "chat.created", "auth": auth})
    assert own.json["headers"]["Authorization"] == "Bearer tok_0123456789abcdefghij"
    made = await api.connected(auth=auth)
    its = await api.post("/render", {"event": "chat.created", "connection_id": made["id"]})
    assert its.json["headers"]["Authorization"] == "Bearer ***"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({}, ""),
        ({"connection_id": "0" * 24, "auth": {"type": "NONE"}}, "/auth"),
        ({"auth": {"type": "NONE"}, "count": 2}, "/count"),
        ({"auth": {"type": "NONE"}, "attempt": 0}, "/attempt"),
    ],
    ids=["neither", "both", "several", "attempt 0"],
)
async def test_it_must_be_clear_what_to_render(api, more, field):
    refused = await api.post("/render", {"event": "chat.created"} | more)
    assert (refused.status, list(refused.errors)) == (422, [field])


# --- deliveries ----------------------------------------------------------------------------


async def emitted(api, number=1, **body):
    answer = await api.post("/events", {"event": "chat.created", "count": number, **body})
    return answer.json["deliveries"]


async def test_a_delivery_shows_every_attempt_as_the_journal_does(api):
    made = await api.connected(auth={"type": "BEARER", "token": "tok_0123456789abcdefghij"})
    [id] = await emitted(api)
    api.workspace.attempt(id, TransportError(type="timeout", message="no answer"))
    api.workspace.attempt(id, 200, status=Status.SUCCESS)
    shown = (await api.get(f"/deliveries/{id}")).json
    assert (shown["status"], shown["attempt_count"], shown["next_attempt_at"]) == ("SUCCESS", 2, None)
    assert [attempt["attempt"] for attempt in shown["attempts"]] == [1, 2]
    first, second = shown["attempts"]
    assert first["error"] == {"type": "timeout", "message": "no answer"}
    assert second["response"] == {"status": 200, "headers": [["Content-Type", "text/plain"]], "body": "said"}
    assert ["Authorization", "Bearer ***"] in second["request"]["headers"]
    entries = (await api.get("/journal")).json["items"]
    attempted = [entry for entry in entries if entry["kind"] == "attempted"]
    assert shown["attempts"] == [
        {name: value for name, value in entry.items() if name != "seq"} | {"signature": None}
        for entry in attempted
    ]
    assert made["id"] == shown["connection_id"]


async def test_an_answer_that_is_no_text_is_shown_in_base64_and_half_characters_do_not_break_it(api):
    await api.connected()
    [id] = await emitted(api)
    answer = Response(status=500, headers=(("X-Odd", "a\udcff"),), body=b"\xff\x00")
    api.workspace.attempt(id, answer)
    [attempt] = (await api.get(f"/deliveries/{id}")).json["attempts"]
    assert attempt["response"]["body_base64"] == "/wA="
    assert attempt["response"]["headers"] == [["X-Odd", "a\udcff"]]


async def test_deliveries_are_listed_newest_first_page_by_page(api):
    await api.connected()
    ids = await emitted(api, 7)
    seen, cursor = [], ""
    for _ in range(4):
        page = (await api.get(f"/deliveries?limit=2{cursor}")).json
        seen += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None
    assert seen == ids[::-1]


async def test_deliveries_are_found_by_each_of_their_properties(api):
    one, two = await api.connected("one"), await api.connected("two")
    first = await emitted(api, channel="VIBER")
    api.workspace.attempt(first[0], 200, status=Status.SUCCESS)
    api.workspace.at += timedelta(hours=1)
    later = await emitted(api, channel="TELEGRAM", connection_ids=[two["id"]])
    event = (await api.get(f"/deliveries/{later[0]}")).json["event_id"]
    for query, found in {
        "status=SUCCESS": [first[0]],
        f"connection_id={one['id']}": [first[0]],
        "channel=TELEGRAM": later,
        f"event_id={event}": later,
        "run_id=run_byhand": [*later, *first[::-1]],
        "run_id=run_other": [],
        "since=2026-04-24T15:00:00Z": later,
        "until=2026-04-24T15:00:00Z": first[::-1],
        "since=2026-04-24T16:30:00%2B02:00": later,
        "status=PENDING&channel=VIBER": [first[1]],
    }.items():
        page = await api.get(f"/deliveries?{query}")
        assert [item["id"] for item in page.json["items"]] == found, query


async def test_the_default_page_has_fifty(api):
    await api.connected()
    await emitted(api, 60)
    assert len((await api.get("/deliveries")).json["items"]) == 50
    assert len((await api.get("/deliveries?limit=500")).json["items"]) == 60


@pytest.mark.parametrize(
    ("query", "errors", "hints"),
    [
        ("limit=0", {"limit": "0 is out of range: a whole number from 1 to 500 is needed"}, {}),
        ("limit=501", {"limit": "501 is out of range: a whole number from 1 to 500 is needed"}, {}),
        ("limit=ten", {"limit": "must be a whole number from 1 to 500"}, {}),
        ("status=SUCESS", {"status": "'SUCESS' is none of PENDING, SUCCESS, FAILED, DEAD_LETTER"}, {"status": "did you mean SUCCESS?"}),
        ("statuss=FAILED", {"statuss": "there is no parameter 'statuss' here"}, {"statuss": "did you mean status?"}),
        ("limit=1&limit=2", {"limit": "is given twice"}, {"limit": "give it once"}),
        ("connection_id=x", {"connection_id": "'x' is not 24 lower-case hex digits"}, {}),
        ("since=yesterday", {"since": "'yesterday' is not a time with an offset: write 2026-04-24T14:02:10Z"}, {}),
        ("since=2026-04-24T16:30:00+02:00",
         {"since": "'2026-04-24T16:30:00 02:00' is not a time with an offset: write 2026-04-24T14:02:10Z"},
         {"since": "a + is written %2B in an address"}),
        ("since=2026-04-25T00:00:00Z&until=2026-04-24T00:00:00Z", {"until": "is not after since: nothing would be found"}, {}),
        ("cursor=", {"cursor": "must not be empty"}, {}),
    ],
)  # fmt: skip
async def test_a_query_is_read_as_strictly_as_a_body(api, query, errors, hints):
    refused = await api.get(f"/deliveries?{query}")
    assert (refused.status, refused.errors) == (422, errors)
    assert hints.items() <= refused.hints.items()


async def test_a_cursor_that_is_none_is_refused(api):
    assert (await api.get("/deliveries?cursor=nonsense")).status == 422


async def test_a_query_that_is_no_utf8_is_refused(api):
    assert (await api.get("/deliveries?channel=%ff")).status == 400


async def test_a_delivery_that_is_not_there_is_told(api):
    assert (await api.get("/deliveries/dlv_nothing")).status == 404
    assert (await api.post("/deliveries/dlv_nothing/resend")).status == 404


async def test_a_settled_delivery_is_resent_and_a_pending_one_is_not(api):
    await api.connected()
    [id] = await emitted(api)
    assert (await api.post(f"/deliveries/{id}/resend")).status == 409
    api.workspace.attempt(id, 410, status=Status.FAILED)
    resent = await api.post(f"/deliveries/{id}/resend")
    assert (resent.status, resent.json["status"], resent.json["attempt_count"]) == (202, "PENDING", 1)
    assert resent.json["next_attempt_at"] is not None


# --- settling ------------------------------------------------------------------------------


async def test_settling_answers_with_the_counts(api):
    await api.connected()
    [id] = await emitted(api)
    api.workspace.attempt(id, 200, status=Status.SUCCESS)
    answer = await api.post("/settle", {"timeout": "5s"})
    assert (answer.status, answer.json) == (200, {"deliveries": {"SUCCESS": 1}})
    assert api.workspace.asked[-1] == timedelta(seconds=5)


async def test_settling_needs_no_body(api):
    for more in ({}, {"body": {}}, {"body": {"timeout": None}}):
        assert (await api.post("/settle", **more)).status == 200
        assert api.workspace.asked[-1] is None


async def test_what_does_not_settle_in_time_is_told_with_what_it_waits_for(api):
    await api.connected()
    one, two = await emitted(api, 2)
    api.workspace.attempt(one, 200, status=Status.SUCCESS)
    api.workspace.attempt(two, 500)
    answer = await api.post("/settle", {"timeout": "0s"})
    assert answer.status == 408
    assert answer.json["deliveries"] == {"PENDING": 1, "SUCCESS": 1}
    [waiting] = answer.json["waiting"]
    assert (waiting["delivery_id"], waiting["next_attempt_at"]) == (two, "2026-04-24T14:02:15.123Z")


@pytest.mark.parametrize("timeout", [5, "5", "soon", True])
async def test_a_time_without_its_unit_is_refused(api, timeout):
    refused = await api.post("/settle", {"timeout": timeout})
    assert (refused.status, list(refused.errors)) == (422, ["/timeout"])


async def test_a_seed_reaches_the_workspace_for_what_is_rendered_and_for_what_is_sent(api):
    made = await api.connected()
    assert (await api.post("/events", {"event": "chat.created", "seed": 7})).status == 202
    assert api.workspace.asked[-1].seed == 7
    body = {"event": "chat.created", "seed": 7, "connection_id": made["id"]}
    assert (await api.post("/render", body)).status == 200


async def test_a_single_event_has_no_order_and_several_have(api):
    body = {"event": "chat.created", "faults": [{"do": "reorder"}]}
    refused = await api.post("/events", body)
    assert (refused.status, refused.errors) == (422, {"/faults/0": "a single event has no order"})
    assert (await api.post("/events", body | {"count": 2})).status == 202


async def test_faults_are_handed_on_as_they_were_asked_for(api):
    faults = [{"do": "delay", "by": "3s", "attempt": 2}, {"do": "duplicate", "chance": 0.1}]
    assert (await api.post("/events", {"event": "chat.created", "faults": faults})).status == 202
    assert [fault.json() for fault in api.workspace.asked[-1].faults] == faults


@pytest.mark.parametrize("kind", ["slow_body", "truncated_body", "reset", "drop", "delay", "duplicate"])
async def test_what_is_no_part_of_a_request_is_not_rendered(api, kind):
    body = {"event": "chat.created", "auth": {"type": "NONE"}, "faults": [{"do": kind}]}
    refused = await api.post("/render", body)
    assert refused.status == 422
    assert refused.errors["/faults/0"].startswith(f"{kind} is how a request is sent")
