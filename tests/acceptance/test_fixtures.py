"""The fixtures in other people's suites: with every asyncio plugin and without, and where `sandbox` is theirs.

Each test is a project of its own with a pytest process of its own.
"""

import os
import re
import sys

import pytest

pytest_plugins = ["pytester"]

OTHERS = ("asyncio", "aiohttp", "anyio", "xdist", "hypothesispytest", "schemathesis", "faker")
"""Plugins that are installed for the tests: each suite names those that it has."""

PLAIN = """
    import asyncio
    import unittest

    import pytest


    def test_a_day_of_retries(wexio_sandbox, wexio_subscriber):
        wexio_subscriber.respond(500, 503, 200)
        wexio_sandbox.connect(wexio_subscriber.url, secret="whsec_x")
        event = wexio_sandbox.emit("chat.created", channel="VIBER")
        wexio_sandbox.advance("24h")
        wexio_sandbox.settle(5)
        wexio_sandbox.assert_delivered(event)
        wexio_sandbox.assert_delivered(event, times=1, attempts=3)
        assert [request.attempt for request in wexio_subscriber.wait_for(3)] == [1, 2, 3]
        assert [request.verified for request in wexio_subscriber.requests] == [True, True, True]


    @pytest.mark.parametrize("number", range(4))
    def test_each_has_its_own(wexio_sandbox, wexio_subscriber, number):
        assert wexio_sandbox.deliveries() == wexio_subscriber.requests == []
        wexio_sandbox.connect(wexio_subscriber.url)
        wexio_sandbox.emit()
        assert len(wexio_subscriber.requests) == 1


    def test_a_request(wexio_request):
        built = wexio_request("chat.created", channel="VIBER", secret="whsec_x", attempt=3)
        assert (built.method, built.headers["X-Wexio-Attempt"]) == ("POST", "3")
        assert built.body != wexio_request().body


    def test_code_that_runs_a_loop_of_its_own(wexio_sandbox, wexio_subscriber):
        wexio_sandbox.connect(wexio_subscriber.url)

        async def main():
            event = await wexio_sandbox.emit()
            await wexio_sandbox.advance("1h")
            assert len(await wexio_subscriber.wait_for(1)) == 1
            wexio_sandbox.assert_delivered(event)

        asyncio.run(main())


    class Case(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def fixtures(self, wexio_sandbox, wexio_subscriber):
            self.sandbox, self.subscriber = wexio_sandbox, wexio_subscriber

        def test_in_unittest(self):
            self.sandbox.connect(self.subscriber.url)
            self.sandbox.assert_delivered(self.sandbox.emit())
"""
PLAIN_TESTS = 8

# The app under test lives on the test's own loop, and refuses twice.
ASYNC = """
    import asyncio
    from contextlib import asynccontextmanager

    import pytest
    from aiohttp import web
    from aiohttp.test_utils import TestServer


    @asynccontextmanager
    async def listening(seen, status=200):
        async def hook(request):
            seen.append(asyncio.get_running_loop())
            return web.Response(status=500 if len(seen) < 3 else status)

        app = web.Application()
        app.router.add_post("/hook", hook)
        async with TestServer(app) as server:
            yield server.make_url("/hook")


    {mark}
    async def test_an_app_on_the_loop_of_the_test_answers(wexio_sandbox):
        seen = []
        async with listening(seen) as url:
            wexio_sandbox.connect(url, secret="whsec_x")
            event = await wexio_sandbox.emit()
            await wexio_sandbox.advance("24h")
            counts = await wexio_sandbox.settle(5)
        assert counts == {{"SUCCESS": 1}}
        wexio_sandbox.assert_delivered(event, attempts=3)
        assert set(seen) == {{asyncio.get_running_loop()}}


    {mark}
    async def test_a_scenario_is_played_to_it(wexio_sandbox):
        seen = []
        async with listening(seen) as url:
            wexio_sandbox.connect(url)
            verdict = await wexio_sandbox.play("first-contact")
        assert verdict.passed


    {mark}
    async def test_the_subscriber_is_awaited_too(wexio_sandbox, wexio_subscriber):
        wexio_sandbox.connect(wexio_subscriber.url)
        await wexio_sandbox.emit(wait=False)
        [request] = await wexio_subscriber.wait_for(1)
        assert request.verified
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """Run pytest on files, as if nobody had heard of this repository's settings."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("PYTHONPATH", raising=False)

    def run(*options, plugins=(), ini="", python=("-P",), **files):
        if "asyncio" in plugins:
            ini += "\nasyncio_default_fixture_loop_scope = function"
        pytester.makeini(f"[pytest]\n{ini}")
        if files:
            pytester.makepyfile(**files)
        base = f"--basetemp={pytester.path.parent / 'base'}"
        absent = [option for name in OTHERS if name not in plugins for option in ("-p", f"no:{name}")]
        return pytester.run(sys.executable, *python, "-m", "pytest", base, "-W", "error", *absent, *options)

    return run


# --- every combination --------------------------------------------------------------------


def test_plain_tests_need_no_asyncio_plugin(suite):
    result = suite(test_it=PLAIN)
    result.assert_outcomes(passed=PLAIN_TESTS)


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_with_pytest_asyncio(suite, mode):
    mark = "@pytest.mark.asyncio" if mode == "strict" else ""
    ini = f"asyncio_mode = {mode}"
    result = suite(plugins=["asyncio"], ini=ini, test_it=PLAIN, test_async=ASYNC.format(mark=mark))
    result.assert_outcomes(passed=PLAIN_TESTS + 3)


def test_with_pytest_aiohttp(suite):
    ours = """
        from aiohttp import web


        async def test_its_server_answers(wexio_sandbox, aiohttp_server):
            seen = []

            async def hook(request):
                seen.append(await request.read())
                return web.Response()

            app = web.Application()
            app.router.add_post("/hook", hook)
            server = await aiohttp_server(app)
            wexio_sandbox.connect(server.make_url("/hook"), secret="whsec_x")
            wexio_sandbox.assert_delivered(await wexio_sandbox.emit())
            assert len(seen) == 1


        async def test_its_client_posts_a_request(wexio_request, aiohttp_client):
            async def hook(request):
                return web.Response(text=request.headers["X-Wexio-Event-Id"])

            app = web.Application()
            app.router.add_post("/webhooks/wexio", hook)
            client = await aiohttp_client(app)
            built = wexio_request()
            answer = await client.post(built.path, data=built.body, headers=built.headers)
            assert await answer.text() == built.event.id
    """
    result = suite(
        plugins=["asyncio", "aiohttp"],
        ini="asyncio_mode = auto",
        test_it=PLAIN,
        test_async=ASYNC.format(mark=""),
        test_aio=ours,
    )
    result.assert_outcomes(passed=PLAIN_TESTS + 3 + 2)


def test_with_anyio_on_asyncio_and_on_trio(suite):
    mark = '@pytest.mark.anyio\n    @pytest.mark.parametrize("anyio_backend", ["asyncio"])'
    ours = """
        import pytest

        pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])]


        async def test_awaiting(wexio_sandbox, wexio_subscriber, anyio_backend):
            wexio_subscriber.respond(500, 200)
            wexio_sandbox.connect(wexio_subscriber.url)
            event = await wexio_sandbox.emit()
            await wexio_sandbox.advance("24h")
            await wexio_sandbox.settle()
            wexio_sandbox.assert_delivered(event, attempts=2)
            assert len(await wexio_subscriber.wait_for(2)) == 2


        async def test_what_goes_wrong_is_raised(wexio_sandbox, wexio_subscriber, anyio_backend):
            with pytest.raises(TimeoutError, match="0 of 1 requests"):
                await wexio_subscriber.wait_for(1, timeout=0.01)
    """
    result = suite(plugins=["anyio"], test_it=PLAIN, test_async=ASYNC.format(mark=mark), test_any=ours)
    result.assert_outcomes(passed=PLAIN_TESTS + 3 + 4)


def test_under_xdist(suite):
    mark = "@pytest.mark.asyncio"
    result = suite("-n", "2", plugins=["xdist", "asyncio"], test_it=PLAIN, test_async=ASYNC.format(mark=mark))
    result.assert_outcomes(passed=PLAIN_TESTS + 3)


# --- a suite that does not use them -----------------------------------------------------------


def test_who_does_not_use_it_loads_nothing_of_it(suite):
    loaded = """
        import sys


        def test_nothing(request):
            assert request.config.pluginmanager.hasplugin("wexio_sandbox")
            heavy = {"sandbox", "_wexio_sandbox", "faker", "pydantic", "yaml", "click", "rich", "asyncio"}
            assert heavy & {*sys.modules} == set()
    """
    result = suite(test_it=loaded)
    result.assert_outcomes(passed=1)


def test_every_fixture_setting_and_marker_is_described(suite):
    result = suite("--fixtures", test_it="")
    for name in ("wexio_sandbox", "wexio_request", "wexio_subscriber", "wexio_target"):
        assert re.search(rf"^{name}(\\[.*\\])? -- .*\n    \S", result.stdout.str(), re.MULTILINE), name
    result = suite("--markers", test_it="")
    result.stdout.fnmatch_lines(["@pytest.mark.wexio(*", "@pytest.mark.wexio_scenario(*"])


# --- a repository that has a `sandbox` --------------------------------------------------------

THEIRS = """
    {path}
    from sandbox.tools import answer


    def test_theirs_is_theirs():
        import sandbox
        assert answer() == 42
        assert not hasattr(sandbox, "__version__") or {beside}


    def test_ours_works_beside_it(wexio_sandbox, wexio_subscriber, wexio_request):
        wexio_sandbox.connect(wexio_subscriber.url, secret="whsec_x")
        wexio_subscriber.respond(500, 200)
        event = wexio_sandbox.emit()
        wexio_sandbox.advance("24h")
        wexio_sandbox.assert_delivered(event, attempts=2)
        assert wexio_sandbox.play("first-contact").passed
        assert wexio_request(secret="x").secret == "x"


    def test_theirs_is_still_theirs():
        import sandbox.tools
        from sandbox.late import later
        assert later() == sandbox.tools.answer() == 42


    def test_our_public_names_can_be_had():
        from wexio_sandbox_pytest import Bearer, build_request
        assert build_request(auth=Bearer("x")).headers["Authorization"] == "Bearer x"
"""


def their_sandbox(pytester, *, package, modules=("tools", "late")):
    """A folder `sandbox`, which is a *package* or only a folder."""
    folder = pytester.mkdir("sandbox")
    if package:
        (folder / "__init__.py").touch()
    for name, function in zip(modules, ("answer", "later"), strict=True):
        (folder / f"{name}.py").write_text(f"def {function}():\n    return 42\n", encoding="utf-8")


@pytest.fixture
def stranger(monkeypatch):
    """No coverage: their `sandbox` would be measured in place of ours."""
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("mode", ["prepend", "append", "importlib"])
@pytest.mark.parametrize("package", [True, False], ids=["package", "folder"])
def test_a_repository_keeps_its_own_sandbox(suite, pytester, stranger, mode, package):
    their_sandbox(pytester, package=package)
    # importlib leaves the path as it is: who imports from the root says so.
    ini = "pythonpath = ." if mode == "importlib" else ""
    source = THEIRS.format(path="", beside=not package)
    result = suite(f"--import-mode={mode}", ini=ini, test_it=source)
    result.assert_outcomes(passed=4)


def test_a_folder_whose_modules_are_called_as_ours_are_stays_theirs(suite, pytester, stranger):
    their_sandbox(pytester, package=False)
    pytester.mkdir("sandbox/core").joinpath("__init__.py").write_text("MINE = True\n", encoding="utf-8")
    source = THEIRS.format(path="from sandbox.core import MINE", beside=False)
    suite(test_it=source).assert_outcomes(passed=4)


def test_a_module_sandbox_py_stays_theirs(suite, pytester, stranger):
    (pytester.path / "sandbox.py").write_text("MINE = True\n", encoding="utf-8")
    source = """
        from sandbox import MINE

        def test_both(wexio_sandbox, wexio_subscriber):
            wexio_sandbox.connect(wexio_subscriber.url)
            wexio_sandbox.assert_delivered(wexio_sandbox.emit())
    """
    suite("--import-mode=append", test_it=source).assert_outcomes(passed=1)


def test_tests_inside_a_package_sandbox_are_collected(suite, pytester, stranger):
    their_sandbox(pytester, package=True)
    source = "from sandbox.tools import answer\n\ndef test_it(wexio_sandbox):\n    assert answer() == 42\n"
    (pytester.path / "sandbox" / "test_inside.py").write_text(source, encoding="utf-8")
    for mode in ("prepend", "append", "importlib"):
        suite(f"--import-mode={mode}", python=()).assert_outcomes(passed=1)


def test_a_folder_of_other_things_hides_nothing(suite, pytester):
    pytester.mkdir("sandbox").joinpath("notes.txt").touch()
    source = """
        from sandbox import Bearer

        def test_the_same_classes(wexio_sandbox, wexio_subscriber):
            assert wexio_sandbox.connect(wexio_subscriber.url, auth=Bearer("x")).auth == Bearer("x")
    """
    suite(test_it=source).assert_outcomes(passed=1)


# --- failures ---------------------------------------------------------------------------------


def test_a_failure_tells_attempts_answers_the_likely_mistake_and_the_seed(suite):
    failing = """
        def test_it(wexio_sandbox, wexio_subscriber):
            wexio_subscriber.respond(503, 401)
            wexio_sandbox.connect(wexio_subscriber.url, secret="whsec_do-not-tell")
            event = wexio_sandbox.emit(channel="VIBER")
            wexio_sandbox.advance("6s")
            print("event", event.id)
            wexio_sandbox.assert_delivered(event)
    """
    first = suite(test_it=failing)
    first.assert_outcomes(failed=1)
    out = first.stdout.str()
    first.stdout.fnmatch_lines(
        [
            "*AssertionError: evt_* should have been delivered 1 time; it was taken 0 times",
            "*chat.created (VIBER) evt_* to subscriber: PENDING after 2 attempts; *advance('9s')",
            "*attempt 1 at 20*Z: 503 in *",
            "*attempt 2 at 20*Z: 401 in *",
            "*the signature sent holds for the bytes sent*",
            "*likely: the subscriber has another secret, or checks other bytes*",
            "*-- wexio-sandbox --*",
            "seed *: the same people, ids and secrets again with --wexio-seed *",
        ]
    )
    assert "sandbox/fixtures" not in out  # our own lines are no part of the traceback
    assert "do-not-tell" not in out.split("AssertionError")[1]
    [seed] = re.findall(r"--wexio-seed (\d+)", out)
    again = suite("--wexio-seed", seed, test_it=failing).stdout.str()
    assert re.findall(r"^event (\S+)", again, re.MULTILINE) == re.findall(r"^event (\S+)", out, re.MULTILINE)


def test_any_other_failure_tells_what_was_sent_and_a_passing_test_tells_nothing(suite):
    source = """
        def test_fails(wexio_sandbox, wexio_subscriber, wexio_request):
            wexio_sandbox.connect(wexio_subscriber.url)
            wexio_sandbox.emit()
            assert False

        def test_passes(wexio_sandbox):
            pass
    """
    result = suite(test_it=source)
    result.assert_outcomes(failed=1, passed=1)
    assert re.search(r"^chat.created .*: SUCCESS after 1 attempt$", result.stdout.str(), re.MULTILINE)
    assert len(re.findall("--wexio-seed", result.stdout.str())) == 2  # of the sandbox and of the requests


def test_what_is_not_awaited_is_named(suite):
    source = """
        import asyncio

        def test_it(wexio_sandbox, recwarn):
            async def main():
                wexio_sandbox.advance("1h")

            asyncio.run(main())
            [warning] = recwarn.list
            assert str(warning.message) == "coroutine 'wexio_sandbox.advance' was never awaited"
    """
    suite("-W", "always", test_it=source).assert_outcomes(passed=1)


# --- settings and markers ---------------------------------------------------------------------

GOLDEN = """
    import json

    import pytest


    {mark}
    def test_bytes(wexio_sandbox, wexio_subscriber, wexio_request):
        wexio_subscriber.respond(500, 500, 200)
        wexio_sandbox.connect(wexio_subscriber.url, name="crm")
        wexio_sandbox.emit(channel="VIBER")
        wexio_sandbox.advance("1h")
        wire = [[*request.headers.items(), request.body.decode()] for request in wexio_subscriber.requests]
        for request in wire:
            request[:] = [item for item in request if item[0] != "Host"]
        print("WIRE", json.dumps(wire))
        assert False
"""


def wire(result):
    [line] = re.findall(r"^WIRE (.*)$", result.stdout.str(), re.MULTILINE)
    return line


def test_with_seed_start_and_the_sandbox_s_signature_time_the_wire_is_the_same_to_the_byte(suite):
    ini = "wexio_seed = 42\nwexio_start = 2026-04-24T14:02:10Z\nwexio_signature_time = sandbox"
    by_ini = [wire(suite(ini=ini, test_it=GOLDEN.format(mark=""))) for _ in range(2)]
    mark = '@pytest.mark.wexio(seed=42, start="2026-04-24T14:02:10Z", signature_time="sandbox")'
    by_mark = wire(suite(test_it=GOLDEN.format(mark=mark)))
    assert by_ini[0] == by_ini[1] == by_mark
    # As in real time: 5 s after the first attempt, then 10 s.
    assert re.findall(r'"X-Wexio-Timestamp", "(.*?)"', by_mark) == [
        f"2026-04-24T14:02:{second}.000Z" for second in (10, 15, 25)
    ]
    assert wire(suite("--wexio-seed", "43", test_it=GOLDEN.format(mark=mark))) != by_mark


SETTINGS = """
    import time

    import pytest


    def test_settings(wexio_sandbox, wexio_subscriber, wexio_request):
        [connection] = wexio_sandbox.connections
        assert (connection.url, connection.auth.secret) == ("http://127.0.0.1:9/", "whsec_ini")
        assert connection.retry.attempts == 1
        assert wexio_request().secret == "whsec_ini"
        assert wexio_sandbox.seed == wexio_request.seed == 7
        wexio_sandbox.connect(wexio_subscriber.url)
        wexio_subscriber.respond("timeout")
        began = time.monotonic()
        event = wexio_sandbox.emit()
        assert time.monotonic() - began < 5
        assert wexio_sandbox.play("mine").passed is False


    @pytest.mark.wexio(seed=8, retry="svix", contacts={"alex": {"firstName": "Alex"}})
    def test_the_marker_goes_before_the_settings(wexio_sandbox, wexio_request):
        assert wexio_sandbox.seed == 8
        assert wexio_sandbox.connections[0].retry.attempts == 8
        assert wexio_sandbox.emit(contact="alex", wait=False).data["contact"]["firstName"] == "Alex"
        assert wexio_request(contact="alex").event.data["contact"]["firstName"] == "Alex"
"""


def test_settings_say_what_is_not_said_by_a_test(suite, pytester):
    pytester.mkdir("plays").joinpath("mine.yaml").write_text(
        "name: mine\nsteps: [{emit: chat.created, channel: VIBER}]\n", encoding="utf-8"
    )
    ini = (
        "wexio_seed = 7\nwexio_retry = none\nwexio_attempt_timeout = 100ms\nwexio_secret = whsec_ini\n"
        "wexio_scenarios = plays\nwexio_url = http://127.0.0.1:1/"
    )
    result = suite("--wexio-url", "http://127.0.0.1:9/", ini=ini, test_it=SETTINGS)
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("ini", "says"),
    [
        ("wexio_seed = soon", "*wexio_seed is 'soon': a whole number is right*"),
        ("wexio_start = today", "*wexio_start: 'today' is not a time with an offset: write 2026-*"),
        ("wexio_signature_time = noon", "*signature_time is 'noon': wall or sandbox*"),
        ("wexio_attempt_timeout = 5", "*5 has no unit: write 5s for seconds*"),
    ],
)
def test_a_setting_that_is_none_is_told_with_what_would_be_right(suite, ini, says):
    result = suite(ini=ini, test_it="def test_it(wexio_sandbox):\n    pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([says])


MARKED = """
    import pytest
    from aiohttp import web
    from aiohttp.test_utils import TestServer


    @pytest.mark.wexio_scenario("first-contact")
    def test_before_a_plain_test(wexio_sandbox, wexio_subscriber):
        assert {item.channel for item in wexio_sandbox.deliveries()} == {
            "WHATSAPP", "TELEGRAM", "VIBER", "INSTAGRAM"
        }
        assert len(wexio_subscriber.requests) > 4  # it stumbles, as the scenario says


    @pytest.mark.wexio_scenario("dead-on-arrival.yaml")
    def test_not_passed(wexio_sandbox):
        raise SystemExit("never comes here")


    class TestAgainstAnApp:
        @pytest.fixture
        async def wexio_target(self):
            self.seen = 0

            async def hook(request):
                self.seen += 1
                return web.Response()

            app = web.Application()
            app.router.add_post("/hook", hook)
            async with TestServer(app) as server:
                yield server.make_url("/hook")

        @pytest.mark.wexio_scenario("first-contact")
        async def test_on_the_loop_of_the_test(self, wexio_sandbox):
            assert self.seen == len(wexio_sandbox.deliveries()) == 4
"""


def test_a_marker_plays_a_scenario_before_the_test(suite, pytester):
    (pytester.path / "dead-on-arrival.yaml").write_text(
        "name: dead\nsubscriber: {respond: [410]}\nsteps: [{emit: chat.created}]\n", encoding="utf-8"
    )
    result = suite(plugins=["asyncio"], ini="asyncio_mode = auto", test_it=MARKED)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*the scenario dead-on-arrival.yaml has not passed*",
            "seed *--wexio-seed *",
            "chat.created * to subscriber: FAILED after 1 attempt*",
        ]
    )
