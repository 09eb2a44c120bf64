"""The pure modules of the dashboard, by Node: no page, no server."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "dashboard"
MODULES = sorted(FOLDER.glob("*.test.mjs"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name.partition(".")[0])
def test_a_module_keeps_its_promises(module):
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CI"):  # noqa: TID251 - whether everything must be there
            pytest.fail("node is not installed, and under CI the dashboard is always tested")
        pytest.skip("node is not installed")
    done = subprocess.run(
        [node, "--test", str(module)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
    assert "# pass 0" not in done.stdout


def test_there_is_something_to_test():
    assert len(MODULES) >= 5
