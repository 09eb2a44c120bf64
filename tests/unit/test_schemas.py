"""The shipped JSON Schemas: in step with the models, and true of what they describe."""

import json

import jsonschema
import pytest
import yaml

from sandbox.core.schemas import SCHEMAS, schema_text
from sandbox.files import shipped_scenarios, shipped_schema


def validator(name):
    schema = json.loads(shipped_schema(name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_shipped_schema_is_the_one_that_the_models_make(name):
    assert shipped_schema(name).read_text(encoding="utf-8") == schema_text(name), (
        f"write sandbox.core.schemas.schema_text({name!r}) to {shipped_schema(name)}"
    )


@pytest.mark.parametrize("name", shipped_scenarios())
def test_a_shipped_scenario_is_what_the_schema_says(name):
    scenario = yaml.load(shipped_scenarios()[name].read_text(encoding="utf-8"), yaml.BaseLoader)
    # BaseLoader leaves all scalars text; what must be a number is checked by the tests of reading.
    errors = [
        error
        for error in validator("scenario").iter_errors(scenario)
        if "is not of type" not in error.message and not error.context
    ]
    assert errors == []


@pytest.mark.parametrize(
    "scenario",
    [
        {"name": "x", "steps": [{"emit": "chat.created", "chanel": "VIBER"}]},
        {"name": "x", "steps": [{"emit": "chat.created", "channel": "SMS"}]},
        {"name": "x", "steps": [{"wait": 2}]},
        {"name": "x", "steps": [{"wiat": "2s"}]},
        {"name": "x", "steps": []},
        {"steps": [{"emit": "chat.created"}]},
        {"name": "x", "retry": "twice", "steps": [{"emit": "chat.created"}]},
        {"name": "x", "steps": [{"repeat": 2, "steps": [{"emit": "chat.updated"}]}]},
        {"name": "x", "connections": [{"name": "a", "url": "ftp://x"}], "steps": [{"wait": "1s"}]},
        {"name": "x", "connections": [{"name": "a", "url": "http://x", "auth": {"type": "BEARER"}}],
         "steps": [{"wait": "1s"}]},
    ],
    ids=json.dumps,
)  # fmt: skip
def test_an_editor_marks_what_lint_refuses(scenario):
    assert list(validator("scenario").iter_errors(scenario))


def test_every_key_is_explained_or_speaks_for_itself():
    schema = json.loads(schema_text("scenario"))
    emit = schema["$defs"]["EmitShape"]["properties"]
    assert "Merged over" in emit["data"]["description"]
    assert set(schema["properties"]) >= {"name", "seed", "start", "contacts", "connections", "steps"}


def test_an_event_may_carry_fields_that_nobody_knows_yet(sample):
    assert list(validator("event").iter_errors(sample)) == []
    sample["data"]["chat"]["novelty"] = 1
    sample["new"] = True
    assert list(validator("event").iter_errors(sample)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("id",), "xyz"),
        (("meta", "attempt"), 0),
        (("meta", "organisationId"), "6640F3D5C8A0D7E8B7F20222"),
        (("timestamp",), "2026-04-24T14:02:10Z"),
        (("data", "chat", "channel"), "SMS"),
        (("data", "contact", "phoneNumber"), "0701740605"),
        (("data", "chat", "id"), None),
    ],
    ids=str,
)
def test_what_wexio_would_not_send_does_not_fit(sample, path, value):
    here = sample
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    assert list(validator("event").iter_errors(sample))


@pytest.fixture
def sample():
    from tests.unit.test_cast import SAMPLE

    return json.loads(SAMPLE.read_text(encoding="utf-8"))
