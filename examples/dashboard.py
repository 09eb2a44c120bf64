"""Draws README's pictures of the dashboard: a server, a scenario, a browser.

    .venv/bin/python examples/dashboard.py

Needs Chromium (Debian: apt-get install chromium). The people are those of a seed; times differ.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
SIZE = {"width": 1440, "height": 900}


def call(url: str, path: str, body: Any = None) -> Any:
    """One call of the API."""
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{url}/api/v1{path}", data, {"Content-Type": "application/json"})) as answer:
        return json.loads(answer.read())


def stage(page: Page, url: str) -> None:
    """In the middle of the outage of the demonstration: some are taken, some wait."""
    run = call(url, "/runs", {"scenario": "sales-demo", "seed": 7, "speed": 1})["id"]
    page.goto(f"{url}/#/stage/{run}")
    page.locator(".fall[data-status=PENDING][data-tone=bad]").nth(2).wait_for(timeout=120_000)
    page.screenshot(path=HERE / "dashboard-stage.png")


def overview(page: Page, url: str) -> None:
    """After a busy morning."""
    call(url, "/runs", {"scenario": "busy-morning", "seed": 7, "speed": 4})
    page.goto(f"{url}/#/overview")
    began = perf_counter()
    while call(url, "/stats")["runs"].get("playing") and perf_counter() - began < 120:
        page.wait_for_timeout(1000)
    page.wait_for_timeout(3000)
    page.screenshot(path=HERE / "dashboard-overview.png")


def main() -> None:
    """Both pictures."""
    browser_of_the_system = shutil.which("chromium")
    if browser_of_the_system is None:
        sys.exit("Chromium is not installed")
    command = [sys.executable, "-m", "sandbox", "serve", "--port", "0", "--db", ":memory:"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server,
        sync_playwright() as playwright,
    ):
        assert server.stdout is not None
        url = server.stdout.readline().split()[2].rstrip("/")
        browser = playwright.chromium.launch(executable_path=browser_of_the_system, args=["--no-sandbox"])
        try:
            stage(browser.new_page(viewport=SIZE, color_scheme="light"), url)
            overview(browser.new_page(viewport=SIZE, color_scheme="dark"), url)
        finally:
            browser.close()
            server.terminate()


if __name__ == "__main__":
    main()
