"""The benchmarks work; what they show is for people to judge, never for a test."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("throughput", "work", "latency", "waiting", "ladder", "start")


def benchmarks(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_each_part_reports_what_it_has_measured(part, tmp_path):
    file = tmp_path / "figures.json"
    done = benchmarks(part, "--quick", "--json", str(file))
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [f"measuring {part} …"]  # nothing was left open, nothing was logged
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["quick"] is True
    assert document["machine"]["cores"] >= 1
    aims = [figure for figure in document["figures"] if figure["aim"] is not None]
    assert aims
    assert {figure["met"] for figure in aims} <= {True, False}
    for figure in document["figures"]:
        assert math.isfinite(figure["value"]), figure
        assert figure["what"] in done.stdout
    assert "too short for its figures to mean anything" in done.stdout


def test_a_part_that_is_none_is_refused_with_those_that_are():
    done = benchmarks("speed")
    assert done.returncode == 2
    assert f"there is no part 'speed': {', '.join(PARTS)}" in done.stderr
