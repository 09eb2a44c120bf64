"""The API before the real workspace: a journal on disk, a real transport, an independent receiver."""

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp.abc import AbstractResolver

from sandbox.clock import breathe, wall_now
from sandbox.core.config import Config
from sandbox.core.model import Connection
from sandbox.core.profile import Profile, SignatureProfile
from sandbox.core.signing import check
from sandbox.store import SqliteJournal
from sandbox.subscriber import Subscriber
from sandbox.transport import HttpTransport
from sandbox.workspace import Workspace
from tests.receiver import Receiver
from tests.web import serving


@asynccontextmanager
async def real(path=":memory:", *, config=None, subscriber=True, resolver=None, **options):
    """The whole of it, as `serve` puts it together."""
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(await SqliteJournal.open(path))
        secrets, receiver = {}, None
        if subscriber:
            receiver = Subscriber(now=lambda: wall_now().timestamp(), secrets=secrets)
            await stack.enter_async_context(receiver)
        transport = HttpTransport(resolver=resolver)
        stack.push_async_callback(transport.close)
        workspace = await stack.enter_async_context(
            Workspace(
                journal=journal,
                transport=transport,
                config=config or Config(),
                subscriber=receiver,
                subscriber_secrets=secrets,
            )
        )
        yield await stack.enter_async_context(serving(workspace, **options))


@pytest.fixture
async def api():
    async with real() as client:
        yield client


async def emitted(api, **body):
    answer = await api.post("/events", {"event": "chat.created", **body})
    assert answer.status == 202, answer.text
    return answer.json


async def test_an_event_arrives_signed_by_the_secret_that_was_shown(api):
    async with Receiver() as receiver:
        made = await api.connected(url=receiver.url)
        event = (await emitted(api, contact={"firstName": "Zoë"}))["events"][0]
        settled = await api.post("/settle", {"timeout": "10s"})
    assert settled.json == {"deliveries": {"SUCCESS": 1}}
    [seen] = receiver.seen
    assert check(
        header=seen["X-Wexio-Signature"],
        body=seen.body,
        secret=made["auth"]["secret"].encode(),
        now=wall_now().timestamp(),
    ).valid
    assert seen["X-Wexio-Event-Id"] == event["id"]
    assert "Zoë".encode() in seen.body


async def test_a_rotated_secret_signs_for_as_long_as_the_profile_lets_it_over_a_restart_too(tmp_path):
    signature = SignatureProfile(rotation_overlap=timedelta(hours=1))
    config = Config(profile=Profile(signature=signature))
    path = tmp_path / "sandbox.db"
    async with Receiver() as receiver:
        async with real(path, config=config) as api:
            made = await api.connected(url=receiver.url)
            rotated = (await api.post(f"/connections/{made['id']}/rotate-secret")).json
        async with real(path, config=config) as api:
            await emitted(api)
            await api.post("/settle", {"timeout": "10s"})
    [seen] = receiver.seen
    assert seen["X-Wexio-Signature"].count("v1=") == 2
    for shown in (made, rotated):
        secret, now = shown["auth"]["secret"].encode(), wall_now().timestamp()
        assert check(header=seen["X-Wexio-Signature"], body=seen.body, secret=secret, now=now).valid


async def test_a_rotated_secret_is_gone_at_once_where_nobody_said_otherwise(api):
    async with Receiver() as receiver:
        made = await api.connected(url=receiver.url)
        await api.post(f"/connections/{made['id']}/rotate-secret")
        await emitted(api)
        await api.post("/settle", {"timeout": "10s"})
    [seen] = receiver.seen
    assert seen["X-Wexio-Signature"].count("v1=") == 1


async def test_the_delivery_shows_what_was_sent_byte_for_byte(api):
    async with Receiver(lambda seen: 200 if seen.number > 1 else 500) as receiver:
        await api.connected(url=receiver.url, retry={"attempts": 2, "delays": ["10ms"]})
        [id] = (await emitted(api))["deliveries"]
        await api.post("/settle", {"timeout": "10s"})
    shown = (await api.get(f"/deliveries/{id}")).json
    assert (shown["status"], shown["attempt_count"]) == ("SUCCESS", 2)
    for attempt, seen in zip(shown["attempts"], receiver.seen, strict=True):
        assert attempt["request"]["body"].encode() == seen.body
        assert ["X-Wexio-Signature", seen["X-Wexio-Signature"]] in attempt["request"]["headers"]
    assert [attempt["response"]["status"] for attempt in shown["attempts"]] == [500, 200]


async def test_whatever_an_answer_has_reported_is_visible_to_the_next_read(api):
    made = await api.connected()
    ids = (await emitted(api, count=20))["deliveries"]
    assert [item["id"] for item in (await api.get("/deliveries")).json["items"]] == ids[::-1]
    kinds = [entry["kind"] for entry in (await api.get("/journal")).json["items"]]
    assert kinds.count("emitted") == 20
    await api.delete(f"/connections/{made['id']}")
    assert (await api.get("/connections")).json["items"] == []
    failed = (await api.get("/deliveries?status=FAILED")).json["items"]
    assert len(failed) == 20


async def test_under_a_manual_clock_settling_says_that_only_an_advance_helps(api):
    await api.put("/clock", {"speed": "manual"})
    await api.connected(url="http://127.0.0.1:9/", retry={"attempts": 2, "delays": ["1h"]})
    [id] = (await emitted(api))["deliveries"]
    stuck = await api.post("/settle", {"timeout": "1h"})
    assert (stuck.status, stuck.json["deliveries"]) == (408, {"PENDING": 1})
    [waiting] = stuck.json["waiting"]
    assert waiting["delivery_id"] == id
    assert waiting["next_attempt_at"] is not None
    assert (await api.get("/clock")).json["next_due"] == waiting["next_attempt_at"]
    assert (await api.get("/stats")).json["pending"]["oldest"]["delivery_id"] == id
    await api.post("/clock/advance", {"by": "1h"})
    assert (await api.post("/settle")).json == {"deliveries": {"DEAD_LETTER": 1}}
    assert (await api.post(f"/deliveries/{id}/resend")).json["status"] == "PENDING"


async def test_a_paused_connection_holds_what_is_pending(api):
    async with Receiver(lambda seen: 503 if seen.number == 1 else 200) as receiver:
        await api.put("/clock", {"speed": "manual"})
        made = await api.connected(url=receiver.url)
        [id] = (await emitted(api))["deliveries"]
        await api.post("/settle", {"timeout": "5s"})
        await api.patch(f"/connections/{made['id']}", {"active": False})
        assert (await emitted(api))["deliveries"] == []
        await api.post("/clock/advance", {"by": "1h"})
        assert (await api.get(f"/deliveries/{id}")).json["status"] == "PENDING"
        await api.patch(f"/connections/{made['id']}", {"active": True})
        await api.post("/clock/advance", {"by": "1s"})
        assert (await api.get(f"/deliveries/{id}")).json["status"] == "SUCCESS"


async def test_a_held_connection_gets_everything_when_it_is_let_go(api):
    async with Receiver() as receiver:
        made = await api.connected(url=receiver.url)
        await api.post(f"/connections/{made['id']}/hold")
        ids = (await emitted(api, count=5))["deliveries"]
        stuck = await api.post("/settle", {"timeout": "50ms"})
        assert (stuck.status, stuck.json["deliveries"]) == (408, {"PENDING": 5})
        assert [item["id"] for item in (await api.get("/deliveries?status=PENDING")).json["items"]] == ids[
            ::-1
        ]
        assert receiver.seen == []
        await api.post(f"/connections/{made['id']}/release")
        settled = await api.post("/settle", {"timeout": "10s"})
        assert settled.json == {"deliveries": {"SUCCESS": 5}}
        assert len(receiver.seen) == 5


async def ended(api, id):
    """The run once it has ended."""
    async with asyncio.timeout(20):
        while (run := (await api.get(f"/runs/{id}")).json)["ended_at"] is None:
            continue
    return run


@pytest.mark.parametrize("scenario", ["first-contact", "no-contact", "dead-letter", "proactive-chat"])
async def test_a_shipped_scenario_is_played_to_its_verdict(api, scenario):
    answer = await api.post("/runs", {"scenario": scenario, "speed": "max"})
    assert answer.status == 201
    run = await ended(api, answer.json["id"])
    assert (run["status"], run["verdict"]["passed"]) == ("finished", True), run
    page = (await api.get(f"/deliveries?run_id={run['id']}&limit=500")).json["items"]
    assert len(page) == sum(run["deliveries"].values())


async def test_a_run_is_paused_stepped_and_stopped(api):
    text = "name: x\nsteps:\n  - {emit: chat.created}\n  - {wait: 1h}\n  - {emit: chat.created}\n  - {wait: 1h}\n"
    run = f"/runs/{(await api.post('/runs', {'scenario_yaml': text})).json['id']}"
    assert (await api.post(f"{run}/pause")).json["status"] == "paused"
    assert (await api.post(f"{run}/step")).status == 200
    assert (await api.put(f"{run}/clock", {"speed": 60})).json["speed"] == 60
    stopped = await api.post(f"{run}/stop")
    assert stopped.json["status"] == "stopped"
    assert (await api.post(f"{run}/resume")).status == 409


async def test_the_built_in_subscriber_is_scripted(api):
    answer = await api.put("/subscriber", {"respond": [503, 200]})
    assert answer.json["respond"] == [503, 200]
    run = (await api.post("/runs", {"scenario": "no-contact", "speed": "max"})).json
    assert (await ended(api, run["id"]))["connections"][0]["url"] == answer.json["url"]
    outage = {"from": "0s", "for": "1h", "status": "down"}
    await api.put("/subscriber", {"outage": outage})
    assert (await api.get("/subscriber")).json["outage"] == outage
    assert (await api.put("/subscriber", {"outage": None})).json["outage"] is None


async def test_without_a_subscriber_there_is_nothing_to_script_or_to_play_to():
    async with real(subscriber=False) as api:
        assert (await api.put("/subscriber", {"respond": [200]})).status == 404
        assert (await api.post("/runs", {"scenario": "no-contact"})).status == 422


async def test_a_reset_forgets_and_the_stream_goes_on(api):
    await api.connected()
    await emitted(api, count=3)
    seq = (await api.get("/stats")).json["seq"]
    assert (await api.post("/reset")).status == 204
    assert (await api.get("/deliveries")).json["items"] == []
    await emitted(api)
    [first, *_] = (await api.get(f"/journal?after={seq}")).json["items"]
    assert first["seq"] > seq
    assert len((await api.get("/connections")).json["items"]) == 1
    assert (await api.post("/reset?connections=true")).status == 204
    assert (await api.get("/connections")).json["items"] == []


async def test_everything_is_there_again_after_a_restart(tmp_path):
    path = tmp_path / "sandbox.db"
    async with real(path) as api:
        await api.put("/clock", {"speed": "manual"})
        made = await api.connected(url="http://127.0.0.1:9/")
        [id] = (await emitted(api))["deliveries"]
        await api.post("/settle", {"timeout": "5s"})
        before = (await api.get(f"/deliveries/{id}")).json
        entries = (await api.get("/journal")).text
    async with real(path) as api:
        assert (await api.get(f"/deliveries/{id}")).json == before
        assert (await api.get("/journal")).text == entries
        [shown] = (await api.get("/connections")).json["items"]
        assert shown["id"] == made["id"]
        rendered = await api.post("/render", {"event": "chat.created", "connection_id": made["id"]})
        assert rendered.status == 200
        assert (await api.get("/clock")).json["speed"] == "manual"
        assert (await api.get("/stats")).json["deliveries"] == {"PENDING": 1}


async def test_after_a_restart_the_numbers_are_those_of_what_is_listed(tmp_path):
    path = tmp_path / "sandbox.db"
    counted = ("events", "events_by_channel", "deliveries", "attempts")
    async with Receiver(lambda seen: 503 if seen.number == 1 else 200) as receiver:
        async with real(path) as api:
            await api.connected(url=receiver.url, retry={"attempts": 2, "delays": ["10ms"]})
            await emitted(api, count=2, channel="VIBER")
            await emitted(api, channel="TELEGRAM", faults=[{"do": "duplicate"}])
            await api.post("/settle", {"timeout": "10s"})
            before = (await api.get("/stats")).json
        async with real(path) as api:
            after = (await api.get("/stats")).json
            assert {name: after[name] for name in counted} == {name: before[name] for name in counted}
            assert after["events_by_channel"] == {"TELEGRAM": 1, "VIBER": 2}
            listed = (await api.get("/deliveries")).json["items"]
            assert after["attempts"]["total"] == sum(item["attempt_count"] for item in listed) == 4
            assert after["attempts"]["by_outcome"] == {"2xx": 3, "5xx": 1}
            await emitted(api, channel="VIBER")
            await api.post("/settle", {"timeout": "10s"})
            more = (await api.get("/stats")).json
            assert (more["events"], more["attempts"]["total"]) == (4, 5)
            await api.post("/reset")
            assert (await api.get("/stats")).json["events"] == 0
        async with real(path) as api:
            assert (await api.get("/stats")).json["attempts"]["total"] == 0


async def test_what_the_configuration_file_defines_is_shown_and_read_only():
    config = Config(connections=(Connection(name="team", url="http://127.0.0.1:9/", retry="svix"),))
    async with real(config=config) as api:
        [shown] = (await api.get("/connections")).json["items"]
        assert (shown["name"], shown["read_only"], shown["retry"]) == ("team", True, "svix")
        assert (await api.patch(f"/connections/{shown['id']}", {"active": False})).status == 409
        assert (await api.delete(f"/connections/{shown['id']}")).status == 409


@pytest.mark.parametrize("scenario", ["first-contact"])
async def test_the_live_stream_tells_the_whole_story_of_a_run(api, scenario):
    async with api.session.get(
        f"{api.url}/api/v1/journal", headers={"Accept": "text/event-stream"}
    ) as stream:
        await api.post("/runs", {"scenario": scenario, "speed": "max"})
        kinds = []
        async with asyncio.timeout(20):
            while "verdict" not in kinds:
                line = (await stream.content.readline()).decode()
                if line.startswith("event: "):
                    kinds.append(line.removeprefix("event: ").strip())
    assert kinds == [entry["kind"] for entry in (await api.get("/journal?limit=1000")).json["items"]]


async def test_the_numbers_count_what_is_on_disk(api):
    async with Receiver() as receiver:
        await api.connected(url=receiver.url)
        await emitted(api, count=10, channel="VIBER")
        await api.post("/settle", {"timeout": "10s"})
        async with asyncio.timeout(5):
            while (stats := (await api.get("/stats")).json)["attempts"]["total"] < 10:
                continue
    assert stats["attempts"]["by_outcome"] == {"2xx": 10}
    assert stats["latency"]["p50_ms"] > 0
    metrics = (await api.get("//metrics")).text
    assert 'wexio_sandbox_deliveries{status="SUCCESS"} 10.0' in metrics
    assert "wexio_sandbox_writer_lag_entries 0.0" in metrics


# --- attacks ------------------------------------------------------------------------------------

METADATA = ["169.254.169.254", "100.100.100.200", "::ffff:169.254.169.254", "fd00:ec2::254", "fe80::1"]


class Leading(AbstractResolver):
    """Every name is this one address: what an attacker's own name server would say."""

    def __init__(self, address):
        self.address = address

    async def resolve(self, host, port=0, family=0):
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        found = {
            "hostname": host,
            "host": self.address,
            "port": port,
            "family": family,
            "proto": 0,
            "flags": 0,
        }
        return [found]

    async def close(self):
        """Nothing to let go of."""


def to_scenario(url):
    connection = f"{{name: x, url: '{url}', auth: {{type: NONE}}, retry: none}}"
    return f"name: x\nconnections: [{connection}]\nsteps: [{{emit: chat.created}}]\n"


@pytest.mark.parametrize("address", METADATA)
async def test_a_name_that_leads_to_a_metadata_address_is_never_connected_to(address):
    async with real(resolver=Leading(address)) as api:
        await api.connected(url="http://harmless.example/", retry="none")
        [id] = (await emitted(api))["deliveries"]
        run = (await api.post("/runs", {"scenario_yaml": to_scenario("http://harmless.example/")})).json
        await ended(api, run["id"])
        await api.post("/settle", {"timeout": "10s"})
        [of_run] = (await api.get(f"/deliveries?run_id={run['id']}")).json["items"]
        for delivery in (id, of_run["id"]):
            [attempt] = (await api.get(f"/deliveries/{delivery}")).json["attempts"]
            assert attempt["error"]["type"] == "blocked", attempt["error"]
            assert "nothing is sent to" in attempt["error"]["message"]


@pytest.mark.parametrize("address", METADATA)
async def test_a_metadata_address_is_refused_as_it_is_written_too(api, address):
    host = f"[{address}]" if ":" in address else address
    url = f"http://{host}/latest/meta-data"
    made = await api.post("/connections", {"name": "x", "url": url, "retry": "none"})
    if made.status == 201:  # then it is refused when it is connected to
        [id] = (await emitted(api))["deliveries"]
        await api.post("/settle", {"timeout": "10s"})
        [attempt] = (await api.get(f"/deliveries/{id}")).json["attempts"]
        assert attempt["error"]["type"] == "blocked"
    else:
        assert list(made.errors) == ["/url"]


async def test_a_redirect_to_a_metadata_address_is_a_failed_attempt_and_not_followed(api):
    redirect = b"HTTP/1.1 307 T\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n"
    async with Receiver(lambda seen: redirect) as receiver:
        await api.connected(url=receiver.url, retry="none")
        [id] = (await emitted(api))["deliveries"]
        await api.post("/settle", {"timeout": "10s"})
        assert len(receiver.seen) == 1
    shown = (await api.get(f"/deliveries/{id}")).json
    assert (shown["status"], shown["attempts"][0]["response"]["status"]) == ("DEAD_LETTER", 307)


@pytest.mark.parametrize("text", ["\\r\\nX-Evil: 1", "\\n", "\\0"])
@pytest.mark.parametrize(
    "line",
    [
        'steps: [{{emit: chat.created, id: "evt_1{}"}}]',
        'organisation: "6640f3d5c8a0d7e8b7f20222{}"',
        'connections: [{{name: x, url: "http://127.0.0.1:9/{}"}}]',
        'connections: [{{name: x, url: "http://127.0.0.1:9/", id: "6640f45ac8a0d7e8b7f2014a{}"}}]',
        'connections: [{{name: x, url: "http://127.0.0.1:9/", auth: {{type: BEARER, token: "t{}"}}}}]',
        'subscriber: {{respond: [{{status: 200, headers: {{X-A: "b{}"}}}}]}}',
    ],
    ids=["event id", "organisation", "url", "connection id", "token", "answer"],
)
async def test_what_a_scenario_says_never_becomes_a_header_of_its_own(api, line, text):
    steps = "" if line.startswith("steps") else "steps: [{emit: chat.created}]\n"
    refused = await api.post("/runs", {"scenario_yaml": f"name: x\n{line.format(text)}\n{steps}"})
    assert refused.status == 422, refused.text
    assert refused.json["errors"][0]["line"] == 2


@pytest.mark.parametrize("cursor", ["nonsense", "0", "-1", "%00", "9" * 30])
async def test_a_cursor_that_is_none_harms_nobody(api, cursor):
    answer = await api.get(f"/deliveries?cursor={cursor}")
    assert answer.status in (200, 422)


async def test_the_next_requests_are_answered_as_is_said_whichever_they_are(api):
    answer = await api.put("/subscriber", {"next": [500, {"status": 503, "headers": {"X-Why": "drama"}}]})
    assert answer.json["next"] == [500, {"status": 503, "headers": {"X-Why": "drama"}}]
    await api.put("/clock", {"speed": "max"})
    await api.connected(url=answer.json["url"])
    for _ in range(2):
        await emitted(api)
    await api.post("/settle", {"timeout": "20s"})
    lines = (await api.get("/deliveries")).json["items"]
    details = [(await api.get(f"/deliveries/{line['id']}")).json for line in lines]
    statuses = [attempt["response"]["status"] for detail in details for attempt in detail["attempts"]]
    assert sorted(statuses) == [200, 200, 500, 503]
    assert (await api.get("/subscriber")).json["next"] == []


async def test_a_run_tells_its_steps_and_where_it_is(api):
    text = (
        "name: Steps\nsteps:\n  - {emit: chat.created, channel: VIBER, note: She writes.}\n"
        "  - wait: 1h\n  - settle: 5m\n"
    )
    made = await api.post("/runs", {"scenario_yaml": text, "start": "2026-04-24T14:00:00Z"})
    run = made.json
    assert run["begins_at"] == "2026-04-24T14:00:00.000Z"
    assert [(step["kind"], step["takes_ms"], step["note"]) for step in run["steps"]] == [
        ("emit", 0, "She writes."),
        ("wait", 3_600_000, None),
        ("settle", None, None),
    ]
    while (run := (await api.get(f"/runs/{run['id']}")).json)["step"] != 1:
        await breathe()
    assert run["step_at"] == "2026-04-24T14:00:00.000Z"
    assert run["note"] == "She writes."
    await api.put(f"/runs/{run['id']}/clock", {"speed": "max"})
    while (run := (await api.get(f"/runs/{run['id']}")).json)["status"] == "playing":
        await breathe()
    assert (run["status"], run["step"], run["step_at"], run["note"]) == ("finished", None, None, None)


async def test_what_goes_wrong_on_purpose_is_done_and_marked(api):
    async with Receiver(lambda seen: 401 if seen.number == 1 else 200) as receiver:
        made = await api.connected(url=receiver.url, auth={"type": "HMAC", "secret": "whsec_x"})
        body = {
            "event": "chat.created",
            "faults": [
                {"do": "tampered_body", "attempt": 1},
                {"do": "duplicate", "attempt": 2},
                {"do": "unicode"},
            ],
            "connection_ids": [made["id"]],
        }
        [id] = (await api.post("/events", body)).json["deliveries"]
        await api.put("/clock", {"speed": 1000})
        await api.post("/settle", {"timeout": "20s"})
        delivery = (await api.get(f"/deliveries/{id}")).json
        stats = (await api.get("/stats")).json
    assert delivery["status"] == "SUCCESS"
    told = [(item["attempt"], [fault["do"] for fault in item["faults"]]) for item in delivery["attempts"]]
    assert told == [
        (1, ["tampered_body", "unicode"]),
        (2, ["duplicate", "unicode"]),
        (2, ["duplicate", "unicode"]),
    ]
    assert [item.get("copy", False) for item in delivery["attempts"]] == [False, False, True]
    assert [seen.body.decode() for seen in receiver.seen] == [
        item["request"]["body"] for item in delivery["attempts"]
    ]
    refused, taken, _ = (item["signature"] for item in delivery["attempts"])
    assert (refused["holds"], refused["causes"]) == (False, []), "the subscriber was right"
    assert refused["says"] == "it does not hold, as was asked for"
    assert taken["holds"]
    assert stats["attempts"]["total"] == 2, "a copy is no attempt"
    rows = (await api.get("/journal?limit=1000")).json["items"]
    assert [row["faults"] for row in rows if row["kind"] == "emitted"] == [body["faults"]]


async def test_a_rendered_request_goes_wrong_as_asked(api):
    right = {"event": "chat.created", "auth": {"type": "HMAC", "secret": "whsec_x"}}
    wrong = await api.post("/render", right | {"faults": [{"do": "malformed_signature"}]})
    assert wrong.json["headers"]["X-Wexio-Signature"] == "t=soon,v1=not-hex"
    other = {"do": "malformed_signature", "attempt": 2}
    assert (
        "soon"
        not in (await api.post("/render", right | {"faults": [other]})).json["headers"]["X-Wexio-Signature"]
    )
