"""``/healthz`` and ``/readyz``: whether it is there, and whether it can work.  Open to everybody."""

from __future__ import annotations

from sandbox import __version__
from sandbox.core.errors import SandboxError
from sandbox.web.bodies_server import HealthOut, ReadyOut
from sandbox.web.problem import Refused
from sandbox.web.routes import Answer, Call, Route


async def healthz(call: Call) -> Answer:
    return Answer(document={"status": "ok", "version": __version__})


async def readyz(call: Call) -> Answer:
    checks = {"scenarios": await _scenarios(call), "database": await _database(call)}
    wrong = [name for name, says in checks.items() if says != "ok"]
    if wrong:
        raise Refused(503, "; ".join(f"{name}: {checks[name]}" for name in wrong), more={"checks": checks})
    return Answer(document={"status": "ready", "checks": checks})


async def _scenarios(call: Call) -> str:
    try:
        books = await call.shelf.books()
    except SandboxError as error:
        return str(error)
    return "ok" if books else "there are none"


async def _database(call: Call) -> str:
    try:
        await call.workspace.journal.probe()
    except SandboxError as error:
        return str(error)
    return "ok"


ROUTES = (
    Route(
        method="GET",
        path="/healthz",
        handler=healthz,
        tag="Operation",
        summary="Whether it is there",
        answers={200: HealthOut},
        answer_example={"status": "ok", "version": __version__},
        open=True,
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=readyz,
        tag="Operation",
        summary="Whether it can work: scenarios can be read, the database can be written",
        answers={200: ReadyOut},
        refuses=(503,),
        answer_example={"status": "ready", "checks": {"scenarios": "ok", "database": "ok"}},
        open=True,
    ),
)
