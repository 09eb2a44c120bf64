"""What Wexio documents by name: its channels and its events.

Source: the specification's section 4 (events) and section 5 (channels).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from sandbox.core.errors import UsageError

CHANNELS: Final = ("WHATSAPP", "TELEGRAM", "VIBER", "INSTAGRAM")

CHANNEL_ID_FIELD: Final = {
    "WHATSAPP": "whatsappId",
    "TELEGRAM": "telegramId",
    "VIBER": "viberId",
    "INSTAGRAM": "instagramId",
}

BUILT_EVENTS: Final = ("chat.created",)

DOCUMENTED_EVENTS: Final = (
    "chat.created",
    "chat.updated",
    "chat.deleted",
    "contact.created",
    "contact.updated",
    "contact.deleted",
    "message.inbound.created",
    "message.inbound.updated",
    "message.inbound.deleted",
    "message.outbound.created",
    "message.outbound.updated",
    "message.outbound.deleted",
)

_FLOW = re.compile(r"flow(\.[A-Za-z0-9_.-]+)?")


def is_documented(event: str) -> bool:
    """Whether *event* is a documented name: one of the twelve, ``flow`` or ``flow.<suffix>``."""
    return event in DOCUMENTED_EVENTS or _FLOW.fullmatch(event) is not None


def subscribes(subscribed: Iterable[str], event: str) -> bool:
    """Whether a connection with the names *subscribed* receives *event*.

    Names match exactly; only ``flow`` matches every ``flow.*`` (documented).
    """
    return event in subscribed or (event.startswith("flow.") and "flow" in subscribed)


def known_event(event: str) -> str:
    """*event* as one that can be emitted.  Raises `UsageError` that says which can."""
    if event in BUILT_EVENTS:
        return event
    if is_documented(event):
        raise UsageError(f"{event} is documented, not yet built; what can be emitted: chat.created")
    raise UsageError(f"Wexio documents no event called {event!r}; what can be emitted: chat.created")
