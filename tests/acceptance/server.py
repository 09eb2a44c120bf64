"""`wexio-sandbox serve` as a process of its own, and a client for it that knows nothing of ours."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds until something that should have happened counts as missing
_direct = build_opener(ProxyHandler({})).open


class Server:
    """A running server: what it has said, and its API."""

    def __init__(self, process: subprocess.Popen[str], complaints: Path) -> None:
        self.process = process
        self.said: list[str] = []  # on stdout, until it was up
        self._complaints = complaints
        self.url = ""
        self.token: str | None = None
        assert process.stdout is not None
        for line in process.stdout:
            self.said.append(line)
            if found := re.search(r"serving on (http://[^/]+)/(?:#token=(\S+))?", line):
                self.url, self.token = found[1], found[2]
            if line.startswith("API:"):
                return
        raise AssertionError(f"it did not come up ({process.wait()}): {self.complaints}")

    @property
    def complaints(self) -> str:
        """What it has said on stderr."""
        return self._complaints.read_text(encoding="utf-8")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def call(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and document of a call; a path that begins with // is one of the root."""
        path = path[1:] if path.startswith("//") else f"/api/v1{path}"
        told = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            told["Content-Type"] = "application/json"
        request = Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=told | dict(headers or {}),
        )
        try:
            with _direct(request, timeout=PATIENCE) as answer:
                status, text = answer.status, answer.read()
        except HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text) if text else None

    def stream(self, **headers: str) -> Any:
        """The live stream, open."""
        told = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        request = Request(
            f"{self.url}/api/v1/journal", headers={"Accept": "text/event-stream", **told, **headers}
        )
        return _direct(request, timeout=PATIENCE)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Exit code, and the seconds until it was gone."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(PATIENCE), time.monotonic() - began


def command(*arguments: str) -> list[str]:
    """`wexio-sandbox serve` with *arguments*."""
    return [sys.executable, "-m", "sandbox", "serve", *arguments]


def environment(**variables: str) -> dict[str, str]:
    """That of the tests, without what would be said to a sandbox, and with *variables*."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WEXIO_")}
    return ours | {"PYTHONPATH": str(ROOT)} | variables


@contextmanager
def served(folder: Path, *arguments: str, **variables: str) -> Iterator[Server]:
    """A server in *folder*, on a free port unless *arguments* or *variables* name one."""
    named = "--port" in arguments or "WEXIO_SANDBOX_PORT" in variables
    complaints = folder / "stderr.txt"
    with complaints.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command(*arguments, *(() if named else ("--port", "0"))),
            cwd=folder,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
        )
    try:
        yield Server(process, complaints)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def refused(folder: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Exit code and complaint of a server that does not come up."""
    ended = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    return ended.returncode, ended.stderr
