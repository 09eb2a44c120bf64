"""Real consumers for the tests that act as a user: programs of their own, over a socket.

``express_consumer``, ``flask_consumer`` and ``consumer`` (each of them in turn) are
fresh processes for each test.  A test that wants them to refuse the first requests
of each event says ``@pytest.mark.parametrize("fail_first", [2])``.

Where Node or a package is missing the tests are skipped; under CI they fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NoReturn

import pytest

ROOT = Path(__file__).parents[2]
CONSUMERS = Path(__file__).parent / "consumers"
EXPRESS = ROOT / "examples" / "express"  # whose Express the consumer of the tests uses too
SECRET = "whsec_for-the-consumers-of-the-tests"
PATIENCE = 20.0  # seconds until something that should have happened counts as missing


class Consumer:
    """A running consumer: where it is, what it knows, what it has said so far."""

    def __init__(self, process: subprocess.Popen[str], secret: str) -> None:
        self.process = process
        self.secret = secret
        self.port = 0
        self._said: list[dict[str, Any]] = []
        self._change = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        """Where it takes deliveries."""
        return f"http://127.0.0.1:{self.port}/webhooks/wexio"

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it has printed, one mapping for each request, in order."""
        with self._change:
            return list(self._said)

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """`lines`, as soon as there are *count* of them."""
        with self._change:
            arrived = self._change.wait_for(lambda: len(self._said) >= count or self._ended, PATIENCE)
            if not arrived or len(self._said) < count:
                pytest.fail(f"{count} requests expected, the consumer reports {len(self._said)}")
            return list(self._said)

    def wait_for_port(self) -> bool:
        """Whether it has come up."""
        with self._change:
            self._change.wait_for(lambda: self.port or self._ended, PATIENCE)
            return self.port != 0

    def stop(self) -> None:
        """End the process and read what it still had to say."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)

    def _read(self) -> None:
        output: IO[str] | None = self.process.stdout
        assert output is not None
        with output:
            for line in output:
                said = json.loads(line)
                with self._change:
                    if self.port:
                        self._said.append(said)
                    else:
                        self.port = said["port"]
                    self._change.notify_all()
        with self._change:
            self._ended = True
            self._change.notify_all()


def missing(what: str) -> NoReturn:
    """Skip the test, or fail it where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and under CI no consumer may be missing")
    pytest.skip(what)


@contextmanager
def started(command: Sequence[str | Path], *, fail_first: int) -> Iterator[Consumer]:
    """Run the consumer's *command* until the end of the block."""
    # A consumer is a stranger: its lines do not count in our coverage.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment |= {"WEXIO_SECRET": SECRET, "FAIL_FIRST": str(fail_first)}
    with TemporaryFile("w+", encoding="utf-8") as complaints:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=complaints, text=True, encoding="utf-8"
        )
        consumer = Consumer(process, SECRET)
        try:
            if not consumer.wait_for_port():
                complaints.seek(0)
                pytest.fail(f"{command[-1]} did not come up:\n{complaints.read()}")
            yield consumer
        finally:
            consumer.stop()


@pytest.fixture
def fail_first() -> int:
    """How many requests of each event a consumer refuses; tests set it by parametrize."""
    return 0


@pytest.fixture(scope="session")
def express_modules() -> None:
    """Express and what it needs, installed once where they are missing."""
    npm = shutil.which("npm")
    if shutil.which("node") is None:
        missing("Node is not installed")
    if (EXPRESS / "node_modules" / ".package-lock.json").exists():
        return
    if npm is None:
        missing("npm is not installed")
    command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    result = subprocess.run(command, cwd=EXPRESS, capture_output=True, text=True, timeout=300, check=False)
    if result.returncode:
        missing(f"npm could not install Express: {result.stderr.strip()}")


@pytest.fixture
def express_consumer(express_modules: None, fail_first: int) -> Iterator[Consumer]:
    """An Express app that verifies, forgets duplicates and answers."""
    with started(
        [str(shutil.which("node")), CONSUMERS / "express_app.mjs"], fail_first=fail_first
    ) as consumer:
        yield consumer


@pytest.fixture
def flask_consumer(fail_first: int) -> Iterator[Consumer]:
    """A Flask app that does the same."""
    if find_spec("flask") is None:
        missing("Flask is not installed")
    with started([sys.executable, CONSUMERS / "flask_app.py"], fail_first=fail_first) as consumer:
        yield consumer


@pytest.fixture(params=["express", "flask"])
def consumer(request: pytest.FixtureRequest, fail_first: int) -> Consumer:
    """Each of the real consumers in turn."""
    # fail_first is named so that tests can set it: pytest does not see what is asked for below.
    running: Consumer = request.getfixturevalue(f"{request.param}_consumer")
    return running
