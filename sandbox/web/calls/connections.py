"""Connections: made, shown, changed, held back, given a new secret, forgotten."""

from __future__ import annotations

from typing import Any

from sandbox.core import shapes
from sandbox.core.errors import UsageError
from sandbox.core.meaning import connection_findings
from sandbox.core.model import Auth, Connection, Hmac
from sandbox.core.values import auth_of, retry_of
from sandbox.web import shown
from sandbox.web.bodies import ConnectionBody, ConnectionChange
from sandbox.web.bodies_out import ConnectionOut, ConnectionsOut
from sandbox.web.problem import Fault, invalid
from sandbox.web.reading import about, pointer
from sandbox.web.routes import PREFIX, Answer, Call, Route


async def list_connections(call: Call) -> Answer:
    workspace = call.workspace
    items = [shown.connection(held, workspace.profile) for held in workspace.connections()]
    return Answer(document={"items": items})


async def create_connection(call: Call) -> Answer:
    body, workspace = call.body, call.workspace
    _check_retry(body)
    connection = Connection(
        name=body.name,
        id=body.id,
        url=body.url,
        auth=authorisation(body.auth),
        events=tuple(body.events),
        active=body.active,
        retry=retry_of(body.retry, workspace.profile),
        concurrency=body.concurrency,
    )
    held = await workspace.connect(connection)
    return Answer(
        status=201,
        document=shown.connection(held, workspace.profile, reveal=True),
        headers={"Location": f"{PREFIX}/connections/{held.connection.id}"},
    )


async def get_connection(call: Call) -> Answer:
    held = call.workspace.connection(call.id)
    return Answer(document=shown.connection(held, call.workspace.profile))


async def change_connection(call: Call) -> Answer:
    body, workspace = call.body, call.workspace
    before = workspace.connection(call.id)
    _check_retry(body)
    changes: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    if "auth" in changes:
        changes["auth"] = _changed_auth(body.auth, before.connection.auth, call)
    if "retry" in changes:
        changes["retry"] = retry_of(body.retry, workspace.profile)
    if "events" in changes:
        changes["events"] = tuple(body.events)
    held = await workspace.change(call.id, **changes) if changes else before
    # Only a secret that was made for this answer is unknown to whoever asked.
    made = changes.get("auth") == Hmac()
    return Answer(document=shown.connection(held, workspace.profile, reveal=made))


async def delete_connection(call: Call) -> Answer:
    await call.workspace.disconnect(call.id)
    return Answer(status=204)


async def rotate_secret(call: Call) -> Answer:
    held = await call.workspace.rotate_secret(call.id)
    return Answer(document=shown.connection(held, call.workspace.profile, reveal=True))


async def hold_connection(call: Call) -> Answer:
    return Answer(document=shown.connection(await call.workspace.hold(call.id), call.workspace.profile))


async def release_connection(call: Call) -> Answer:
    return Answer(document=shown.connection(await call.workspace.release(call.id), call.workspace.profile))


def authorisation(shape: Any) -> Auth:
    """The auth that a body asks for; raises `Refused` for what no header can carry."""
    try:
        return auth_of(shape)
    except UsageError as error:
        match shape:
            case shapes.BearerShape():
                field = "token"
            case shapes.BasicShape():
                field = "username" if "user name" in str(error) else "password"
            case _:
                field = "secret"
        raise about(pointer(("auth", field)), error) from None


def _changed_auth(shape: Any, present: Auth, call: Call) -> Auth:
    if isinstance(shape, shapes.HmacShape) and shape.secret is None and isinstance(present, Hmac):
        return present
    wanted = authorisation(shape)
    # What was shown is sent back by whoever changes something else: it is no secret.
    seen = shown.auth(present, call.workspace.profile)
    for field in ("secret", "token", "password"):
        if field in seen and getattr(wanted, field, None) == seen[field] != getattr(present, field):
            says = "is the masked form, as it is shown"
            raise invalid(
                [Fault(field=f"/auth/{field}", message=says, hint="leave auth out, and it stays as it is")]
            )
    return wanted


def _check_retry(body: Any) -> None:
    given = body.model_dump(exclude_unset=True, include={"retry"})
    faults = [
        Fault(field=pointer(item.path[2:]), message=item.message, hint=item.hint)
        for item in connection_findings([given])
        if item.severity == "error"
    ]
    if faults:
        raise invalid(faults)


_EXAMPLE = {
    "id": "6640f45ac8a0d7e8b7f2014a",
    "name": "crm",
    "url": "http://127.0.0.1:3000/webhooks/wexio",
    "active": True,
    "held": False,
    "events": ["chat.created"],
    "retry": "wexio",
    "concurrency": 32,
    "read_only": False,
    "auth": {"type": "HMAC", "secret": "whsec_…q4Zk"},
}
_WHOLE = _EXAMPLE | {"auth": {"type": "HMAC", "secret": "whsec_8sT2kVbX0yLr7Nw3Jd5Hq4Zk"}}
_ALL, _ONE = f"{PREFIX}/connections", f"{PREFIX}/connections/{{id}}"

ROUTES = (
    Route(
        method="GET",
        path=_ALL,
        handler=list_connections,
        tag="Connections",
        summary="All connections",
        answers={200: ConnectionsOut},
        answer_example={"items": [_EXAMPLE]},
    ),
    Route(
        method="POST",
        path=_ALL,
        handler=create_connection,
        tag="Connections",
        summary="Make a connection",
        says="Its signing secret is whole in this answer, and in no later one.",
        body=ConnectionBody,
        answers={201: ConnectionOut},
        refuses=(409, 503),
        example={
            "name": "crm",
            "url": "http://127.0.0.1:3000/webhooks/wexio",
            "auth": {"type": "HMAC"},
            "events": ["chat.created"],
        },
        answer_example=_WHOLE,
        leads_to=(
            *("get_connection", "change_connection", "rotate_secret"),
            *("hold_connection", "release_connection", "delete_connection"),
        ),
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=get_connection,
        tag="Connections",
        summary="One connection",
        answers={200: ConnectionOut},
        answer_example=_EXAMPLE,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        handler=change_connection,
        tag="Connections",
        summary="Change, pause or resume a connection",
        says="Pending deliveries of one that is not active wait; a new url or auth counts from the next attempt on.",
        body=ConnectionChange,
        answers={200: ConnectionOut},
        refuses=(409, 503),
        example={"active": False},
        answer_example=_EXAMPLE | {"active": False},
    ),
    Route(
        method="DELETE",
        path=_ONE,
        handler=delete_connection,
        tag="Connections",
        summary="Forget a connection",
        says="Its pending deliveries end as FAILED, with the reason: connection deleted.",
        answers={204: None},
        refuses=(409, 503),
    ),
    Route(
        method="POST",
        path=f"{_ONE}/rotate-secret",
        handler=rotate_secret,
        tag="Connections",
        summary="Give a connection a new secret",
        says="It is whole in this answer, and in no later one.",
        answers={200: ConnectionOut},
        refuses=(409, 503),
        answer_example=_WHOLE,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/hold",
        handler=hold_connection,
        tag="Connections",
        summary="Hold the deliveries of a connection back",
        says="Events go on making deliveries; they wait, PENDING, with those that there are, until they are "
        "let go, over a restart of the server too. One of the configuration file can be held as well.",
        answers={200: ConnectionOut},
        refuses=(503,),
        answer_example=_EXAMPLE | {"held": True},
    ),
    Route(
        method="POST",
        path=f"{_ONE}/release",
        handler=release_connection,
        tag="Connections",
        summary="Let the deliveries of a connection go",
        says="What has fallen due meanwhile goes out at once, in order.",
        answers={200: ConnectionOut},
        refuses=(503,),
        answer_example=_EXAMPLE,
    ),
)
