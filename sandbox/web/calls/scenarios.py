"""Scenarios: those that can be played by name, and what is wrong with a text."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from sandbox.core.discreet import discreet
from sandbox.core.errors import Problem
from sandbox.core.parse import read_scenario
from sandbox.web.bodies import LintBody
from sandbox.web.bodies_server import LintOut, ScenarioOut, ScenariosOut
from sandbox.web.calls.examples import SCENARIO
from sandbox.web.masking import masked_source
from sandbox.web.problem import place
from sandbox.web.routes import PREFIX, Answer, Call, Route
from sandbox.web.shelf import Book


async def list_scenarios(call: Call) -> Answer:
    return Answer(document={"items": [_line(book) for book in await call.shelf.books()]})


async def get_scenario(call: Call) -> Answer:
    book = await call.shelf.book(call.id)
    problems = [place(item) for item in without_secrets(book.reading.problems)]
    return Answer(document=_line(book) | {"source": masked_source(book.text), "problems": problems})


async def lint(call: Call) -> Answer:
    reading = await asyncio.to_thread(read_scenario, call.body.scenario_yaml, profile=call.workspace.profile)
    problems = sorted(reading.problems, key=lambda item: (item.line, item.column))
    document = {"valid": reading.scenario is not None, "problems": [place(item) for item in problems]}
    return Answer(document=document)


def without_secrets(problems: Iterable[Problem]) -> list[Problem]:
    """*problems* of a file that whoever asks has not written, in order, with no secret in them."""
    return sorted(map(discreet, problems), key=lambda item: (item.line, item.column))


def _line(book: Book) -> dict[str, Any]:
    scenario = book.reading.scenario
    return {
        "name": book.name,
        "shipped": book.shipped,
        "title": book.name if scenario is None else scenario.name,
        "description": "" if scenario is None else scenario.description,
        "valid": scenario is not None,
    }


_LINE = {
    "name": "first-contact",
    "shipped": True,
    "title": "First contact on every channel",
    "description": "Four people write in for the first time.",
    "valid": True,
}
_PROBLEM = {
    "message": "no channel is called 'WHATSAP'",
    "hint": "did you mean WHATSAPP?",
    "severity": "error",
    "line": 4,
    "column": 14,
    "length": 7,
    "source_line": "    channel: WHATSAP",
}

ROUTES = (
    Route(
        method="GET",
        path=f"{PREFIX}/scenarios",
        handler=list_scenarios,
        tag="Scenarios and runs",
        summary="Scenarios that can be played by name",
        answers={200: ScenariosOut},
        answer_example={"items": [_LINE]},
    ),
    Route(
        method="GET",
        path=f"{PREFIX}/scenarios/{{name}}",
        handler=get_scenario,
        tag="Scenarios and runs",
        summary="One scenario with its text",
        answers={200: ScenarioOut},
        answer_example=_LINE | {"source": SCENARIO, "problems": []},
    ),
    Route(
        method="POST",
        path=f"{PREFIX}/lint",
        handler=lint,
        tag="Scenarios and runs",
        summary="Every problem of a scenario's text",
        says="The text may also be sent as it is, with Content-Type: application/yaml.",
        body=LintBody,
        yaml_field="scenario_yaml",
        answers={200: LintOut},
        example={"scenario_yaml": SCENARIO.replace("WHATSAPP", "WHATSAP")},
        answer_example={"valid": False, "problems": [_PROBLEM]},
    ),
)
