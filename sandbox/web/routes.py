"""A route: what it is called by, what it takes, what it answers, and an example of both.

The same rows serve the requests and become the OpenAPI document, so neither can say
what the other does not do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel

from sandbox.core.present import json_line
from sandbox.web.bodies import NoQuery
from sandbox.web.options import Options
from sandbox.web.problem import Refused
from sandbox.web.reading import media_type, parse_json, read_body, read_query, validated
from sandbox.web.shelf import Shelf
from sandbox.web.tally import Tally
from sandbox.workspace import Workspace

PREFIX: Final = "/api/v1"
YAML_TYPES: Final = ("application/yaml", "application/x-yaml", "text/yaml", "text/plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, read: the handler sees no HTTP unless it asks for it."""

    workspace: Workspace
    options: Options
    tally: Tally
    shelf: Shelf
    request: web.Request
    body: Any  # an instance of the route's body
    query: Any  # an instance of the route's query

    async def written(self) -> None:
        """Wait until what is about to be shown from memory is on disk, where later answers read it.

        Where nothing can be written any more, what there is can still be looked at.
        """
        if self.workspace.journal.trouble is None:
            await self.workspace.journal.commit()

    @property
    def id(self) -> str:
        """The ``{id}`` or ``{name}`` of the path."""
        return next(iter(self.request.match_info.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status and a document; None: nothing."""

    status: int = 200
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable["Answer | web.StreamResponse"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """An answer, or a body, that is no JSON."""

    media_type: str
    says: str
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of the table."""

    method: str
    path: str  # in full, with {id}
    handler: Handler
    tag: str
    summary: str
    says: str = ""  # what else there is to know
    body: type[BaseModel] | None = None
    body_needed: bool = True
    yaml_field: str | None = None  # the body may also be YAML itself, which is then this field
    query: type[BaseModel] = NoQuery
    answers: Mapping[int, Any]  # a model, a Text, None (no body), or several of them
    refuses: tuple[int, ...] = ()  # beside those that follow from the row itself
    example: Mapping[str, Any] | None = None  # of the body
    answer_example: Any = None
    leads_to: tuple[str, ...] = ()  # calls whose {id} its answer holds
    leads_by: str = "/id"  # where in the answer
    open: bool = False  # asks for no token

    @property
    def name(self) -> str:
        """What a generated client calls it."""
        return self.handler.__name__

    @property
    def statuses(self) -> tuple[int, ...]:
        """Every status with a problem that it may answer."""
        needs = {401, 403, 422} if not self.open else {403, 422}
        if "{" in self.path:
            needs.add(404)
        if self.body is not None:
            needs |= {400, 408, 413, 415}
        return tuple(sorted(needs | {400} | set(self.refuses)))


def bound(
    route: Route, *, workspace: Workspace, options: Options, tally: Tally, shelf: Shelf
) -> Callable[[web.Request], Any]:
    """The row as a handler of aiohttp."""

    async def handle(request: web.Request) -> web.StreamResponse:
        query = read_query(route.query, request.rel_url.raw_query_string)
        answer = await route.handler(
            Call(
                workspace=workspace,
                options=options,
                tally=tally,
                shelf=shelf,
                request=request,
                body=await _body(route, request, options),
                query=query,
            )
        )
        return answer if isinstance(answer, web.StreamResponse) else _response(answer)

    return handle


async def _body(route: Route, request: web.Request, options: Options) -> BaseModel | None:
    if route.body is None:
        return None
    raw = await read_body(request, options) if request.body_exists else b""
    if not raw and not route.body_needed:
        return validated(route.body, {})
    kind = media_type(request)
    if route.yaml_field is not None and kind in YAML_TYPES:
        return validated(route.body, {route.yaml_field: _text(raw)})
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        said = f"it is {kind!r}" if kind else "it says no Content-Type"
        raise Refused(415, f"the body must be JSON, with Content-Type: application/json; {said}")
    return validated(route.body, parse_json(raw))


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is not UTF-8: byte {error.start} cannot be read") from None


def _response(answer: Answer) -> web.Response:
    if answer.document is None:
        return web.Response(status=answer.status, headers=answer.headers)
    return web.Response(
        status=answer.status,
        body=json_line(answer.document).encode(),
        content_type="application/json",
        headers=answer.headers,
    )
