"""A consumer of Wexio's webhooks in FastAPI: checks the signature, takes each event once, answers."""

import hashlib
import hmac
import json
import os
import re
import sqlite3
import time
from contextlib import closing
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request

TOLERANCE = 300  # seconds that a signature may be old, or early

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


def create_app(secret: str, database: str) -> FastAPI:
    """The app; *database* is the path of an SQLite file."""
    if not secret:
        raise ValueError("the secret is empty: anybody could sign with that")
    app = FastAPI()
    with closing(sqlite3.connect(database)) as opened:
        opened.executescript(SCHEMA)

    async def verified(request: Request) -> bytes:
        # No pydantic model as a parameter: it would be read before anything is checked,
        # and the bytes as they came, which were signed, would be gone.
        body = await request.body()
        if not is_from_wexio(request.headers.get("X-Wexio-Signature", ""), body, secret):
            raise HTTPException(401, "the signature does not hold")
        return body

    @app.post("/webhooks/wexio")
    def receive(body: Annotated[bytes, Depends(verified)]) -> dict[str, bool]:
        event = parse(body)
        if event is None:
            raise HTTPException(400, "no event")
        with closing(sqlite3.connect(database)) as opened:
            return {"new": take(opened, event)}

    return app


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(create_app(os.environ["WEXIO_SECRET"], "leads.db"), port=3000)
