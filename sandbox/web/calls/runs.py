"""Runs: a scenario played on a clock of its own, watched and steered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from sandbox.core.parse import Reading, read_scenario
from sandbox.orders import RunOrder
from sandbox.plays import Run
from sandbox.web import shown
from sandbox.web.bodies import RunBody, RunSpeedBody
from sandbox.web.bodies_server import RunOut, RunsOut
from sandbox.web.calls.examples import CONNECTION_ID, RUN, SCENARIO
from sandbox.web.calls.scenarios import without_secrets
from sandbox.web.masking import masked_source
from sandbox.web.problem import Fault, invalid, unfit_scenario
from sandbox.web.routes import PREFIX, Answer, Call, Route


async def list_runs(call: Call) -> Answer:
    items = [shown.run_line(run) for run in call.workspace.runs()]
    await call.written()
    return Answer(document={"items": items})


async def play_scenario(call: Call) -> Answer:
    body, workspace = call.body, call.workspace
    if (body.scenario is None) == (body.scenario_yaml is None):
        both = body.scenario is not None
        says = (
            "scenario and scenario_yaml exclude each other"
            if both
            else "scenario or scenario_yaml is missing"
        )
        raise invalid([Fault(field="/scenario" if both else "", message=says, hint="a name, or a text")])
    reading, text = await _read(call)
    assert reading.scenario is not None
    run = await workspace.play(
        RunOrder(
            scenario=reading.scenario,
            source=masked_source(text),
            seed=body.seed,
            speed=body.speed,
            start=body.start,
            connection_ids=None if body.connection_ids is None else tuple(body.connection_ids),
        )
    )
    headers = {"Location": f"{PREFIX}/runs/{run.id}"}
    return replace(await _shown(call, run), status=201, headers=headers)


async def _read(call: Call) -> tuple[Reading, str]:
    """The scenario that is meant, and its text; raises `Refused` with every problem that it has."""
    text: str | None = call.body.scenario_yaml
    if text is None:
        book = await call.shelf.book(call.body.scenario)
        reading, text = book.reading, book.text
        problems, field = without_secrets(reading.problems), "/scenario"
    else:
        reading = await asyncio.to_thread(read_scenario, text, profile=call.workspace.profile)
        problems, field = list(reading.problems), "/scenario_yaml"
    if reading.scenario is None:
        raise unfit_scenario(problems, field=field)
    return reading, text


async def get_run(call: Call) -> Answer:
    return await _shown(call, call.workspace.run(call.id))


async def pause_run(call: Call) -> Answer:
    return await _steered(call, call.workspace.pause)


async def resume_run(call: Call) -> Answer:
    return await _steered(call, call.workspace.resume)


async def step_run(call: Call) -> Answer:
    return await _steered(call, call.workspace.step)


async def stop_run(call: Call) -> Answer:
    return await _steered(call, call.workspace.stop)


async def set_run_speed(call: Call) -> Answer:
    return await _shown(call, await call.workspace.set_run_speed(call.id, call.body.speed))


async def _steered(call: Call, steer: Callable[[str], Awaitable[Run]]) -> Answer:
    return await _shown(call, await steer(call.id))


async def _shown(call: Call, run: Run) -> Answer:
    document = shown.run(run, call.workspace.profile)
    await call.written()
    return Answer(document=document)


_ONE = f"{PREFIX}/runs/{{id}}"
_TARGET = {
    "id": CONNECTION_ID,
    "name": "crm",
    "url": "http://127.0.0.1:3000/webhooks/wexio",
    "auth": {"type": "HMAC", "secret": "whsec_…q4Zk"},
}
_STEP = {
    "kind": "emit",
    "says": "chat.created · alex · WHATSAPP",
    "note": "Our first customer writes.",
    "channels": ["WHATSAPP"],
    "takes_ms": 0.0,
}
_EXAMPLE = RUN | {"steps": [_STEP], "connections": [_TARGET], "source": SCENARIO}


def _steering(
    name: str, handler: Callable[[Call], Awaitable[Answer]], summary: str, status: str, says: str
) -> Route:
    return Route(
        method="POST",
        path=f"{_ONE}/{name}",
        handler=handler,
        tag="Scenarios and runs",
        summary=summary,
        says=says,
        answers={200: RunOut},
        refuses=(409, 503),
        answer_example=_EXAMPLE | {"status": status},
    )


ROUTES = (
    Route(
        method="GET",
        path=f"{PREFIX}/runs",
        handler=list_runs,
        tag="Scenarios and runs",
        summary="All runs, newest first",
        answers={200: RunsOut},
        answer_example={"items": [RUN]},
    ),
    Route(
        method="POST",
        path=f"{PREFIX}/runs",
        handler=play_scenario,
        tag="Scenarios and runs",
        summary="Play a scenario",
        says="It goes on whether or not anybody watches, on a clock of its own.",
        body=RunBody,
        answers={201: RunOut},
        refuses=(404, 409, 503),
        example={"scenario": "first-contact", "speed": "max"},
        answer_example=_EXAMPLE,
        leads_to=("get_run", "pause_run", "resume_run", "step_run", "stop_run", "set_run_speed"),
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=get_run,
        tag="Scenarios and runs",
        summary="One run, with its verdict once it has ended",
        answers={200: RunOut},
        answer_example=_EXAMPLE,
    ),
    _steering(
        "pause", pause_run, "Let a run stand still", "paused", "What is under way ends; nothing else begins."
    ),
    _steering("resume", resume_run, "Let a paused run go on", "playing", "At the speed of before."),
    _steering(
        "step",
        step_run,
        "Let a paused run come to the next thing due",
        "paused",
        "Answers when that is over.",
    ),
    _steering(
        "stop",
        stop_run,
        "End a run",
        "stopped",
        "Deliveries still pending end as FAILED, with the reason: stopped. They can be resent.",
    ),
    Route(
        method="PUT",
        path=f"{_ONE}/clock",
        handler=set_run_speed,
        tag="Scenarios and runs",
        summary="Change how fast a run's time passes",
        body=RunSpeedBody,
        answers={200: RunOut},
        refuses=(409, 503),
        example={"speed": 60},
        answer_example=_EXAMPLE | {"speed": 60.0},
    ),
)
