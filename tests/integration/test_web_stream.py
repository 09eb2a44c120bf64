"""The journal over HTTP: pages, and streams that replay, go on, end, and bother nobody."""

import asyncio
import json
from dataclasses import dataclass

import aiohttp
import pytest

from sandbox.core.model import Status
from sandbox.web import Options, listening, make_app
from tests.web import serving
from tests.workspace import FakeWorkspace

STREAM = {"Accept": "text/event-stream"}


@dataclass
class Message:
    id: str | None = None
    event: str | None = None
    data: str | None = None

    @property
    def json(self):
        return json.loads(self.data)


async def messages(answer, number):
    """The next *number* messages of a stream."""
    found, message = [], Message()
    async with asyncio.timeout(10):
        while len(found) < number:
            line = (await answer.content.readline()).decode()
            assert line.endswith("\n"), "the stream has ended"
            name, _, value = line.rstrip("\n").partition(": ")
            if not name:
                if message.data is not None:
                    found.append(message)
                message = Message()
            elif name in ("id", "event", "data"):
                setattr(message, name, value)
    return found


def opened(api, query="", **headers):
    return api.session.get(f"{api.url}/api/v1/journal{query}", headers={**STREAM, **headers})


async def emit(api, number=1):
    return (await api.post("/events", {"event": "chat.created", "count": number})).json


# --- pages -----------------------------------------------------------------------------------


async def test_the_journal_is_read_page_by_page(api):
    await emit(api, 5)
    first = (await api.get("/journal?limit=2")).json
    assert [entry["seq"] for entry in first["items"]] == [1, 2]
    assert first["next_after"] == 2
    rest = (await api.get("/journal?after=2&limit=10")).json
    assert [entry["seq"] for entry in rest["items"]] == [3, 4, 5]
    nothing = (await api.get("/journal?after=5")).json
    assert nothing == {"items": [], "next_after": 5}


async def test_every_kind_of_entry_is_as_it_is_documented(api):
    await api.connected()
    [id] = (await emit(api))["deliveries"]
    api.workspace.attempt(id, 503)
    api.workspace.attempt(id, 410, status=Status.FAILED)
    await api.post(f"/deliveries/{id}/resend")
    run = (await api.post("/runs", {"scenario": "first-contact"})).json["id"]
    await api.post(f"/runs/{run}/stop")
    kinds = [entry["kind"] for entry in (await api.get("/journal")).json["items"]]
    assert kinds == [
        "emitted",
        "attempting",
        "attempted",
        "attempting",
        "attempted",
        "settled",
        "resent",
        "verdict",
    ]


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=1001", "from=1"])
async def test_a_page_that_makes_no_sense_is_refused(api, query):
    assert (await api.get(f"/journal?{query}")).status == 422


# --- streams -----------------------------------------------------------------------------------


async def test_a_stream_replays_and_goes_on_with_what_the_journal_shows(api):
    await emit(api, 2)
    async with opened(api) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        replayed = await messages(answer, 2)
        await emit(api)
        live = await messages(answer, 1)
    items = (await api.get("/journal")).json["items"]
    assert [message.json for message in replayed + live] == items
    assert [(message.id, message.event) for message in replayed + live] == [
        ("1", "emitted"), ("2", "emitted"), ("3", "emitted"),
    ]  # fmt: skip


async def test_a_stream_begins_at_once_even_where_nothing_happens(api):
    async with asyncio.timeout(5), opened(api) as answer:
        assert answer.status == 200
        assert await answer.content.readline() == b": the journal of the sandbox\n"
        assert await answer.content.readline() == b"retry: 1000\n"


async def test_a_stream_goes_on_where_its_reader_was(api):
    await emit(api, 5)
    for query, headers in (
        ("?after=3", {}),
        ("", {"Last-Event-ID": "3"}),
        ("?after=1", {"Last-Event-ID": "3"}),
    ):
        async with opened(api, query, **headers) as answer:
            assert [message.id for message in await messages(answer, 2)] == ["4", "5"]


async def test_a_reader_from_the_future_hears_what_is_new(api):
    async with opened(api, "?after=1000") as answer:
        assert answer.status == 200


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30, "1,2"])
async def test_a_position_that_is_none_is_refused(api, last):
    refused = await api.get("/journal", headers={**STREAM, "Last-Event-ID": last})
    assert (refused.status, list(refused.errors)) == (422, ["Last-Event-ID"])


async def test_hostile_text_stays_inside_its_message(api):
    title = "a\n\nevent: evil\ndata: x\r\u2028\u202e\x00"
    await api.post("/events", {"event": "chat.created", "data": {"chat": {"title": title}}})
    await emit(api)
    async with opened(api) as answer:
        first, second = await messages(answer, 2)
    assert first.json["data"]["chat"]["title"] == title
    assert (first.event, second.id) == ("emitted", "2")


@pytest.mark.parametrize(
    "accept", ["text/event-stream", "text/html, text/event-stream;q=0.9", "TEXT/EVENT-STREAM"]
)
async def test_a_stream_is_served_to_whoever_asks_for_one(api, accept):
    async with api.session.get(f"{api.url}/api/v1/journal", headers={"Accept": accept}) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
async def test_a_page_is_served_to_everybody_else(api, accept):
    assert (await api.get("/journal", headers={"Accept": accept})).json == {"items": [], "next_after": 0}


async def test_a_head_is_no_stream(api):
    assert (await api("HEAD", "/journal", headers=STREAM)).status == 200


async def test_a_stream_in_which_nothing_happens_shows_that_it_is_alive():
    async with serving(ping_interval=0.05) as api, opened(api) as answer:
        async with asyncio.timeout(5):
            while await answer.content.readline() != b": ping\n":
                continue


async def test_streams_are_counted(api):
    async with opened(api) as answer:
        await answer.content.readline()
        assert (await api.get("/stats")).json["streams"] == 1
        assert "wexio_sandbox_streams 1.0" in (await api.get("//metrics")).text


async def test_a_reader_that_goes_away_is_forgotten():
    async with serving(ping_interval=0.05) as api:
        async with opened(api) as answer:
            await answer.content.readline()
        async with asyncio.timeout(5):
            while (await api.get("/stats")).json["streams"]:
                continue


async def test_there_are_only_so_many_streams():
    async with serving(most_streams=1) as api, opened(api) as answer:
        await answer.content.readline()
        refused = await api.get("/journal", headers=STREAM)
        assert (refused.status, refused.headers["Content-Type"]) == (503, "application/problem+json")


async def test_a_stream_asks_for_the_token():
    async with serving(token="t") as api:
        assert (await api.get("/journal", headers=STREAM)).status == 401


async def test_a_reader_that_does_not_read_is_dropped_and_costs_the_others_nothing():
    workspace = FakeWorkspace()
    async with serving(workspace, send_timeout=0.3) as api:
        port = int(api.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        reader._transport.pause_reading()
        writer.write(b"GET /api/v1/journal HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        async with opened(api) as good:
            await good.content.readline()
            large = {"chat": {"title": "x" * 100_000}}
            body = {"event": "chat.created", "data": large, "count": 10}
            total = 0
            async with asyncio.timeout(15):
                while (await api.get("/stats")).json["streams"] != 1 or not total:
                    if total < 400:
                        await api.post("/events", body)
                        total += 10
                        assert len(await messages(good, 10)) == 10
        writer.close()


async def test_streams_end_at_once_when_the_server_stops():
    workspace = FakeWorkspace()
    async with aiohttp.ClientSession() as session:
        async with listening(make_app(workspace), options=Options()) as url:
            answers = [await session.get(f"{url}/api/v1/journal", headers=STREAM) for _ in range(20)]
            for answer in answers:
                await answer.content.readline()
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 1
        for answer in answers:
            await answer.content.read()  # to its end, which is a proper one


async def test_streams_end_when_the_journal_does(api):
    await emit(api)
    async with opened(api) as answer:
        await messages(answer, 1)
        api.workspace.journal.close()
        assert (await asyncio.wait_for(answer.content.read(), 5)).strip() == b""
