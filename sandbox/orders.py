"""What a server is asked for: an event, a run, a request as it would be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sandbox.clock import wall_now
from sandbox.core.cast import Cast
from sandbox.core.catalogue import CHANNELS, known_event
from sandbox.core.envelope import Rendering, Target
from sandbox.core.faults import Faults, of_one_request
from sandbox.core.model import Auth, Connection, Hmac, Request
from sandbox.core.profile import Profile
from sandbox.core.scenario import Origin, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOrder:
    """What shall happen, and to whom it is told."""

    event: str = "chat.created"
    channel: str | tuple[str, ...] | None = None
    contact: str | Mapping[str, Any] | None = None  # "none", or fields as a scenario pins them
    origin: Origin = "inbound"
    data: Mapping[str, Any] | None = None
    count: int = 1
    seed: int | None = None  # the people of this seed; None: whoever comes next
    connection_ids: tuple[str, ...] | None = None
    id: str | None = None  # of what is only rendered: so that two attempts of one event can be had
    faults: Faults = ()  # what goes wrong with it, on purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """What shall be played; what is left out, the scenario says."""

    scenario: Scenario
    source: str  # the scenario's text as it is shown: its secrets replaced
    seed: int | None = None
    speed: float | Literal["max"] | None = None
    start: datetime | None = None
    connection_ids: tuple[str, ...] | None = None


def rendered(
    order: EventOrder,
    *,
    cast: Cast,
    profile: Profile,
    connection: Connection | None,
    auth: Auth | None,
    attempt: int,
    at: datetime,
) -> Request:
    """What would be sent to *connection*, or to one that authorises by *auth*.  Raises `UsageError`."""
    known_event(order.event)
    faults = tuple(fault for fault in of_one_request(order.faults) if fault.attempt in (None, attempt))
    channel, contact = order.channel, order.contact
    cameo = cast.chat_created(
        at=at,
        channels=CHANNELS if channel is None else (channel,) if isinstance(channel, str) else channel,
        contact=cast.introduce(contact) if isinstance(contact, Mapping) else contact,
        origin=order.origin,
        data=order.data,
        event_id=order.id,
    )
    if connection is None:
        auth = Hmac(secret=cast.secret("render")) if auth is None or auth == Hmac() else auth
        # Nobody is there: the url is no part of what is rendered.
        id = cast.connection_id("render")
        connection = Connection(name="render", url="http://127.0.0.1/", auth=auth, id=id)
    now = wall_now()
    return Rendering(cameo.event, Target(connection, profile).at(now), attempt, now, faults=faults).request()
