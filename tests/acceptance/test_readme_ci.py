"""README's pipelines and its examples in other languages: valid, and they work as they are written."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import junitparser
import pytest
import yaml

from tests.acceptance.conftest import Consumer, missing
from tests.acceptance.test_examples import serving

__all__ = ["serving"]

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PATIENCE = 120


def blocks(language: str) -> list[str]:
    """The code blocks in *language*."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def documents() -> list[dict[str, Any]]:
    return [yaml.safe_load(block) for block in blocks("yml")]


def workflow() -> dict[str, Any]:
    [found] = [document for document in documents() if "jobs" in document]
    return found


def gitlab_job() -> dict[str, Any]:
    [found] = [document["webhooks"] for document in documents() if "webhooks" in document]
    return found


def scripts() -> dict[str, list[str]]:
    """What each pipeline has a shell do."""
    steps = workflow()["jobs"]["webhooks"]["steps"]
    return {"github": [step["run"] for step in steps if "run" in step], "gitlab": gitlab_job()["script"]}


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def repository(tmp_path: Path, free_port: int) -> Path:
    """A repository of a consumer: its app, its scenarios, and what `actions/checkout` and `git clone` bring."""
    app = (ROOT / "examples" / "flask" / "app.py").read_text(encoding="utf-8")
    (tmp_path / "app.py").write_text(app.replace("port=3000", f"port={free_port}"), encoding="utf-8")
    shutil.copy(ROOT / "examples" / "flask" / "requirements.txt", tmp_path)
    (tmp_path / "scenarios").mkdir()
    for name in ("no-contact", "proactive-chat"):
        shutil.copy(ROOT / "scenarios" / f"{name}.yaml", tmp_path / "scenarios")
    (tmp_path / "wexio-sandbox").symlink_to(ROOT)
    bin = tmp_path / "bin"
    bin.mkdir()
    # What has been installed already is not installed again, or cloned.
    for name, does in (
        ("python", f'exec "{sys.executable}" "$@"'),
        ("wexio-sandbox", f'exec "{sys.executable}" -m sandbox "$@"'),
        ("pip", "test -d ./wexio-sandbox && test -f requirements.txt"),
        ("git", 'test "$1" = clone'),
    ):
        (bin / name).write_text(f"#!/bin/sh\n{does}\n")
        (bin / name).chmod(0o755)
    return tmp_path


def play(script: list[str], folder: Path, port: int, **variables: str) -> subprocess.CompletedProcess[str]:
    """What a runner does with these lines: one shell, which ends at the first failure."""
    text = "\n".join(["trap 'kill $(jobs -p) 2>/dev/null' EXIT", *script]).replace(":3000", f":{port}")
    ours = ("COVERAGE_", "WEXIO_", "GITHUB_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {"PATH": f"{folder / 'bin'}:{environment['PATH']}", "PYTHONPATH": str(ROOT), **variables}
    with (folder / "log").open("w+", encoding="utf-8") as log:
        # A file, and no pipe: what runs on in the background would keep that open.
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", text], cwd=folder, env=environment,
            stdout=log, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False,
        )  # fmt: skip
        log.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, log.read())


def needs_curl() -> None:
    if shutil.which("curl") is None:
        missing("curl is not installed")


@pytest.mark.parametrize("where", ["github", "gitlab"])
def test_a_pipeline_passes_with_a_right_consumer(where: str, repository: Path, free_port: int) -> None:
    needs_curl()
    page = repository / "page.md"
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page), "GITHUB_WORKSPACE": str(repository)}
    done = play(
        scripts()[where], repository, free_port, WEXIO_SECRET="whsec_test", CI_JOB_TOKEN="t", CI_SERVER_HOST="h",
        **(github if where == "github" else {}),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    suites = list(junitparser.JUnitXml.fromfile(str(repository / "report.xml")))
    assert len(suites) == 2
    assert (repository / "report.html").stat().st_size > 10_000
    assert page.exists() is (where == "github")


def test_the_workflow_fails_and_says_where_with_a_wrong_consumer(repository: Path, free_port: int) -> None:
    needs_curl()
    app = repository / "app.py"
    app.write_text(
        app.read_text(encoding="utf-8").replace('"new": take(', '"new": nobody('), encoding="utf-8"
    )
    done = play(
        scripts()["github"], repository, free_port, WEXIO_SECRET="whsec_test", GITHUB_ACTIONS="true",
        GITHUB_WORKSPACE=str(repository), GITHUB_STEP_SUMMARY=str(repository / "page.md"),
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    marked = [line for line in done.stdout.splitlines() if line.startswith("::error ")]
    assert any("file=scenarios/no-contact.yaml,line=" in line for line in marked), done.stdout
    assert "FAILED" in (repository / "page.md").read_text(encoding="utf-8")


def test_the_workflow_is_one_that_github_takes() -> None:
    found = workflow()
    # YAML 1.1 reads `on` as true; GitHub does not.
    assert {str(key) for key in found} == {"name", "True", "permissions", "jobs"}
    [job] = found["jobs"].values()
    assert set(job) <= {"runs-on", "timeout-minutes", "env", "steps"}
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert set(step) <= {"uses", "run", "with", "if", "name"}
        assert "uses" not in step or re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])


def test_the_gitlab_job_keeps_what_it_writes() -> None:
    artifacts = gitlab_job()["artifacts"]
    last = gitlab_job()["script"][-1]
    assert artifacts["when"] == "always"
    assert f"--junit {artifacts['reports']['junit']}" in last
    assert all(f"--report {path}" in last for path in artifacts["paths"])


def test_the_service_of_a_job_has_the_image_s_own_port_and_variable() -> None:
    services = [document["services"] for document in documents() if "services" in document]
    [github] = [found for found in services if isinstance(found, dict)]
    [[gitlab]] = [found for found in services if isinstance(found, list)]
    assert github["wexio"]["ports"] == ["8420:8420"]
    assert set(github["wexio"]["env"]) == {"WEXIO_SANDBOX_TOKEN"}
    assert gitlab["alias"] == "wexio"


# --- other languages ---------------------------------------------------------------------


@pytest.fixture
def express_app(tmp_path: Path, express_modules: None) -> Path:
    """A folder with the Express example's app in it."""
    shutil.copy(ROOT / "examples" / "express" / "app.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "examples" / "express" / "node_modules")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "passes"),
    [
        ("return false", "return false", True),
        ("TOLERANCE) return false", "TOLERANCE) return false; return true", False),
    ],
    ids=["a right consumer", "one that takes everything"],
)
def test_the_node_example_tells_right_from_wrong(
    serving: str, express_app: Path, old: str, new: str, passes: bool
) -> None:
    [source] = blocks("mjs")
    (express_app / "webhook.test.mjs").write_text(
        source.replace("http://127.0.0.1:8420", serving), encoding="utf-8"
    )
    app = express_app / "app.mjs"
    app.write_text(
        app.read_text(encoding="utf-8").replace(old, new) if old else app.read_text(encoding="utf-8")
    )
    done = subprocess.run(
        [str(shutil.which("node")), "--test", "webhook.test.mjs"], cwd=express_app, capture_output=True, text=True,
        encoding="utf-8", timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) is passes, done.stdout + done.stderr


@pytest.mark.parametrize(("secret", "code"), [("right", 0), ("wrong", 22)])
def test_the_shell_example_delivers(
    serving: str, consumer: Consumer, tmp_path: Path, secret: str, code: int
) -> None:
    needs_curl()
    if shutil.which("jq") is None:
        missing("jq is not installed")
    [source] = [block for block in blocks("bash") if "/render" in block]
    source = source.replace("http://127.0.0.1:8420", serving)
    source = source.replace("http://127.0.0.1:3000/webhooks/wexio", consumer.url)
    source = source.replace("whsec_test", consumer.secret if secret == "right" else "whsec_another")
    done = subprocess.run(
        ["bash", "-e", "-c", source], cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == code
    [line] = consumer.wait_for(1)
    assert line["verified"] is (secret == "right")
