"""Our JSON against JavaScript's own: Node says what the bytes should be."""

import json
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.core.jsontext import NotJson, dumps, in_dots, quoted
from tests.acceptance.conftest import missing

STRINGIFY = """
const lines = require('readline').createInterface({input: process.stdin});
lines.on('line', line => console.log(Buffer.from(JSON.stringify(JSON.parse(line))).toString('hex')));
"""


@pytest.fixture(scope="module")
def stringify():
    """JSON.parse and JSON.stringify of a Node process."""
    node = shutil.which("node")
    if node is None:
        missing("Node is not installed")
    with subprocess.Popen(
        [node, "-e", STRINGIFY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:

        def ask(value):
            process.stdin.write(json.dumps(value) + "\n")
            process.stdin.flush()
            return bytes.fromhex(process.stdout.readline())

        yield ask
        process.stdin.close()


text = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
keys = text | st.integers(0, 2**33).map(str)
values = st.recursive(
    st.none() | st.booleans() | numbers.filter(lambda n: abs(n) < 1e308) | text,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=20,
)

ODD = [
    1.0, -0.0, 0.1, 1e16, 1e21, 1e-7, 1e-6, 123456789012345680000.0, 5e-324, 1.7976931348623157e308,
    2**53, 2**53 + 1, -(2**53) - 1, 10**21, 10**25, 9007199254740993, 100, 1e2, 1.5e300, 0.000001234,
    "\u2028\u2029", "\x7f", "\x00\x1f\b\t\n\f\r\"\\/", "😀", "e\u0301", "<script>&", "عربى", "\ufeff",
    {"10": 1, "2": 2, "a": 3, "01": 4, "4294967294": 5, "4294967295": 6, "-1": 7, "": 8},
    {}, [], [[]], {"a": {}}, {"__proto__": 1}, [None, True, False],
]  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_odd_values_are_written_as_node_writes_them(stringify, value):
    assert dumps(value) == stringify(value)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=values)
def test_any_value_is_written_as_node_writes_it(stringify, value):
    assert dumps(value) == stringify(value)


@given(text)
def test_quoted_text_needs_no_more_care(value):
    assert quoted(value).encode() == dumps(value)


@pytest.mark.parametrize(
    ("value", "path", "says"),
    [
        ({"chat": {"x": float("nan")}}, "chat.x", "not finite"),
        ([1, float("inf")], "[1]", "not finite"),
        ({"n": 10**400}, "n", "not finite"),
        ({"chat": {"tags": ["a", "\ud83d"]}}, "chat.tags[1]", "U\\+D83D"),
        ({"\udc00": 1}, "", "U\\+DC00"),
        ({"a": {1: 2}}, "a", "key 1 is not text"),
        ({"a": {1, 2}}, "a", "set has no form"),
        ({"a": b"x"}, "a", "bytes has no form"),
    ],
    ids=lambda value: None,
)
def test_what_json_cannot_carry_is_refused_with_its_path(value, path, says):
    with pytest.raises(NotJson, match=says) as caught:
        dumps(value)
    assert in_dots(caught.value.path) == path


def test_what_nests_without_end_is_refused():
    value = []
    value.append(value)
    with pytest.raises(NotJson, match="nested deeper"):
        dumps(value)
