"""The consumers that the other tests deliver to are judges: they must be right themselves.

Nothing of the sandbox is used here; the signatures are computed by hand.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.acceptance.conftest import Consumer

EVENT_ID = "evt_4b0ee8e5-8ac7-4a38-9f0d-2f7a1a4c9d11"


def body(attempt: int = 1) -> bytes:
    """A small envelope; its white space and letters are not what a serialiser would write again."""
    meta = {"eventId": EVENT_ID, "event": "chat.created", "attempt": attempt}
    envelope = {"id": EVENT_ID, "type": "chat.created", "data": {"name": "Олена 🌻"}, "meta": meta}
    return json.dumps(envelope, ensure_ascii=False, indent=1).encode()


def signature(secret: str, signed: bytes, at: int | None = None) -> str:
    """``t=…,v1=…`` over *signed*, at a moment in Unix seconds (default: now)."""
    moment = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + signed, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def post(consumer: Consumer, sent: bytes, header: str | None) -> tuple[int, dict[str, Any]]:
    """Post *sent*; the status and the answer."""
    headers = {"Content-Type": "application/json"}
    if header is not None:
        headers["X-Wexio-Signature"] = header
    try:
        with urlopen(Request(consumer.url, sent, headers), timeout=10) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_rightly_signed_body_is_taken(consumer: Consumer) -> None:
    status, answer = post(consumer, body(), signature(consumer.secret, body()))

    assert (status, answer["verified"], answer["duplicate"]) == (200, True, False)
    [line] = consumer.wait_for(1)
    assert (line["status"], line["id"], line["attempt"]) == (200, EVENT_ID, 1)
    assert line["body"].encode() == body()
    assert line["headers"]["content-type"] == "application/json"


def test_an_event_is_taken_once_however_often_it_comes(consumer: Consumer) -> None:
    for attempt in (1, 2):
        post(consumer, body(attempt), signature(consumer.secret, body(attempt)))

    assert [(line["attempt"], line["duplicate"]) for line in consumer.wait_for(2)] == [(1, False), (2, True)]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        pytest.param(None, "missing signature", id="none"),
        pytest.param("v1=abc", "malformed signature", id="without its time"),
        pytest.param("t=12,v2=abc", "malformed signature", id="of another version"),
        pytest.param("t=now,v1=abc", "malformed signature", id="with a time that is no number"),
        pytest.param(signature("another secret", body()), "wrong signature", id="by another secret"),
        pytest.param(f"t={int(time.time())},v1=zz", "wrong signature", id="not hex"),
    ],
)
def test_a_wrong_signature_is_refused(consumer: Consumer, header: str | None, reason: str) -> None:
    assert post(consumer, body(), header) == (401, {"verified": False, "reason": reason})


def test_a_changed_body_is_refused(consumer: Consumer) -> None:
    status, _ = post(consumer, body() + b" ", signature(consumer.secret, body()))

    assert status == 401


@pytest.mark.parametrize("shift", [-3600, 3600], ids=["old", "of the future"])
def test_a_signature_of_another_hour_is_refused(consumer: Consumer, shift: int) -> None:
    header = signature(consumer.secret, body(), int(time.time()) + shift)

    assert post(consumer, body(), header) == (401, {"verified": False, "reason": "stale signature"})


def test_a_signed_body_that_is_not_json_is_a_bad_request(consumer: Consumer) -> None:
    status, _ = post(consumer, b"\xff{", signature(consumer.secret, b"\xff{"))

    assert status == 400


@pytest.mark.parametrize("fail_first", [2])
def test_it_fails_as_often_as_it_is_told_to_then_takes_the_event(consumer: Consumer) -> None:
    statuses = [
        post(consumer, body(attempt), signature(consumer.secret, body(attempt)))[0] for attempt in (1, 2, 3)
    ]

    assert statuses == [503, 503, 200]
    assert not consumer.wait_for(3)[-1]["duplicate"]
