"""The journal as it is shown: one JSON object for each entry, and text that is safe to show.

The command line's ``--json``, the live stream and the API say the same because they
all ask here.  Secrets never pass: ``Authorization`` is masked, an address loses its
user name, password and query values.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, assert_never
from urllib.parse import urlsplit, urlunsplit

from sandbox.core.entries import Attempted, Attempting, Emitted, Entry, Resent, Settled, Verdict
from sandbox.core.faults import Faults
from sandbox.core.model import Headers, Response
from sandbox.core.moments import isoformat

MASK: Final = "***"

# What a terminal obeys or a reader is deceived by: controls of both kinds, line and
# paragraph separators, marks that turn the direction of text around, and halves of
# characters, which cannot be written at all.
_UNSAFE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
# GitHub's runner obeys ``##[error]`` and the like wherever in a line of a job's log they stand.
_COMMAND: Final = "##["
# json.dumps takes care of the first 32 by itself.
_UNSAFE_IN_JSON: Final = re.compile(
    r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def entry_json(seq: int, entry: Entry) -> dict[str, Any]:
    """*entry*, the *seq*-th of its journal, in the words of the public surface."""
    match entry:
        case Emitted():
            return _emitted(seq, entry)
        case Attempting():
            return _head(seq, "attempting", entry) | _attempt(entry)
        case Attempted():
            return _head(seq, "attempted", entry) | attempt_json(entry)
        case Settled():
            return (
                _head(seq, "settled", entry)
                | _delivery(entry)
                | {"status": str(entry.status), "attempt_count": entry.attempt_count}
                | ({"reason": entry.reason} if entry.reason else {})
            )
        case Resent():
            return _head(seq, "resent", entry) | _delivery(entry) | _due(entry.next_attempt_at)
        case Verdict():
            return _verdict(seq, entry)
        case other:
            assert_never(other)


def attempt_json(entry: Attempted) -> dict[str, Any]:
    """One attempt: which, what was sent, what came back, how long it took."""
    request = entry.request
    url = shown_url(request.url)
    shown: dict[str, Any] = _attempt(entry) | {
        "url": url,
        "request": {"headers": headers_json(request.headers), **body_json(request.body)},
    }
    match entry.outcome:
        case Response(status=status, headers=headers, body=body, truncated=truncated):
            shown["response"] = {
                "status": status,
                "headers": [list(pair) for pair in headers],
                **body_json(body),
                **({"truncated": True} if truncated else {}),
            }
        case error:
            message = error.message.replace(request.url, url)
            shown["error"] = {"type": error.type, "message": message}
    return shown | {
        "started_at": isoformat(entry.started_at),
        "elapsed_ms": round(entry.elapsed_ms, 3),
        "timing": {phase: round(milliseconds, 3) for phase, milliseconds in entry.timing.items()},
        "next_attempt_at": None if entry.next_attempt_at is None else isoformat(entry.next_attempt_at),
        **_faults(entry.faults),
        **({"copy": True} if entry.copy else {}),
    }


def _faults(faults: Faults) -> dict[str, Any]:
    return {"faults": [fault.json() for fault in faults]} if faults else {}


def _head(seq: int, kind: str, entry: Entry) -> dict[str, Any]:
    return {"seq": seq, "kind": kind, "at": isoformat(entry.at), "run_id": entry.run_id}


def _delivery(entry: Attempting | Attempted | Settled | Resent) -> dict[str, Any]:
    return {
        "delivery_id": entry.delivery_id,
        "event_id": entry.event_id,
        "connection_id": entry.connection_id,
    }


def _attempt(entry: Attempting | Attempted) -> dict[str, Any]:
    return _delivery(entry) | {"attempt": entry.attempt}


def _emitted(seq: int, entry: Emitted) -> dict[str, Any]:
    event, late = entry.event, dict(entry.late)
    return _head(seq, "emitted", entry) | {
        "event_id": event.id,
        "event": event.name,
        "channel": event.channel,
        "who": entry.who,
        "data": event.data,
        "deliveries": [
            {"delivery_id": delivery_id, "connection_id": connection_id} | _due(late.get(delivery_id))
            for delivery_id, connection_id in entry.deliveries
        ],
        **_faults(entry.faults),
    }


def _due(late: datetime | None) -> dict[str, str]:
    """When an attempt goes out that would go out at once, if no fault delayed it."""
    return {} if late is None else {"next_attempt_at": isoformat(late)}


def _verdict(seq: int, entry: Verdict) -> dict[str, Any]:
    return _head(seq, "verdict", entry) | {
        "passed": entry.passed,
        "expectations": [
            {"text": item.text, "passed": item.passed, "actual": item.actual} for item in entry.expectations
        ],
        "deliveries": {str(status): number for status, number in entry.deliveries.items()},
        "seed": entry.seed,
        "elapsed_ms": round(entry.elapsed_ms, 3),
    }


def headers_json(headers: Headers) -> list[list[str]]:
    """Pairs in wire order, ``Authorization`` masked."""
    return [[name, _masked(value) if name.lower() == "authorization" else value] for name, value in headers]


def _masked(authorization: str) -> str:
    scheme, space, _ = authorization.partition(" ")
    return f"{scheme} {MASK}" if space else MASK


def body_json(body: bytes) -> dict[str, str]:
    """``body``, the exact text, or ``body_base64`` where it is not UTF-8."""
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": b64encode(body).decode()}


def shown_url(url: str) -> str:
    """*url* without user name, password, query values and fragment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    pairs = [item.partition("=") for item in parts.query.split("&")] if parts.query else []
    # A bare item may be a token itself: it is a value without a name.
    query = "&".join(f"{name}={MASK}" if equals else MASK for name, equals, _ in pairs)
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def json_line(document: Mapping[str, Any], *, ascii_only: bool = False) -> str:
    """*document* as one line of JSON that nothing obeys; *ascii_only* where UTF-8 cannot be written."""
    line = no_command(json.dumps(document, ensure_ascii=ascii_only, separators=(",", ":")))
    # What is unsafe stands inside a string, where an escape means the same.
    return line if line.isascii() and "\x7f" not in line else _UNSAFE_IN_JSON.sub(_escape, line)


def no_command(json_text: str) -> str:
    """The same JSON, in which a CI job's runner finds no command."""
    return json_text.replace(_COMMAND, "#\\u0023[") if _COMMAND in json_text else json_text


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def plain(text: str) -> str:
    """*text* as one line in which nothing is obeyed: controls become visible symbols, ``##[`` is ``##(``."""
    if not (text.isascii() and text.isprintable()):
        text = _UNSAFE.sub(_picture, text)
    return text.replace(_COMMAND, "##(") if _COMMAND in text else text


def _picture(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number < 0x20:
        return chr(0x2400 + number)  # the control pictures: ␛, ␊ …
    return "\u2421" if number == 0x7F else "\ufffd"
