"""The pytest plugin of wexio-sandbox: fixtures, settings, markers, and what a failure tells.

Loaded in every pytest of an environment, so nothing heavy is imported before a fixture is
used.  The public names of our package can be had from here as well
(``from wexio_sandbox_pytest import build_request``), also where `sandbox` is somebody else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final

import pytest

from wexio_sandbox_pytest import ours

if TYPE_CHECKING:
    from sandbox import *  # noqa: F403
    from sandbox.fixtures import AsyncWexioSandbox as AsyncWexioSandbox
    from sandbox.fixtures import AsyncWexioSubscriber as AsyncWexioSubscriber
    from sandbox.fixtures import Recorded as Recorded
    from sandbox.fixtures import Stage
    from sandbox.fixtures import WexioSandbox as WexioSandbox
    from sandbox.fixtures import WexioSubscriber as WexioSubscriber
    from sandbox.requests import RequestBuilder as RequestBuilder

_MARKS: Final = (
    "wexio(seed, start, signature_time, retry, attempt_timeout, contacts, …): what this test's sandbox is like",
    "wexio_scenario(name, …): play these scenarios, by file or name, before the test",
)
_SETTINGS: Final = {
    "wexio_seed": "the seed of people, ids and secrets; without it, one is drawn for each test",
    "wexio_start": "when the sandbox's clock starts, such as 2026-04-24T14:02:10Z; default: now",
    "wexio_signature_time": "the time in signatures: wall (default) or sandbox",
    "wexio_retry": "the retry policy of connections that name none: wexio (default), svix or none",
    "wexio_attempt_timeout": "the real time that an attempt may take, such as 500ms; default: the policy's",
    "wexio_secret": "the secret of connections, requests and the subscriber, where a test names none",
    "wexio_url": "where the app under test listens, for the fixture wexio_target",
}
_Told = list[Callable[[], str]]
_told: Final = pytest.StashKey[_Told]()


def __getattr__(name: str) -> Any:
    # pytest itself asks every plugin for names such as pytest_plugins.
    if not name.startswith(("_", "pytest")):
        for part in ("", "fixtures", "requests"):
            if hasattr(found := ours.package(part), name):
                return getattr(found, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# --- settings ----------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Settings, and the options that go before them."""
    for name, says in _SETTINGS.items():
        parser.addini(name, f"wexio-sandbox: {says}")
    parser.addini("wexio_scenarios", "wexio-sandbox: folders with scenarios, looked into first", type="paths")
    group = parser.getgroup("wexio-sandbox")
    group.addoption("--wexio-seed", metavar="N", help="repeat a test with the seed that its failure has told")
    group.addoption("--wexio-url", metavar="URL", help="where the app under test listens")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """From here on, a repository's own `sandbox` is found before ours."""
    finder = ours.Courtesy()
    sys.meta_path.insert(0, finder)
    early_config.add_cleanup(lambda: sys.meta_path.remove(finder))


def pytest_configure(config: pytest.Config) -> None:
    """Introduce the markers."""
    for mark in _MARKS:
        config.addinivalue_line("markers", mark)


def _setting(config: pytest.Config, name: str) -> str | None:
    given = config.getoption(name, None) or config.getini(name)
    return str(given).strip() or None


def _settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the markers say of this test, nearest last, over what the settings say of all."""
    config, reading = request.config, ours.package("core.durations")
    found: dict[str, Any] = {}
    if seed := _setting(config, "wexio_seed"):
        found["seed"] = _number(seed)
    if start := _setting(config, "wexio_start"):
        found["start"] = _moment(start)
    if allowed := _setting(config, "wexio_attempt_timeout"):
        found["attempt_timeout"] = reading.as_duration(allowed)
    for name in ("signature_time", "retry"):
        if text := _setting(config, f"wexio_{name}"):
            found[name] = text
    for mark in reversed([*request.node.iter_markers("wexio")]):
        if mark.args:
            raise pytest.UsageError("pytest.mark.wexio takes keywords: seed=42, start='…'")
        found |= mark.kwargs
    if isinstance(found.get("start"), str):
        found["start"] = _moment(found["start"])
    if isinstance(found.get("attempt_timeout"), str):
        found["attempt_timeout"] = reading.as_duration(found["attempt_timeout"])
    if request.config.getoption("wexio_seed"):
        found["seed"] = _number(request.config.getoption("wexio_seed"))
    return found


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise pytest.UsageError(f"wexio_seed is {text!r}: a whole number is right") from None


def _moment(text: str) -> Any:
    try:
        return ours.package("core.moments").parse_moment(text)
    except ValueError as error:
        raise pytest.UsageError(f"wexio_start: {error}") from None


# --- fixtures ----------------------------------------------------------------------------


@pytest.fixture
def _wexio_stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """What the other fixtures of a test share."""
    import os  # noqa: PLC0415

    config = request.config
    stage = ours.package("fixtures").Stage(
        secret=_setting(config, "wexio_secret"),
        shelves=(*config.getini("wexio_scenarios"), config.rootpath),
        environ=os.environ,  # noqa: TID251 - a plugin is a command line too
    )
    yield stage
    stage.close()


@pytest.fixture
def wexio_target(pytestconfig: pytest.Config) -> str | None:
    """The webhook of the app under test; override it, and `wexio_sandbox` is connected to it from the start."""
    return _setting(pytestconfig, "wexio_url")


@pytest.fixture
def wexio_sandbox(
    request: pytest.FixtureRequest, _wexio_stage: Stage, wexio_target: object
) -> Iterator[WexioSandbox]:
    """A sandbox whose clock moves only by ``advance``; in ``async def`` tests, await what takes time."""
    played = [name for mark in request.node.iter_markers("wexio_scenario") for name in mark.args]
    made: WexioSandbox = ours.package("fixtures").WexioSandbox(_wexio_stage, **_settings(request))
    _tell(request, lambda: "\n".join([_seed(made.seed), *(() if made.has_told else made.account())]))
    try:
        if wexio_target is not None:
            made.connect(str(wexio_target))
        restore = _play_first(request, made, played) if played else None
        yield made
        if restore is not None:
            restore()
    finally:
        made.close()


@pytest.fixture
def wexio_request(request: pytest.FixtureRequest) -> RequestBuilder:
    """Builds requests as Wexio would send them, for any test client, without a network."""
    settings = _settings(request)
    made: RequestBuilder = ours.package("requests").RequestBuilder(
        seed=settings.get("seed"),
        secret=_setting(request.config, "wexio_secret"),
        contacts=settings.get("contacts"),
    )
    _tell(request, lambda: _seed(made.seed))
    return made


@pytest.fixture
def wexio_subscriber(_wexio_stage: Stage) -> Iterator[WexioSubscriber]:
    """A receiver that records what comes in and answers as it is told."""
    made: WexioSubscriber = ours.package("fixtures").WexioSubscriber(_wexio_stage)
    yield made
    made.close()


def _play_first(
    request: pytest.FixtureRequest, sandbox: WexioSandbox, names: list[str]
) -> Callable[[], None] | None:
    """Play scenarios before the test; the result undoes what was done to the test for that."""
    subscriber = None
    if not sandbox.connections:
        subscriber = request.getfixturevalue("wexio_subscriber")
        sandbox.connect(subscriber.url)
    item, test = request.node, request.node.obj
    if not iscoroutinefunction(test):
        for name in names:
            _judge(name, sandbox.play(name, subscriber=subscriber))
        return None

    # An app on the test's own loop answers only while that runs: from within the test.
    @wraps(test)
    async def play_and_test(*args: Any, **kwargs: Any) -> None:
        for name in names:
            playing: Any = sandbox.play(name, subscriber=subscriber)
            _judge(name, await playing)
        await test(*args, **kwargs)

    item.obj = play_and_test
    return lambda: setattr(item, "obj", test)


def _judge(name: str, verdict: Any) -> None:
    failed = [item for item in verdict.expectations if not item.passed]
    if failed:
        lines = (f"{item.text}: {item.actual}" for item in failed)
        pytest.fail(f"the scenario {name} has not passed\n" + "\n".join(lines), pytrace=False)


# --- failures ------------------------------------------------------------------------------


def _tell(request: pytest.FixtureRequest, say: Callable[[], str]) -> None:
    request.node.stash.setdefault(_told, []).append(say)


def _seed(seed: int) -> str:
    return f"seed {seed}: the same people, ids and secrets again with --wexio-seed {seed}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a failure, say what was sent and what was answered, and how to see it again."""
    report = yield
    told = item.stash.get(_told, None)
    if told and report.when == "teardown":
        del item.stash[_told]  # items live until the session ends, and sandboxes should not
    elif told and report.failed:
        report.sections.append(("wexio-sandbox", "\n".join(say() for say in told)))
    return report
