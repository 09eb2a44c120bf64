"""What the dashboard has taken from others: listed, licensed, and unchanged."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "sandbox" / "web" / "static"
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "vendor.json").read_text(encoding="utf-8"))
LISTED = {name: about for package in MANIFEST.values() for name, about in package["files"].items()}
MODULES = sorted(STATIC.rglob("*.js"))
OWN = [path for path in MODULES if VENDOR not in path.parents]


def in_folder(path: Path) -> str:
    return path.relative_to(STATIC).as_posix()


def test_the_manifest_lists_what_lies_there_and_nothing_else() -> None:
    assert {path.name for path in VENDOR.iterdir()} == {*LISTED, "vendor.json"}


@pytest.mark.parametrize("name", LISTED)
def test_a_file_is_what_it_was_when_it_was_taken(name: str) -> None:
    digest = hashlib.sha384((VENDOR / name).read_bytes()).digest()
    assert LISTED[name]["integrity"] == f"sha384-{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize("name", MANIFEST)
def test_a_package_says_its_version_its_licence_and_where_its_text_is(name: str) -> None:
    package = MANIFEST[name]
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
    assert package["license"] in ("MIT", "Apache-2.0", "OFL-1.1")
    assert package["integrity"].startswith("sha512-")
    assert any(file.startswith("LICENSE-") for file in package["files"])


@pytest.mark.parametrize("path", MODULES, ids=in_folder)
def test_a_module_imports_only_what_lies_here(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    for imported in re.findall(r"""(?:\bfrom|\bimport\(?)\s*["']([^"'\n]+)["']""", text):
        if imported.startswith("."):
            assert (path.parent / imported).resolve().is_file(), f"{in_folder(path)} imports {imported}"
        else:
            assert not re.fullmatch(r"@?[a-z][\w/.:-]*", imported), f"{in_folder(path)} imports {imported}"


@pytest.mark.parametrize("path", OWN, ids=in_folder)
def test_a_module_of_ours_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", OWN, ids=in_folder)
def test_a_module_of_ours_makes_no_html_of_text_and_no_code_of_it(path: Path) -> None:
    text = re.sub(r"//.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
    )


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
@pytest.mark.parametrize("path", OWN, ids=in_folder)
def test_node_can_read_a_module_of_ours(path: Path) -> None:
    judged = subprocess.run(
        ["node", "--check", "--input-type=module"],
        input=path.read_text(encoding="utf-8"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert judged.returncode == 0, judged.stderr
