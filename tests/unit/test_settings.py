"""Settings: flag beats environment beats scenario beats default, and a wrong value names who said it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.core.errors import UsageError
from sandbox.core.model import Basic, Bearer, Hmac, NoAuth
from sandbox.core.scenario import Scenario
from sandbox.settings import OPTIONS, Settings, flag_of, layered, read_settings, variable_of

WORDS = {
    "to": ("http://127.0.0.1:3000/hook", "http://127.0.0.1:3000/hook"),
    "secret": ("whsec_x", "whsec_x"),
    "bearer": ("token", "token"),
    "basic": ("ann:pw:x", "ann:pw:x"),
    "no_auth": ("true", True),
    "seed": ("42", 42),
    "start": ("2026-04-24T14:02:10Z", datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)),
    "signature_time": ("sandbox", "sandbox"),
    "speed": ("60", 60.0),
    "retry": ("svix", "svix"),
    "attempt_timeout": ("250ms", timedelta(seconds=0.25)),
    "max_wait": ("1h30m", timedelta(minutes=90)),
    "config": ("x.yaml", Path("x.yaml")),
    "json": ("1", True),
    "junit": ("out.xml", Path("out.xml")),
    "report": ("out.html", Path("out.html")),
    "summary": ("out.md", Path("out.md")),
    "ci": ("github", "github"),
}


def test_every_option_is_tried_here():
    assert set(WORDS) == set(OPTIONS)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_is_read_from_its_variable(name):
    word, value = WORDS[name]
    assert getattr(read_settings({}, {variable_of(name): word}), name) == value


@pytest.mark.parametrize("name", sorted(set(OPTIONS) - {"no_auth", "json"}))
def test_a_flag_beats_its_variable(name):
    word, value = WORDS[name]
    others = {"seed": "7", "to": "http://other", "start": "2020-01-01T00:00:00Z", "signature_time": "wall"}
    environ = {variable_of(name): others.get(name, word)}
    assert getattr(read_settings({name: word}, environ), name) == value


def test_names_of_flags_and_variables():
    assert flag_of("attempt_timeout") == "--attempt-timeout"
    assert variable_of("attempt_timeout") == "WEXIO_SANDBOX_ATTEMPT_TIMEOUT"


@pytest.mark.parametrize(
    ("name", "word", "says"),
    [
        ("to", "localhost:3000", "did you mean http://localhost:3000"),
        ("to", "ftp://x", "must begin with http"),
        ("to", "http://ann:pw@x/", "or by --basic"),
        ("to", "http://u:p@x", "user name or password"),
        ("to", "http://x:99999", "port is none"),
        ("basic", "ann", "USER:PASSWORD"),
        ("bearer", "a\nb", "control character"),
        ("no_auth", "perhaps", "neither yes nor no"),
        ("seed", "-1", "is not a seed"),
        ("seed", "4.5", "is not a seed"),
        ("seed", "9" * 19, "at most 18 digits"),
        ("start", "yesterday", "is not a time"),
        ("start", "2026-04-24T14:02:10", "with an offset"),
        ("signature_time", "wal", "did you mean wall"),
        ("speed", "0", "is not a speed"),
        ("speed", "fast", "is not a speed"),
        ("speed", "nan", "is not a speed"),
        ("retry", "swix", "did you mean svix"),
        ("attempt_timeout", "10", "write 10s"),
        ("attempt_timeout", "0s", "longer than 0s"),
        ("max_wait", "soon", "is not a duration"),
    ],
)
def test_a_wrong_value_is_refused_under_the_name_of_who_said_it(name, word, says):
    with pytest.raises(UsageError, match=f"{flag_of(name)}: .*{says}"):
        read_settings({name: word}, {})
    with pytest.raises(UsageError, match=f"{variable_of(name)}: .*{says}"):
        read_settings({}, {variable_of(name): word})


@pytest.mark.parametrize(
    ("given", "auth"),
    [
        ({"secret": "s"}, Hmac("s")),
        ({"bearer": "t"}, Bearer("t")),
        ({"basic": "a:b:c"}, Basic("a", "b:c")),
        ({"no_auth": True}, NoAuth()),
        ({}, None),
    ],
    ids=str,
)
def test_one_option_says_how_to_authorise(given, auth):
    assert read_settings(given, {}).auth == auth


def test_two_ways_to_authorise_exclude_each_other():
    with pytest.raises(UsageError, match="--secret and --bearer exclude"):
        read_settings({"secret": "a", "bearer": "b"}, {})
    environ = {variable_of("secret"): "a", variable_of("no_auth"): "yes"}
    with pytest.raises(UsageError, match="WEXIO_SANDBOX_SECRET and WEXIO_SANDBOX_NO_AUTH exclude"):
        read_settings({}, environ)


def test_a_flag_of_one_way_silences_the_variables_of_the_others():
    environ = {variable_of("secret"): "a", variable_of("bearer"): "b"}
    assert read_settings({"basic": "u:p"}, environ).auth == Basic("u", "p")


def test_an_empty_variable_is_not_set():
    assert read_settings({}, {variable_of("seed"): ""}).seed is None


def test_a_scenario_speaks_where_flags_and_environment_are_silent():
    scenario = Scenario(name="x", seed=1, signature_time="sandbox", start=datetime(2020, 1, 1, tzinfo=UTC))
    said = layered(Settings(seed=2), scenario)
    assert (said.seed, said.signature_time, said.start) == (2, "sandbox", scenario.start)
    assert layered(Settings(), Scenario(name="x")) == Settings(signature_time="wall", speed=1.0)


def test_secrets_do_not_show_in_a_representation():
    given = {"secret": "hush-1"}
    assert "hush" not in repr(read_settings(given, {}))
