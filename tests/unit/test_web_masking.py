"""What is shown of secrets: enough to recognise them, and never enough to use them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.discreet import masked_line
from sandbox.core.yamltext import read_yaml
from sandbox.web.masking import masked, masked_source

SECRET = "whsec_0123456789abcdefghij"


def test_a_long_secret_is_known_by_its_beginning_and_its_end() -> None:
    assert masked(SECRET) == "whsec_…ghij"
    assert masked("0123456789abcdef") == "…cdef"
    assert masked("sk_live_0123456789abcdef", prefix="sk_live_") == "sk_live_…cdef"


@given(st.text(max_size=40))
def test_never_more_than_the_prefix_and_four_characters_are_told(secret: str) -> None:
    told = masked(secret)
    if told == "***":
        return
    head, tail = told.split("…", 1)
    assert head in ("", "whsec_")
    assert len(tail) == 4
    assert len(secret) - len(head) - len(tail) >= 12


TEXTS = {
    "in a flow mapping": f"connections: [{{name: a, auth: {{type: HMAC, secret: {SECRET}}}}}]\n",
    "in a block": f"connections:\n  - auth:\n      type: BEARER\n      token: {SECRET} # ours\n    name: a\n",
    "in quotes": f"connections:\n- auth: {{type: BASIC, username: u, password: '{SECRET}'}}\n",
    "in a comment": f"# {SECRET}\nconnections:\n- auth: {{secret: {SECRET}}}\n",
    "over several lines": f"connections:\n- auth:\n    secret: >-\n      {SECRET}\n      and more\n- auth: {{secret: {SECRET}}}\n",
    "behind an anchor": f"contacts: {{a: {{firstName: &s {SECRET}}}}}\nconnections:\n- auth: {{secret: *s}}\n",
    "twice": f"connections:\n- auth: {{secret: {SECRET}}}\n- auth: {{secret: {SECRET}}}\n",
    "with other ends of lines": f"name: x\r\nconnections:\r\n- auth: {{secret: {SECRET}}}\r\nsteps: []\r\n",
    "after wide characters": f"connections: [{{name: 🙂é, auth: {{secret: {SECRET}}}}}]\n",
    "where it does not belong": f"steps:\n- auth: {{secret: {SECRET}}}\n",
    "in what is no YAML": f"connections: [\n  secret: {SECRET}\n",
    "in what is no YAML, in quotes": f'connections: [\n  "secret": "{SECRET}", name: x\n',
    "as a default": f"connections:\n- auth: {{secret: '${{NAME:-{SECRET}}}'}}\n",
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_secret_is_left_in_a_scenario_s_text(text: str) -> None:
    shown = masked_source(text)
    assert SECRET not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    "where", [name for name in TEXTS if name not in ("over several lines", "behind an anchor")]
)
def test_all_else_stays_as_it_was_written(where: str) -> None:
    text = TEXTS[where]
    assert len(masked_source(text).splitlines()) == len(text.splitlines())


def test_a_short_secret_goes_where_it_is_one_and_stays_where_it_is_a_word() -> None:
    text = "name: a\nconnections:\n- {name: a, auth: {secret: a}}\n"
    assert masked_source(text) == 'name: a\nconnections:\n- {name: a, auth: {secret: "***"}}\n'


def test_a_number_is_a_secret_too() -> None:
    shown = masked_source("n: 123456789\nconnections:\n- auth: {secret: 123456789}\n")
    assert "123456789" not in shown


def test_the_name_of_a_variable_is_none() -> None:
    text = 'connections:\n- auth: {type: HMAC, secret: "${WEXIO_SECRET}"}\n'
    assert masked_source(text) == text


def test_a_text_without_secrets_stays_as_it_is() -> None:
    for text in (
        "name: x\nsteps: []  # nothing\n",
        "",
        "- \t bad: [",
        "connections: 5\n",
        "connections:\n- auth:\n",
    ):
        assert masked_source(text) == text


@given(st.text(alphabet="abcdef \"'#:{}[],*&!|>%\\\n", min_size=6, max_size=24))
def test_whatever_a_secret_is_made_of_the_text_can_still_be_read(secret: str) -> None:
    import json

    text = f"connections:\n  - {{name: x, auth: {{secret: {json.dumps(secret)}}}}}\n"
    again = read_yaml(masked_source(text)).value
    assert again["connections"][0]["auth"]["secret"] == "***"


def test_a_line_alone_is_masked_too() -> None:
    assert masked_line(f"  auth: {{type: HMAC, secret: {SECRET}}}") == "  auth: {type: HMAC, secret: ***}"
