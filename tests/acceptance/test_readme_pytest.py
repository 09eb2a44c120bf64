"""README's tests pass as they are written, and every fixture, setting and marker is in it."""

import inspect
import re
from pathlib import Path

import pytest

import wexio_sandbox_pytest as plugin
from sandbox.fixtures import WexioSandbox, WexioSubscriber
from sandbox.requests import RequestBuilder, WebhookRequest, build_request

pytest_plugins = ["pytester"]

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
TESTS = {
    found[1]: block for block in BLOCKS if (found := re.match(r"# (test_[a-z_]+)\.py\n", block)) is not None
}
# The app that README takes for granted, with README's own signature check.
APP = """
from flask import Flask, request

app = Flask("myapp")
chats = []


@app.post("/webhooks/wexio")
def hook():
    if not holds(request.headers["X-Wexio-Signature"], request.get_data(), "whsec_test"):
        return "signature", 401
    if app.config.get("BROKEN"):
        return "down", 503
    if request.json["id"] not in chats:
        chats.append(request.json["id"])
    return "", 200
"""


def test_readme_s_tests_pass_as_they_are_written(pytester):
    assert {"test_webhook", "test_retries", "test_async"} <= {*TESTS}
    [holds] = [block for block in BLOCKS if "def holds" in block]
    pytester.makepyfile(myapp=holds + APP, **TESTS)
    pytester.makeini(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\nwexio_secret = whsec_test"
    )
    result = pytester.runpytest_subprocess("-W", "error")
    result.assert_outcomes(passed=sum(block.count("def test_") for block in TESTS.values()) + 2)


def test_from_installing_to_a_passing_test_is_one_screen():
    page = README.split("## For CI\n")[1]
    assert len(page[: page.index("wexio_request(secret=")].splitlines()) <= 35


def members(of):
    return [name for name in vars(of) if not name.startswith("_")]


FIXTURES = [name for name in vars(plugin) if name.startswith("wexio_")]
SETTINGS = [*plugin._SETTINGS, "wexio_scenarios"]
# Of the objects that are handed out: what is ours to use, not to read about.
BEHIND = {"close", "follow", "subscriber", "sandbox", "account", "now", "seed", "connections"}


def test_every_fixture_setting_option_and_marker_is_in_readme():
    assert len(FIXTURES) == 4
    assert [name for name in (*FIXTURES, *SETTINGS) if f"`{name}`" not in README] == []
    assert [option for option in ("--wexio-seed", "--wexio-url") if f"`{option}`" not in README] == []
    for mark in plugin._MARKS:
        assert f"@pytest.mark.{mark.partition('(')[0]}(" in README


@pytest.mark.parametrize("of", [WexioSandbox, WexioSubscriber])
def test_every_method_is_in_readme(of):
    text = README.split("## pytest\n")[1]
    names = [name for name in members(of) if name not in BEHIND]
    assert [name for name in names if not re.search(rf"`{name}\b|\.{name}\(", text)] == []


def test_every_part_and_option_of_a_request_is_in_readme():
    text = README.split("## pytest\n")[1]
    parts = [name for name in WebhookRequest.__dataclass_fields__ if not name.startswith("_")]
    parts.remove("auth")
    parts.remove("attempt")
    assert [name for name in (*parts, "path", "secret", "again") if f"`.{name}" not in text] == []
    options = [*inspect.signature(build_request).parameters][1:]
    assert [name for name in options if not re.search(rf"`{name}\b", text)] == []


def test_the_fixture_takes_what_the_function_takes():
    function, fixture = (inspect.signature(of) for of in (build_request, RequestBuilder.__call__))
    assert {*function.parameters} - {*fixture.parameters} == {"seed", "now", "profile"}
