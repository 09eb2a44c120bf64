"""A webhook consumer as an integration developer would write it in Flask.

Verifies the signature on the raw body, forgets what it has seen before, answers.
Prints ``{"port": …}`` first, then one JSON line for each request.

``WEXIO_SECRET``: the connection's secret.  ``FAIL_FIRST``: how many requests of each
event get a 503 before one is taken.
"""

import hashlib
import hmac
import json
import os
import sys
import time
from collections import Counter
from typing import Any

from flask import Flask, request
from werkzeug.serving import make_server

TOLERANCE = 5 * 60  # seconds

app = Flask(__name__)
secret = os.environ.get("WEXIO_SECRET", "").encode()
fail_first = int(os.environ.get("FAIL_FIRST", "0"))
taken: set[str] = set()
refused: Counter[str] = Counter()


def fault(header: str | None, body: bytes) -> str | None:
    """Why the signature does not hold, or None."""
    if not header:
        return "missing signature"
    fields = [field.partition("=") for field in header.split(",")]
    times = [value for name, _, value in fields if name == "t"]
    signatures = [value for name, _, value in fields if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()) or not signatures:
        return "malformed signature"
    if abs(time.time() - int(times[0])) > TOLERANCE:
        return "stale signature"
    expected = hmac.new(secret, times[0].encode() + b"." + body, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(given.encode(), expected.encode()) for given in signatures):
        return "wrong signature"
    return None


def judge(body: bytes) -> tuple[int, dict[str, Any]]:
    """The status to answer with, and what to say about it."""
    if reason := fault(request.headers.get("X-Wexio-Signature"), body):
        return 401, {"verified": False, "reason": reason}
    try:
        event = json.loads(body)
    except ValueError:
        return 400, {"verified": True, "reason": "not JSON"}
    identity = event["id"]
    seen = {"verified": True, "id": identity, "type": event["type"], "attempt": event["meta"]["attempt"]}
    if refused[identity] < fail_first:
        refused[identity] += 1
        return 503, {**seen, "reason": "told to fail"}
    duplicate = identity in taken
    taken.add(identity)
    return 200, {**seen, "duplicate": duplicate}


@app.post("/webhooks/wexio")
def receive() -> tuple[dict[str, Any], int]:
    body = request.get_data()
    status, seen = judge(body)
    headers = {name.lower(): value for name, value in request.headers.items()}
    line = {"status": status, **seen, "headers": headers, "body": body.decode(errors="replace")}
    print(json.dumps(line), flush=True)
    return seen, status


if __name__ == "__main__":
    if not secret:
        sys.exit("WEXIO_SECRET is not set")
    server = make_server("127.0.0.1", 0, app)
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()
