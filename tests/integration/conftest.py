"""The command line at hand: in this very process, or as one of its own; and receivers on a thread."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from json import loads
from pathlib import Path
from typing import Any

import pytest

from sandbox.cli import run_command
from tests.receiver import Decide, Receiver

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0  # seconds until something that should have happened counts as missing


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> list[dict[str, Any]]:
        """Each line of standard output, read as JSON."""
        return [loads(line) for line in self.out.splitlines()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The journal entries of one *kind*."""
        return [entry for entry in self.json if entry["kind"] == kind]


Command = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    ours = ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE")  # of the job that runs these tests
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM", "PYTHONIOENCODING", *ours):
        monkeypatch.setenv(name, "")  # readline sets COLUMNS and LINES where Python does not see it
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, object]], Any]:
    """For the length of a block, variables of the sandbox: ``{"seed": 7}`` is WEXIO_SANDBOX_SEED."""

    @contextmanager
    def with_variables(variables: Mapping[str, object]) -> Iterator[None]:
        with monkeypatch.context() as changed:
            for name, value in variables.items():
                full = name if name.isupper() else f"WEXIO_SANDBOX_{name.upper()}"
                changed.setenv(full, "1" if value is True else str(value))
            yield

    return with_variables


@pytest.fixture
def cli(folder: Path, environment: Any, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command line in this process."""

    def command(*arguments: object, env: Mapping[str, object] | None = None) -> Done:
        capsys.readouterr()
        with environment(env or {}):
            code = run_command([str(item) for item in arguments])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return command


@pytest.fixture
def process(folder: Path, environment: Any) -> Command:
    """Run a command line as a process of its own."""

    def command(*arguments: object, env: Mapping[str, object] | None = None, stdin: bytes = b"") -> Done:
        with environment(env or {}):
            ended = subprocess.run(
                [sys.executable, "-m", "sandbox", *map(str, arguments)],
                input=stdin,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        return Done(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    return command


def flags(options: Mapping[str, object]) -> list[str]:
    """``{"max_wait": "1s", "json": True}`` as it is typed."""
    typed = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        typed += [flag] if value is True else [flag, str(value)]
    return typed


@pytest.fixture(params=["flag", "variable"])
def told(request: pytest.FixtureRequest, cli: Command) -> Command:
    """Run a command line whose options, the keywords, are flags one time and variables the next."""

    def command(*arguments: object, **options: object) -> Done:
        if request.param == "flag":
            return cli(*arguments, *flags(options))
        return cli(*arguments, env=options)

    return command


@contextmanager
def on_a_thread(decide: Decide) -> Iterator[Receiver]:
    """An independent receiver with a loop and a thread of its own."""
    receiver = Receiver(decide)
    ready, ending = threading.Event(), asyncio.Event()
    loops = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with receiver:
            ready.set()
            await ending.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(PATIENCE), "the receiver did not come up"
        yield receiver
    finally:
        loops[0].call_soon_threadsafe(ending.set)
        thread.join(PATIENCE)


@pytest.fixture
def receiving() -> Iterator[Callable[..., Receiver]]:
    """Start receivers that last until the test ends: ``receiving(lambda seen: 503)``."""
    with ExitStack() as stack:

        def start(decide: Decide = lambda seen: 200) -> Receiver:
            return stack.enter_context(on_a_thread(decide))

        yield start


@pytest.fixture
def scenario(folder: Path) -> Callable[..., str]:
    """Write a scenario into the folder; its file name."""

    def write(text: str, name: str = "play.yaml") -> str:
        (folder / name).write_text(text, encoding="utf-8")
        return name

    return write


@pytest.fixture
async def api() -> AsyncIterator[Any]:
    """The web on a port, before a workspace in memory; every answer is held to the OpenAPI document."""
    from tests.web import serving

    async with serving() as client:
        yield client
