"""Who a request says it is, and whether its body is an event at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.profile import SIGNATURE_HEADER


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who a request says it is: read from its body, else from its headers; None where neither tells.

    *no_event* says why the body is none, in words; None where it is an envelope.
    """

    event_id: str | None
    event: str | None
    connection_id: str | None
    attempt: int | None
    signature: str | None
    no_event: str | None


def claims(headers: Iterable[tuple[str, str]], body: bytes) -> Claims:
    """Read them from whatever came in, however hostile."""
    named = by_name(headers)
    envelope, no_event = _envelope(body)
    meta = _object(envelope.get("meta"))
    told = named.get("x-wexio-event-id"), named.get("idempotency-key")
    return Claims(
        event_id=_name(meta.get("eventId"), envelope.get("id"), *told),
        event=_name(meta.get("event"), envelope.get("type"), named.get("x-wexio-event")),
        connection_id=_name(meta.get("connectionId")),
        attempt=_counting(meta.get("attempt"), named.get("x-wexio-attempt")),
        signature=named.get(SIGNATURE_HEADER.lower()),
        no_event=no_event,
    )


def by_name(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values by lower-case name."""
    named: dict[str, str] = {}
    for name, value in headers:  # a header that comes twice is one list (RFC 9110, section 5.3)
        key = name.lower()
        named[key] = f"{named[key]},{value}" if key in named else value
    return named


def _envelope(body: bytes) -> tuple[Mapping[str, Any], str | None]:
    """What can be read of the envelope, and why the body is none."""
    if not body:
        return {}, "the body is empty"
    try:
        document = json.loads(body.decode())
    except UnicodeDecodeError as error:
        return {}, f"the body is not UTF-8: 0x{body[error.start]:02x} at byte {error.start}"
    except json.JSONDecodeError as error:
        return {}, f"the body is not JSON: {error.msg}, line {error.lineno} column {error.colno}"
    except (ValueError, RecursionError):
        return {}, "the body is JSON with a number too long to read, or too deeply nested"
    if not isinstance(document, dict):
        return {}, "the body is JSON, but no object"
    # What else Wexio has documented is left to whoever takes the event: fields come and go with its type.
    lacks = [name for name in ("id", "type") if not isinstance(document.get(name), str) or not document[name]]
    return document, f"the body is an object without {' and '.join(lacks)}" if lacks else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(*candidates: Any) -> str | None:
    # Whatever is not a short line of printable text names nothing.
    texts = (text for text in candidates if isinstance(text, str) and 0 < len(text) <= 200)
    return next((text for text in texts if text.isprintable()), None)


def _counting(number: Any, text: str | None) -> int | None:
    if type(number) is int and 0 < number < 1_000_000_000:
        return number
    return int(text) if text is not None and re.fullmatch(r"[1-9][0-9]{0,8}", text) else None
