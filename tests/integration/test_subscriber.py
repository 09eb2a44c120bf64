"""The built-in subscriber over real sockets, on loopback."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from sandbox.clock import breathe
from sandbox.core.errors import CannotRun, UsageError
from sandbox.core.received import Received
from sandbox.core.scenario import Answer, SubscriberScript
from sandbox.core.signing import Reason, sign
from sandbox.subscriber import LARGEST_BODY, Subscriber

NOW = 1_777_039_330
SECRET = "whsec_test_secret"
CRM, ERP = "6640f45ac8a0d7e8b7f2014a", "6640f45ac8a0d7e8b7f2014b"


def envelope(event_id: str = "evt_1", connection_id: str = CRM, attempt: int = 1) -> bytes:
    meta = {"eventId": event_id, "event": "chat.created", "connectionId": connection_id, "attempt": attempt}
    return json.dumps({"id": event_id, "type": "chat.created", "data": {}, "meta": meta}).encode()


ENVELOPE = envelope()


def signed(body: bytes, *, secret: str = SECRET, at: int = NOW) -> dict[str, str]:
    return {"X-Wexio-Signature": sign(secret.encode(), at, body)}


def subscriber(**options: Any) -> Subscriber:
    return Subscriber(now=lambda: float(NOW), **options)


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield session


async def post(
    client: aiohttp.ClientSession,
    to: Subscriber,
    body: bytes = ENVELOPE,
    headers: dict[str, str] | None = None,
) -> int:
    async with client.post(to.url, data=io.BytesIO(body), headers=headers) as answer:
        await answer.read()
        return answer.status


def raw(body: bytes, *lines: bytes) -> bytes:
    head = [b"POST /hooks HTTP/1.1", b"Host: x", *lines, b"Content-Length: %d" % len(body), b"", b""]
    return b"\r\n".join(head) + body


async def exchange(to: Subscriber, data: bytes, *, until: bytes = b"\r\n\r\n") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", to.port)
    try:
        writer.write(data)
        async with asyncio.timeout(5):
            return await reader.readuntil(until)
    finally:
        writer.close()


# --- recording ---------------------------------------------------------------------


async def test_a_request_is_recorded_as_it_was_on_the_wire() -> None:
    async with subscriber() as here:
        body = envelope("evt_7", attempt=3)
        await exchange(
            here, raw(body, b"X-wExIo-Attempt: 3", b"X-Two: b", b"x-two: a", b"X-Raw: \xff\xc3\xa5")
        )
        [received] = here.requests
    names = [name for name, _ in received.headers]
    assert names == ["Host", "X-wExIo-Attempt", "X-Two", "x-two", "X-Raw", "Content-Length"]
    assert received.headers[4][1] == "\udcffå"
    assert received.body == body
    assert (received.event_id, received.event) == ("evt_7", "chat.created")
    assert (received.connection_id, received.attempt, received.number) == (CRM, 3, 1)


async def test_what_the_body_does_not_say_is_read_from_the_headers(client: aiohttp.ClientSession) -> None:
    async with subscriber() as here:
        said = {"X-Wexio-Event": "chat.created", "X-Wexio-Event-Id": "evt_9", "X-Wexio-Attempt": "2"}
        await post(client, here, b'{"id": "evt_', said)
        [received] = here.requests
    assert (received.event_id, received.event, received.attempt) == ("evt_9", "chat.created", 2)
    assert received.connection_id is None


async def test_on_request_is_called_before_the_answer_goes_out() -> None:
    seen: list[Received] = []
    async with subscriber(on_request=seen.append) as here:
        here.respond("timeout")
        _, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(raw(ENVELOPE))
        [received] = await here.wait_for(1)
        assert seen == [received]
        writer.close()


async def test_only_the_last_requests_are_kept(client: aiohttp.ClientSession) -> None:
    async with subscriber(keep=2) as here:
        for number in range(4):
            await post(client, here, envelope(f"evt_{number}"))
        assert [received.event_id for received in here.requests] == ["evt_2", "evt_3"]


async def test_wait_for_returns_as_soon_as_enough_have_come(client: aiohttp.ClientSession) -> None:
    async with subscriber() as here:
        waiting = asyncio.create_task(here.wait_for(2))
        await post(client, here, envelope("evt_a"))
        assert not waiting.done()
        await post(client, here, envelope("evt_b"))
        assert [received.event_id for received in await waiting] == ["evt_a", "evt_b"]
        assert len(await here.wait_for(1, timeout=0)) == 1


async def test_wait_for_says_how_many_came_in_time(client: aiohttp.ClientSession) -> None:
    async with subscriber() as here:
        await post(client, here)
        with pytest.raises(TimeoutError, match=r"1 of 2 requests came within 0\.01s"):
            await here.wait_for(2, timeout=0.01)


async def test_wait_for_refuses_to_wait_for_more_than_are_kept() -> None:
    async with subscriber(keep=2) as here:
        with pytest.raises(UsageError, match="only the last 2 requests are kept"):
            await here.wait_for(3)


# --- verifying ---------------------------------------------------------------------


async def test_without_a_secret_nothing_is_verified(client: aiohttp.ClientSession) -> None:
    async with subscriber() as here:
        await post(client, here, headers=signed(ENVELOPE))
        assert (here.requests[0].check, here.requests[0].verified) == (None, None)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (signed(ENVELOPE), "valid"),
        ({}, "missing"),
        ({"X-Wexio-Signature": "hello"}, "malformed"),
        (signed(ENVELOPE, secret="another"), "mismatch"),
        (signed(ENVELOPE, at=NOW - 3600), "too_old"),
        (signed(ENVELOPE, at=NOW + 3600), "too_new"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_verification_is_reported_and_never_changes_the_scripted_answer(
    client: aiohttp.ClientSession, headers: dict[str, str], reason: str
) -> None:
    async with subscriber(secrets=SECRET) as here:
        here.respond(202)
        assert await post(client, here, headers=headers) == 202
        [received] = here.requests
        assert received.check is not None
        assert (received.check.reason, received.verified) == (reason, reason == "valid")


async def test_enforcing_answers_401_to_a_failed_check_and_says_why(client: aiohttp.ClientSession) -> None:
    async with subscriber(secrets=SECRET, enforce=True) as here:
        assert await post(client, here, headers=signed(ENVELOPE)) == 200
        async with client.post(here.url, data=ENVELOPE) as answer:
            assert answer.status == 401
            assert await answer.text() == "there is no X-Wexio-Signature header\n"
        assert here.requests[1].answer == Answer(status=401)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the body is empty"),
        (b'{"id": "evt_\xff"}', "the body is not UTF-8: 0xff at byte 12"),
        (b'{"id":\n "evt_', "the body is not JSON: Unterminated string starting at, line 2 column 2"),
        (b"[1]", "the body is JSON, but no object"),
        (b'{"type": "chat.created"}', "the body is an object without id"),
        (b'{"id": 7, "type": ""}', "the body is an object without id and type"),
        (b"[" * 100_000, "the body is JSON with a number too long to read, or too deeply nested"),
        (b"9" * 5_000, "the body is JSON with a number too long to read, or too deeply nested"),
    ],
    ids=["empty", "not-utf-8", "not-json", "list", "no-id", "no-text", "deep", "long-number"],
)
async def test_enforcing_answers_400_to_a_signed_body_that_is_no_event(
    client: aiohttp.ClientSession, body: bytes, says: str
) -> None:
    async with subscriber(secrets=SECRET, enforce=True) as here:
        async with client.post(here.url, data=io.BytesIO(body), headers=signed(body)) as answer:
            assert (answer.status, await answer.text()) == (400, f"{says}\n")
        assert await post(client, here, headers=signed(ENVELOPE)) == 200
        assert [received.no_event for received in here.requests] == [says, None]


async def test_a_signature_is_looked_at_before_the_body(client: aiohttp.ClientSession) -> None:
    async with subscriber(secrets=SECRET, enforce=True) as here:
        assert await post(client, here, b"garbage") == 401
    async with subscriber(enforce=True) as here:
        assert await post(client, here, b"garbage") == 400
        assert await post(client, here) == 200


async def test_what_is_no_event_never_changes_the_scripted_answer(client: aiohttp.ClientSession) -> None:
    async with subscriber(secrets=SECRET) as here:
        assert await post(client, here, b"garbage", signed(b"garbage")) == 200
        assert here.requests[0].no_event is not None


async def test_what_was_received_carries_why_it_does_not_hold(client: aiohttp.ClientSession) -> None:
    secrets = {CRM: "secret of crm", ERP: "secret of erp"}
    async with subscriber(secrets=secrets) as here:
        body = envelope(connection_id=CRM)
        await post(client, here, body, signed(body, secret="secret of crm"))
        await post(client, here, body, signed(body, secret="secret of erp"))
        await post(client, here, body, signed(body, secret="secret of crm "))
        await post(client, here, body, {"X-Hub-Signature": "sha1=ab"})
        found = [received.diagnosis for received in here.requests]
        assert [diagnosis.code for diagnosis in found if diagnosis] == [
            "valid",
            "other_connection",
            "secret_white_space",
            "other_name",
        ]
        assert all("secret of" not in repr(received) for received in here.requests)
    async with subscriber() as here:
        await post(client, here)
        assert here.requests[0].diagnosis is None


async def test_two_signature_headers_are_one_list_and_so_malformed() -> None:
    async with subscriber(secrets=SECRET) as here:
        line = f"X-Wexio-Signature: {signed(ENVELOPE)['X-Wexio-Signature']}".encode()
        await exchange(here, raw(ENVELOPE, line, line))
        check = here.requests[0].check
        assert check is not None
        assert check.reason is Reason.malformed


async def test_each_connection_is_verified_with_its_own_secret(client: aiohttp.ClientSession) -> None:
    secrets = {CRM: "secret of crm"}
    async with subscriber(secrets=secrets) as here:
        crm, erp, garbage = envelope(connection_id=CRM), envelope(connection_id=ERP), b"garbage"
        await post(client, here, crm, signed(crm, secret="secret of crm"))
        await post(client, here, erp)
        secrets[ERP] = "secret of erp"  # a connection that was made meanwhile
        await post(client, here, erp, signed(erp, secret="secret of crm"))
        await post(client, here, garbage, signed(garbage, secret="secret of erp"))
        await post(client, here, garbage, signed(garbage, secret="secret of nobody"))
        assert [received.verified for received in here.requests] == [True, None, False, True, False]


# --- answering ---------------------------------------------------------------------


async def test_answers_go_by_requests_seen_for_each_connection_and_event(
    client: aiohttp.ClientSession,
) -> None:
    async with subscriber(script=SubscriberScript(respond=(Answer(status=500), Answer(status=201)))) as here:
        bodies = [envelope("evt_a"), envelope("evt_b"), envelope("evt_a", ERP)]
        for expected in (500, 201, 201):
            assert [await post(client, here, body) for body in bodies] == [expected] * 3
        assert [received.number for received in here.requests] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
        assert here.requests[-1].answer == Answer(status=201)


async def test_requests_that_name_no_event_share_one_counter(client: aiohttp.ClientSession) -> None:
    async with subscriber() as here:
        here.respond(500, "503", 200)
        assert [await post(client, here, body) for body in (b"", b"\xff", b"[]", b"{}")] == [
            500,
            503,
            200,
            200,
        ]


async def test_a_new_script_counts_from_the_start(client: aiohttp.ClientSession) -> None:
    async with subscriber() as here:
        here.respond(500, 200)
        assert [await post(client, here), await post(client, here)] == [500, 200]
        here.respond(503, 204)
        assert [await post(client, here), await post(client, here)] == [503, 204]


async def test_counts_of_the_longest_unseen_are_forgotten(client: aiohttp.ClientSession) -> None:
    async with subscriber(remember=2) as here:
        for event in ("a", "b", "a", "c", "a", "b"):
            await post(client, here, envelope(f"evt_{event}"))
        assert [received.number for received in here.requests] == [1, 1, 2, 1, 3, 1]
        assert len(here._counts) == 2


async def test_an_answer_carries_its_headers(client: aiohttp.ClientSession) -> None:
    async with subscriber() as here:
        here.respond(Answer(status=429, headers={"Retry-After": "7", "Server": "mine", "X-Name": "Олена"}))
        async with client.post(here.url, data=ENVELOPE) as answer:
            assert answer.status == 429
            assert (answer.headers["Retry-After"], answer.headers["X-Name"]) == ("7", "Олена")
            assert answer.headers.getall("Server") == ["mine"]


async def test_an_answer_after_a_while_waits_for_that_while(client: aiohttp.ClientSession) -> None:
    asked: list[float] = []
    passed = asyncio.Event()

    async def sleep(seconds: float) -> None:
        asked.append(seconds)
        await passed.wait()

    async with subscriber(sleep=sleep) as here:
        here.respond(Answer(status=200, after=timedelta(milliseconds=1500)))
        answer = asyncio.create_task(post(client, here))
        await here.wait_for(1)
        assert (asked, answer.done()) == ([1.5], False)
        passed.set()
        assert await answer == 200


async def test_a_timeout_reads_the_request_and_never_answers() -> None:
    async with subscriber() as here:
        here.respond("timeout")
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(raw(ENVELOPE))
        [received] = await here.wait_for(1)
        assert received.answer.status == "timeout"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        writer.close()


async def test_a_client_that_goes_away_ends_its_silent_answer() -> None:
    async with subscriber() as here:
        here.respond("timeout")
        before = asyncio.all_tasks()
        _, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(raw(ENVELOPE))
        await here.wait_for(1)
        left = asyncio.all_tasks() - before
        writer.close()
        assert left
        _, pending = await asyncio.wait(left, timeout=2)
        assert not pending


async def test_a_reset_is_a_reset_of_tcp_after_the_request_was_read() -> None:
    async with subscriber() as here:
        here.respond("reset", 200)
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(raw(ENVELOPE))
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 2)
        writer.close()
        assert here.requests[0].body == ENVELOPE
        assert b" 200 OK" in await exchange(here, raw(ENVELOPE))


@pytest.mark.parametrize(
    "answer",
    [
        "soon", "", "20", "２００", 99, 100, 600, True,
        Answer(status=100), Answer(after=timedelta(seconds=-1)), Answer(headers={"A B": "c"}),
        Answer(headers={"A": "b\r\nC: d"}), Answer(headers={"Content-Length": "3"}),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_given_is_refused(answer: Any) -> None:
    with pytest.raises(UsageError):
        subscriber().respond(answer)


def test_an_empty_script_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one answer"):
        subscriber().respond()


# --- strange requests --------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"", b"not json", b"\xff\xfe\x00", b"[" * 100_000, b'{"meta":' * 50_000, b"9" * 10_000, b"1e999999",
        b'{"meta": {"attempt": %b}}' % (b"9" * 10_000), b'{"meta": []}', b"null", b'{"meta": {"eventId": 5}}',
        b'{"id": "\\ud800"}', b'{"id": "\\u001b[2J"}', b'{"id": ""}', b'{"id": "%b"}' % (b"x" * 300),
    ],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
async def test_a_body_that_names_nothing_is_answered_by_the_script(
    client: aiohttp.ClientSession, body: bytes
) -> None:
    async with subscriber(secrets=SECRET) as here:
        here.respond(202)
        assert await post(client, here, body, signed(body)) == 202
        [received] = here.requests
        assert received.body == body
        assert received.verified
        assert (received.event_id, received.event, received.connection_id, received.attempt) == (None,) * 4


async def test_a_body_of_a_megabyte_is_taken_and_a_larger_one_is_not(client: aiohttp.ClientSession) -> None:
    async with subscriber(secrets=SECRET) as here:
        body = b"x" * LARGEST_BODY
        assert await post(client, here, body, signed(body)) == 200
        assert await post(client, here, body + b"x") == 413
        fits, cut = here.requests
        assert (fits.verified, len(fits.body)) == (True, LARGEST_BODY)
        assert (cut.verified, len(cut.body), cut.answer.status) == (None, LARGEST_BODY, 413)


async def test_a_compressed_body_stays_as_it_came() -> None:
    async with subscriber() as here:
        await exchange(here, raw(b"not gzip at all", b"Content-Encoding: gzip"))
        assert here.requests[0].body == b"not gzip at all"


async def test_a_client_that_expects_100_continue_gets_it() -> None:
    async with subscriber() as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        head, _, body = raw(ENVELOPE, b"Expect: 100-continue").partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)).startswith(b"HTTP/1.1 200 OK")
        writer.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_only_a_post_is_a_request(client: aiohttp.ClientSession, method: str) -> None:
    async with subscriber() as here:
        async with client.request(method, here.url) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        assert not here.requests


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    ],
    ids=["words", "tls", "length", "chunk"],
)
async def test_what_is_not_http_gets_a_400_without_a_traceback(
    garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with subscriber() as here:
        assert b" 400 " in await exchange(here, garbage)
        assert not here.requests
        assert b" 200 " in await exchange(here, raw(ENVELOPE))
    assert not caplog.records


async def test_a_client_that_goes_away_in_mid_body_is_no_request() -> None:
    async with subscriber() as here:
        _, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(raw(ENVELOPE)[:-5])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await exchange(here, raw(envelope("evt_2")))
        assert [received.event_id for received in here.requests] == ["evt_2"]


# --- outages -----------------------------------------------------------------------


async def test_during_an_outage_every_request_gets_its_status(client: aiohttp.ClientSession) -> None:
    async with subscriber(secrets=SECRET, enforce=True) as here:
        here.respond(500, 201)
        await here.fail(503)
        assert [await post(client, here), await post(client, here, b"garbage")] == [503, 503]
        assert here.requests[0].answer == Answer(status=503)
        await here.recover()
        assert await post(client, here, headers=signed(ENVELOPE)) == 201


async def test_down_refuses_connections_and_recovers_on_the_same_port(client: aiohttp.ClientSession) -> None:
    async with subscriber() as here:
        url = here.url
        assert await post(client, here) == 200
        await here.fail("down")
        for _ in range(2):  # the kept-alive connection is gone, and a new one is refused
            with pytest.raises(aiohttp.ClientConnectionError):
                await post(client, here)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", here.port)
        await here.recover()
        assert here.url == url
        assert await post(client, here) == 200
        assert len(here.requests) == 2


async def test_down_ends_the_connections_that_wait_for_an_answer() -> None:
    async with subscriber() as here:
        here.respond("timeout")
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(raw(ENVELOPE))
        await here.wait_for(1)
        await here.fail("down")
        assert await asyncio.wait_for(reader.read(), 2) == b""
        writer.close()


async def test_nobody_else_gets_the_port_while_it_is_down() -> None:
    async with subscriber() as here:
        await here.fail("down")
        other = subscriber(port=here.port)
        with pytest.raises(CannotRun, match="is taken"):
            await other.start()
        await other.close()


async def test_outages_can_follow_one_another(client: aiohttp.ClientSession) -> None:
    async with subscriber() as here:
        await here.fail("down")
        await here.fail("down")
        await here.fail(502)
        assert await post(client, here) == 502
        await here.fail("down")
        await here.recover()
        await here.recover()
        assert await post(client, here) == 200


async def test_an_outage_needs_a_status_and_a_running_subscriber() -> None:
    with pytest.raises(UsageError, match="not running"):
        await subscriber().fail("down")
    async with subscriber() as here:
        with pytest.raises(UsageError, match="99 is no status"):
            await here.fail(99)


# --- its life ----------------------------------------------------------------------


async def test_a_taken_port_is_named() -> None:
    async with subscriber() as here:
        with pytest.raises(CannotRun, match=rf"port {here.port} of 127\.0\.0\.1 is taken: choose another"):
            await subscriber(port=here.port).start()


async def test_before_it_starts_it_has_no_port() -> None:
    with pytest.raises(UsageError, match="has not been started"):
        _ = subscriber().url


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(UsageError, match="the secret is empty"):
        subscriber(secrets="")


async def test_closing_does_not_wait_for_silent_slow_or_idle_connections(
    client: aiohttp.ClientSession,
) -> None:
    loop = asyncio.get_running_loop()
    here = subscriber()
    await here.start()
    here.respond(200, "timeout", Answer(after=timedelta(hours=1)))
    assert await post(client, here) == 200
    writers = []
    for _ in range(40):
        _, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(raw(ENVELOPE))
        writers.append(writer)
    await here.wait_for(41)
    began = loop.time()
    await here.close()
    assert loop.time() - began < 0.2
    for writer in writers:
        writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", here.port)
    await here.close()


async def test_closing_while_down_gives_the_port_back() -> None:
    here = subscriber()
    await here.start()
    await here.fail("down")
    await here.close()
    with socket.socket() as other:
        other.bind(("127.0.0.1", here.port))


async def test_it_can_be_started_again(client: aiohttp.ClientSession) -> None:
    here = subscriber()
    for _ in range(2):
        async with here:
            assert await post(client, here) == 200
            with pytest.raises(UsageError, match="already running"):
                await here.start()


async def test_it_listens_on_ipv6(client: aiohttp.ClientSession) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    async with subscriber(host="::1") as here:
        assert here.url.startswith("http://[::1]:")
        assert await post(client, here) == 200


@pytest.mark.parametrize("turns", range(8))
async def test_who_connects_in_the_very_moment_of_going_down_gets_an_end_or_a_whole_answer(
    turns: int,
) -> None:
    async with subscriber() as here:
        loop = asyncio.get_running_loop()
        with socket.create_connection(("127.0.0.1", here.port)) as wire:
            wire.sendall(raw(ENVELOPE))
            wire.setblocking(False)
            for _ in range(turns):  # until it is accepted, until it is read, until it is answered
                await breathe()
            await here.fail("down")
            answer = b""
            with suppress(ConnectionResetError):
                async with asyncio.timeout(5):
                    while part := await loop.sock_recv(wire, 1000):
                        answer += part
        recorded = len(here.requests)
    assert answer == b"" or (recorded == 1 and answer.startswith(b"HTTP/1.1 200 "))
    assert recorded <= 1
