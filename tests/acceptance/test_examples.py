"""The examples: their suites pass, and notice when the consumer is broken.

Copies are run in our own environment, which has what the examples ask for; `.ci/run`
follows their README lines from the first to the last.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.acceptance.conftest import Consumer, missing

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PATIENCE = 120

CONSUMER = {
    "aiohttp": "app.py",
    "django": "consumer/views.py",
    "express": "app.mjs",
    "fastapi": "app.py",
    "flask": "app.py",
}
"""Each example, and the file that is broken."""

PYTHON_AGAIN = (
    'b"." + body,',
    'b"." + json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode(),',
)
PYTHON_WHENEVER = ("if abs(time.time() - int(times[0])) > TOLERANCE:", "if int(times[0]) < 0:")
SQL_TWICE = (
    'if not database.execute("INSERT OR IGNORE INTO taken VALUES (?)", [event["id"]]).rowcount:',
    "if event is None:",
)
FLAWS = {
    "the signature is checked over JSON serialised again": {
        **dict.fromkeys(("aiohttp", "django", "fastapi", "flask"), PYTHON_AGAIN),
        "express": (".update(body)", ".update(JSON.stringify(JSON.parse(body)))"),
    },
    "an event that comes twice is taken twice": {
        **dict.fromkeys(("aiohttp", "fastapi", "flask"), SQL_TWICE),
        "django": ("    if not new:", "    if event is None:"),
        "express": ("if (store.taken.has(event.id))", "if (event === null)"),
    },
    "nobody looks at the time": {
        **dict.fromkeys(("aiohttp", "django", "fastapi", "flask"), PYTHON_WHENEVER),
        "express": ("if (Math.abs(Date.now() / 1000 - Number(times[0])) > TOLERANCE)", "if (Number(times[0]) < 0)"),
    },
}  # fmt: skip
CAUGHT_BY = {
    "the signature is checked over JSON serialised again": {"one space more is another body"},
    "an event that comes twice is taken twice": {"a retry makes no second lead"},
    "nobody looks at the time": {"what wexio has not signed is refused", "refused: stale", "refused: future"},
}

# As pytest, unittest and the two reporters of node:test name a test that has failed.
_FAILED = re.compile(
    r"^(?:FAILED \S+?::(?P<pytest>\w+)|(?:FAIL|ERROR): (?P<unittest>\w+)|\s*not ok \d+ - (?P<tap>.+)|✖ (?P<spec>.+?)(?: \([\d.]+ms\))?)",
    re.MULTILINE,
)


def lines_of(name: str) -> list[str]:
    """What README says to type."""
    said = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    return [line.removeprefix("$ ") for line in said.splitlines() if line.startswith("$ ")]


def failed(output: str) -> set[str]:
    """The tests that have failed, each as a sentence."""
    names = (next(filter(None, found.groups())) for found in _FAILED.finditer(output))
    return {name.removeprefix("test_").replace("_", " ") for name in names} - {"failing tests:"}


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    # An example is a stranger: its lines do not count in our coverage, nor our settings in its tests.
    ours = ("COVERAGE_", "PYTEST_", "WEXIO_", "NODE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"} | variables
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8", timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real `wexio-sandbox serve`."""
    folder = tmp_path_factory.mktemp("serving")
    command = [sys.executable, "-m", "sandbox", "serve", "--port", "0", "--db", ":memory:", "--no-subscriber"]
    with (folder / "log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    yield found[0]
                    break
            else:
                log.seek(0)
                pytest.fail(f"the server did not come up: {log.read()}")
        finally:
            process.terminate()
            process.communicate(timeout=20)


@pytest.fixture
def copied(request: pytest.FixtureRequest, name: str, tmp_path: Path) -> Path:
    """A copy of the example *name*."""
    folder = tmp_path / name
    leave = shutil.ignore_patterns("node_modules", "__pycache__", ".pytest_cache", "*.db", ".wexio-sandbox")
    shutil.copytree(EXAMPLES / name, folder, ignore=leave)
    if name == "express":
        request.getfixturevalue("express_modules")
        (folder / "node_modules").symlink_to(EXAMPLES / name / "node_modules")
    return folder


@pytest.fixture
def suite(request: pytest.FixtureRequest, name: str, copied: Path) -> subprocess.CompletedProcess[str]:
    """The outcome of the copy's own suite, by the last of its README lines."""
    flaw = request.node.callspec.params.get("flaw")
    if flaw is not None:
        old, new = FLAWS[flaw][name]
        source = (copied / CONSUMER[name]).read_text(encoding="utf-8")
        assert source.count(old) == 1, f"{name} has no {old!r} to be broken"
        (copied / CONSUMER[name]).write_text(source.replace(old, new), encoding="utf-8")
    command = shlex.split(lines_of(name)[-1])
    if command[0] == "python":
        # What the example's own environment would load: ours has heavier plugins.
        plugins = ["wexio_sandbox_pytest"]
        plugins += ["pytest_asyncio.plugin", "pytest_aiohttp.plugin"] if name == "aiohttp" else []
        return run(
            [sys.executable, *command[1:]],
            copied,
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
            PYTEST_ADDOPTS=" ".join(f"-p {plugin}" for plugin in plugins),
        )
    return run(command, copied, WEXIO_SANDBOX_URL=request.getfixturevalue("serving"))


def test_every_example_is_tried_here() -> None:
    folders = {item.name for item in EXAMPLES.iterdir() if item.is_dir()}
    assert folders == {*CONSUMER, "curl"}
    listed = re.findall(
        r"^\| \[(\w+)\]\((\w+)\)", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {folder for pair in listed for folder in pair} == folders


@pytest.mark.parametrize("name", CONSUMER)
def test_the_suite_of_an_example_passes(suite: subprocess.CompletedProcess[str]) -> None:
    assert suite.returncode == 0, suite.stdout


@pytest.mark.parametrize("flaw", FLAWS)
@pytest.mark.parametrize("name", CONSUMER)
def test_the_suite_of_an_example_notices(suite: subprocess.CompletedProcess[str], flaw: str) -> None:
    assert suite.returncode != 0, f"nobody noticed that {flaw}:\n{suite.stdout}"
    noticed = failed(suite.stdout)
    assert noticed, suite.stdout
    assert noticed <= CAUGHT_BY[flaw], suite.stdout


@pytest.mark.parametrize("name", CONSUMER)
def test_an_example_compares_in_constant_time(name: str) -> None:
    source = (EXAMPLES / name / CONSUMER[name]).read_text(encoding="utf-8")
    assert ("timingSafeEqual(" if name == "express" else "hmac.compare_digest(") in source


@pytest.mark.parametrize("name", ["aiohttp", "django", "fastapi", "flask"])
def test_what_an_example_asks_for_is_what_it_is_tried_with(name: str) -> None:
    install, *_ = lines_of(name)
    assert install == "pip install ../.. -r requirements.txt"
    for line in (EXAMPLES / name / "requirements.txt").read_text(encoding="utf-8").splitlines():
        asked = Requirement(line)
        assert asked.specifier.contains(version(asked.name), prereleases=True), line


def test_express_is_told_to_be_installed_served_and_tested() -> None:
    assert lines_of("express") == ["npm ci", "wexio-sandbox serve &", "npm test"]


# --- curl, for everyone else ---------------------------------------------------------------


def check(serving: str, url: str, secret: str) -> subprocess.CompletedProcess[str]:
    for program in ("curl", "jq"):
        if shutil.which(program) is None:
            missing(f"{program} is not installed")
    assert lines_of("curl")[-1] == "./check.sh http://127.0.0.1:3000/webhooks/wexio whsec_test"
    return run(["./check.sh", url, secret], EXAMPLES / "curl", WEXIO_SANDBOX_URL=serving)


def test_curl_finds_a_right_consumer_right(serving: str, consumer: Consumer) -> None:
    done = check(serving, consumer.url, consumer.secret)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ok: ") == len(done.stdout.splitlines()) == 10
    assert [line["duplicate"] for line in consumer.wait_for(5)[:5]] == [False] * 4 + [True]


def test_curl_finds_a_consumer_wrong_that_knows_another_secret(
    serving: str, flask_consumer: Consumer
) -> None:
    done = check(serving, flask_consumer.url, "whsec_another")
    assert done.returncode == 1
    assert done.stdout.count("FAILED: ") == 5
    assert "FAILED: a first contact on VIBER is taken (answered 401, not 2xx)" in done.stdout


def test_curl_says_that_nobody_is_there(serving: str) -> None:
    done = check(serving, "http://127.0.0.1:9/", "whsec_test")
    assert done.returncode == 1
    assert 'FAILED: refused: {"do": "wrong_secret"} (answered none, not 4xx)' in done.stdout
