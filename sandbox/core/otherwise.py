"""Valid deliveries, but for a signature as a consumer might expect it by mistake: which is taken says what the mistake is."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any, Final

from sandbox.core.letters import Defect, Letters
from sandbox.core.model import Hmac, Request
from sandbox.core.profile import SIGNATURE_HEADER
from sandbox.core.recipes import forms, keys

_WRITTEN_AGAIN: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("with spaces, as Python's json.dumps does", {}),
    ("indented by two spaces", {"indent": 2}),
    ("with its keys sorted", {"sort_keys": True, "separators": (",", ":")}),
)


def otherwise(letters: Letters) -> Iterator[Defect]:
    """What is otherwise in the signature, and the request; each of an event of its own."""
    auth = letters.connection.auth
    assert isinstance(auth, Hmac)
    assert auth.secret is not None
    secret, rules = auth.secret.encode(), letters.profile.signature
    for how, options in _WRITTEN_AGAIN:
        request = letters.request(letters.event())
        again = json.dumps(json.loads(request.body), **options).encode()
        says = f"the signature is over the JSON parsed and written again, {how}; the bytes that came are what is signed"
        yield says, _signed(request, secret, b"%b." % _time(request), again)
    for key in keys(secret, {}, rules.secret_prefix):
        if key.code is not None:
            request = letters.request(letters.event())
            before = b"" if rules.signed == "body" else b"%b." % _time(request)
            yield key.says, _signed(request, key.value, before, request.body)
    # All around one event: a form may depend on its id and times.
    request = letters.request(letters.event())
    for form in forms(_time(request).decode(), rules=rules, headers=_lower(request), event_id=None):
        if form.code is not None:
            before, after = form.value
            yield form.says, _signed(request, secret, before, request.body, after)


def _lower(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers}


def _time(request: Request) -> bytes:
    return _lower(request)[SIGNATURE_HEADER.lower()].partition(",")[0].removeprefix("t=").encode()


def _signed(request: Request, key: bytes, before: bytes, body: bytes, after: bytes = b"") -> Request:
    digest = hmac.new(key, before + body + after, hashlib.sha256).hexdigest()
    said = f"t={_time(request).decode()},v1={digest}"
    return request._replace(
        headers=tuple((name, said if name == SIGNATURE_HEADER else value) for name, value in request.headers)
    )
