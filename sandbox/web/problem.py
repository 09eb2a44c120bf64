"""What is refused, as RFC 9457 has it: ``application/problem+json``.

The one place of the web that turns the sandbox's errors into statuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.core.errors import (
    CannotRun,
    Conflict,
    NotFound,
    Problem,
    SandboxError,
    ScenarioError,
    SettleTimeout,
    UsageError,
)
from sandbox.core.present import json_line

MEDIA_TYPE: Final = "application/problem+json"

KINDS: Final[Mapping[int, tuple[str, str, str]]] = {
    400: ("unreadable", "The request cannot be read", "It is no HTTP that makes sense, or its body is no JSON."),
    401: ("token", "A token is needed", "Send it as Authorization: Bearer."),
    403: ("forbidden", "The request comes from somewhere else", "A foreign Origin, or a Host that is not allowed."),
    404: ("not-found", "There is no such thing", "The path, or what it names, is not there."),
    405: ("method", "The path has no such method", "Allow says which it has."),
    408: ("timeout", "Time ran out", "Before everything had settled, or before the request was there."),
    409: ("conflict", "It is in no state for this", "Such as a resend of what is still pending."),
    413: ("too-large", "The body is too large", "At most 1 MiB is taken."),
    415: ("media-type", "The body is of another type", "JSON is needed: Content-Type: application/json."),
    422: ("invalid", "The request is not valid", "errors says which field, why, and what would be right."),
    503: ("unavailable", "Not now", "The journal cannot be written, or the server is stopping."),
}  # fmt: skip
"""By status: the fragment of the problem's type, its title, and what is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a request; *field* is a JSON pointer, or a parameter's name."""

    field: str
    message: str
    hint: str | None = None

    def document(self) -> dict[str, Any]:
        """As it is shown."""
        hint = {} if self.hint is None else {"hint": self.hint}
        return {"field": self.field, "message": self.message, **hint}


class Refused(Exception):
    """A request that is answered with a problem."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        close: bool = False,
    ) -> None:
        self.status, self.detail, self.errors = status, detail, tuple(errors)
        self.more, self.headers, self.close = more or {}, headers or {}, close
        super().__init__(detail)


def invalid(faults: Sequence[Fault]) -> Refused:
    """A 422 that tells *faults*."""
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    where = f"{first.field}: " if first.field else ""
    return Refused(422, f"{where}{first.message}{more}", errors=[fault.document() for fault in faults])


def problem_document(refused: Refused) -> dict[str, Any]:
    """What is sent for it."""
    kind, title, _ = KINDS.get(refused.status, ("", HTTPStatus(refused.status).phrase, ""))
    return {
        "type": f"/docs#{kind}" if kind else "about:blank",
        "title": title,
        "status": refused.status,
        "detail": refused.detail,
        **({"errors": list(refused.errors)} if refused.errors else {}),
        **refused.more,
    }


def problem_response(refused: Refused) -> web.Response:
    """The answer to a request that is refused."""
    response = web.Response(
        status=refused.status,
        body=json_line(problem_document(refused)).encode(),
        content_type=MEDIA_TYPE,
        headers=refused.headers,
    )
    if refused.close:
        response.force_close()
    return response


def refusal_of(error: SandboxError, *, field: str = "") -> Refused:
    """What an error of the sandbox means to whoever asked; *field*: what it is about."""
    match error:
        case NotFound():
            return Refused(404, str(error))
        case Conflict():
            return Refused(409, str(error))
        case ScenarioError(problems=problems):
            return unfit_scenario(problems, field=field)
        case SettleTimeout():
            return Refused(408, str(error))
        case CannotRun():
            return Refused(503, str(error))
        case UsageError():
            return invalid([Fault(field=getattr(error, "field", None) or field, message=str(error))])
        case _:
            return Refused(422, str(error))


def unfit_scenario(problems: Sequence[Problem], *, field: str) -> Refused:
    """A 422 that tells what is wrong with a scenario, each with its place in the text."""
    wrong = [item for item in problems if item.severity == "error"]
    first = wrong[0]
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return Refused(
        422,
        f"the scenario has problems: line {first.line}, column {first.column}: {first.message}{more}",
        errors=[{"field": field, **place(item)} for item in problems],
    )


def place(problem: Problem) -> dict[str, Any]:
    """A scenario's problem with its place, as lint shows it."""
    return {
        "message": problem.message,
        "hint": problem.hint,
        "severity": problem.severity,
        "line": problem.line,
        "column": problem.column,
        "length": problem.length,
        "source_line": problem.source_line,
    }


@web.middleware
async def problems(request: web.Request, handler: Any) -> web.StreamResponse:
    """Turn whatever is refused on purpose into a problem."""
    try:
        response: web.StreamResponse = await handler(request)
    except Refused as refused:
        return problem_response(refused)
    except SandboxError as error:
        return problem_response(refusal_of(error))
    except web.HTTPMethodNotAllowed as error:
        return _other_methods(request, error.allowed_methods)
    except web.HTTPNotFound:
        return problem_response(Refused(404, f"there is no {request.path!r}; /docs says what there is"))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem_response(Refused(error.status, error.reason))
    return response


def _other_methods(request: web.Request, allowed: set[str]) -> web.Response:
    allow = ", ".join(sorted({*allowed, "OPTIONS"}))
    if request.method == "OPTIONS":
        return web.Response(status=204, headers={"Allow": allow})
    detail = f"{request.path} has {allow}, not {request.method}"
    return problem_response(Refused(405, detail, headers={"Allow": allow}))
