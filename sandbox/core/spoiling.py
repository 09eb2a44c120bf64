"""What the faults on the body and the signature do to a request, byte for byte.

Nothing here is drawn: the same request spoils in the same way each time, so that it can
be made again from what a journal keeps of it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from sandbox.core.faults import ByKind
from sandbox.core.jsontext import dumps
from sandbox.core.model import Headers, Sending

UNKNOWN_EVENT: Final = "chat.foreseen"
"""A name that Wexio has never documented: its meaning is nobody's to guess."""

MALFORMED_SIGNATURE: Final = "t=soon,v1=not-hex"
# Wrong in both halves: whoever reads t as a number, or compares digests of unlike
# length without looking first, meets his own exception here.

UNICODE: Final = (
    "\U0001f469\u200d\U0001f680 "  # an emoji of three characters
    "\u05e9\u05dc\u05d5\u05dd "  # right to left
    "\u041f\u0440\u0438\u0432\u0456\u0442 "  # Cyrillic
    "Zo\u0308e\u0301"  # combining marks
)

_EXTRA: Final[Mapping[str, Any]] = {
    "sandboxExtra": {"addedIn": "a later version", "list": [1, "two", None, True], "nested": {"deeper": {}}}
}
_ORGANISATION: Final = b'"organisationId":"'
_STEP: Final = 96  # how much one of many custom fields holds


def another_secret(secret: bytes) -> bytes:
    """A secret of the usual form that is not *secret*, always the same one."""
    return b"whsec_" + blake2b(secret, digest_size=12).hexdigest().encode()


def authorized(headers: Headers, faults: ByKind) -> Headers:
    """``Authorization`` where a connection has that in place of a signature: missing, malformed or another's."""
    if not headers or not faults:
        return headers
    if "missing_signature" in faults:
        return ()
    [(name, value)] = headers
    scheme, _, credentials = value.partition(" ")
    if "malformed_signature" in faults:
        return ((name, scheme),)
    if "wrong_secret" in faults:
        other = another_secret(credentials.encode())
        shown = b64encode(b"somebody:" + other) if scheme == "Basic" else other
        return ((name, f"{scheme} {shown.decode()}"),)
    return headers


def moved(stamp: datetime, faults: ByKind) -> datetime:
    """The moment that the headers and the signature claim."""
    if (stale := faults.get("stale")) and stale.by:
        return stamp - stale.by
    if (future := faults.get("future")) and future.by:
        return stamp + future.by
    return stamp


def cut(body: bytes, faults: ByKind) -> tuple[bytes, Sending | None]:
    """What of *body* goes out, and how."""
    slow, reset = faults.get("slow_body"), faults.get("reset")
    over, length, half = (slow and slow.over) or timedelta(), len(body), len(body) // 2
    if reset is not None:
        sent = b"" if reset.at == "headers" else body[:half]
        return sent, Sending(length=length, over=over, end="reset")
    if "truncated_body" in faults:
        return body[:half], Sending(length=length, over=over, end="closed")
    return body, Sending(length=length, over=over) if slow else None


def changed_data(data_json: bytes, faults: ByKind) -> bytes:
    """The envelope's ``data`` before it is signed, with what ``unicode`` and ``extra_fields`` put in."""
    if not faults.keys() & {"unicode", "extra_fields"}:
        return data_json
    data: dict[str, Any] = json.loads(data_json)
    if "unicode" in faults:
        for who in _people(data):
            named = [name for name in ("firstName", "lastName", "title") if name in who] or ["firstName"]
            who.update(dict.fromkeys(named, UNICODE))
    if "extra_fields" in faults:
        for who in _people(data):
            who.update(_EXTRA)
        data.update(_EXTRA)
    return dumps(data)


def extra_members() -> bytes:
    """What ``extra_fields`` puts into the envelope itself, and into ``meta``, after the known fields."""
    return b"," + dumps(_EXTRA)[1:-1]


def enlarged_data(data_json: bytes, missing: int) -> bytes:
    """*data_json*, exactly *missing* bytes longer; as it is where that is too few to fill.

    A contact has many custom fields then, each of a usual length; a chat without a
    contact has a long title.
    """
    data: dict[str, Any] = json.loads(data_json)
    contact = data.get("contact")
    if not isinstance(contact, dict):
        return _lengthened(data, data["chat"], "title", data_json, missing)
    fields = contact.get("customFields")
    if not isinstance(fields, dict):
        fields = contact["customFields"] = {}
    size = len(dumps(data)) - len(data_json)
    number = 0
    each = len('"sandbox_000000":"",') + _STEP
    while missing - size >= each * 2:
        number += 1
        fields[f"sandbox_{number:06}"] = "x" * _STEP
        size += each - (len(fields) == 1)
    return _lengthened(data, fields, f"sandbox_{number + 1:06}", data_json, missing)


def _lengthened(
    data: dict[str, Any], within: dict[str, Any], name: str, data_json: bytes, missing: int
) -> bytes:
    text = within.get(name)
    text = within[name] = text if isinstance(text, str) else ""
    wanted = len(data_json) + missing - len(dumps(data))
    if wanted < 0:
        return data_json
    within[name] = text + "x" * wanted
    return dumps(data)


def tampered(body: bytes, data_json: bytes) -> bytes:
    """*body* with one character changed after it was signed: the last of the chat's id.

    Where that is no text, the last of the organisation's id.
    """
    found = json.loads(data_json)["chat"].get("id")
    if isinstance(found, str) and found:
        # The chat's own id, not another field that happens to hold the same.
        chat = body.index(b'"chat":', body.index(data_json))
        last = dumps(found[:-1] + _another(found[-1]))
        return body[:chat] + body[chat:].replace(b'"id":' + dumps(found), b'"id":' + last, 1)
    end = body.index(b'"', body.rindex(_ORGANISATION) + len(_ORGANISATION))
    return body[: end - 1] + _another(body[end - 1 : end].decode()).encode() + body[end:]


def _another(character: str) -> str:
    return "1" if character == "0" else "0"


def _people(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [data[name] for name in ("chat", "contact") if isinstance(data.get(name), dict)]
