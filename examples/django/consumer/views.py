"""Wexio's webhooks: the signature is checked, each event is taken once."""

import hashlib
import hmac
import json
import re
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consumer.models import Lead, Taken

TOLERANCE = 300  # seconds that a signature may be old, or early


def is_from_wexio(header: str, body: bytes, secret: str) -> bool:
    """Whether *header* signs exactly these bytes, and did so just now."""
    fields = [item.partition("=") for item in header.split(",")]
    times = [value for name, _, value in fields if name == "t"]
    # More than one while a secret is being changed.
    signatures = [value for name, _, value in fields if name == "v1"]
    if len(times) != 1 or not re.fullmatch(r"[0-9]{1,12}", times[0]):
        return False
    if abs(time.time() - int(times[0])) > TOLERANCE:
        return False
    expected = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(given, expected) for given in signatures if given.isascii())


def parse(body: bytes) -> dict[str, Any] | None:
    """The event, or None where the bytes are none."""
    try:
        event = json.loads(body)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("id"), str) else None


@transaction.atomic  # what fails is rolled back, answered with 500, and sent again
def take(event: dict[str, Any]) -> bool:
    """Do what is to be done about *event*, once; whether this was the first time."""
    _, new = Taken.objects.get_or_create(event_id=event["id"])
    if not new:
        return False  # a retry of what we have: every attempt has the same id
    if event["type"] == "chat.created":
        chat = event["data"]["chat"]
        Lead.objects.create(
            chat_id=chat["id"],
            channel=chat.get("channel", ""),
            name=chat.get("firstName", ""),
            since=event["meta"]["occurredAt"],
        )
    return True  # of other types we want nothing: taken all the same, or they would come again


@csrf_exempt  # it is the signature that says who sends
@require_POST
def receive(request: HttpRequest) -> JsonResponse:
    body = request.body  # the bytes as they came: it is these that were signed
    secret = settings.WEXIO_SECRET
    if not secret or not is_from_wexio(request.headers.get("X-Wexio-Signature", ""), body, secret):
        return JsonResponse({"error": "the signature does not hold"}, status=401)
    event = parse(body)
    if event is None:
        return JsonResponse({"error": "no event"}, status=400)
    return JsonResponse({"new": take(event)})
