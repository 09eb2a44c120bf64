"""Whatever a subscriber does to the client is an outcome, and says which."""

import asyncio
import ssl
from datetime import timedelta
from itertools import pairwise

import pytest
import trustme
from aiohttp.abc import AbstractResolver

from sandbox.core.model import Request, Response, TransportError
from sandbox.transport import BODY_LIMIT, HttpTransport
from tests.receiver import CLOSE, RESET, SILENCE, Receiver

HEADERS = (
    ("Content-Type", "application/json"),
    ("X-Wexio-Event", "chat.created"),
    ("X-Wexio-Event-Id", "evt_1"),
    ("X-Wexio-Attempt", "1"),
    ("X-Wexio-Timestamp", "2026-04-24T14:02:10.123Z"),
    ("Idempotency-Key", "evt_1"),
    ("Authorization", "Bearer x"),
    ("X-Wexio-Signature", "t=1,v1=ab"),
    ("User-Agent", "Wexio"),
)
QUICK = timedelta(seconds=0.2)
AMPLE = timedelta(seconds=20)


@pytest.fixture
async def transport():
    transport = HttpTransport()
    yield transport
    await transport.close()


def post(url, body=b'{"a":1}', headers=HEADERS):
    return Request(url=url, headers=headers, body=body)


async def outcome_of(transport, decide, timeout=AMPLE):
    async with Receiver(decide) as receiver:
        exchange = await transport.send(post(receiver.url), timeout=timeout)
    return exchange.outcome


async def test_the_headers_arrive_in_their_order_and_spelling_with_nothing_of_the_clients_own(transport):
    async with Receiver() as receiver:
        await transport.send(post(receiver.url), timeout=AMPLE)
    [seen] = receiver.seen
    assert seen.line == "POST /hook HTTP/1.1"
    assert seen.headers == [("Host", f"127.0.0.1:{receiver.port}"), *HEADERS, ("Content-Length", "7")]
    assert seen.body == b'{"a":1}'


async def test_an_answer_is_kept_with_its_headers_and_body(transport):
    raw = b"HTTP/1.1 418 Teapot\r\nX-One: a\r\nx-one: \xc3\xa9\r\nContent-Length: 5\r\n\r\nshort"
    outcome = await outcome_of(transport, lambda seen: raw)
    assert outcome == Response(
        status=418, headers=(("X-One", "a"), ("x-one", "é"), ("Content-Length", "5")), body=b"short"
    )


async def test_a_redirect_is_an_answer_and_is_not_followed(transport):
    async with Receiver(
        lambda seen: b"HTTP/1.1 302 F\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"
    ) as receiver:
        exchange = await transport.send(post(receiver.url), timeout=AMPLE)
    assert exchange.outcome.status == 302
    assert len(receiver.seen) == 1


async def test_interim_answers_are_passed_over(transport):
    raw = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No\r\n\r\n"
    assert (await outcome_of(transport, lambda seen: raw)).status == 204


async def test_cookies_do_not_come_back(transport):
    raw = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n"
    async with Receiver(lambda seen: raw) as receiver:
        for _ in range(2):
            await transport.send(post(receiver.url), timeout=AMPLE)
    assert not any(name == "Cookie" for seen in receiver.seen for name, _ in seen.headers)


async def test_a_compressed_answer_is_kept_as_it_came(transport):
    raw = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"
    assert (await outcome_of(transport, lambda seen: raw)).body == b"nope"


async def test_connections_are_kept_and_used_again(transport):
    async with Receiver() as receiver:
        for _ in range(3):
            await transport.send(post(receiver.url), timeout=AMPLE)
    assert receiver.connections == 1


async def test_an_endless_answer_is_read_up_to_its_limit(transport):
    async def flood(seen):
        return b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b"x" * (BODY_LIMIT * 4)

    outcome = await outcome_of(transport, flood)
    assert outcome.status == 200
    assert outcome.truncated
    assert outcome.body == b"x" * BODY_LIMIT


async def test_an_answer_of_exactly_the_limit_is_whole(transport):
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BODY_LIMIT + b"x" * BODY_LIMIT
    outcome = await outcome_of(transport, lambda seen: raw)
    assert not outcome.truncated
    assert len(outcome.body) == BODY_LIMIT


@pytest.mark.parametrize(
    ("decide", "kind", "says"),
    [
        (lambda seen: RESET, "reset", "broke|reset"),
        (lambda seen: CLOSE, "reset", "closed without an answer"),
        (lambda seen: b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "reset", "ended early"),
        (lambda seen: b"absurd\r\n\r\n", "protocol", "not HTTP"),
        (lambda seen: b"HTTP/1.1 9999999 What\r\n\r\n", "protocol", "not HTTP"),
        (lambda seen: b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n", "protocol", "not HTTP"),
        (lambda seen: b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", "protocol", "not HTTP"),
        (lambda seen: b"\x16\x03\x01\x02\x00\x01\x00", "protocol|reset", ""),
        (lambda seen: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "protocol|reset", ""),
    ],
    ids=["reset", "closed", "half", "absurd", "status", "length", "long-header", "tls-hello", "chunks"],
)  # fmt: skip
async def test_a_broken_answer_is_an_outcome(transport, decide, kind, says):
    outcome = await outcome_of(transport, decide)
    assert isinstance(outcome, TransportError)
    assert outcome.type in kind.split("|")
    assert any(part in outcome.message for part in says.split("|"))


async def test_silence_is_a_timeout(transport):
    outcome = await outcome_of(transport, lambda seen: SILENCE, QUICK)
    assert outcome == TransportError(type="timeout", message="no complete answer within 200ms")


async def test_a_body_that_does_not_end_is_a_timeout(transport):
    stuck = asyncio.Event()

    async def half(seen):
        return b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"

    async with Receiver(half) as receiver:
        original = receiver._one

        async def stall(reader, writer, connection):
            await original(reader, writer, connection)
            await stuck.wait()

        receiver._one = stall
        exchange = await transport.send(post(receiver.url), timeout=QUICK)
    assert exchange.outcome.type == "timeout"


async def test_long_timeouts_are_not_rounded_up_to_whole_seconds(transport):
    began = asyncio.get_running_loop().time()
    await outcome_of(transport, lambda seen: SILENCE, timedelta(seconds=5.05))
    assert asyncio.get_running_loop().time() - began < 5.9


async def test_nobody_listening_is_a_connect_error_that_names_the_address(transport, unused_tcp_port):
    exchange = await transport.send(post(f"http://127.0.0.1:{unused_tcp_port}/"), timeout=AMPLE)
    assert exchange.outcome.type == "connect"
    assert f"127.0.0.1:{unused_tcp_port}" in exchange.outcome.message


async def test_a_name_that_does_not_resolve_is_a_dns_error():
    class Nowhere(AbstractResolver):
        async def resolve(self, host, port=0, family=0):
            raise OSError(-2, "Name or service not known")

        async def close(self):
            pass

    transport = HttpTransport(resolver=Nowhere())
    exchange = await transport.send(post("http://nobody.invalid/"), timeout=AMPLE)
    await transport.close()
    assert exchange.outcome.type == "dns"
    assert "nobody.invalid" in exchange.outcome.message
    assert exchange.timing["dns"] >= 0


async def test_a_certificate_nobody_trusts_is_a_tls_error(transport):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with Receiver(tls=context) as receiver:
        exchange = await transport.send(post(receiver.url), timeout=AMPLE)
    assert exchange.outcome.type == "tls"


async def test_plain_http_where_tls_was_asked_for_is_a_tls_error(transport):
    async with Receiver() as receiver:
        url = receiver.url.replace("http://", "https://")
        exchange = await transport.send(post(url), timeout=timedelta(seconds=1))
    assert exchange.outcome.type in ("tls", "timeout", "reset")


async def test_a_connection_closed_while_idle_is_not_used_again(transport):
    async with Receiver(lambda seen: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as receiver:
        for _ in range(5):
            exchange = await transport.send(post(receiver.url), timeout=AMPLE)
            assert exchange.outcome == Response(status=200, headers=(("Content-Length", "0"),))
            async with asyncio.timeout(5):
                while receiver._tasks:
                    await asyncio.wait(receiver._tasks)
    assert receiver.connections == 5


async def test_timing_has_its_phases(transport):
    async with Receiver() as receiver:
        exchange = await transport.send(post(receiver.url), timeout=AMPLE)
    assert set(exchange.timing) == {"connect", "wait", "read"}
    assert sum(exchange.timing.values()) <= exchange.elapsed_ms + 1
    assert all(later >= 0 for _, later in pairwise([0.0, *exchange.timing.values()]))
