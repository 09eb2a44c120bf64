"""Who a request says it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.profile import SIGNATURE_HEADER


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who a request says it is: read from its body, else from its headers; None where neither tells."""

    event_id: str | None
    event: str | None
    connection_id: str | None
    attempt: int | None
    signature: str | None


def claims(headers: Iterable[tuple[str, str]], body: bytes) -> Claims:
    """Read them from whatever came in, however hostile."""
    named = by_name(headers)
    envelope, meta = _envelope(body)
    told = named.get("x-wexio-event-id"), named.get("idempotency-key")
    return Claims(
        event_id=_name(meta.get("eventId"), envelope.get("id"), *told),
        event=_name(meta.get("event"), envelope.get("type"), named.get("x-wexio-event")),
        connection_id=_name(meta.get("connectionId")),
        attempt=_counting(meta.get("attempt"), named.get("x-wexio-attempt")),
        signature=named.get(SIGNATURE_HEADER.lower()),
    )


def by_name(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values by lower-case name."""
    named: dict[str, str] = {}
    for name, value in headers:  # a header that comes twice is one list (RFC 9110, section 5.3)
        key = name.lower()
        named[key] = f"{named[key]},{value}" if key in named else value
    return named


def _envelope(body: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The envelope and its meta, each empty where it cannot be read."""
    try:
        envelope = json.loads(body.decode())
    except (ValueError, RecursionError):  # not UTF-8, not JSON, too deep, a number too long
        return {}, {}
    if not isinstance(envelope, dict):
        return {}, {}
    meta = envelope.get("meta")
    return envelope, meta if isinstance(meta, dict) else {}


def _name(*candidates: Any) -> str | None:
    # Whatever is not a short line of printable text names nothing.
    texts = (text for text in candidates if isinstance(text, str) and 0 < len(text) <= 200)
    return next((text for text in texts if text.isprintable()), None)


def _counting(number: Any, text: str | None) -> int | None:
    if type(number) is int and 0 < number < 1_000_000_000:
        return number
    return int(text) if text is not None and re.fullmatch(r"[1-9][0-9]{0,8}", text) else None
