"""A consumer of Wexio's webhooks in aiohttp: checks the signature, takes each event once, answers."""

import hashlib
import hmac
import json
import os
import re
import sqlite3
import time
from typing import Any

from aiohttp import web

TOLERANCE = 300  # seconds that a signature may be old, or early
SECRET = web.AppKey("secret", str)
DATABASE = web.AppKey("database", sqlite3.Connection)

SCHEMA = """
CREATE TABLE IF NOT EXISTS taken (event_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS leads (chat_id TEXT, channel TEXT, name TEXT, since TEXT);
"""


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


def take(database: sqlite3.Connection, event: dict[str, Any]) -> bool:
    """Do what is to be done about *event*, once; whether this was the first time."""
    with database:  # one transaction: what fails is rolled back, answered with 500, and sent again
        if not database.execute("INSERT OR IGNORE INTO taken VALUES (?)", [event["id"]]).rowcount:
            return False  # a retry of what we have: every attempt has the same id
        if event["type"] == "chat.created":
            chat = event["data"]["chat"]
            row = [chat["id"], chat.get("channel"), chat.get("firstName"), event["meta"]["occurredAt"]]
            database.execute("INSERT INTO leads VALUES (?, ?, ?, ?)", row)
        return True  # of other types we want nothing: taken all the same, or they would come again


async def receive(request: web.Request) -> web.Response:
    body = await request.read()  # the bytes as they came: it is these that were signed
    if not is_from_wexio(request.headers.get("X-Wexio-Signature", ""), body, request.app[SECRET]):
        return web.json_response({"error": "the signature does not hold"}, status=401)
    event = parse(body)
    if event is None:
        return web.json_response({"error": "no event"}, status=400)
    return web.json_response({"new": take(request.app[DATABASE], event)})


def create_app(secret: str, database: sqlite3.Connection) -> web.Application:
    if not secret:
        raise ValueError("the secret is empty: anybody could sign with that")
    app = web.Application(client_max_size=1024**2)
    app[SECRET], app[DATABASE] = secret, database
    database.executescript(SCHEMA)
    app.router.add_post("/webhooks/wexio", receive)
    return app


if __name__ == "__main__":
    web.run_app(
        create_app(os.environ["WEXIO_SECRET"], sqlite3.connect("leads.db")), host="127.0.0.1", port=3000
    )
