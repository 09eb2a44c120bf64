"""What the pytest fixtures cost: a suite of a hundred tests, and a suite that uses none of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.figures import Figure
from benchmarks.measure import middle

PART = "fixtures"
# Each test has a sandbox and an app of its own; the bare ones only the app, asked once by
# the client of the standard library.  What a test takes is measured from its setup to its
# teardown; the first of each kind loads what it needs, and counts apart.
SUITE: Final = """
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *said):
        pass


@pytest.fixture(scope="session")
def port():
    with ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("number", range({tests}))
def test_bare(port, number):
    client = HTTPConnection("127.0.0.1", port)
    client.request("POST", "/", body=b"x" * 1000)
    assert client.getresponse().status == 200
    client.close()


@pytest.mark.parametrize("number", range({tests}))
def test_sandbox(port, wexio_sandbox, number):
    wexio_sandbox.connect(f"http://127.0.0.1:{{port}}/", secret="whsec_test")
    wexio_sandbox.assert_delivered(wexio_sandbox.emit("chat.created", channel="VIBER"))


@pytest.mark.parametrize("number", range({tests}))
def test_request(wexio_request, number):
    assert wexio_request("chat.created", channel="VIBER", secret="whsec_test").body
"""
CONFTEST: Final = """
import json
import resource
from pathlib import Path
from time import perf_counter, process_time

import pytest

TIMES, MEMORY, CPU = {}, {}, {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    began, cpu = perf_counter(), process_time()
    result = yield
    name = item.originalname
    TIMES.setdefault(name, []).append(perf_counter() - began)
    CPU.setdefault(name, []).append(process_time() - cpu)
    MEMORY.setdefault(name, []).append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return result


def pytest_sessionfinish():
    Path("figures.json").write_text(json.dumps({"times": TIMES, "memory": MEMORY, "cpu": CPU}))
"""
_ONLY_OURS: Final = tuple(
    option
    for name in ("asyncio", "aiohttp", "anyio", "xdist", "hypothesispytest", "schemathesis", "faker")
    for option in ("-p", f"no:{name}")
)
_IMPORT: Final = "import pytest\nfrom time import perf_counter as now\nat = now()\nimport wexio_sandbox_pytest\nprint(now() - at)"


def measure(*, quick: bool) -> Iterator[Figure]:
    """Seconds of one test each, and of the plugin where nobody uses it."""
    tests = 10 if quick else 100
    with TemporaryDirectory() as folder:
        _suite(Path(folder), 1)  # compiles everything, as installing does
        times, memory, cpu = _suite(Path(folder), tests)
    yield Figure(
        part=PART,
        what=f"{tests} tests with wexio_sandbox, all of them",
        value=sum(times["test_sandbox"]),
        unit="s",
    )
    yield Figure(
        part=PART,
        what="the first of them, which loads everything",
        value=times["test_sandbox"][0] * 1000,
        unit="ms",
    )
    bare, with_sandbox = middle(times["test_bare"][1:]), middle(times["test_sandbox"][1:])
    yield Figure(
        part=PART,
        what="a bare test of the same app, for comparison",
        value=bare * 1000,
        unit="ms",
        samples=times["test_bare"],
    )
    yield Figure(
        part=PART, what="wexio_sandbox, on top of that", value=(with_sandbox - bare) * 1000, unit="ms", aim=10,
        samples=times["test_sandbox"],
    )  # fmt: skip
    yield Figure(
        part=PART,
        what="the same in CPU time, which others on this machine change less",
        value=(middle(cpu["test_sandbox"][1:]) - middle(cpu["test_bare"][1:])) * 1000,
        unit="ms",
        samples=cpu["test_sandbox"],
    )
    yield Figure(
        part=PART, what="a test with wexio_request", value=middle(times["test_request"][1:]) * 1000, unit="ms",
        samples=times["test_request"],
    )  # fmt: skip
    kept = memory["test_sandbox"]
    yield Figure(
        part=PART,
        what="memory of that whole suite, at its peak",
        value=memory["test_request"][-1] / 1024,
        unit="MB",
    )
    yield Figure(
        part=PART,
        what="memory that each further sandbox adds at the peak",
        value=(kept[-1] - kept[0]) / (tests - 1),
        unit="kB",
    )
    with TemporaryDirectory() as folder:
        _import_time(folder)  # compiles it, as installing does
        imports = [_import_time(folder) for _ in range(1 if quick else 9)]
    yield Figure(
        part=PART, what="the plugin in a suite that does not use it", value=middle(imports) * 1000, unit="ms", aim=20,
        samples=imports,
    )  # fmt: skip


def _suite(folder: Path, tests: int) -> tuple[dict[str, list[float]], ...]:
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "test_it.py").write_text(SUITE.format(tests=tests), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", *_ONLY_OURS]
    environment = _environment(str(folder / "compiled"))
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    found = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    return found["times"], found["memory"], found["cpu"]


def _import_time(compiled: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT],
        env=_environment(compiled),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def _environment(compiled: str) -> dict[str, str]:
    """That of an installed package: its modules are *compiled* in a folder."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # noqa: TID251
    return {**kept, "PYTHONPYCACHEPREFIX": compiled}
