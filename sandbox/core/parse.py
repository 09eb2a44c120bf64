"""A scenario's text becomes a `Scenario`, or every problem that keeps it from being one.

Text → YAML nodes with their places → ``${…}`` → shapes and meaning → values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from sandbox.core.complaints import all_problems
from sandbox.core.errors import Problem, ScenarioError
from sandbox.core.expand import expand
from sandbox.core.meaning import findings
from sandbox.core.profile import Profile
from sandbox.core.scenario import Scenario
from sandbox.core.shapes import ScenarioShape
from sandbox.core.values import scenario_of
from sandbox.core.yamltext import read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of reading a text: a scenario unless there are errors, and all problems."""

    scenario: Scenario | None
    problems: tuple[Problem, ...]


def read_scenario(
    text: str | bytes,
    *,
    file: str = "<text>",
    environ: Mapping[str, str] | None = None,
    profile: Profile | None = None,
    strict: bool = True,
) -> Reading:
    """Read the *text* of a scenario; *file* is its name in problems.

    ``${…}`` is taken from *environ*; where that is None, it is not allowed.  A variable
    that is not set is an error where *strict*, else a warning.
    """
    document = read_yaml(text, file=file)
    if any(problem.severity == "error" for problem in document.problems) and document.value is None:
        return Reading(scenario=None, problems=tuple(document.problems))
    value, unresolved = expand(document, environ, strict=strict)
    shape, refused = None, None
    try:
        shape = ScenarioShape.model_validate(value)
    except ValidationError as error:
        refused = error
    problems = all_problems(
        document,
        value,
        shape=ScenarioShape,
        error=refused,
        findings=findings(value),
        unresolved=unresolved,
    )
    scenario = None
    if shape is not None and not any(problem.severity == "error" for problem in problems):
        scenario = scenario_of(shape, profile or Profile(), lambda path: document.mark(path).line)
    return Reading(scenario=scenario, problems=problems)


def parse_scenario(text: str | bytes, **options: Any) -> Scenario:
    """As `read_scenario`, but raises `ScenarioError` with all problems where one is an error."""
    reading = read_scenario(text, **options)
    if reading.scenario is None:
        raise ScenarioError(reading.problems)
    return reading.scenario
