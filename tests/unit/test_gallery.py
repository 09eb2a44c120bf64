"""The gallery of refusals: true word for word, and whole."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gallery.replay import PAGES, exhibits, replayed

ROOT = Path(__file__).parents[2]
EXHIBITS = {f"{page.stem}: {exhibit.title}": exhibit for page in PAGES for exhibit in exhibits(page)}

SPEAKING = (
    "core/readers", "core/meaning", "core/complaints", "core/expand", "core/merge", "core/durations",
    "core/moments", "core/operating", "core/yamlnodes", "core/yamlscan", "core/yamltext", "core/answers", "core/configfile", "core/sizes",
    "settings", "files", "drill", "core/drill", "cli/__init__", "cli/check", "cli/drill", "cli/send", "cli/lint", "cli/schema", "cli/completion", "cli/listen", "cli/serve", "cli/verify",
)  # fmt: skip
"""The modules that refuse what people write."""

NOT_SHOWN = {
    # Said to programs, which hand over what no file and no command line can hold.
    "a script needs at least one answer: a status, timeout or reset",
    "an answer cannot come before its request: after is negative",
    "${…} is expanded in files only",
    "write the value itself",
}


def pieces(module: str) -> Iterator[str]:
    """The constant parts of what *module* may say in a refusal."""
    tree = ast.parse((ROOT / "sandbox" / f"{module}.py").read_text(encoding="utf-8"))
    said: list[ast.AST] = [tree]
    if module == "drill" or module.startswith("cli/"):  # where most of the text is help, or no refusal
        said = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    if module == "core/yamlscan":  # a table of what PyYAML says, and what we say instead
        rows = [
            node.elts[1:3] for node in ast.walk(tree) if isinstance(node, ast.Tuple) and len(node.elts) == 4
        ]
        said = [text for row in rows for text in row]
        said += [
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "_colon"
        ]
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in (inner for each in said for inner in ast.walk(each)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield from re.split(r"\{[01]\}", node.value)


def is_prose(text: str) -> bool:
    """Whether *text* is meant for people: no pattern, no name of a token."""
    return (
        re.search(r"[a-z]", text) is not None
        and " " in text.strip()
        and not re.search(r"\\|\(\?|\.[*+]|^<", text)
    )


@pytest.mark.parametrize("module", SPEAKING)
def test_every_refusal_is_in_the_gallery(module):
    shown = " ".join(page.read_text(encoding="utf-8") for page in PAGES)
    said = {text.replace("{{", "{").replace("}}", "}") for text in pieces(module) if is_prose(text)}
    assert {text for text in said if text not in shown} - NOT_SHOWN == set()


def test_every_exhibit_has_a_name_of_its_own():
    assert len(EXHIBITS) == sum(1 for page in PAGES for _ in exhibits(page)) > 150


@pytest.mark.parametrize("name", EXHIBITS)
def test_what_is_shown_is_what_is_said(name):
    exhibit = EXHIBITS[name]
    assert replayed(exhibit) == exhibit.text, "if this is better: python -m tests.gallery.replay"
