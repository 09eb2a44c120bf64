"""The documented shapes of ``data`` (specification section 5), field for field, in order.

Optional fields are left out, never null; ``archivedAt`` is the one exception.
"""

from __future__ import annotations

from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

FieldValue = str | int | float | bool | None


class ChatPayload(TypedDict, total=False):
    """Documented in full; only ``id`` is always there."""

    id: str
    integrationId: str
    channel: str
    externalChatId: str
    whatsappId: str
    telegramId: str
    viberId: str
    instagramId: str
    firstName: str
    lastName: str
    photoUrl: str
    username: str
    title: str
    createdAt: str
    updatedAt: str
    archivedAt: str | None


class ContactPayload(TypedDict, total=False):
    """Documented in full; only ``peopleId`` is always there."""

    peopleId: str
    phoneNumber: str
    email: str
    firstName: str
    lastName: str
    tags: list[str]
    systemFields: dict[str, FieldValue]
    customFields: dict[str, FieldValue]
    createdAt: str
    updatedAt: str


class _ChatCreated(TypedDict):
    chat: ChatPayload


class ChatCreated(_ChatCreated, total=False):
    """``data`` of ``chat.created``; the contact is there when it can be resolved."""

    contact: ContactPayload


CHAT_FIELDS = tuple(ChatPayload.__annotations__)
CONTACT_FIELDS = tuple(ContactPayload.__annotations__)
