"""A browser before a real ``serve``: what the tests of the dashboard begin with.

A console error, an error of a script, or a request to anybody but the sandbox fails the
test, whatever else it looked at.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.request import Request, urlopen

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

AXE = Path(__file__).parent / "axe"
STILL = """() => Promise.allSettled(document.getAnimations()
    .filter((it) => it.effect.getComputedTiming().endTime < Infinity).map((it) => it.finished))"""
PATIENCE = 15_000  # milliseconds until something that should be seen counts as missing
expect.set_options(timeout=PATIENCE)


def missing(what: str) -> None:
    """Skip the test, or fail it where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and under CI the dashboard is always tested")
    pytest.skip(what)


def chromium() -> str:
    """The browser of the system: Debian's package is called chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (path := shutil.which(name)) is not None:
            return path
    missing("Chromium is not installed")
    raise AssertionError


class Server:
    """A ``serve`` in a process of its own."""

    def __init__(self, *flags: str, port: int = 0, db: str = ":memory:") -> None:
        self._flags, self._port, self._db = flags, port, db
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Until it listens."""
        command = [sys.executable, "-m", "sandbox", "serve", "--port", str(self._port), "--db", self._db]
        self._log = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by stop
        self._process = subprocess.Popen(
            [*command, *self._flags], stdout=subprocess.PIPE, stderr=self._log, text=True, encoding="utf-8"
        )
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        if not first.startswith("serving on "):
            self._log.seek(0)
            pytest.fail(f"serve did not come up: {first}{self._log.read()}")
        self.url = first.split()[2].rstrip("/")
        self._port = int(self.url.rpartition(":")[2])  # the same one, if it is started again

    def stop(self) -> None:
        """As an operator ends it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._log.close()
            self._process = None

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the API, as a program makes it."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(
            f"{self.url}/api/v1{path}", data, {"Content-Type": "application/json"}, method=method
        )
        with urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def play(self, scenario: str, **more: Any) -> str:
        """Play a scenario by name to its end; its run's id."""
        run = self.call("POST", "/runs", {"scenario": scenario, "speed": "max", **more})
        while run["status"] == "playing":
            run = self.call("GET", f"/runs/{run['id']}")
        return str(run["id"])


@contextmanager
def served(*flags: str, db: str = ":memory:") -> Iterator[Server]:
    """A server until the end of the block."""
    server = Server(*flags, db=db)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Visitor:
    """A browser's window before the sandbox, and what went wrong in it."""

    def __init__(self, context: BrowserContext, page: Page, server: Server) -> None:
        self.context, self.page, self.server = context, page, server
        self.wrong: list[str] = []
        self.forgiven: tuple[str, ...] = ()
        page.on("console", self._listen_to)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        context.on("request", lambda it: self._look_at(it.url))

    def _listen_to(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def _look_at(self, url: str) -> None:
        if not url.startswith((f"{self.server.url}/", "data:", "blob:")):
            self.wrong.append(f"a request to {url}")

    async def open(self, path: str = "") -> Page:
        """The dashboard at ``#/path``, once it is connected."""
        await self.page.goto(f"{self.server.url}/#/{path}")
        await expect(self.page.locator(".link-state")).to_have_text("Live")
        return self.page

    async def axe(self) -> list[str]:
        """What axe finds serious or worse, a line each."""
        script = AXE / "node_modules" / "axe-core" / "axe.min.js"
        if not script.exists():
            missing("axe is not installed (npm ci in tests/acceptance/axe)")
        # By the debugger: the page's own policy would not let a foreign script in.
        await self.page.evaluate(script.read_text(encoding="utf-8"))
        await self.page.evaluate(STILL)  # what fades in has less contrast on its way
        found = await self.page.evaluate(
            # What it would preload are style sheets that the policy keeps it from writing out again.
            "axe.run(document, {resultTypes: ['violations'], preload: false}).then(it => it.violations)"
        )
        return [
            f"{item['id']}: {node['target']} {node.get('failureSummary', '')}"
            for item in found
            if item["impact"] in ("serious", "critical")
            for node in item["nodes"]
        ]

    def assert_nothing_went_wrong(self) -> None:
        """No error in the console, no request to elsewhere; *forgiven* are those that a test provokes."""
        wrong = [it for it in self.wrong if not any(part in it for part in self.forgiven)]
        assert not wrong, "\n".join(wrong)


@asynccontextmanager
async def browsing(flags: Sequence[str] = ()) -> AsyncIterator[Browser]:
    """Chromium until the end of the block."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu", *flags]
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visiting(
    server: Server, *, width: int = 1280, height: int = 800, **context: Any
) -> AsyncIterator[Visitor]:
    """A visitor of *server*; at the end of the block it must have seen nothing wrong."""
    async with _a_browser() as browser:
        opened = await browser.new_context(viewport={"width": width, "height": height}, **context)
        visitor = Visitor(opened, await opened.new_page(), server)
        yield visitor
        visitor.assert_nothing_went_wrong()
        await opened.close()


_shared: list[Browser] = []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_browser() -> AsyncIterator[None]:
    """One browser for a whole module, whose tests then share its loop: `SHARING` is its mark."""
    async with browsing() as browser:
        _shared.append(browser)
        yield
        _shared.clear()


SHARING = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("shared_browser")]


@asynccontextmanager
async def _a_browser() -> AsyncIterator[Browser]:
    if _shared:
        yield _shared[0]
    else:
        async with browsing() as browser:
            yield browser
