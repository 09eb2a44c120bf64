"""What can be said about the packages without building one."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sandbox import __version__

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    *(".ci", ".dockerignore", ".gitignore", "Dockerfile", "Makefile", "pyproject.toml"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md"),
    *("benchmarks", "examples", "sandbox", "scenarios", "tests", "wexio_sandbox_pytest"),
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def instructions(stage: int) -> list[tuple[str, str]]:
    """The Dockerfile's instructions of one stage (-1: the finished image), in order."""
    text = re.sub(r"^\s*#.*\n", "", read("Dockerfile"), flags=re.MULTILINE).replace("\\\n", " ")
    stages = re.split(r"^(?=FROM )", text, flags=re.MULTILINE)[1:]
    lines = [line.strip() for line in stages[stage].splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def only(word: str) -> str:
    """What the finished image says once about *word*."""
    [value] = [rest for name, rest in instructions(-1) if name == word]
    return value


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads(read("pyproject.toml"))


def test_the_image_runs_as_somebody_with_a_number_who_is_not_root() -> None:
    user = only("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), user


@pytest.mark.parametrize("word", ["ENTRYPOINT", "CMD"])
def test_the_image_starts_the_program_itself_and_no_shell(word: str) -> None:
    words = json.loads(only(word))
    assert words
    assert all(isinstance(argument, str) for argument in words)


def test_the_image_is_ended_by_sigterm() -> None:
    assert only("STOPSIGNAL") == "SIGTERM"


def test_the_image_serves_unless_told_otherwise_and_its_journal_outlives_it() -> None:
    assert json.loads(only("CMD")) == ["serve"]
    assert json.loads(only("VOLUME")) == ["/data"]
    assert only("EXPOSE") == "8420"
    assert only("WORKDIR") == "/scenarios"


def test_whoever_runs_in_the_image_may_write_its_volume() -> None:
    user = only("USER")
    assert f"--from=build --chown={user} /data /data" in [
        rest for word, rest in instructions(-1) if word == "COPY"
    ]
    assert any("mkdir --mode=0700 /data" in rest for word, rest in instructions(0) if word == "RUN")


def test_the_image_writes_nothing_beside_its_code_and_builds_nothing() -> None:
    assert "PYTHONDONTWRITEBYTECODE=1" in only("ENV")
    assert "RUN" not in [word for word, _ in instructions(-1)]


def test_everything_that_the_image_copies_is_let_through() -> None:
    let_through = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    copied = {
        Path(source).as_posix()
        for word, rest in instructions(0)
        if word == "COPY"
        for source in rest.split()[:-1]
    }
    assert copied <= let_through
    assert all((ROOT / name).exists() for name in copied)


def test_the_changelog_knows_this_version() -> None:
    versions = re.findall(r"^## \[?(\d+\.\d+\.\d+)", read("CHANGELOG.md"), flags=re.MULTILINE)
    assert __version__ in versions


def test_the_version_is_written_in_one_place(project: dict[str, Any]) -> None:
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "sandbox/__init__.py"


def test_the_scenarios_are_never_copied_into_an_editable_installation(project: dict[str, Any]) -> None:
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "force-include" not in wheel
    assert wheel["sources"]["scenarios"] == "sandbox/scenarios"


def test_the_lock_file_names_no_host_to_download_from() -> None:
    lock = json.loads(read("examples/express/package-lock.json"))
    packages = lock["packages"]
    assert "node_modules/express" in packages
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_the_top_level_holds_what_somebody_looks_for_there_and_nothing_else() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("what belongs to the project is only known inside its repository")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True, encoding="utf-8"
    )
    names = {name.split("/")[0] for name in listed.stdout.split("\0") if name}
    assert names <= TOP_LEVEL
    assert {path.name for path in ROOT.iterdir()} >= TOP_LEVEL
