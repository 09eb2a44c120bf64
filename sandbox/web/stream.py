"""The journal over HTTP: a page of it, or a stream that goes on (server-sent events).

A reader holds a position: a slow one costs nobody anything, and one that does not read
at all is dropped.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from typing import Final

from aiohttp import web
from aiohttp_sse import EventSourceResponse

from sandbox.core.present import entry_json, json_line
from sandbox.web.bodies import JournalQuery
from sandbox.web.bodies_out import JournalOut
from sandbox.web.calls.examples import CONNECTION_ID, DELIVERY_ID, EVENT_ID, RUN_ID
from sandbox.web.problem import Fault, Refused, invalid
from sandbox.web.routes import PREFIX, Answer, Call, Route, Text
from sandbox.web.server import STREAMING

STREAMS: Final = web.AppKey("streams", set[asyncio.Task[None]])
"""Those that are open: whoever stops the server ends them."""

_RETRY: Final = b": the journal of the sandbox\nretry: 1000\n\n"
_EVENT_STREAM: Final = "text/event-stream"


async def read_journal(call: Call) -> Answer | web.StreamResponse:
    """A stream where one is asked for, else a page."""
    after = _position(call.request, call.query)
    if call.request.method == "GET" and _wants_stream(call.request):
        return await _stream(call, after)
    entries = await call.workspace.journal.entries(after, call.query.limit)
    return Answer(
        document={
            "items": [entry_json(seq, entry) for seq, entry in entries],
            "next_after": entries[-1][0] if entries else after,
        }
    )


def _wants_stream(request: web.Request) -> bool:
    ranges = request.headers.get("Accept", "").lower().split(",")
    return any(item.partition(";")[0].strip() == _EVENT_STREAM for item in ranges)


async def _stream(call: Call, after: int) -> web.StreamResponse:
    request, options = call.request, call.options
    streams = request.app[STREAMS]
    if len(streams) >= options.most_streams:
        raise Refused(503, f"{len(streams)} streams are open, and no more are served")
    response = EventSourceResponse(
        sep="\n", send_timeout=options.send_timeout, ping_interval=options.ping_interval
    )
    request.app[STREAMING].add(request.protocol)
    await response.prepare(request)
    # A task of its own, which can be ended without ending the answer: that is closed properly.
    pump = asyncio.create_task(_pump(call, response, after), name="wexio-sandbox-stream")
    gone = asyncio.create_task(response.wait(), name="wexio-sandbox-stream-watch")
    streams.add(pump)
    call.tally.streams = len(streams)
    try:
        async with response:
            await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        pump.cancel()
        gone.cancel()
        await asyncio.wait({pump, gone})
        streams.discard(pump)
        call.tally.streams = len(streams)
    if not pump.cancelled() and (error := pump.exception()) is not None:
        if not isinstance(error, ConnectionError | TimeoutError):
            raise error
        # Gone, or dropped: there is nobody to say anything to.
        if request.transport is not None:
            request.transport.abort()
    return response


async def _pump(call: Call, response: EventSourceResponse, after: int) -> None:
    await response.write(_RETRY)
    async with aclosing(call.workspace.journal.follow(after)) as entries:  # type: ignore[type-var]
        async for seq, entry in entries:
            document = entry_json(seq, entry)
            await response.send(json_line(document), id=str(seq), event=document["kind"])


def _position(request: web.Request, query: JournalQuery) -> int:
    # A browser that comes back asks by the same address, and says where it was.
    last = request.headers.get("Last-Event-ID")
    if last is None:
        return int(query.after)
    if not re.fullmatch(r"[0-9]{1,15}", last):
        says = "is no seq of the journal: a whole number from 0 on is"
        raise invalid([Fault(field="Last-Event-ID", message=says)])
    return int(last)


_ENTRY = {
    "seq": 12,
    "kind": "settled",
    "at": "2026-04-24T14:02:10.161Z",
    "run_id": RUN_ID,
    "delivery_id": DELIVERY_ID,
    "event_id": EVENT_ID,
    "connection_id": CONNECTION_ID,
    "status": "SUCCESS",
    "attempt_count": 1,
}

ROUTES = (
    Route(
        method="GET",
        path=f"{PREFIX}/journal",
        handler=read_journal,
        tag="Journal",
        summary="What has happened: a page, or a live stream",
        says="With Accept: text/event-stream, every entry beyond Last-Event-ID (or after), and then each new one "
        "as it comes: its id is the seq, its event the kind. Without it, a page.",
        query=JournalQuery,
        answers={
            200: (
                JournalOut,
                Text(
                    media_type=_EVENT_STREAM,
                    says="id, event and data of each entry.",
                    example=f"id: 12\nevent: settled\ndata: {json_line(_ENTRY)}\n\n",
                ),
            )
        },
        refuses=(503,),
        answer_example={"items": [_ENTRY], "next_after": 12},
    ),
)
