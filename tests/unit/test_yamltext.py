"""YAML 1.2 with places: every trap of 1.1, every way to be refused, and where the caret stands."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.yamltext import LARGEST, Mark, read_yaml


def read(text):
    document = read_yaml(text)
    assert document.problems == []
    return document


def only_problem(text):
    (problem,) = read_yaml(text).problems
    return problem


def marked(text, mark):
    """What a caret at *mark* underlines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[mark.line - 1][mark.column - 1 : mark.column - 1 + mark.length]


# --- what scalars are ----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "no", "yes", "on", "off", "y", "n", "12:30", "1:30:00", "2026-04-24", "2026-04-24T14:02:10Z", "1_000",
        "0b101", "+0x1f", "0o8", "0xfg", "1e", ".", "..", "+", "e5", "nUll", "tRUE", "inf", "nan", "+.nan",
        "٣", "１２", "1,5", "=", "a:b", "a#b", "-x", "?x", ":x", "http://x/y?z", "x - y", "1 2", "<",
    ],
    ids=repr,
)  # fmt: skip
def test_no_and_times_of_day_are_strings(text):
    document = read(f"key: {text}")
    assert document.value == {"key": text}
    assert document.is_plain(("key",))


@pytest.mark.parametrize(
    ("text", "value"),
    [(word, None) for word in ("null", "Null", "NULL", "~", "")]
    + [(word, True) for word in ("true", "True", "TRUE")]
    + [(word, False) for word in ("false", "False", "FALSE")]
    + [("12", 12), ("-1", -1), ("+7", 7), ("0123", 123), ("0o17", 15), ("0x1F", 31), ("0", 0), ("-0", 0)]
    + [("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("-1e3", -1000.0), ("1E-2", 0.01), ("+.5e+1", 5.0)]
    + [(".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf), ("1e999", math.inf)],
    ids=repr,
)
def test_scalars_are_what_the_core_schema_says(text, value):
    document = read(f"key: {text}")
    assert document.value["key"] == value
    assert type(document.value["key"]) is type(value)
    assert document.raw(("key",)) == text


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan_stays_a_float(text):
    assert math.isnan(read(f"key: {text}").value["key"])


@pytest.mark.parametrize(
    ("text", "value"),
    [('"12"', "12"), ("'no'", "no"), ("|\n  1\n", "1\n"), (">-\n  a\n  b\n", "a b"), ('""', ""), ("''", "")],
    ids=repr,
)
def test_what_is_quoted_is_text(text, value):
    document = read(f"key: {text}")
    assert document.value == {"key": value}
    assert document.raw(("key",)) == value
    assert not document.is_plain(("key",))


@pytest.mark.parametrize("digits", ["9" * 4301, "0x" + "f" * 4000, "-" + "1" * 100_000], ids=len)
def test_a_number_of_thousands_of_digits_is_a_problem(digits):
    problem = only_problem(f"key: {digits}")
    assert "too large" in problem.message
    assert (problem.line, problem.column, problem.length) == (1, 6, len(digits))
    assert "quote" in problem.hint


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!str 12", "12"), ("!!int '12'", 12), ("!!float 1", 1.0), ("!!bool 'true'", True), ("!!null ''", None),
        ("!!map {a: 1}", {"a": 1}), ("!!seq [1]", [1]), ("!<tag:yaml.org,2002:str> 5", "5"), ("! 5", "5"),
        ("!!str", ""),
    ],
    ids=repr,
)  # fmt: skip
def test_the_tags_of_the_core_schema_are_obeyed(text, value):
    result = read(f"key: {text}").value["key"]
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("text", "says", "at"),
    [
        ("a: !vault x", "the tag !vault cannot stand here", "!vault"),
        ("a: !!python/object:os.system x", "cannot stand here", "!!python/object:os.system"),
        ("a: !!binary aGk=", "the tag !!binary", "!!binary"),
        ("a: !!timestamp 2026-04-24", "the tag !!timestamp", "!!timestamp"),
        ("a: &x !!set {b}", "the tag !!set", "!!set"),
        ("a: !!map [b]", "the tag !!map", "!!map"),
        ("a: !!seq x", "the tag !!seq", "!!seq"),
        ("a: !!str [x]", "the tag !!str", "!!str"),
        ("a: !!int 1.5", "'1.5' is no !!int", "!!int 1.5"),
        ("a: !!bool no", "'no' is no !!bool", "!!bool no"),
        ("a: !<x> y", "the tag !<x> cannot", "!<x>"),
        ("%TAG !e! tag:e,2000:\n---\na: !e!x y", "the tag !e!x cannot", "!e!x"),
    ],
    ids=lambda value: value if " " in value else "",
)
def test_any_other_tag_is_a_problem(text, says, at):
    problem = only_problem(text)
    assert says in problem.message
    assert marked(text, Mark(problem.line, problem.column, problem.length)).startswith(at)


# --- PyYAML's scanner, brought up to 1.2 ---------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[What?, Why? , a?b, ?c]", ["What?", "Why?", "a?b", "?c"]),
        ("{a: what?, b: x ? y}", {"a": "what?", "b": "x ? y"}),
        ("{? a : 1, ? [b], c}", None),
        ("? a\n: 1", {"a": 1}),
        ("a:\t1", {"a": 1}),
        ("a: 1\t\nb: 2 \t # c\n", {"a": 1, "b": 2}),
        ("a: x\ty", {"a": "x\ty"}),
        ("a: x\n  \ty", {"a": "x y"}),
        ("a: 1\n\t\n\t# comment\nb: 2", {"a": 1, "b": 2}),
        ('{\n\t"a": [\n\t\t1\n\t]\n}', {"a": [1]}),
        ("a: x\n\n  y\n\n\n  z", {"a": "x\ny\n\nz"}),
        ("{a: http://x:80/, b}", {"a": "http://x:80/", "b": None}),
        ('{"a":1,"b":[2]}', {"a": 1, "b": [2]}),
        ('"\\ud83d\\ude00 \\/"', "😀 /"),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
        ("%YAML 1.2\n---\na: 1\n...\n", {"a": 1}),
        ("a: 'x\u2028 y\x85z'\nb: p\u2029 q # \u2028 c\nc: |\n  l\x85m", {"a": "x\u2028 y\x85z", "b": "p\u2029 q", "c": "l\x85m"}),
        ('"\u2028\\L\\N\\P\\U0010FFFD\\U0010fffc\U0010fffb"', "\u2028\u2028\x85\u2029\U0010fffd\U0010fffc\U0010fffb"),
    ],
    ids=ascii,
)  # fmt: skip
def test_yaml_is_read_as_1_2_reads_it(text, value):
    document = read_yaml(text)
    if value is None:
        assert [problem.message for problem in document.problems] == [
            "a key must be text, not a mapping or a list"
        ]
        assert document.value == {"a": 1, "c": None}
    else:
        assert document.problems == []
        assert document.value == value


# --- what is refused -----------------------------------------------------------------

REFUSED = [
    ("a: 1\n\tb: 2", 2, 1, "a tab cannot indent", "spaces"),
    ("a:\n\t- b", 2, 1, "a tab cannot indent", "spaces"),
    ("text: Hello: world", 1, 12, "a second colon cannot stand here", "quote"),
    ("- text: Hello: world", 1, 14, "a second colon cannot stand here", "quote"),
    ("a: 1\n  b: 2", 2, 4, "the line goes on with the text above", "indent it as far as the key above"),
    ("- a: 1\n   b: 2", 2, 5, "the line goes on with the text above", "indent it as far as the key above"),
    ("a:1\nb: 2", 2, 2, "the line above is no key: value yet", "write a space after its colon"),
    ("a\nb: 2", 2, 2, "the line above is no key: value yet", "give line 1 its colon"),
    ("'a", 1, 1, "this quote is never closed", "end the text with the same quote"),
    ("[a", 1, 1, "this [ is never closed", "close it with ]"),
    ("{a: b", 1, 1, "this { is never closed", "close it with }"),
    ("text: *bold*", 1, 7, "text cannot begin with & or *", "quote"),
    ("text: **bold**", 1, 7, "text cannot begin with & or *", "quote"),
    ("text: > hello", 1, 9, "only a line break can follow | or >", "quote"),
    ("text: @me", 1, 7, "text cannot begin with '@'", "quote"),
    ("text: %d", 1, 7, "text cannot begin with '%'", "quote"),
    ("%d: 1", 1, 1, "a line cannot begin with %", "quote"),
    ("%d", 1, 3, "--- is missing", "quote"),
    ("a: !x!y z", 1, 4, "text cannot begin with !", "quote"),
    ("a: [1, 2\nb: 3", 2, 2, "a comma or ] is missing", "line 1"),
    ("\na: {b: 1\nc: 2", 3, 2, "a comma or } is missing", "line 2"),
    ("a: [1, 2", 1, 4, "this [ is never closed", "quote"),
    ("a: {b: 2\n", 1, 4, "this { is never closed", "quote"),
    ("a: [1,\n", 2, 1, "a bracket is still open", "quote"),
    ("a: 1\nb: 'x\nc: 1\n", 2, 4, "this quote is never closed", None),
    ('a: "x\n---\n', 1, 4, "this quote is never closed", None),
    (r'a: "C:\q"', 1, 8, "there is no escape with 'q'", r"\\"),
    (r'a: "\x1"', 1, 7, "here belong 2 hexadecimal digits", None),
    (r'a: "\UFFFFFFFF"', 1, 7, "no such character", None),
    ("a: 1\nb\nc: 3", 2, 1, "neither key: value nor an item", "colon"),
    ("a:\n  - b\n c: 1", 3, 2, "a key does not line up with the mapping that began in line 1", "indentation"),
    ("- a\nb: 1", 2, 1, "a key does not line up with the list", "indentation"),
    ('a: "x" y', 1, 8, "text follows what is complete", "quote"),
    ("a: ]", 1, 4, "a value cannot begin with ']'", "quote"),
    ("a: - b", 1, 4, "a list cannot begin here", "quote"),
    ("a: ? b", 1, 4, "a key cannot begin here", "quote"),
    ("'a'\n'b'", 2, 1, "text cannot follow what stands above", "indentation"),
    ("%YAML 2.0\n---\na", 1, 1, "this is not YAML 1", "leave"),
    ("%YAML 1." + "9" * 5000 + "\n---\na", 1, 9, "no such character, or no such number", None),
    ("a: 1\n---\nb: 2", 2, 1, "a second document begins here", "one document"),
    ("a: 1\n...\nb: 2", 3, 1, "a key cannot follow what stands above", "one document"),
    ("---\n---\n", 2, 1, "a second document begins here", "one document"),
    ("", 1, 1, "the file is empty", None),
    ("\ufeff", 1, 1, "the file is empty", None),
    ("\n# only words\n", 1, 1, "the file is empty", None),
    ("---\n", 1, 1, "the file is empty", None),
    ("a: 1\nb: 2\na: 3", 3, 1, "the key 'a' stands here again, after line 1", "remove or rename one"),
    ("x: {a: 1, 'a': 3}", 1, 11, "the key 'a' stands here again, in the same line", "remove or rename one"),
    ("404: x", 1, 1, "the key 404 is not text", 'quote it: "404"'),
    ("x:\n  0x1F: x", 2, 3, "the key 0x1F is not text", 'quote it: "0x1F"'),
    ("true: x", 1, 1, "the key true is not text", 'quote it: "true"'),
    ("1.5: x", 1, 1, "the key 1.5 is not text", 'quote it: "1.5"'),
    ("null: x", 1, 1, "the key null is not text", 'quote it: "null"'),
    ("? \n: x", 1, 2, "a key is missing", None),
    ("? {a: b}\n: x", 1, 3, "a key must be text", "quote"),
    ("a: {{ b }}", 1, 5, "a key must be text", "quote"),
    ("[a]: x", 1, 1, "a key must be text", "quote"),
    ("a: &a {b: 1}\nc:\n  <<: *a", 3, 3, "YAML merge keys are not part of YAML 1.2", "write the keys out"),
    ("a: &this [*this]", 1, 11, "*this stands inside of what it stands for", None),
    ("a: &this\n  b: {c: *this}", 2, 10, "*this stands inside of what it stands for", None),
    ("a: &name 1\nb: *nome", 2, 4, "there is no anchor &nome before", "did you mean *name?"),
    ("a: *b\nc: &b 1", 1, 4, "there is no anchor &b before", "quote"),
    (r'a: "\ud83d"', 1, 4, r"\ud83d is half a character", "itself"),
    ("a: \x1b[31m", 1, 4, "the control character U+001B", r"\x1B"),
    ("a: x\x00y", 1, 5, "the control character U+0000", r"\x00"),
    ("# \x9b", 1, 3, "the control character U+009B", r"\x9B"),
    ("ü: \uffff", 1, 4, "U+FFFF", r"\uFFFF"),
    ("a: \ud800", 1, 4, "U+D800 is half a character", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "column", "says", "hint"), REFUSED, ids=[ascii(row[0])[:40] for row in REFUSED]
)
def test_what_is_wrong_is_told_with_its_place_and_what_would_be_right(text, line, column, says, hint):
    problem = only_problem(text)
    assert says in problem.message
    assert (problem.line, problem.column) == (line, column)
    assert hint is None or hint in problem.hint
    assert problem.severity == "error"
    assert problem.source_line == text.removeprefix("\ufeff").split("\n")[line - 1]
    assert problem.length >= 1
    assert "{{" not in problem.message


@pytest.mark.parametrize(
    ("data", "line", "column", "says"),
    [
        (b"a: caf\xe9\n", 1, 7, "the byte 0xE9 is not UTF-8"),
        (b"\xef\xbb\xbfa: 1\n\xc3\xbc: \xff", 2, 4, "the byte 0xFF is not UTF-8"),
        (b"a: \xed\xa0\x80", 1, 4, "the byte 0xED is not UTF-8"),
        ("a: 1".encode("utf-16"), 1, 1, "the file is UTF-16"),
        (b"\xfe\xff\0a", 1, 1, "the file is UTF-16"),
        ("a: 1".encode("utf-32"), 1, 1, "the file is UTF-32"),
        (b"\0\1\2\3\xff", 1, 5, "the byte 0xFF is not UTF-8"),
        ("a: 1".encode("utf-16-le"), 1, 1, "the file is UTF-16"),
        ("a: 1".encode("utf-16-be"), 1, 1, "the file is UTF-16"),
        (b"#" * (LARGEST + 1), 1, 1, "the file is larger than 2 MiB"),
        ("ü" * (LARGEST // 2 + 1), 1, 1, "the file is larger than 2 MiB"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 99 else "",
)
def test_bytes_that_are_no_text_are_a_problem(data, line, column, says):
    document = read_yaml(data, file="x.yaml")
    (problem,) = document.problems
    assert (problem.file, problem.line, problem.column, problem.message) == ("x.yaml", line, column, says)
    assert problem.hint
    assert document.value is None
    assert document.mark(("a",)) == Mark(1, 1, 1)


def test_every_problem_is_told_in_one_run_and_the_rest_is_read():
    document = read_yaml("a: 1\na: 2\n3: x\nb: \x07\nc: !x y\nd: [1\n")
    assert [problem.line for problem in document.problems] == [2, 3, 4, 5, 6]
    assert document.value is None
    document = read_yaml("a: 1\na: 2\n3: x\n---\n")
    assert [problem.line for problem in document.problems] == [2, 3, 4]
    assert document.value == {"a": 1, "3": "x"}


def test_a_null_that_is_written_is_no_empty_file():
    assert read("null").value is None
    assert read("''").value == ""


# --- limits --------------------------------------------------------------------------


def laughs(levels):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (laughs(40), "more than 100,000 values"),
        ("[" + "1," * 100_001 + "]", "more than 100,000 values"),
        ("[" * 1_000_000, "nested deeper than 64"),
        ("{a: " * 300_000, "nested deeper than 64"),
        ("- " * 1_000_000, "nested deeper than 64"),
        ("a: &x " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*x" + "]" * 40, "nested deeper than 64"),
        ("[" + "*a," * 90_000 + "]\n", "there is no anchor"),
        ("\u2028" * 300_000 + "\t" * 300_000, "the file is empty"),
        ("\x01" * 500_000, "control character"),
    ],
    ids=["laughs", "wide", "brackets", "braces", "dashes", "aliases", "undefined", "breaks", "controls"],
)
def test_reading_ends_at_a_limit_whatever_the_text(text, says):
    problems = read_yaml(text).problems
    assert any(says in problem.message for problem in problems) or says == "the file is empty"
    assert len(problems) < 1100


def test_what_is_just_within_the_limits_is_read():
    assert read("[" * 64 + "]" * 64).value
    document = read(laughs(4))
    assert len(document.value["a3"]) == 10
    assert document.value["a3"][0] == document.value["a2"]


def test_what_aliases_stand_for_belongs_to_each_alone():
    value = read("a: &x {b: [1]}\nc: *x").value
    value["c"]["b"].append(2)
    assert value["a"] == {"b": [1]}


# --- places --------------------------------------------------------------------------

PLACES = """\
name: ünï 😀 # comment
"quoted key": 'it''s'
who:
  - Ann
  -   Bob Lee
  - {x: 1, y: [ a , b ] }
text: |
  first
  second
empty:
long: two
  lines
tagged: !!str 12
anchored: &there  word
alias: *there
mixed: &m
  in: side
"""


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), "name: ünï 😀", "name: ünï 😀"),
        (("name",), "ünï 😀", "name"),
        (("quoted key",), "'it''s'", '"quoted key"'),
        (("who",), "- Ann", "who"),
        (("who", 0), "Ann", "Ann"),
        (("who", 1), "Bob Lee", "Bob Lee"),
        (("who", 2), "{x: 1, y: [ a , b ] }", "{x: 1, y: [ a , b ] }"),
        (("who", 2, "y"), "[ a , b ]", "y"),
        (("who", 2, "y", 1), "b", "b"),
        (("text",), "|", "text"),
        (("empty",), "", "empty"),
        (("long",), "two", "long"),
        (("tagged",), "12", "tagged"),
        (("anchored",), "word", "anchored"),
        (("alias",), "*there", "alias"),
        (("mixed", "in"), "side", "in"),
        (("who", 7), "- Ann", "who"),
        (("who", "x", "y"), "- Ann", "who"),
        (("who", 2, "z"), "{x: 1, y: [ a , b ] }", "{x: 1, y: [ a , b ] }"),
        (("name", "x"), "ünï 😀", "name"),
        (("nowhere",), "name: ünï 😀", "name: ünï 😀"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["plain", "bom"])
@pytest.mark.parametrize("kind", [str, str.encode], ids=["text", "bytes"])
def test_marks_point_at_what_an_editor_shows(path, value, key, end, bom, kind):
    document = read(kind(bom + PLACES.replace("\n", end)))
    assert marked(PLACES, document.mark(path)) == value
    assert marked(PLACES, document.key_mark(path)) == key
    problem = document.problem(path, "is wrong", hint="do right", severity="warning", at_key=True)
    mark = document.key_mark(path)
    assert (problem.line, problem.column, problem.length) == (mark.line, mark.column, mark.length)
    assert problem.source_line == PLACES.split("\n")[mark.line - 1]
    assert (problem.message, problem.hint, problem.severity) == ("is wrong", "do right", "warning")


def test_separators_of_other_standards_end_no_line():
    text = "a: 'x\u2028y'\x85 # \u2029\nb: c"
    document = read_yaml(text)
    assert document.problem(("a",), "").line == 1
    assert read("a: 'x\u2028y' # \x85\u2029\nb: c").problem(("b",), "") == read("a: 'x y' # \nb: c").problem(
        ("b",), ""
    )


def test_an_empty_value_is_marked_behind_its_colon():
    assert read("a:\nb: 1").mark(("a",)) == Mark(1, 3, 1)
    assert not read("a:").is_plain(("a",))
    assert read("a:").raw(("a",)) == ""


@pytest.mark.parametrize("path", [(), ("l",), ("l", 5), ("no",), ("s", "x")], ids=repr)
def test_only_scalars_have_a_text(path):
    document = read("l: [1]\ns: x")
    assert document.raw(path) is None
    assert not document.is_plain(path)


# --- anything ------------------------------------------------------------------------

HOSTILE = st.text(
    st.sampled_from("ab1 \n\t\r:-?,[]{}#&*!|>'\"%@`\\<.~=\x00\x85\u2028\ufeff\ud800😀"), max_size=60
)


@settings(max_examples=1500, deadline=None)
@given(HOSTILE | st.text(max_size=40))
def test_any_text_gives_a_document(text):
    document = read_yaml(text, file="f")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in document.problems:
        assert problem.file == "f"
        assert problem.source_line == lines[problem.line - 1]
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 2
        assert problem.message.isprintable() or not text.isprintable()
    json.dumps(document.value)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_document(data):
    read_yaml(data)


json_text = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn")) | st.sampled_from("\t\n\r\x85\x1b\0")
)
# YAML lets a key that is not introduced by ? take 1,024 characters, escapes included.
json_keys = json_text.filter(lambda text: len(json.dumps(text)) < 1000)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | json_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(json_keys, inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(json_values, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_json_is_read_as_json(value, ascii_only, indent):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).replace("\x85", "\\u0085")
    document = read_yaml(text)
    assert document.problems == []
    assert document.value == json.loads(text)
    assert repr(document.value).replace("-0", "0") == repr(value).replace("-0", "0")


words = st.from_regex(r"[a-zä日😀][a-zä日😀0-9]{0,5}( [a-zé]{1,3})?", fullmatch=True).filter(
    lambda word: word not in ("null", "true", "false")
)
trees = st.dictionaries(
    words,
    st.recursive(
        words,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3) | st.dictionaries(words, inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
    min_size=1,
    max_size=4,
)


def written(tree, indent=""):
    """*tree* as block YAML."""
    if isinstance(tree, str):
        return f" {tree}\n"
    pairs = tree.items() if isinstance(tree, dict) else ((None, item) for item in tree)
    return ("\n" if indent else "") + "".join(
        f"{indent}{'-' if key is None else f'{key}:'}{written(item, indent + '  ')}" for key, item in pairs
    )


def scalars(tree, path=()):
    if isinstance(tree, str):
        yield path, tree
    else:
        for key, item in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from scalars(item, (*path, key))


@settings(deadline=None)
@given(trees, st.sampled_from(["\n", "\r\n", "\r"]))
def test_every_mark_points_at_its_scalar(tree, end):
    text = written(tree).replace("\n", end)
    document = read(text)
    assert document.value == tree
    for path, scalar in scalars(tree):
        assert marked(text, document.mark(path)) == scalar == document.raw(path)
        if isinstance(path[-1], str):
            assert marked(text, document.key_mark(path)) == path[-1]
