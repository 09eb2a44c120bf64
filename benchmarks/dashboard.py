"""Aim 7: how soon the dashboard is there, and how soon it obeys, measured in the browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any
from urllib.request import Request, urlopen

from benchmarks.figures import Figure
from benchmarks.measure import middle

PART = "7 dashboard"
_ENTRIES = 4  # of the journal, for an event that is accepted at once

# A key leads to another area; over is it with the second frame that shows it.
_GO = """([letter, title]) => new Promise((done) => {
  const began = performance.now();
  for (const key of ["g", letter]) dispatchEvent(new KeyboardEvent("keydown", { key }));
  const look = () => document.querySelector("h1")?.textContent === title
    ? requestAnimationFrame(() => done(performance.now() - began))
    : requestAnimationFrame(look);
  requestAnimationFrame(look);
})"""
_FRAMES = """() => {
  const frames = (window.frames_seen = []);
  let last = performance.now();
  const next = (now) => (frames.push(now - last), (last = now), requestAnimationFrame(next));
  requestAnimationFrame(next);
}"""
_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_READY = "() => import('/static/app/store.js').then((store) => store.deliveries.size)"
_AREAS = (("o", "Overview"), ("d", "Deliveries"), ("s", "Stage"), ("d", "Deliveries"))


def measure(*, quick: bool) -> Iterator[Figure]:
    """Seconds until it shows, and until it obeys, among many deliveries and while many come."""
    from playwright.sync_api import sync_playwright

    browser_of_the_system = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_of_the_system is None:
        raise SystemExit("the part dashboard needs Chromium (Debian: apt-get install chromium)")
    count, seconds, rate = (200, 2, 50) if quick else (10_000, 15, 50)
    with _serve() as url, sync_playwright() as playwright:
        _fill(url, count)
        browser = playwright.chromium.launch(
            executable_path=browser_of_the_system, args=["--no-sandbox", "--disable-gpu"]
        )
        paints, held, goes = [], [], []
        for _ in range(1 if quick else 5):
            page = browser.new_page()
            began = perf_counter()
            page.goto(f"{url}/#/deliveries")
            page.locator(".link-state", has_text="Live").wait_for()
            while page.evaluate(_READY) < count:
                page.wait_for_timeout(20)
            held.append(perf_counter() - began)
            paints.append(page.evaluate(_PAINT) / 1000)
            goes += [page.evaluate(_GO, area) / 1000 for area in _AREAS]
            page.close()
        told = f"{count:,} deliveries"
        yield Figure(
            part=PART, what=f"first paint, {told}", value=middle(paints), unit="s", aim=1.0, samples=paints
        )
        yield Figure(part=PART, what=f"until all {told} are held", value=middle(held), unit="s", samples=held)
        yield Figure(
            part=PART,
            what=f"a key leads elsewhere, {told}",
            value=middle(goes),
            unit="s",
            aim=0.2,
            samples=goes,
        )

        page = browser.new_page()
        page.goto(f"{url}/#/deliveries")
        page.locator(".link-state", has_text="Live").wait_for()
        page.evaluate(_FRAMES)
        flow = threading.Thread(target=_flow, args=(url, rate, seconds))
        flow.start()
        goes = []
        while flow.is_alive():
            goes += [page.evaluate(_GO, area) / 1000 for area in _AREAS]
            page.wait_for_timeout(100)
        flow.join()
        frames = sorted(frame / 1000 for frame in page.evaluate("window.frames_seen"))
        browser.close()
        told = f"{rate * _ENTRIES} entries/s"
        yield Figure(
            part=PART,
            what=f"a key leads elsewhere, {told}",
            value=middle(goes),
            unit="s",
            aim=0.2,
            samples=goes,
        )
        late = frames[int(len(frames) * 0.99)]
        yield Figure(part=PART, what=f"between two frames, 99 of 100, {told}", value=late, unit="s", aim=0.1)


@contextmanager
def _serve() -> Iterator[str]:
    command = [sys.executable, "-m", "sandbox", "serve", "--port", "0", "--db", ":memory:"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[2].rstrip("/")
        finally:
            process.terminate()


def _call(url: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{url}/api/v1{path}", data, {"Content-Type": "application/json"})) as answer:
        return json.loads(answer.read())


def _fill(url: str, count: int) -> None:
    target = _call(url, "/subscriber")["url"]
    _call(url, "/connections", {"name": "bench", "url": target, "auth": {"type": "NONE"}})
    _call(url, "/events", {"event": "chat.created", "count": count})
    _call(url, "/settle", {})


def _flow(url: str, rate: int, seconds: float) -> None:
    """*rate* events a second, in handfuls, whatever becomes of them."""
    pause, began = threading.Event(), perf_counter()
    for handful in range(int(seconds * 10)):
        _call(url, "/events", {"event": "chat.created", "count": rate // 10})
        pause.wait(max(0, began + (handful + 1) / 10 - perf_counter()))
