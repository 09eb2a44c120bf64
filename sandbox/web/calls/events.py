"""Events by hand: let something happen, or see what would be sent."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from sandbox.core.errors import UsageError
from sandbox.core.faultfindings import faults_together
from sandbox.core.faults import of_one_request
from sandbox.core.faultshapes import fault_of
from sandbox.core.merge import faults as data_faults
from sandbox.core.present import MASK
from sandbox.core.scenario import NO_CONTACT
from sandbox.core.shapes import ContactShape
from sandbox.orders import EventOrder
from sandbox.web.bodies import EventBody, RenderBody
from sandbox.web.bodies_out import EmittedOut, RenderOut
from sandbox.web.calls.connections import authorisation
from sandbox.web.problem import Fault, invalid
from sandbox.web.reading import pointer
from sandbox.web.routes import PREFIX, Answer, Call, Route


async def emit_events(call: Call) -> Answer:
    events, deliveries = await call.workspace.emit(_order(call.body))
    document = {
        "events": [{"id": event.id, "event": event.name, "data": event.data} for event in events],
        "deliveries": deliveries,
    }
    return Answer(status=202, document=document)


async def render(call: Call) -> Answer:
    body = call.body
    if (body.connection_id is None) == (body.auth is None):
        says = (
            "connection_id and auth exclude each other" if body.auth else "connection_id or auth is missing"
        )
        raise invalid([Fault(field="/auth" if body.auth else "", message=says, hint="say how to authorise")])
    for field, needless in (("/count", body.count != 1), ("/connection_ids", body.connection_ids)):
        if needless:
            raise invalid([Fault(field=field, message="one request is rendered", hint="leave it out")])
    for place, shape in enumerate(body.faults):
        try:
            of_one_request((fault_of(shape),))
        except UsageError as error:
            raise invalid([Fault(field=f"/faults/{place}", message=str(error))]) from None
    auth = None if body.auth is None else authorisation(body.auth)
    request = call.workspace.render(
        _order(body), connection_id=body.connection_id, auth=auth, attempt=body.attempt
    )
    headers = dict(request.headers)
    if auth is None and "Authorization" in headers:
        # The connection's own, which whoever asks need not know.
        headers["Authorization"] = f"{headers['Authorization'].partition(' ')[0]} {MASK}"
    return Answer(document={"headers": headers, "body_base64": b64encode(request.body).decode()})


def _order(body: EventBody) -> EventOrder:
    faults = [*_faults(body), *_together(body)]
    if faults:
        raise invalid(faults)
    channel = body.channel
    return EventOrder(
        event=body.event,
        channel=tuple(channel) if isinstance(channel, list) else channel,
        contact=_contact(body.contact),
        origin=body.origin,
        data=body.data,
        count=body.count,
        seed=body.seed,
        connection_ids=None if body.connection_ids is None else tuple(body.connection_ids),
        id=body.id if isinstance(body, RenderBody) else None,
        faults=tuple(map(fault_of, body.faults)),
    )


def _contact(given: Any) -> Any:
    return given if given is None or isinstance(given, str) else given.model_dump(exclude_unset=True)


def _faults(body: EventBody) -> list[Fault]:
    found = [
        Fault(field=pointer(("data", *path)), message=says) for path, says in data_faults(body.data or {})
    ]
    contact = body.contact
    if contact == NO_CONTACT and (body.data or {}).get("contact") is not None:
        found.append(Fault(field="/data/contact", message="contact: none leaves data.contact out"))
    if (
        isinstance(contact, ContactShape)
        and contact.model_dump(exclude_unset=True).get("peopleId", "") is None
    ):
        says = "peopleId is always there and cannot be removed"
        found.append(Fault(field="/contact/peopleId", message=says))
    return found


def _together(body: EventBody) -> list[Fault]:
    asked = [fault_of(shape).json() for shape in body.faults]
    return [
        Fault(field=f"/faults/{place}", message=says, hint=hint)
        for place, says, hint in faults_together(asked, emissions=body.count)
    ]


_EVENT = "evt_2a3f1d4c-9b2e-4e7a-9c8d-bd8e9a0e4c10"
_DATA = {
    "chat": {
        "id": "6804f4c2a6f9f35f6e66f1a1",
        "channel": "WHATSAPP",
        "firstName": "Alex",
        "createdAt": "2026-04-24T14:02:10.000Z",
        "archivedAt": None,
    },
    "contact": {"peopleId": "6804f4d5a6f9f35f6e66f1a2", "firstName": "Alex", "phoneNumber": "+46700000000"},
}

ROUTES = (
    Route(
        method="POST",
        path=f"{PREFIX}/events",
        handler=emit_events,
        tag="Events",
        summary="Let something happen",
        says="What it answers with is on disk; it is delivered in the background.",
        body=EventBody,
        answers={202: EmittedOut},
        refuses=(404, 409, 503),
        example={"event": "chat.created", "channel": "WHATSAPP", "contact": {"firstName": "Alex"}},
        answer_example={
            "events": [{"id": _EVENT, "event": "chat.created", "data": _DATA}],
            "deliveries": ["dlv_2f0c9a1b7d3e4f56"],
        },
        leads_to=("get_delivery", "resend_delivery"),
        leads_by="/deliveries/0",
    ),
    Route(
        method="POST",
        path=f"{PREFIX}/render",
        handler=render,
        tag="Events",
        summary="See what would be sent",
        says="Nothing is sent and nothing is logged: for tests in any language. "
        "A connection's own Authorization is masked; that of an auth given here is not.",
        body=RenderBody,
        answers={200: RenderOut},
        refuses=(404, 409),
        example={
            "event": "chat.created",
            "channel": "VIBER",
            "auth": {"type": "HMAC", "secret": "whsec_test"},
            "attempt": 2,
        },
        answer_example={
            "headers": {
                "Content-Type": "application/json",
                "X-Wexio-Event": "chat.created",
                "X-Wexio-Event-Id": _EVENT,
                "X-Wexio-Attempt": "2",
                "X-Wexio-Timestamp": "2026-04-24T14:02:15.300Z",
                "Idempotency-Key": _EVENT,
                "X-Wexio-Signature": f"t=1777039335,v1={'0f' * 32}",
            },
            "body_base64": "eyJpZCI6ImV2dF8yYTNmMWQ0YyJ9",
        },
    ),
)
