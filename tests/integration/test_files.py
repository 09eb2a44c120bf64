"""Finding scenarios and configuration on disk."""

from pathlib import Path

import pytest

from sandbox import Scenario, ScenarioError, UsageError, load_scenario
from sandbox.core.config import Config
from sandbox.files import CONFIG_NAME, lint_scenario, load_config, shipped_scenarios

PLAY = "name: mine\nsteps: [{emit: chat.created}]\n"

SHIPPED = (
    "busy-morning", "dead-letter", "faults", "first-contact", "first-contact-instagram", "first-contact-telegram",
    "first-contact-viber", "first-contact-whatsapp", "no-contact", "outage-and-recovery", "outage-drill", "proactive-chat",
    "sales-demo",
)  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A folder of one's own: nothing of this checkout is in reach but by its name."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_documented_scenario_is_shipped():
    assert tuple(shipped_scenarios()) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_is_found_by_its_name_from_anywhere_and_has_no_problem(name):
    assert isinstance(load_scenario(name), Scenario)
    assert lint_scenario(name) == ()
    assert lint_scenario(f"{name}.yaml") == lint_scenario(f"scenarios/{name}.yaml") == ()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_tells_what_it_is_and_lets_an_editor_help(name):
    text = shipped_scenarios()[name].read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../sandbox/schemas/scenario.schema.json\n")
    assert len(load_scenario(name).description) > 40


def test_a_file_comes_before_a_shipped_scenario_of_its_name(elsewhere):
    Path("first-contact").write_text(PLAY)
    assert load_scenario("first-contact").name == "mine"
    assert load_scenario(elsewhere / "first-contact").name == "mine"


def test_variables_come_from_the_environment_that_is_handed_over():
    Path("play.yaml").write_text("name: ${WHO:-nobody}\nsteps: [{emit: chat.created}]\n")
    assert load_scenario("play.yaml", environ={"WHO": "ann"}).name == "ann"
    assert load_scenario("play.yaml").name == "nobody"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("frist-contact", "did you mean first-contact"),
        ("nothing-like-it", "those shipped are busy-morning"),
        ("folder/play.yaml", "there is no file folder/play.yaml"),
        (".", "is a folder"),
    ],
)
def test_a_scenario_that_is_not_there_says_what_is(name, says):
    with pytest.raises(UsageError, match=says):
        load_scenario(name)


def test_a_problem_names_the_file_as_it_was_given():
    Path("play.yaml").write_text("name: x\nsteps: []\n")
    with pytest.raises(ScenarioError, match=r"^play\.yaml:2:8: "):
        load_scenario("play.yaml")


def test_lint_tells_of_a_variable_that_is_not_set_and_goes_on():
    Path("play.yaml").write_text("name: ${WHO}\nsteps: [{emit: chat.created, channel: SMS}]\n")
    assert [item.severity for item in lint_scenario("play.yaml")] == ["warning", "error"]


def test_the_configuration_of_this_folder_is_read_if_it_is_there(elsewhere):
    assert load_config(None, environ={}) == Config()
    Path(CONFIG_NAME).write_text("retry: svix\n")
    assert load_config(None, environ={}).retry == "svix"
    Path("other.yaml").write_text("retry: none\n")
    assert load_config(Path("other.yaml"), environ={}).retry == "none"


def test_a_configuration_that_was_asked_for_must_be_there():
    with pytest.raises(UsageError, match=r"the configuration file x\.yaml cannot be read: No such file"):
        load_config(Path("x.yaml"), environ={})
