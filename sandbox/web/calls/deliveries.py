"""Deliveries: found, shown, sent once more, waited for."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any

from sandbox.core.errors import NotFound, SettleTimeout
from sandbox.core.model import Status
from sandbox.web import shown
from sandbox.web.bodies import DeliveriesQuery, SettleBody
from sandbox.web.bodies_out import DeliveriesOut, DeliveryOut, SettledOut
from sandbox.web.calls.examples import DELIVERY, EXPLAINED
from sandbox.web.problem import Fault, Refused, invalid
from sandbox.web.routes import PREFIX, Answer, Call, Route
from sandbox.web.signatures import explained
from sandbox.web.waiting import while_wanted
from sandbox.workspace import Workspace

_MOST_WAITING = 100


async def list_deliveries(call: Call) -> Answer:
    query = call.query
    if query.since is not None and query.until is not None and query.since >= query.until:
        raise invalid([Fault(field="until", message="is not after since: nothing would be found")])
    page = await call.workspace.journal.page(
        status=None if query.status is None else Status(query.status),
        event_id=query.event_id,
        connection_id=query.connection_id,
        channel=query.channel,
        run_id=query.run_id,
        since=query.since,
        until=query.until,
        limit=query.limit,
        cursor=query.cursor,
    )
    items = [shown.delivery_line(item) for item in page.items]
    return Answer(document={"items": items, "next_cursor": page.next_cursor})


async def get_delivery(call: Call) -> Answer:
    return Answer(document=await _delivery(call))


async def resend_delivery(call: Call) -> Answer:
    await call.workspace.resend(call.id)
    return Answer(status=202, document=await _delivery(call))


async def settle(call: Call) -> Answer:
    try:
        counts = await while_wanted(call.request, call.workspace.settle(call.body.timeout))
    except SettleTimeout as timeout:
        more = _what_waits(call.workspace)
        await call.written()
        raise Refused(408, str(timeout), more=more) from None
    return Answer(document={"deliveries": shown.counts(counts)})


async def _delivery(call: Call) -> dict[str, Any]:
    found = await call.workspace.journal.delivery(call.id)
    if found is None:
        raise NotFound(f"there is no delivery {call.id!r}")
    document = shown.delivery(found)
    for attempt, entry in zip(document["attempts"], found.attempts, strict=True):
        attempt["signature"] = await asyncio.to_thread(explained, call.workspace, entry)
    return document


def _what_waits(workspace: Workspace) -> dict[str, Any]:
    pending = (item for item in workspace.journal.ledger.deliveries() if item.status is Status.PENDING)
    return {
        "deliveries": shown.counts(workspace.counts()),
        "waiting": shown.waiting(islice(pending, _MOST_WAITING)),
    }


_LINE = {name: value for name, value in DELIVERY.items() if name != "attempts"}

ROUTES = (
    Route(
        method="GET",
        path=f"{PREFIX}/deliveries",
        handler=list_deliveries,
        tag="Deliveries",
        summary="Deliveries, newest first",
        says="What is emitted meanwhile does not shift the pages.",
        query=DeliveriesQuery,
        answers={200: DeliveriesOut},
        answer_example={"items": [_LINE], "next_cursor": None},
    ),
    Route(
        method="GET",
        path=f"{PREFIX}/deliveries/{{id}}",
        handler=get_delivery,
        tag="Deliveries",
        summary="One delivery with its attempts",
        answers={200: DeliveryOut},
        answer_example=DELIVERY | {"attempts": [EXPLAINED]},
    ),
    Route(
        method="POST",
        path=f"{PREFIX}/deliveries/{{id}}/resend",
        handler=resend_delivery,
        tag="Deliveries",
        summary="Send a delivery once more",
        says="It is PENDING again: one attempt at once, the ladder anew, the same event id, and its number goes on counting.",
        answers={202: DeliveryOut},
        refuses=(409, 503),
        answer_example=DELIVERY | {"status": "PENDING", "settled_at": None, "attempts": [EXPLAINED]},
    ),
    Route(
        method="POST",
        path=f"{PREFIX}/settle",
        handler=settle,
        tag="Deliveries",
        summary="Wait until nothing is pending",
        says="408, with what waits until when, as soon as the time has run out, or at once where only an advance could help.",
        body=SettleBody,
        body_needed=False,
        answers={200: SettledOut},
        refuses=(503,),
        example={"timeout": "30s"},
        answer_example={"deliveries": {"SUCCESS": 22}},
    ),
)
