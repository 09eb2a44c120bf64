"""The server's clock, its subscriber, its numbers, its health, its pages."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families

from sandbox.clock import breathe
from sandbox.core.errors import CannotRun
from sandbox.core.model import Status, TransportError
from sandbox.core.profile import Profile
from sandbox.core.scenario import Answer, Outage
from sandbox.web import listening, make_app
from sandbox.web.api import ROUTES, openapi_text
from tests.web import DOCUMENT, serving
from tests.workspace import FakeWorkspace

STATIC = Path(__file__).parents[2] / "sandbox" / "web" / "static"


async def counted(api, attempts):
    """Wait until the numbers have taken in so many attempts."""
    for _ in range(1000):
        stats = (await api.get("/stats")).json
        if stats["attempts"]["total"] == attempts:
            return stats
    raise AssertionError(stats)


# --- the clock -----------------------------------------------------------------------------


async def test_the_clock_is_shown_and_turned(api):
    assert (await api.get("/clock")).json == {
        "at": "2026-04-24T14:02:10.123Z", "speed": 1.0, "paused": False, "next_due": None,
    }  # fmt: skip
    assert (await api.post("/clock/advance", {"by": "24h"})).status == 409
    assert (await api.put("/clock", {"speed": "manual"})).json["speed"] == "manual"
    assert (await api.post("/clock/advance", {"by": "24h"})).json["at"] == "2026-04-25T14:02:10.123Z"
    for speed in (60, 0.5, "max"):
        assert (await api.put("/clock", {"speed": speed})).json["speed"] == speed


@pytest.mark.parametrize("speed", ["hand", 0, -1, 1e9, True, None, [1]])
async def test_the_clock_has_no_other_speeds(api, speed):
    assert list((await api.put("/clock", {"speed": speed})).errors) == ["/speed"]


@pytest.mark.parametrize("by", ["0s", "-1s", 60, "soon", "11y", None])
async def test_time_is_advanced_by_a_duration(api, by):
    await api.put("/clock", {"speed": "manual"})
    assert list((await api.post("/clock/advance", {"by": by})).errors) == ["/by"]


# --- the built-in subscriber ------------------------------------------------------------------


async def test_the_subscriber_answers_as_told_and_says_so(api):
    script = [500, "timeout", {"status": 503, "after": "1s", "headers": {"Retry-After": "5"}}, 200]
    outage = {"from": "0s", "for": "10m", "status": "down"}
    answer = await api.put("/subscriber", {"respond": script, "outage": outage})
    assert answer.json == {
        "url": "http://127.0.0.1:8422/",
        "respond": script,
        "outage": outage,
        "next": [],
        "requests": 0,
    }
    told = api.workspace.script()
    assert told.respond[2] == Answer(status=503, after=timedelta(seconds=1), headers={"Retry-After": "5"})
    assert told.outage == Outage(start=timedelta(), duration=timedelta(minutes=10), status="down")
    assert (await api.get("/subscriber")).json == answer.json


async def test_what_is_left_out_stays_and_null_ends_the_outage(api):
    await api.put("/subscriber", {"respond": [500], "outage": {"from": "0s", "for": "10m"}})
    only = await api.put("/subscriber", {"respond": [200]})
    assert only.json["outage"] == {"from": "0s", "for": "10m", "status": 503}
    ended = await api.put("/subscriber", {"outage": None})
    assert (ended.json["respond"], ended.json["outage"]) == ([200], None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"respond": []}, "/respond"),
        ({"respond": [600]}, "/respond/0"),
        ({"respond": [200, "slow"]}, "/respond/1"),
        ({"respond": [{"status": 200, "headers": {"X-A": "b\r\nEvil: 1"}}]}, "/respond/0/headers/X-A"),
        ({"respond": [{"status": 200, "headers": {"X A": "b"}}]}, "/respond/0/headers/X A"),
        (
            {"respond": [{"status": 200, "headers": {"Content-Length": "5"}}]},
            "/respond/0/headers/Content-Length",
        ),
        ({"next": [200, "slow"]}, "/next/1"),
        ({"outage": {"from": "0s"}}, "/outage/for"),
        ({"outage": {"from": "0s", "for": "1m", "status": "away"}}, "/outage/status"),
    ],
)
async def test_a_script_that_cannot_be_played_is_refused(api, body, field):
    refused = await api.put("/subscriber", body)
    assert (refused.status, list(refused.errors)) == (422, [field])


async def test_without_a_subscriber_there_is_none(api):
    api.workspace.subscriber = None
    assert (await api.get("/subscriber")).status == 404
    assert (await api.put("/subscriber", {"respond": [200]})).status == 404


# --- numbers -------------------------------------------------------------------------------


async def busy(api):
    await api.connected()
    ids = (await api.post("/events", {"event": "chat.created", "channel": "VIBER", "count": 3})).json[
        "deliveries"
    ]
    api.workspace.attempt(ids[0], 200, status=Status.SUCCESS, elapsed_ms=4.0)
    api.workspace.attempt(ids[1], 503, elapsed_ms=8.0)
    api.workspace.attempt(
        ids[1], TransportError(type="timeout", message=""), status=Status.DEAD_LETTER, elapsed_ms=1000.0
    )
    api.workspace.at += timedelta(minutes=90)
    return ids


async def test_the_numbers_of_the_overview(api):
    ids = await busy(api)
    stats = await counted(api, 3)
    assert stats["events"] == 3
    assert stats["events_by_channel"] == {"VIBER": 3}
    assert stats["deliveries"] == {"PENDING": 1, "SUCCESS": 1, "DEAD_LETTER": 1}
    assert stats["attempts"] == {
        "total": 3, "by_outcome": {"2xx": 1, "5xx": 1, "timeout": 1}, "by_channel": {"VIBER": 3},
        "accepted_by_channel": {"VIBER": 1},
    }  # fmt: skip
    assert stats["pending"]["count"] == 1
    assert stats["pending"]["oldest"]["delivery_id"] == ids[2]
    assert stats["pending"]["oldest"]["age"] == "1h30m"
    assert stats["latency"] == {
        "attempts": 3,
        "p50_ms": 8.0,
        "p90_ms": 1000.0,
        "p99_ms": 1000.0,
        "max_ms": 1000.0,
    }
    assert stats["seq"] == api.workspace.journal.seq
    assert stats["clock"]["at"] == "2026-04-24T15:32:10.123Z"


async def test_without_attempts_nothing_is_said_about_them(api):
    stats = (await api.get("/stats")).json
    assert stats["latency"] == {"attempts": 0, "p50_ms": None, "p90_ms": None, "p99_ms": None, "max_ms": None}
    assert stats["pending"] == {"count": 0, "oldest": None}


async def test_prometheus_reads_the_metrics(api):
    await busy(api)
    await counted(api, 3)
    answer = await api.get("//metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    prefix = "wexio_sandbox_"
    assert samples[prefix + "events_total", (("channel", "VIBER"), ("event", "chat.created"))] == 3
    assert samples[prefix + "attempts_total", (("channel", "VIBER"), ("outcome", "timeout"))] == 1
    assert samples[prefix + "attempt_duration_seconds_count", (("channel", "VIBER"),)] == 3
    assert samples[prefix + "attempt_duration_seconds_bucket", (("channel", "VIBER"), ("le", "0.005"))] == 1
    assert samples[prefix + "deliveries", (("status", "DEAD_LETTER"),)] == 1
    assert samples[prefix + "pending", ()] == 1
    assert samples[prefix + "oldest_pending_seconds", ()] == 5400
    assert samples[prefix + "writer_lag_entries", ()] == 0
    assert samples[prefix + "runs", (("status", "playing"),)] == 0
    assert samples[prefix + "streams", ()] == 0


async def test_two_servers_of_one_process_count_for_themselves(api):
    async with serving() as other:
        await busy(api)
        await counted(api, 3)
        assert (await other.get("/stats")).json["events"] == 0
        assert 'channel="VIBER"' not in (await other.get("//metrics")).text


async def test_what_the_journal_held_before_is_counted_and_not_measured_again():
    workspace = FakeWorkspace()
    async with serving(workspace) as first:
        await busy(first)
        before = await counted(first, 3)
    async with serving(workspace) as second:
        stats = (await second.get("/stats")).json
        for name in ("events", "events_by_channel", "attempts", "deliveries", "pending"):
            assert stats[name] == before[name]
        assert stats["since"] > before["since"]
        assert stats["latency"]["attempts"] == 0
        assert (await second.get("/stats/course")).json["items"] == []
        assert 'channel="VIBER"' not in (await second.get("//metrics")).text


async def test_a_reset_begins_anew(api):
    made = await api.connected()
    await busy_again(api)
    assert (await api.post("/reset")).status == 204
    stats = (await api.get("/stats")).json
    assert (stats["events"], stats["attempts"]["total"], stats["latency"]["attempts"]) == (0, 0, 0)
    assert (await api.get(f"/connections/{made['id']}")).status == 200
    assert (await api.post("/reset?connections=true")).status == 204
    assert (await api.get("/connections")).json["items"] == []
    assert api.workspace.asked[-2:] == [{"connections": False}, {"connections": True}]


async def busy_again(api):
    await api.post("/events", {"event": "chat.created"})
    while not (await api.get("/stats")).json["events"]:
        continue


@pytest.mark.parametrize("query", ["connections=yes", "connections=", "connection=true"])
async def test_a_reset_is_not_guessed_at(api, query):
    assert (await api.post(f"/reset?{query}")).status == 422
    assert api.workspace.asked == []


async def test_every_assumption_has_its_standing(api):
    items = (await api.get("/profile")).json["items"]
    assert [item["setting"] for item in items] == [fact.path for fact in Profile().facts()]
    assert {item["standing"] for item in items} == {"assumed", "documented"}


# --- health --------------------------------------------------------------------------------


async def test_it_is_there_and_ready(api):
    assert (await api.get("//healthz")).json["status"] == "ok"
    assert (await api.get("//readyz")).json == {
        "status": "ready",
        "checks": {"scenarios": "ok", "database": "ok"},
    }


async def test_a_database_that_cannot_be_written_is_not_ready_but_alive(api):
    api.workspace.journal.trouble = CannotRun("the disk is full")
    ready = await api.get("//readyz")
    assert (ready.status, ready.json["checks"]["database"]) == (503, "the disk is full")
    assert (await api.get("//healthz")).status == 200


# --- the document and the pages ----------------------------------------------------------------


def test_the_document_is_valid_openapi():
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1")


def test_every_route_is_in_the_document_with_an_example():
    for route in ROUTES:
        call = DOCUMENT["paths"][route.path][route.method.lower()]
        assert call["summary"]
        for content in (
            *call.get("requestBody", {}).get("content", {}).values(),
            *(media for answer in call["responses"].values() for media in answer.get("content", {}).values()),
        ):
            assert content.get("example") is not None or route.path in ("/", "/docs", "/openapi.json"), (
                route.path
            )


def test_the_examples_are_what_they_are_examples_of():
    from jsonschema import Draft202012Validator

    for path, methods in DOCUMENT["paths"].items():
        for call in methods.values():
            answers = call["responses"].values()
            for media in (
                *call.get("requestBody", {}).get("content", {}).values(),
                *(media for answer in answers for media in answer.get("content", {}).values()),
            ):
                if "example" in media:
                    schema = {"components": DOCUMENT["components"], **media["schema"]}
                    assert list(Draft202012Validator(schema).iter_errors(media["example"])) == [], path


async def test_the_examples_of_bodies_are_accepted(api):
    made = await api.connected()
    run = (await api.post("/runs", {"scenario": "first-contact"})).json
    for route in ROUTES:
        if route.example is None:
            continue
        id = run["id"] if "/runs/" in route.path else made["id"]
        path = route.path.replace("{id}", id)
        if path.endswith("/advance"):
            await api.put("/clock", {"speed": "manual"})
        if path.endswith("/connections"):
            await api.delete(f"/connections/{made['id']}")
        answer = await api(route.method, f"/{path}", route.example)
        assert answer.status < 300, (route.path, answer.text)
        made = answer.json if path.endswith("/connections") else made


def test_operation_ids_and_names_of_schemas_are_fit_for_generators():
    ids = [call["operationId"] for methods in DOCUMENT["paths"].values() for call in methods.values()]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z_]+", id) for id in ids)
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", name) for name in DOCUMENT["components"]["schemas"])


def test_the_document_says_nothing_that_only_files_may():
    assert r"\\$\\{" not in openapi_text()


async def test_the_document_is_served(api):
    assert (await api.get("//openapi.json")).json == DOCUMENT


async def test_the_page_of_the_api_names_every_call_and_needs_nothing_from_elsewhere(api):
    page = await api.get("//docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for route in ROUTES:
        assert route.path in page.text
        assert route.summary.replace("'", "&#x27;") in page.text
    assert_self_contained(page.text)
    assert "<script" not in page.text


@pytest.mark.parametrize("token", [None, "a good token"])
async def test_the_first_page_is_always_there(token):
    async with serving(token=token) as api:
        page = await api.get("//")
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert_self_contained(page.text)
        known = await api.get("//", headers={"Authorization": "Bearer a good token"})
        for path in ("/docs", "/openapi.json", "/metrics"):
            assert f'href="{path}"' in known.text
            assert (f'href="{path}"' in page.text) is (token is None)


async def test_the_first_page_obeys_no_host(api):
    page = await api.get("//", headers={"Host": "localhost:8420"})
    assert "http://localhost:8420/api/v1/events" in page.text


def assert_self_contained(html):
    for address in re.findall(r'(?:src|href)="([^"]*)"', html):
        assert address.startswith(("/", "#", "data:,")), address
    assert not re.search(r"<[^>]+\son\w+=|<style|style=|javascript:", html)


@pytest.mark.parametrize(
    ("name", "media_type"), [("sandbox.css", "text/css"), ("session.js", "text/javascript")]
)
async def test_what_the_pages_need_is_served(api, name, media_type):
    answer = await api.get(f"//static/{name}")
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, media_type)
    assert not re.search(r"https?://|@import|url\(", answer.text)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("app/main.js", "text/javascript"),
        ("app/style.css", "text/css"),
        ("vendor/vendor.json", "application/json"),
        ("vendor/inter-latin.woff2", "font/woff2"),
        ("icon.svg", "image/svg+xml"),
    ],
)
async def test_a_file_that_is_known_already_is_not_sent_again(api, name, media_type):
    async with api.session.get(f"{api.url}/static/{name}") as answer:
        assert (answer.status, answer.content_type) == (200, media_type)
        tag = answer.headers["ETag"]
        assert await answer.read()
    async with api.session.get(f"{api.url}/static/{name}", headers={"If-None-Match": tag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")


@pytest.mark.parametrize(
    "name", ["app/../../pages.py", "app%2f..%2f..%2fpages.py", "app", "app/", "app/nothing.js", "vendor"]
)
async def test_nothing_but_the_files_of_the_pages_is_served(api, name):
    assert (await api.get(f"//static/{name}")).status == 404


async def test_the_dashboard_names_every_module_and_style_sheet_that_it_has(api):
    page = await api.get("//")
    for path in STATIC.glob("app/**/*"):
        if path.suffix in (".js", ".css"):
            assert f"/static/{path.relative_to(STATIC).as_posix()}" in page.text


async def test_settling_ends_when_the_server_stops():
    workspace = FakeWorkspace()
    workspace.stuck = True
    async with aiohttp.ClientSession() as session:
        async with listening(make_app(workspace)) as url:
            waiting = asyncio.create_task(session.post(f"{url}/api/v1/settle"))
            while not workspace.asked:
                await breathe()
        answer = await asyncio.wait_for(waiting, 1)
        assert (answer.status, (await answer.json())["detail"]) == (503, "the server is stopping")


async def test_settling_ends_when_whoever_asked_goes_away(api):
    api.workspace.stuck = True
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(api.post("/settle"), 0.1)
    async with asyncio.timeout(5):
        while not api.workspace.cancelled:
            await breathe()
