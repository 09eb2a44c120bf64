"""What the document shows as an example in more than one place."""

from __future__ import annotations

from typing import Any, Final

EVENT_ID: Final = "evt_2a3f1d4c-9b2e-4e7a-9c8d-bd8e9a0e4c10"
CONNECTION_ID: Final = "6640f45ac8a0d7e8b7f2014a"
DELIVERY_ID: Final = "dlv_2f0c9a1b7d3e4f56"
RUN_ID: Final = "run_5d0c8e7a9b1f"

ATTEMPT: Final[dict[str, Any]] = {
    "kind": "attempted",
    "at": "2026-04-24T14:02:10.161Z",
    "run_id": RUN_ID,
    "delivery_id": DELIVERY_ID,
    "event_id": EVENT_ID,
    "connection_id": CONNECTION_ID,
    "attempt": 1,
    "url": "http://127.0.0.1:3000/webhooks/wexio",
    "request": {"headers": [["Content-Type", "application/json"], ["X-Wexio-Attempt", "1"]], "body": "{…}"},
    "response": {"status": 200, "headers": [["Content-Type", "text/plain"]], "body": "ok"},
    "started_at": "2026-04-24T14:02:10.123Z",
    "elapsed_ms": 38.214,
    "timing": {"connect": 0.412},
    "next_attempt_at": None,
}

EXPLAINED: Final[dict[str, Any]] = ATTEMPT | {
    "signature": {
        "signed": "timestamp.body",
        "connection": "crm",
        "secret": "whsec_…q4Zk",
        "holds": True,
        "says": "the signature holds",
        "causes": [],
    }
}

DELIVERY: Final[dict[str, Any]] = {
    "id": DELIVERY_ID,
    "event_id": EVENT_ID,
    "event": "chat.created",
    "channel": "WHATSAPP",
    "who": "Alex Stone",
    "connection_id": CONNECTION_ID,
    "run_id": RUN_ID,
    "status": "SUCCESS",
    "attempt_count": 1,
    "next_attempt_at": None,
    "emitted_at": "2026-04-24T14:02:10.123Z",
    "settled_at": "2026-04-24T14:02:10.161Z",
    "attempts": [ATTEMPT],
}

SCENARIO: Final = "name: Hello\nsteps:\n  - emit: chat.created\n    channel: WHATSAPP\n"

CLOCK: Final[dict[str, Any]] = {
    "at": "2026-04-24T14:02:10.123Z",
    "speed": 1.0,
    "paused": False,
    "next_due": "2026-04-24T14:02:15.161Z",
}

RUN: Final[dict[str, Any]] = {
    "id": RUN_ID,
    "name": "First contact on every channel",
    "status": "playing",
    "seed": 42,
    "speed": "max",
    "signature_time": "wall",
    "started_at": "2026-04-24T14:02:10.123Z",
    "ended_at": None,
    "begins_at": "2026-04-24T14:02:10.123Z",
    "at": "2026-04-24T14:02:12.000Z",
    "step": 0,
    "step_at": "2026-04-24T14:02:10.123Z",
    "note": "Our first customer writes.",
    "deliveries": {"PENDING": 1, "SUCCESS": 3},
    "verdict": None,
    "error": None,
}
