"""The one table of routes: it serves the requests, and the OpenAPI document is made from it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from aiohttp import web

from sandbox.web import guard, health, metrics, pages, stream
from sandbox.web.calls import connections, deliveries, events, runs, scenarios, server, signatures
from sandbox.web.openapi import document_text
from sandbox.web.routes import Call, Route, Text


async def openapi(call: Call) -> web.StreamResponse:
    return web.Response(text=openapi_text(), content_type="application/json")


async def docs(call: Call) -> web.StreamResponse:
    return pages.docs_page(openapi_document())


@cache
def openapi_text() -> str:
    """The OpenAPI document as it is served, and printed by the command line."""
    return document_text(ROUTES)


def openapi_document() -> dict[str, Any]:
    """The same, read."""
    document: dict[str, Any] = json.loads(openapi_text())
    return document


ROUTES: Final[tuple[Route, ...]] = (
    *connections.ROUTES,
    *events.ROUTES,
    *deliveries.ROUTES,
    *signatures.ROUTES,
    *scenarios.ROUTES,
    *runs.ROUTES,
    *stream.ROUTES,
    *server.ROUTES,
    *guard.ROUTES,
    *health.ROUTES,
    *metrics.ROUTES,
    Route(
        method="GET",
        path="/openapi.json",
        handler=openapi,
        tag="Operation",
        summary="This document",
        answers={200: Text(media_type="application/json", says="OpenAPI 3.1.")},
    ),
    Route(
        method="GET",
        path="/docs",
        handler=docs,
        tag="Operation",
        summary="This document, readable",
        answers={200: Text(media_type="text/html", says="A page.")},
    ),
    *pages.ROUTES,
)
