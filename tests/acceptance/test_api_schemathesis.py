"""Thousands of requests made from the OpenAPI document: none ends in a server's error or an undocumented answer.

The workspace is the real one; its transport is scripted, because the urls are made up.
"""

import asyncio
import threading
from contextlib import AsyncExitStack

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks as openapi

from sandbox.clock import wall_now
from sandbox.core.config import Config
from sandbox.store import SqliteJournal
from sandbox.subscriber import Subscriber
from sandbox.testing import TIMEOUT, ScriptedTransport
from sandbox.web import listening, make_app
from sandbox.web.api import openapi_document
from sandbox.workspace import Workspace

load_all_checks()

CHECKS = [
    schemathesis.checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
    openapi.allow_header_conformance,
]

DOCUMENT = schemathesis.openapi.from_dict(openapi_document())


@pytest.fixture(scope="module")
def url():
    """The server, on a thread and a loop of its own."""
    loop, ready, found = asyncio.new_event_loop(), threading.Event(), []
    ending = asyncio.Event()

    async def serve():
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            journal = await enter(await SqliteJournal.open(":memory:"))
            receiver = await enter(Subscriber(now=lambda: wall_now().timestamp()))
            transport = ScriptedTransport(200, 500, TIMEOUT, 410, 200)
            workspace = await enter(
                Workspace(journal=journal, transport=transport, config=Config(), subscriber=receiver)
            )
            found.append(await enter(listening(make_app(workspace))))
            ready.set()
            await ending.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(20), "the server did not come up"
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(20)
        loop.close()


@DOCUMENT.parametrize()
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_request_surprises(case, url):
    case.call_and_validate(base_url=url, checks=CHECKS, timeout=20)
