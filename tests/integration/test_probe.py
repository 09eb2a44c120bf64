"""The probe: a command's output or a GET, which is a number or says why not."""

import sys
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from sandbox.card.probe import ProbeFault, number, probe_of
from tests.receiver import CLOSE, Receiver


@pytest.mark.parametrize(
    ("said", "value"), [(b"7", 7), (b"  12\n", 12), (b"-3\r\n", -3), (b"+4", 4), (b"0", 0)]
)
def test_a_number_is_read_whatever_is_around_it(said, value):
    assert number(said) == value


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "it said nothing"),
        (b"7 chats", "it said '7 chats', which is not a whole number"),
        (b"1.5", "not a whole number"),
        (b"\x1b[2J", "it said '␛[2J'"),
        (b"\xff", "not a whole number"),
        (b"9" * 400, "…"),
        ("٣".encode(), "not a whole number"),
    ],
)
def test_what_is_no_number_is_told(said, why):
    with pytest.raises(ProbeFault) as fault:
        number(said)
    assert why in str(fault.value)
    assert len(str(fault.value)) < 150


async def test_a_command_runs_in_a_shell():
    assert await probe_of("echo 1 2 3 | wc -w").read() == 3


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("echo no such table >&2; exit 3", "the command ended with 3: no such table"),
        ("exit 1", "the command ended with 1"),
        ("echo many", "it said 'many'"),
        ("true", "it said nothing"),
    ],
)
async def test_a_command_that_gives_no_number_says_why(command, why):
    with pytest.raises(ProbeFault, match=why):
        await probe_of(command).read()


async def test_a_command_that_hangs_is_ended_with_its_children(monkeypatch):
    monkeypatch.setattr("sandbox.card.probe.TIMEOUT", 0.1)
    with pytest.raises(ProbeFault, match=r"more than 0\.1s"):
        await probe_of(f"{sys.executable} -c 'import time; time.sleep(60)' | cat").read()


@asynccontextmanager
async def answering(status, text):
    """The address of a server that answers so to every GET."""
    app = web.Application()

    async def answer(request):
        return web.Response(status=status, text=text)

    app.router.add_get("/count", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/count?token=very-secret"
    finally:
        await runner.cleanup()


async def test_a_url_is_fetched():
    async with answering(200, "42\n") as url:
        assert await probe_of(url).read() == 42


@pytest.mark.parametrize(
    ("status", "text", "why"),
    [(404, "0", "answered 404"), (200, "{}", "not a whole number"), (200, "", "said nothing")],
)
async def test_a_url_that_gives_no_number_says_why(status, text, why):
    async with answering(status, text) as url:
        with pytest.raises(ProbeFault, match=why):
            await probe_of(url).read()


@pytest.mark.parametrize("answer", [CLOSE, b"SSH-2.0\r\n"], ids=["closed", "no HTTP"])
async def test_an_address_that_is_no_http_says_so_and_keeps_the_secret_of_its_query(answer):
    async with Receiver(lambda seen: answer) as receiver:
        with pytest.raises(ProbeFault, match=r"cannot be (read|reached)") as fault:
            await probe_of(f"{receiver.url}?token=very-secret").read()
    assert "very-secret" not in str(fault.value)


async def test_the_secret_of_a_url_is_not_told():
    async with answering(500, "") as url:
        with pytest.raises(ProbeFault) as fault:
            await probe_of(url).read()
    assert "very-secret" not in str(fault.value)
    with pytest.raises(ProbeFault, match="user name or password"):
        await probe_of("http://me:secret@127.0.0.1/").read()
