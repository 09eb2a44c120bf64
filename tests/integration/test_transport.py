"""Whatever a subscriber does to the client is an outcome, and says which."""

import asyncio
import os
import socket
import ssl
import struct
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
import trustme
from aiohttp.abc import AbstractResolver

from sandbox.clock import breathe
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


class Here(AbstractResolver):
    """Every name is this machine, except those of nobody and of somebody slow."""

    async def resolve(self, host, port=0, family=0):
        if host == "nobody.invalid":
            raise OSError(-2, "Name or service not known")
        if host == "slow.example":
            await asyncio.Event().wait()
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self):
        """Nothing to let go of."""


def post(url, body=b'{"a":1}', headers=HEADERS):
    return Request(url=url, headers=headers, body=body)


@asynccontextmanager
async def serving(talk, host="127.0.0.1", tls=None):
    """A server that does nothing but *talk*(reader, writer) on each connection; yields its port."""
    talking = set()

    async def connected(reader, writer):
        talking.add(task := asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await talk(reader, writer)
        talking.discard(task)
        writer.close()

    server = await asyncio.start_server(connected, host, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking)


async def read_request(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head + await reader.readexactly(int(length.split(b":")[1]))


def reset(writer):
    wire = writer.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


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
        (lambda seen: b"HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n", "protocol", "099 is no status"),
        (lambda seen: b"HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n", "protocol", "not HTTP"),
        (lambda seen: b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n", "protocol", "Too many headers"),
        (lambda seen: b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n", "protocol", "not HTTP"),
        (lambda seen: b"HTTP/1.1 200 OK\r\nContent-Le", "reset", "closed without an answer"),
        (lambda seen: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "reset", "ended early"),
    ],
    ids=["reset", "closed", "half", "absurd", "status", "length", "long-header", "tls-hello", "chunks",
         "low-status", "version", "many-headers", "nul", "half-head", "last-chunk"],
)  # fmt: skip
async def test_a_broken_answer_is_an_outcome(transport, decide, kind, says):
    outcome = await outcome_of(transport, decide)
    assert isinstance(outcome, TransportError)
    assert outcome.type in kind.split("|")
    assert any(part in outcome.message for part in says.split("|"))
    assert "\n" not in outcome.message
    assert len(outcome.message) <= 300


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n\0\1", 101, b""),
        (b"HTTP/1.0 200 OK\r\n\r\nold", 200, b"old"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", 999, b""),
        (b"HTTP/1.1 302 F\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n", 302, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Type: \xff;charset=\"\r\nContent-Length: 1\r\n\r\n\xff", 200, b"\xff"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 120 + b"Content-Length: 0\r\n\r\n", 200, b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\nT: x\r\n\r\n", 200, b"a"),
    ],
    ids=["upgrade", "1.0", "no-length", "no-reason", "999", "bad-location", "bad-type", "headers", "trailers"],
)  # fmt: skip
async def test_an_odd_answer_is_still_an_answer(transport, raw, status, body):
    outcome = await outcome_of(transport, lambda seen: raw)
    assert (outcome.status, outcome.body) == (status, body)


@pytest.mark.parametrize(
    ("head", "endless", "kind"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "timeout"),
        (b"", b"\r\n", "timeout"),
        (b"HTTP/1.1 200 ", b"OK", "protocol"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y", "protocol"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"y", "timeout"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", "protocol"),
    ],
    ids=["1xx", "blank lines", "reason", "headers", "header", "chunk extension", "trailers"],
)
async def test_a_head_without_end_is_an_outcome(transport, head, endless, kind):
    async def flood(reader, writer):
        await read_request(reader)
        writer.write(head)
        while True:
            writer.write(endless * (20_000 // len(endless)))
            await writer.drain()

    async with serving(flood) as port:
        exchange = await transport.send(post(f"http://127.0.0.1:{port}/"), timeout=QUICK)
    assert exchange.outcome.type == kind


@pytest.mark.parametrize(
    "chunk", [b"1\r\ny\r\n" * 5000, b"ffff\r\n" + b"y" * 0xFFFF + b"\r\n"], ids=["tiny", "large"]
)
async def test_an_endless_answer_in_chunks_is_read_up_to_its_limit(transport, chunk):
    async def flood(reader, writer):
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(chunk)
            await writer.drain()

    async with serving(flood) as port:
        exchange = await transport.send(post(f"http://127.0.0.1:{port}/"), timeout=AMPLE)
    assert (exchange.outcome.status, exchange.outcome.truncated) == (200, True)
    assert exchange.outcome.body == b"y" * BODY_LIMIT


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nConte", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
)
async def test_a_reset_is_a_reset_wherever_it_comes(transport, said):
    async def breaks(reader, writer):
        await read_request(reader)
        writer.write(said)
        await writer.drain()
        reset(writer)

    async with serving(breaks) as port:
        exchange = await transport.send(post(f"http://127.0.0.1:{port}/"), timeout=AMPLE)
    assert exchange.outcome.type == "reset"


async def test_an_answer_that_drips_is_a_timeout(transport):
    async def drips(reader, writer):
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await breathe()

    async with serving(drips) as port:
        exchange = await transport.send(post(f"http://127.0.0.1:{port}/"), timeout=timedelta(milliseconds=20))
    assert exchange.outcome.type == "timeout"


async def test_a_refusal_before_the_whole_body_was_read_is_an_answer(transport):
    async def refuses(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read()

    async with serving(refuses) as port:
        exchange = await transport.send(post(f"http://127.0.0.1:{port}/", b"x" * 900_000), timeout=AMPLE)
    assert exchange.outcome.status == 413


async def test_a_body_that_nobody_reads_is_a_timeout(transport):
    async def deaf(reader, writer):
        await asyncio.Event().wait()

    async with serving(deaf) as port:
        exchange = await transport.send(post(f"http://127.0.0.1:{port}/", b"x" * 900_000), timeout=QUICK)
    assert exchange.outcome.type == "timeout"


async def test_what_the_client_refuses_to_send_is_an_outcome_that_says_so(transport):
    async with Receiver() as receiver:
        request = post(receiver.url, headers=(("X-One", "a\nb"),))
        exchange = await transport.send(request, timeout=AMPLE)
    assert exchange.outcome.type == "protocol"
    assert exchange.outcome.message.startswith("ValueError: ")
    assert receiver.seen == []


@pytest.mark.parametrize("host", ["a..b", "1.2.3", "[::1", "\udcff.example"])
async def test_a_host_that_is_none_is_a_dns_error(transport, host):
    exchange = await transport.send(post(f"http://{host}/"), timeout=AMPLE)
    assert exchange.outcome.type == "dns"
    assert "names no host" in exchange.outcome.message


@pytest.mark.parametrize(
    ("url", "line", "host"),
    [
        ("http://127.0.0.1:P", "/", "127.0.0.1:P"),
        ("http://127.0.0.1:P?a=1", "/?a=1", "127.0.0.1:P"),
        ("http://127.0.0.1:P/a%2Fb/%41?code=x%2By%2Fz%3D%3D&q=%41", None, "127.0.0.1:P"),
        ("http://127.0.0.1:P/?", "/", "127.0.0.1:P"),
        ("http://127.0.0.1:P/x;y=1??a=b#c?d", "/x;y=1??a=b", "127.0.0.1:P"),
        ("http://127.0.0.1:P/a/../b/./c", "/b/c", "127.0.0.1:P"),
        ("http://127.0.0.1:P/ö?ä=%zz", "/%C3%B6?%C3%A4=%25zz", "127.0.0.1:P"),
        ("HTTP://LocalHost:P/Up", "/Up", "localhost:P"),
        ("http://bücher.example:P/x", "/x", "xn--bcher-kva.example:P"),
    ],
    ids=["bare", "query", "escapes", "empty-query", "odd", "dots", "unicode", "case", "idna"],
)
async def test_an_address_goes_on_the_wire_as_it_is_written(url, line, host):
    transport = HttpTransport(resolver=Here())
    async with Receiver() as receiver:
        exchange = await transport.send(post(url.replace(":P", f":{receiver.port}")), timeout=AMPLE)
        await transport.close()
    assert exchange.outcome == Response(status=200, headers=(("Content-Length", "0"),))
    [seen] = receiver.seen
    assert seen.line == f"POST {line or url.partition(':P')[2]} HTTP/1.1"
    assert seen["Host"] == host.replace(":P", f":{receiver.port}")


async def test_an_ipv6_address_is_spoken_to_and_named_in_brackets(transport):
    heads = []

    async def answers(reader, writer):
        heads.append(await read_request(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    try:
        async with serving(answers, host="::1") as port:
            url = f"http://[::1]:{port}/hook"
            assert (await transport.send(post(url), timeout=AMPLE)).outcome.status == 200
    except OSError:
        pytest.skip("no IPv6 here")
    assert f"\r\nHost: [::1]:{port}\r\n".encode() in heads[0]
    refused = await transport.send(post(url), timeout=AMPLE)
    assert refused.outcome.message == f"no connection to [::1]:{port}: Connection refused"


async def test_a_name_that_takes_for_ever_to_look_up_holds_up_nobody_else():
    transport = HttpTransport(resolver=Here())
    async with Receiver() as receiver:
        waiting = [
            asyncio.create_task(transport.send(post(f"http://slow.example:{receiver.port}/"), timeout=QUICK))
            for _ in range(40)
        ]
        await breathe()
        quick = await transport.send(post(f"http://quick.example:{receiver.port}/"), timeout=AMPLE)
        assert quick.outcome.status == 200
        assert {exchange.outcome.type for exchange in await asyncio.gather(*waiting)} == {"timeout"}
        await transport.close()


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
    transport = HttpTransport(resolver=Here())
    exchange = await transport.send(post("http://nobody.invalid/"), timeout=AMPLE)
    await transport.close()
    assert exchange.outcome.type == "dns"
    message = "the name nobody.invalid could not be resolved: Name or service not known"
    assert exchange.outcome.message == message
    assert exchange.timing["dns"] >= 0


@pytest.fixture
def tls():
    """A server's side of TLS for 127.0.0.1, and a client's side that trusts it."""
    authority, server, client = (
        trustme.CA(),
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        ssl.create_default_context(),
    )
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


async def test_a_certificate_nobody_trusts_is_a_tls_error(transport, tls):
    async with Receiver(tls=tls[0]) as receiver:
        exchange = await transport.send(post(receiver.url), timeout=AMPLE)
    assert exchange.outcome == TransportError(
        type="tls", message=f"no TLS with 127.0.0.1:{receiver.port}: unable to get local issuer certificate"
    )
    assert receiver.seen == []


async def test_a_certificate_of_somebody_else_is_a_tls_error(tls):
    transport = HttpTransport(resolver=Here(), tls=tls[1])
    async with Receiver(tls=tls[0]) as receiver:
        url = receiver.url.replace("127.0.0.1", "other.example")
        exchange = await transport.send(post(url), timeout=AMPLE)
        await transport.close()
    assert exchange.outcome.type == "tls"
    assert "not valid for 'other.example'" in exchange.outcome.message


async def test_a_trusted_certificate_is_no_trouble(tls):
    transport = HttpTransport(tls=tls[1])
    async with Receiver(tls=tls[0]) as receiver:
        for _ in range(3):
            assert (await transport.send(post(receiver.url), timeout=AMPLE)).outcome.status == 200
        await transport.close()
    assert receiver.connections == 1


async def test_plain_http_where_tls_was_asked_for_is_a_tls_error(transport):
    async def answers_at_once(reader, writer):
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with serving(answers_at_once) as port:
        exchange = await transport.send(post(f"https://127.0.0.1:{port}/"), timeout=AMPLE)
    assert exchange.outcome == TransportError(
        type="tls", message=f"no TLS with 127.0.0.1:{port}: wrong version number"
    )


async def test_a_handshake_that_nobody_answers_is_a_timeout(transport):
    async def mute(reader, writer):
        await asyncio.Event().wait()

    async with serving(mute) as port:
        exchange = await transport.send(post(f"https://127.0.0.1:{port}/"), timeout=QUICK)
    assert exchange.outcome.type == "timeout"


async def test_a_handshake_that_is_cut_short_is_a_reset(transport):
    async def cut(reader, writer):
        await reader.read(10)

    async with serving(cut) as port:
        exchange = await transport.send(post(f"https://127.0.0.1:{port}/"), timeout=AMPLE)
    assert exchange.outcome.type == "reset"
    assert f"127.0.0.1:{port}" in exchange.outcome.message


# --- kept connections ----------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_of_many_kept_connections_that_were_closed_none_is_used_again(scheme, tls):
    # All at once, and before the loop had a chance to notice.
    many, everybody = 12, asyncio.Event()

    async def together(seen):
        if len(receiver.seen) == many:
            everybody.set()
        await everybody.wait()
        return 200

    transport = HttpTransport(tls=tls[1])
    async with Receiver(together, tls=tls[0] if scheme == "https" else None) as receiver:
        await asyncio.gather(*(transport.send(post(receiver.url), timeout=AMPLE) for _ in range(many)))
        assert receiver.connections == many
        for wire in receiver.wires():
            with socket.socket(fileno=os.dup(wire.fileno())) as own:
                own.shutdown(socket.SHUT_WR)
        exchange = await transport.send(post(receiver.url), timeout=AMPLE)
        assert exchange.outcome.status == 200
        assert (receiver.connections, len(receiver.seen)) == (many + 1, many + 1)
        await transport.close()


async def test_an_answer_that_nobody_asked_for_is_not_the_next_ones(transport):
    idle, said = asyncio.Event(), asyncio.Event()

    async def speaks_twice(reader, writer):
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await idle.wait()
        writer.write(b"HTTP/1.1 418 Unasked\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        said.set()
        await read_request(reader)

    async with serving(speaks_twice) as port:
        url = f"http://127.0.0.1:{port}/"
        assert (await transport.send(post(url), timeout=AMPLE)).outcome.status == 200
        idle.set()
        await said.wait()
        for _ in range(10):  # until the client's side of this loop has read it
            await breathe()
        assert (await transport.send(post(url), timeout=AMPLE)).outcome.status == 200


async def test_a_request_that_may_have_been_seen_is_not_sent_again(transport):
    async with Receiver(lambda seen: 200 if seen.number == 1 else CLOSE) as receiver:
        first, second = [await transport.send(post(receiver.url), timeout=AMPLE) for _ in range(2)]
        assert receiver.connections == 1
    assert first.outcome.status == 200
    assert second.outcome.type == "reset"
    assert len(receiver.seen) == 2


async def test_a_server_that_speaks_first_is_asked_once(transport):
    connections = []

    async def greets(reader, writer):
        connections.append(writer)
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        await reader.read()

    async with serving(greets) as port:
        for _ in range(3):  # whoever is first, the greeting or the request
            exchange = await transport.send(post(f"http://127.0.0.1:{port}/"), timeout=AMPLE)
            assert exchange.outcome.type == "protocol"
    assert len(connections) == 3


async def test_a_connection_closed_while_idle_is_not_used_again(transport):
    async with Receiver(lambda seen: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as receiver:
        for _ in range(5):
            exchange = await transport.send(post(receiver.url), timeout=AMPLE)
            assert exchange.outcome == Response(status=200, headers=(("Content-Length", "0"),))
            async with asyncio.timeout(5):
                while receiver._tasks:
                    await asyncio.wait(receiver._tasks)
    assert receiver.connections == 5


@pytest.mark.parametrize(
    ("host", "phases"),
    [("127.0.0.1", {"connect", "wait", "read"}), ("here.example", {"dns", "connect", "wait", "read"})],
)
async def test_the_phases_of_an_attempt_add_up_to_its_time(host, phases):
    transport = HttpTransport(resolver=Here())
    async with Receiver() as receiver:
        url = receiver.url.replace("127.0.0.1", host)
        exchange = await transport.send(post(url), timeout=AMPLE)
        await transport.close()
    assert set(exchange.timing) == phases
    assert sum(exchange.timing.values()) == pytest.approx(exchange.elapsed_ms, abs=1)
    assert all(milliseconds >= 0 for milliseconds in exchange.timing.values())
