"""Who is measured: the whole engine, and others that only post bytes that are ready."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Callable, Coroutine
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.measure import Sample, run, timed, timed_async
from sandbox import Connection, Hmac, Response, RetryPolicy, Sandbox
from sandbox.clock import breathe, wall_now
from sandbox.core.cast import Cast
from sandbox.core.envelope import Rendering, Target
from sandbox.core.ids import Seed
from sandbox.core.locales import LOCALES
from sandbox.core.model import Exchange, Request
from sandbox.core.people import names_of
from sandbox.core.scenario import Emit, Repeat, Scenario
from sandbox.journal import Journal, MemoryJournal
from sandbox.transport import HttpTransport, Transport

IN_FLIGHT: Final = 32
SECRET: Final = "whsec_benchmark"
HOUR: Final = timedelta(hours=1)


def connection(url: str, retry: RetryPolicy | str | None = None) -> Connection:
    """The one that every contender delivers to."""
    return Connection(
        name="sink",
        id="6640f45ac8a0d7e8b7f2014a",
        url=url,
        auth=Hmac(secret=SECRET),
        retry=retry,
        concurrency=IN_FLIGHT,
    )


def first_contacts(count: int) -> Scenario:
    """*count* people who write in at once."""
    return Scenario(name="benchmark", steps=(Repeat(times=count, steps=(Emit(event="chat.created"),)),))


def ready_request(url: str) -> Request:
    """What the engine would send for some event."""
    event = Cast(Seed(1)).chat_created(at=wall_now(), channels=("WHATSAPP",)).event
    return Rendering(event, Target(connection(url)), 1, wall_now()).request()


def event_maker() -> Callable[[], object]:
    """What makes an event each time."""
    cast, at = Cast(Seed(1)), wall_now()
    return lambda: cast.chat_created(at=at)


def warm_up() -> None:
    """Have the names of every country: they are made once in a process."""
    for locale in LOCALES:
        names_of(locale)


class Nowhere:
    """A transport that costs nothing: every request is answered in the next turn of the loop."""

    def __init__(self, status: int = 200) -> None:
        self._exchange = Exchange(outcome=Response(status=status), elapsed_ms=0.0)

    async def send(self, request: Request, *, timeout: timedelta) -> Exchange:
        await breathe()
        return self._exchange

    async def close(self) -> None:
        """There is nothing."""


def engine(
    transport: Callable[[], Transport],
    url: str,
    count: int,
    *,
    uvloop: bool,
    journal: Callable[[], Journal] = MemoryJournal,
) -> Sample:
    """The whole engine: cast, render, sign, send by *transport*, journal, schedule."""

    async def work() -> Sample:
        way = transport()
        try:
            async with Sandbox(seed=1, transport=way, journal=journal()) as sandbox:
                sandbox.connect(connection(url))
                await sandbox.play(first_contacts(IN_FLIGHT))  # connections are open now
                return await timed_async(count, sandbox.play(first_contacts(count)))
        finally:
            await way.close()

    return run(work(), uvloop=uvloop)


def bare_aiohttp(url: str, count: int, *, uvloop: bool) -> Sample:
    """A loop around aiohttp's client that posts the same ready bytes."""
    request = ready_request(url)

    async def work() -> Sample:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
        ) as session:

            async def post(times: int) -> None:
                for _ in range(times):
                    async with session.post(url, data=request.body, headers=request.headers) as answer:
                        await answer.read()

            await _side_by_side(post, IN_FLIGHT)
            return await timed_async(count, _side_by_side(post, count))

    return run(work(), uvloop=uvloop)


def our_transport(
    url: str, count: int, *, uvloop: bool, status: int = 200, before: Callable[[], object] = lambda: None
) -> Sample:
    """The same with the engine's transport, so that its share can be seen; and what is done *before* each."""
    request = ready_request(url)

    async def work() -> Sample:
        transport = HttpTransport()

        async def post(times: int) -> None:
            for _ in range(times):
                before()
                exchange = await transport.send(request, timeout=HOUR)
                assert isinstance(exchange.outcome, Response), exchange.outcome
                assert exchange.outcome.status == status

        try:
            await _side_by_side(post, IN_FLIGHT)
            return await timed_async(count, _side_by_side(post, count))
        finally:
            await transport.close()

    return run(work(), uvloop=uvloop)


async def _side_by_side(post: Callable[[int], Coroutine[Any, Any, None]], count: int) -> None:
    async with asyncio.TaskGroup() as group:
        for lane in range(IN_FLIGHT):
            group.create_task(post(count // IN_FLIGHT + (lane < count % IN_FLIGHT)))


def requests_session(url: str, count: int) -> Sample:
    """A script with requests and one session, one request after the other."""
    import requests

    request = ready_request(url)

    def work() -> None:
        for _ in range(count):
            session.post(url, data=request.body, headers=dict(request.headers), timeout=60)

    with requests.Session() as session:
        session.post(url, data=request.body, timeout=60)
        return timed(count, work)


def has_requests() -> bool:
    """Whether requests is installed."""
    return find_spec("requests") is not None


def wrk(url: str, seconds: int, folder: Path) -> Sample:
    """Fixed bytes, no signature, as fast as C can."""
    request = ready_request(url)
    script = folder / "post.lua"
    headers = "\n".join(f"wrk.headers[{name!r}] = {value!r}" for name, value in request.headers)
    body = request.body.decode().replace("]]", "] ]")
    script.write_text(f'wrk.method = "POST"\nwrk.body = [[{body}]]\n{headers}\n')
    said = _said_by("wrk", "-t1", f"-c{IN_FLIGHT}", f"-d{seconds}s", "-s", str(script), url)
    return _sample(re.search(r"Requests/sec:\s+([0-9.]+)", said), seconds)


def hey(url: str, seconds: int, folder: Path) -> Sample:
    """Fixed bytes, no signature, in Go."""
    request = ready_request(url)
    body = folder / "body.json"
    body.write_bytes(request.body)
    headers = [part for name, value in request.headers for part in ("-H", f"{name}: {value}")]
    said = _said_by(
        *("hey", "-z", f"{seconds}s", "-c", str(IN_FLIGHT), "-m", "POST", "-D", str(body), *headers, url)
    )
    return _sample(re.search(r"Requests/sec:\s+([0-9.]+)", said), seconds)


def has(program: str) -> bool:
    """Whether *program* is on the PATH."""
    return shutil.which(program) is not None


def _said_by(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _sample(rate: re.Match[str] | None, seconds: float) -> Sample:
    assert rate is not None, "its output has another form than the one we know"
    return Sample(count=round(float(rate[1]) * seconds), seconds=seconds, cpu=0.0)
