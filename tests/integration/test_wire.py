"""Faults on the stream, seen by a bare socket: which bytes came when, and how the connection ended."""

import asyncio
import contextlib
import socket
import ssl
import threading
from datetime import timedelta
from time import perf_counter

import pytest
import trustme

from sandbox.core.addresses import Targets
from sandbox.core.model import Request, Response, Sending, TransportError
from sandbox.transport import HttpTransport

AMPLE = timedelta(seconds=20)
HEADERS = (("Content-Type", "application/json"), ("X-Wexio-Signature", "t=1,v1=ab"))
BODY = bytes(range(32, 127)) * 4
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Ear:
    """A receiver on a thread of its own: reads one connection to its end, whatever comes.

    *answer_after* so many bytes it answers 200, or, where None, when the other side has closed.
    """

    def __init__(self, *, answer_after=None, tls=None):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._answer_after, self._tls = answer_after, tls
        self.arrivals = []  # (when, bytes)
        self.end = None
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    @property
    def heard(self):
        return b"".join(part for _, part in self.arrivals)

    @property
    def head(self):
        return self.heard.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    @property
    def body(self):
        return self.heard.partition(b"\r\n\r\n")[2]

    async def done(self):
        await asyncio.to_thread(self._thread.join, 10)
        assert not self._thread.is_alive()
        self._listening.close()
        return self

    def _hear(self):
        self._listening.settimeout(10)
        wire, _ = self._listening.accept()
        wire.settimeout(10)
        with wire:
            plain = _Plain(wire) if self._tls is None else _Tls(wire, self._tls)
            while True:
                try:
                    part = plain.recv()
                except ConnectionResetError:
                    self.end = "reset"
                    return
                if not part:
                    self.end = "closed"
                    if self._answer_after is None:
                        with contextlib.suppress(OSError):
                            plain.send(OK)
                    return
                self.arrivals.append((perf_counter(), part))
                if self._answer_after is not None and len(self.body) >= self._answer_after:
                    plain.send(OK)
                    self._answer_after = float("inf")


class _Plain:
    def __init__(self, wire):
        self._wire = wire
        self.send = wire.sendall

    def recv(self):
        return self._wire.recv(65536)


class _Tls:
    """TLS by hand: Python's own sockets show a reset as an ordinary end."""

    def __init__(self, wire, context):
        self._wire, self._in, self._out = wire, ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._until_done(self._tls.do_handshake)

    def recv(self):
        try:
            return self._until_done(lambda: self._tls.read(65536))
        except (EOFError, ssl.SSLZeroReturnError):
            return b""

    def send(self, data):
        self._until_done(lambda: self._tls.write(data))

    def _until_done(self, act):
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                self._flush()
                part = self._wire.recv(65536)
                if not part:
                    raise EOFError from None
                self._in.write(part)
            finally:
                self._flush()

    def _flush(self):
        if self._out.pending:
            with contextlib.suppress(BrokenPipeError):
                self._wire.sendall(self._out.read())


@pytest.fixture
async def transport():
    transport = HttpTransport()
    yield transport
    await transport.close()


def request(ear, body=BODY, **sending):
    length = sending.pop("length", len(body))
    return Request(
        url=f"http://127.0.0.1:{ear.port}/hook",
        headers=HEADERS,
        body=body,
        sending=Sending(length=length, **sending),
    )


async def test_a_request_that_goes_out_wrong_has_the_headers_of_one_that_does_not(transport):
    heads = []
    for sending in (None, Sending(length=len(BODY), over=timedelta(seconds=0.1))):
        ear = Ear(answer_after=len(BODY))
        right = Request(url=f"http://127.0.0.1:{ear.port}/hook", headers=HEADERS, body=BODY, sending=sending)
        assert isinstance((await transport.send(right, timeout=AMPLE)).outcome, Response)
        await transport.close()
        heads.append((await ear.done()).head.replace(str(ear.port).encode(), b"PORT"))
        assert ear.body == BODY
    assert heads[0] == heads[1]


async def test_a_slow_body_trickles_in_pieces_over_its_time(transport):
    ear = Ear(answer_after=len(BODY))
    exchange = await transport.send(request(ear, over=timedelta(seconds=0.5)), timeout=AMPLE)
    await transport.close()
    await ear.done()
    assert exchange.outcome == Response(status=200, headers=(("Content-Length", "2"),), body=b"ok")
    assert ear.body == BODY
    assert len(ear.arrivals) >= 5
    assert ear.arrivals[-1][0] - ear.arrivals[0][0] >= 0.4
    assert exchange.elapsed_ms >= 500


async def test_a_body_slower_than_the_time_allowed_is_a_timeout(transport):
    ear = Ear(answer_after=len(BODY))
    slow = request(ear, over=timedelta(seconds=30))
    exchange = await transport.send(slow, timeout=timedelta(seconds=0.3))
    assert exchange.outcome.type == "timeout"
    assert len((await ear.done()).body) < len(BODY)


async def test_an_answer_that_comes_before_a_slow_body_has_ended_is_the_answer(transport):
    ear = Ear(answer_after=1)
    exchange = await transport.send(request(ear, over=timedelta(seconds=30)), timeout=AMPLE)
    assert exchange.outcome.status == 200
    assert exchange.elapsed_ms < 20_000
    await transport.close()
    await ear.done()


async def test_a_truncated_body_is_shorter_than_its_content_length_and_then_the_sender_closes(transport):
    ear = Ear()
    cut = request(ear, BODY[:100], length=len(BODY), end="closed")
    exchange = await transport.send(cut, timeout=AMPLE)
    await ear.done()
    assert f"Content-Length: {len(BODY)}\r\n".encode() in ear.head
    assert (ear.body, ear.end) == (BODY[:100], "closed")
    assert exchange.outcome.status == 200, "there may still be an answer"


async def test_after_a_truncated_body_a_subscriber_that_says_nothing_has_closed_without_an_answer(transport):
    ear = Ear(answer_after=float("inf"))
    cut = request(ear, BODY[:100], length=len(BODY), end="closed")
    outcome = (await transport.send(cut, timeout=AMPLE)).outcome
    assert (await ear.done()).body == BODY[:100]
    assert outcome == TransportError(type="reset", message="the connection was closed without an answer")


async def test_the_connection_of_a_truncated_body_is_never_used_again(transport):
    ear = Ear(answer_after=100)
    cut = request(ear, BODY[:100], length=len(BODY), end="closed")
    assert (await transport.send(cut, timeout=AMPLE)).outcome.status == 200
    assert (await ear.done()).heard.count(b"POST /hook") == 1
    second = Ear(answer_after=len(BODY))
    again = Request(url=f"http://127.0.0.1:{second.port}/hook", headers=HEADERS, body=BODY)
    assert (await transport.send(again, timeout=AMPLE)).outcome.status == 200
    await transport.close()
    assert (await second.done()).body == BODY


@pytest.mark.parametrize(
    "body", [b"", BODY[:100], b"x" * 3_000_000], ids=["after headers", "mid-body", "large"]
)
async def test_a_reset_is_a_reset_and_comes_after_the_last_byte(transport, body):
    ear = Ear(answer_after=float("inf"))
    broken = request(ear, body, length=len(body) + 100, end="reset")
    exchange = await transport.send(broken, timeout=AMPLE)
    await ear.done()
    assert ear.head.startswith(b"POST /hook HTTP/1.1\r\n")
    assert ear.head.endswith(b"\r\n\r\n")
    assert (ear.body, ear.end) == (body, "reset")
    assert exchange.outcome == TransportError(
        type="reset", message="the sandbox reset the connection, as was asked"
    )


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def both(authority):
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


@pytest.mark.parametrize(
    ("end", "body", "ends"),
    [("whole", BODY, "closed"), ("reset", BODY[:100], "reset"), ("closed", BODY[:100], "closed")],
)
async def test_under_tls_it_is_the_same(authority, end, body, ends):
    server, client = both(authority)
    ear = Ear(answer_after=len(BODY), tls=server)
    transport = HttpTransport(tls=client)
    sending = Sending(length=len(BODY), over=timedelta(seconds=0.2), end=end)
    wrong = Request(url=f"https://127.0.0.1:{ear.port}/hook", headers=HEADERS, body=body, sending=sending)
    outcome = (await transport.send(wrong, timeout=AMPLE)).outcome
    await transport.close()
    await ear.done()
    assert (ear.body, ear.end) == (body, ends)
    assert isinstance(outcome, Response) == (end == "whole")


async def test_a_certificate_that_nobody_vouches_for_is_refused_there_too(authority):
    server, _ = both(authority)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def shake():
            wire, _ = listening.accept()
            with contextlib.suppress(OSError), wire:
                server.wrap_socket(wire, server_side=True)

        threading.Thread(target=shake, daemon=True).start()
        transport = HttpTransport()
        sending = Sending(length=9, end="reset")
        wrong = Request(url=f"https://127.0.0.1:{port}/", headers=HEADERS, body=b"x", sending=sending)
        outcome = (await transport.send(wrong, timeout=AMPLE)).outcome
        await transport.close()
    assert outcome.type == "tls"


async def test_an_address_that_may_not_be_sent_to_is_not_sent_to_wrongly_either():
    transport = HttpTransport(targets=Targets.read(["192.0.2.0/24"]))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        sending = Sending(length=9, end="reset")
        wrong = Request(url=f"http://127.0.0.1:{port}/", headers=HEADERS, body=b"x", sending=sending)
        outcome = (await transport.send(wrong, timeout=AMPLE)).outcome
        listening.settimeout(0.05)
        with pytest.raises(TimeoutError):
            listening.accept()
    await transport.close()
    assert outcome.type == "blocked"
