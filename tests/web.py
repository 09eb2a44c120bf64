"""The web on a real port, and a client that holds every answer to the OpenAPI document."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter
from yarl import URL

from sandbox.web import Options, listening, make_app
from sandbox.web.api import ROUTES, openapi_document
from tests.workspace import FakeWorkspace

DOCUMENT = openapi_document()
MODELS = {(route.method, route.path): route.answers for route in ROUTES}
SECURITY = {
    "Server": "wexio-sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def errors(self) -> dict[str, str]:
        """The message for each field that was refused."""
        return {item["field"]: item["message"] for item in self.json["errors"]}

    @property
    def hints(self) -> dict[str, str]:
        return {item["field"]: item.get("hint") for item in self.json["errors"]}


@dataclass
class Api:
    """``await api.post("/connections", {…})``; a path that begins with // is one of the root."""

    url: str
    session: aiohttp.ClientSession
    workspace: FakeWorkspace
    headers: dict[str, str] = field(default_factory=dict)

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        path = path[1:] if path.startswith("//") else f"/api/v1{path}"
        told = {**self.headers, **(headers or {})}
        data = raw
        if body is not None:
            data, told = json.dumps(body).encode(), {"Content-Type": "application/json", **told}
        stream = None if data is None else io.BytesIO(data)
        url = URL(self.url + path, encoded=True)
        async with self.session.request(
            method, url, data=stream, headers=told, allow_redirects=False
        ) as answer:
            reply = Reply(answer.status, answer.headers, await answer.text())
        hold_to_the_document(method, path.partition("?")[0], reply)
        return reply

    async def get(self, path: str, **more: Any) -> Reply:
        return await self("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> Reply:
        return await self("POST", path, body, **more)

    async def put(self, path: str, body: Any, **more: Any) -> Reply:
        return await self("PUT", path, body, **more)

    async def patch(self, path: str, body: Any, **more: Any) -> Reply:
        return await self("PATCH", path, body, **more)

    async def delete(self, path: str, **more: Any) -> Reply:
        return await self("DELETE", path, **more)

    async def connected(self, name: str = "crm", **fields: Any) -> dict[str, Any]:
        """A connection, made through the API."""
        made = await self.post("/connections", {"name": name, "url": "http://127.0.0.1:9/hook", **fields})
        assert made.status == 201, made.text
        return made.json


def hold_to_the_document(method: str, path: str, reply: Reply) -> None:
    """Whatever is answered is documented, and looks as it is documented."""
    for name, value in SECURITY.items():
        assert reply.headers.get(name) == value, name
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    content_type = reply.headers.get("Content-Type", "").partition(";")[0]
    route, operation = _operation(method, path)
    if operation is None:
        if reply.status >= 400:
            _fits(reply.json, {"$ref": "#/components/schemas/Problem"})
            assert content_type == "application/problem+json"
        return
    assert str(reply.status) in operation["responses"], (
        f"{method} {path} answered {reply.status}: {reply.text[:500]}"
    )
    documented = operation["responses"][str(reply.status)]
    if "$ref" in documented:
        documented = DOCUMENT["components"]["responses"][documented["$ref"].rpartition("/")[2]]
    if "content" not in documented:
        assert reply.text == ""
        return
    assert content_type in documented["content"]
    if content_type.endswith("json"):
        _fits(reply.json, documented["content"][content_type]["schema"])
    model = MODELS[method, route].get(reply.status)
    model = model[0] if isinstance(model, tuple) else model
    if isinstance(model, type) and content_type == "application/json":
        TypeAdapter(model).validate_python(reply.json)  # which allows no field that it does not know


def _operation(method: str, path: str) -> tuple[str, dict[str, Any] | None]:
    for template, methods in DOCUMENT["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if re.fullmatch(pattern, path) and method.lower() in methods:
            return template, methods[method.lower()]
    return path, None


def _fits(value: Any, schema: Mapping[str, Any]) -> None:
    Draft202012Validator({"components": DOCUMENT["components"], **schema}).validate(value)


@asynccontextmanager
async def serving(workspace: FakeWorkspace | None = None, **options: Any) -> AsyncIterator[Api]:
    """The application on a free port, with *options*, and a client for it."""
    workspace = workspace or FakeWorkspace()
    told = Options(**options)
    app = make_app(workspace, told)  # type: ignore[arg-type]
    timeout = aiohttp.ClientTimeout(total=20)
    async with (
        listening(app, options=told) as url,
        aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        yield Api(url, session, workspace)
