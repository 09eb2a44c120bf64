"""The configuration file: every assumption in it can be changed, and every mistake is told."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from sandbox.core.config import Config
from sandbox.core.configfile import ConfigShape, parse_config
from sandbox.core.errors import ConfigError
from sandbox.core.model import Bearer
from sandbox.core.profile import Profile


def config(text, **environ):
    return parse_config(text, file="wexio-sandbox.yaml", environ=environ)


def test_without_a_word_wexio_is_what_is_known_of_it():
    assert config("") == config("# nothing\n") == config("profile: {}\n") == Config()


def test_the_file_knows_every_setting_of_the_profile_and_no_other():
    shape = ConfigShape.model_fields["profile"].annotation
    for section in fields(Profile()):
        known = shape.model_fields[section.name].annotation.model_fields
        assert list(known) == [item.name for item in fields(getattr(Profile(), section.name))]


OTHER = {
    "envelope.event_id": ("per_connection", "per_connection"),
    "request.timestamp": ("occurrence", "occurrence"),
    "request.user_agent": ("null", None),
    "signature.signed": ("body", "body"),
    "signature.unit": ("milliseconds", "milliseconds"),
    "signature.tolerance": ("1h", timedelta(hours=1)),
    "signature.secret_prefix": ("sec_", "sec_"),
    "signature.rotation_overlap": ("24h", timedelta(hours=24)),
    "delivery.success": ("[200, 202-204]", (200, 202, 203, 204)),
    "delivery.give_up_on": ("[]", ()),
    "delivery.retry_after": ("honour", "honour"),
    "delivery.timeout": ("30s", timedelta(seconds=30)),
    "types.object_ids": ("random", "random"),
    "types.whatsapp_id": ("'{digits:12}'", "{digits:12}"),
    "types.telegram_id": ("'{digits:7}'", "{digits:7}"),
    "types.viber_id": ("'{hex:32}'", "{hex:32}"),
    "types.instagram_id": ("'ig{digits:9}'", "ig{digits:9}"),
}


@pytest.mark.parametrize("path", sorted({fact.path for fact in Profile().facts()}))
def test_every_assumption_is_a_setting(path):
    section, name = path.split(".")
    if path in ("delivery.attempts", "delivery.delays"):
        text, given = (
            "profile: {delivery: {attempts: 2, delays: [3s]}}",
            {"attempts": 2, "delays": (timedelta(seconds=3),)},
        )
    else:
        word, value = OTHER[path]
        text, given = f"profile: {{{section}: {{{name}: {word}}}}}", {name: value}
    expected = replace(Profile(), **{section: replace(getattr(Profile(), section), **given)})
    assert config(text).profile == expected
    assert expected != Profile()


def test_connections_and_retries_are_read_as_in_a_scenario():
    text = """
retry: {delays: [1s]}
profile: {delivery: {timeout: 3s}}
connections:
  - {name: crm, url: "${URL}", auth: {type: BEARER, token: "${TOKEN:-t}"}, retry: svix}
"""
    read = config(text, URL="http://127.0.0.1:1/")
    assert (read.retry.attempts, read.retry.timeout) == (2, timedelta(seconds=3))
    [crm] = read.connections
    assert (crm.url, crm.auth, crm.retry) == ("http://127.0.0.1:1/", Bearer("t"), "svix")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("profil: {}", "1:1: unknown key 'profil' (did you mean profile?)"),
        ("profile: {signatur: {}}", "1:11: unknown key 'signatur' (did you mean signature?)"),
        ("profile: {signature: {unit: s}}", "1:29: 's' is none of seconds, milliseconds"),
        ("profile: {delivery: {timeout: 10}}", "1:31: 10 has no unit: write 10s for seconds"),
        ("profile: {delivery: {attempts: 2}}", "attempts and delays are set together"),
        ("profile: {delivery: {attempts: 3, delays: [1s]}}", "3 attempts have 2 delays between them, not 1"),
        ("profile: {delivery: {success: [600]}}", "600 is no status code"),
        ("profile: {types: {viber_id: x}}", "'x' is no pattern of an id"),
        ("profile: {request: {user_agent: 'a\\nb'}}", None),
        ("server: {port: 99999}", "1:16: '99999' is no port: 0 to 65535 are"),
        ("retry: {attempts: 3, delays: [1s]}", "3 attempts have 2 delays between them, not 1"),
        ("connections: [{name: a, url: x}]", "must begin with http"),
        (
            "connections: [{name: a, url: 'http://x'}, {name: a, url: 'http://y'}]",
            "the name 'a' is used twice",
        ),
        ("connections: [{name: a, url: '${NOWHERE}'}]", "the variable NOWHERE is not set"),
        ("[", "wexio-sandbox.yaml:"),
        ("just text", "1:1: must be a mapping"),
    ],
)
def test_a_mistake_is_told_with_its_place(text, says):
    if says is None:
        text, says = 'profile: {request: {user_agent: "a\\nb"}}', "must be printable ASCII"
    with pytest.raises(ConfigError) as caught:
        config(text)
    assert says in str(caught.value)
    assert str(caught.value).startswith("wexio-sandbox.yaml:")
