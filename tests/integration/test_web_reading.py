"""How bodies are read: strictly, and with a clear word about each that is not."""

import json

import pytest

JSON = {"Content-Type": "application/json"}
EVENT = b'{"event": "chat.created"}'

UNREADABLE = {
    "no JSON": (b"{event: 1}", "line 1, column 2: expecting property name"),
    "cut off": (b'{\n"event": ', "line 2, column 10: expecting value"),
    "nothing": (b"", "line 1, column 1: expecting value"),
    "more than one": (EVENT + EVENT, "extra data"),
    "a key twice": (b'{"event": "a", "event": "chat.created"}', "the key 'event' is there twice"),
    "a key twice further down": (b'{"event": "chat.created", "data": {"a": 1, "b": 2, "a": 3}}', "the key 'a' is there twice"),
    "NaN": (b'{"event": "chat.created", "data": {"a": NaN}}', "NaN is no number that JSON knows"),
    "Infinity": (b'{"event": "chat.created", "data": {"a": -Infinity}}', "-Infinity is no number"),
    "a number without end": (b'{"event": "chat.created", "data": {"a": 1e999}}', "1e999 is too large a number"),
    "a number of too many digits": (b'{"event": "chat.created", "count": %b}' % (b"9" * 5000), "not JSON"),
    "not UTF-8": (b'{"event": "\xff"}', "byte 11 cannot be read"),
    "UTF-16": ('{"event": "chat.created"}'.encode("utf-16"), "is not UTF-8"),
    "half a character": (b'{"event": "chat.created", "data": {"x": ["\\ud800"]}}', "/data/x/0: U+D800 is half a character"),
    "half a character in a key": (b'{"event": "chat.created", "data": {"\\udfff": 1}}', "U+DFFF is half a character"),
    "nested without end": (b'{"event": "chat.created", "data": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}", "nested deeper than 200"),
    "nested too deep": (b'{"event": "chat.created", "data": ' + b'{"a":' * 201 + b"1" + b"}" * 201 + b"}", "nested deeper than 200"),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "says"), UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_a_400_that_says_why(api, raw, says):
    refused = await api.post("/events", raw=raw, headers=JSON)
    assert refused.status == 400
    assert says in refused.json["detail"]
    assert api.workspace.journal.seq == 0


async def test_json_that_cannot_be_read_has_line_and_column(api):
    refused = await api.post("/events", raw=b'{\n  "event": chat\n}', headers=JSON)
    [error] = refused.json["errors"]
    assert (error["line"], error["column"]) == (2, 12)


@pytest.mark.parametrize("character", ["\x00", "🙂", "\u202e", "\u2028"], ids=ascii)
async def test_whole_characters_are_taken_whatever_they_are(api, character):
    body = {"event": "chat.created", "data": {"chat": {"title": character}}}
    answer = await api.post("/events", raw=json.dumps(body).encode(), headers=JSON)
    assert answer.json["events"][0]["data"]["chat"]["title"] == character


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/yaml",
        "",
        "json",
    ],
)
async def test_a_body_of_another_type_is_refused(api, content_type):
    refused = await api.post("/events", raw=EVENT, headers={"Content-Type": content_type})
    assert refused.status == 415
    assert "application/json" in refused.json["detail"]


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"]
)
async def test_json_by_any_of_its_names_is_taken(api, content_type):
    assert (await api.post("/events", raw=EVENT, headers={"Content-Type": content_type})).status == 202


async def test_a_packed_body_is_not_unpacked(api):
    refused = await api.post("/events", raw=EVENT, headers={**JSON, "Content-Encoding": "gzip"})
    assert refused.status == 415


async def test_a_body_for_what_takes_none_is_not_looked_at(api):
    made = await api.connected()
    rotated = await api.post(f"/connections/{made['id']}/rotate-secret", raw=b"\xff", headers=JSON)
    assert rotated.status == 200


async def test_an_unknown_parameter_of_a_call_without_any_is_refused(api):
    refused = await api.get("/connections?verbose=1")
    assert (refused.status, refused.hints) == (422, {"verbose": "there are none"})


async def test_a_path_that_is_not_there_is_a_problem(api):
    for path in ("/nothing", "//api/v2/events", "//%00", "//static/../app.py", "//static/app.py"):
        answer = await api.get(path)
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")


async def test_another_method_is_told_which_there_are(api):
    answer = await api.delete("/events")
    assert (answer.status, answer.headers["Allow"]) == (405, "OPTIONS, POST")
    options = await api("OPTIONS", "/connections")
    assert (options.status, options.headers["Allow"], options.text) == (204, "GET, HEAD, OPTIONS, POST", "")


@pytest.mark.parametrize(
    "path", ["/connections", "/journal", "//healthz", "//", "//metrics", "//openapi.json"]
)
async def test_head_is_get_without_the_body(api, path):
    answer = await api("HEAD", path)
    assert (answer.status, answer.text) == (200, "")
    assert int(answer.headers["Content-Length"]) > 0
