"""Workflow commands: read back by GitHub's own rules, whatever stands in them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.github import annotation
from sandbox.core.present import plain


def read(line):
    """A command as the runner reads it: a name, properties, a message."""
    name, properties, message = re.fullmatch(r"::(\w+)(?: (.*?))?::(.*)", line).groups()

    def unescaped(text, *more):
        for character in ("\r", "\n", *more, "%"):  # the percent sign last, as the runner does
            text = text.replace(f"%{ord(character):02X}", character)
        return text

    pairs = [item.split("=", 1) for item in (properties or "").split(",") if item]
    return name, {key: unescaped(value, ":", ",") for key, value in pairs}, unescaped(message)


def test_an_annotation_has_its_place_and_its_lines():
    line = annotation(
        "error", "no\nhint: yes", file="a/b.yaml", line=3, column=5, end_column=9, title="run: x"
    )
    assert line == "::error file=a/b.yaml,line=3,col=5,endColumn=9,title=run%3A x::no%0Ahint: yes"


def test_without_a_place_there_are_no_properties():
    assert annotation("warning", "100 %") == "::warning::100 %25"


@pytest.mark.parametrize(
    "name",
    [
        "a,line=9",
        "a::error::b",
        "a%0A::error::b",
        "a\n::error::b",
        "a\r\n::error::b",
        "\x1b]0;x\x07",
        "a\u2028b",
    ],
)
def test_a_hostile_name_stays_a_name(name):
    line = annotation("error", name, file=name, title=name)
    assert "\n" not in line
    assert "\r" not in line
    kind, properties, message = read(line)
    assert kind == "error"
    assert properties == {"file": plain(name), "title": plain(name)}
    assert message == "\n".join(map(plain, name.split("\n")))


@given(st.text(), st.text(), st.text())
def test_whatever_is_said_is_one_command_that_says_it(message, file, title):
    line = annotation("error", message, file=file, line=1, title=title)
    assert len(line.splitlines()) == 1
    assert read(line) == (
        "error",
        {"file": plain(file), "line": "1", "title": plain(title)},
        "\n".join(map(plain, message.split("\n"))),
    )


def test_white_space_is_kept():
    assert annotation("error", " a ", title=" ") == "::error title= :: a "
