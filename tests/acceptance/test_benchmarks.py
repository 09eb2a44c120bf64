"""The benchmarks work; what they show is for people to judge, never for a test."""

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.figures import Figure, judgement, table

ROOT = Path(__file__).parents[2]
PARTS = (
    "throughput",
    "store",
    "work",
    "latency",
    "waiting",
    "ladder",
    "start",
    "soak",
    "fixtures",
    "dashboard",
)


def benchmarks(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_each_part_reports_what_it_has_measured(part, tmp_path):
    if part == "dashboard" and not shutil.which("chromium") and not os.environ.get("CI"):
        pytest.skip("Chromium is not installed")
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
    assert re.search(rf"^\d+ of {len(aims)} aims? met$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["speed"], f"there is no part 'speed'; there are {', '.join(PARTS)}"),
        (["work", "throughptu"], "there is no part 'throughptu'; did you mean throughput?"),
        (["start", "--json", "nowhere/x.json"], "--json: nowhere/x.json cannot be written: no such folder"),
    ],
    ids=["no part", "a part misspelt", "no folder"],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(arguments, message):
    done = benchmarks(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"error: {message}\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_what_was_measured_before_ctrl_c_is_shown():
    running = subprocess.Popen(
        [sys.executable, "-m", "benchmarks", "ladder", "waiting", "--quick"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    for line in running.stderr:
        if line == "measuring waiting …\n":
            break
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=300)
    assert running.returncode == 1
    assert err.endswith("interrupted: this is what had been measured\n")
    assert "5 a day of retries" in out
    assert re.search(r"^\d+ of 1 aims met$", out, re.MULTILINE)


def figure(what, value, **more):
    return Figure(part="1 speed", what=what, value=value, unit="times", **more)


def test_the_table_says_how_far_samples_lie_apart_and_whether_an_aim_is_met():
    shown = table(
        [
            figure("engine", 0.5, aim=0.75, better="more", samples=[0.1, 0.4, 0.5, 0.6, 0.9]),
            figure("memory", 120, aim=150, samples=[120, 120]),
            figure("for comparison", 12.345),
        ]
    )
    assert [line.split("  ", 1)[-1].split() for line in shown.splitlines()[3:]] == [
        ["engine", "0.50", "times", "0.25", "to", "0.75", ">=", "0.75", "NOT", "met"],
        ["memory", "120", "times", "<=", "150", "met"],
        ["for", "comparison", "12.3", "times"],
    ]


def test_the_last_word_names_each_aim_that_is_not_met():
    figures = [figure("engine", 0.5, aim=0.75, better="more"), figure("memory", 1, aim=2), figure("x", 1)]
    assert judgement(figures) == "1 of 2 aims met\n  NOT met: 1 speed: engine"
