"""The profile: every assumption in one place, each called one."""

from dataclasses import fields
from datetime import timedelta

from sandbox.core.profile import Profile, Standing, in_words


def test_every_setting_says_what_it_is_and_how_sure_we_are():
    facts = list(Profile().facts())
    assert len({fact.path for fact in facts}) == len(facts) >= 18
    assert all(fact.says and isinstance(fact.standing, Standing) for fact in facts)


def test_every_section_of_the_profile_is_among_its_facts():
    sections = {fact.path.split(".")[0] for fact in Profile().facts()}
    assert sections == {section.name for section in fields(Profile)}


def test_the_numbers_of_the_ladder_are_assumptions():
    standing = {fact.path: fact.standing for fact in Profile().facts()}
    for name in ("attempts", "delays", "timeout", "give_up_on", "retry_after", "success"):
        assert standing[f"delivery.{name}"] is Standing.ASSUMED


def test_values_are_worded_as_the_configuration_file_spells_them():
    assert in_words((timedelta(seconds=5), timedelta(minutes=1))) == "[5s, 1m]"
    assert in_words(tuple(range(200, 300))) == "200-299"
    assert in_words(None) == "null"
