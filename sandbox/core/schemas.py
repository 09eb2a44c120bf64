"""The JSON Schemas, made from the models that read and write.

They are shipped as files in ``sandbox/schemas/``, for editors; a test keeps them in step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.core.catalogue import CHANNELS
from sandbox.core.payloads import ChatCreated
from sandbox.core.profile import API_VERSION
from sandbox.core.shapes import ScenarioShape

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

_EVENT_ID: Final = r"^evt_.+$"
_MOMENT: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
_OBJECT_ID: Final = r"^[0-9a-f]{24}$"
_FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    **{name: {"pattern": _OBJECT_ID} for name in ("id", "integrationId", "peopleId")},
    **{name: {"pattern": _MOMENT, "format": "date-time"} for name in ("createdAt", "updatedAt")},
    "channel": {"enum": list(CHANNELS)},
    "phoneNumber": {"pattern": r"^\+[1-9][0-9]{6,14}$"},
    "photoUrl": {"format": "uri"},
}


class _Open(BaseModel):
    """Additional fields may come at any time (documented), so none is forbidden."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)


class Meta(_Open):
    """About the delivery."""

    eventId: Annotated[str, Field(pattern=_EVENT_ID)]  # noqa: N815 - Wexio's names
    """Equals id."""
    event: Literal["chat.created"]
    """Equals type."""
    occurredAt: Annotated[str, Field(pattern=_MOMENT)]  # noqa: N815
    """Equals timestamp."""
    organisationId: Annotated[str, Field(pattern=_OBJECT_ID)]  # noqa: N815
    connectionId: Annotated[str, Field(pattern=_OBJECT_ID)]  # noqa: N815
    """The outbound connection that this delivery is for."""
    apiVersion: Annotated[str, Field(examples=[API_VERSION])]  # noqa: N815
    attempt: Annotated[int, Field(ge=1)]
    """Counted from 1; equals X-Wexio-Attempt."""


class Envelope(_Open):
    """The body of a chat.created webhook."""

    id: Annotated[str, Field(pattern=_EVENT_ID)]
    """The same on every attempt: what a receiver dedupes by."""
    type: Literal["chat.created"]
    timestamp: Annotated[str, Field(pattern=_MOMENT)]
    """When it happened; the same on every attempt."""
    data: ChatCreated
    meta: Meta


def scenario_schema() -> dict[str, Any]:
    """The schema of a scenario file."""
    made = ScenarioShape.model_json_schema(by_alias=True)
    return {"$schema": DRAFT, **made, "title": "A scenario of the Wexio sandbox"}


def event_schema() -> dict[str, Any]:
    """The schema of what a subscriber receives."""
    made = Envelope.model_json_schema()
    for name in ("ChatPayload", "ContactPayload"):
        fields = made["$defs"][name]["properties"]
        for field in fields.keys() & _FORMS.keys():
            fields[field] |= _FORMS[field]
        made["$defs"][name]["required"] = ["id" if name == "ChatPayload" else "peopleId"]
    return {"$schema": DRAFT, **made, "title": "A chat.created webhook of Wexio"}


SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "scenario": scenario_schema,
    "event": event_schema,
}


def schema_text(name: str) -> str:
    """The schema called *name* as it is shipped."""
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"
