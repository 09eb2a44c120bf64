"""A consumer that is right, or wrong in exactly one way: what the report card is judged by.

It knows nothing of the sandbox; its signatures are computed by hand.
"""

from __future__ import annotations

import asyncio
import calendar
import hashlib
import hmac
import json
import re
import time
from typing import Any, Final, Self

from aiohttp import web

TOLERANCE: Final = 300
KNOWN: Final = {
    *(
        "id",
        "integrationId",
        "channel",
        "externalChatId",
        "whatsappId",
        "telegramId",
        "viberId",
        "instagramId",
    ),
    *("firstName", "lastName", "photoUrl", "username", "title", "createdAt", "updatedAt", "archivedAt"),
}


class Refusal(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, **headers: str) -> None:
        self.status, self.headers = status, headers


class WrongConsumer:
    """``async with WrongConsumer("no_tolerance") as consumer: consumer.url``; without a defect it is right."""

    def __init__(self, defect: str = "", *, secret: str = "whsec_of-the-tests", delay: float = 0.0) -> None:
        self.defect, self.secret, self.delay = defect, secret.encode(), delay
        self.effects = 0
        self.seen: set[Any] = set()
        self.last: Any = None
        self.newest = ""
        self.in_flight = self.requests = 0
        self.angry = False
        self.trusted: set[int] = set()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * 2**20)
        app.router.add_post("/hook", self.receive)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.runner.cleanup()

    def wrong(self, *defects: str) -> bool:
        return self.defect in defects

    async def receive(self, request: web.Request) -> web.Response:
        self.requests += 1
        self.in_flight += 1
        try:
            body = await request.read()
            if self.delay:
                await asyncio.sleep(self.delay)  # noqa: TID251 - a slow consumer is slow
            await self.bear_the_load()
            await self.judge(request, body)
        except Refusal as refusal:
            return web.Response(status=refusal.status, headers=refusal.headers)
        finally:
            self.in_flight -= 1
        return web.Response(text="ok")

    async def bear_the_load(self) -> None:
        if self.wrong("breaks_under_load", "limits_rate"):
            await asyncio.sleep(0.01)  # noqa: TID251 - long enough for others to come
            if self.in_flight > 10:
                raise Refusal(500 if self.wrong("breaks_under_load") else 429)

    async def judge(self, request: web.Request, body: bytes) -> None:
        if self.wrong("redirects_always"):
            raise Refusal(302, Location="/login")
        if self.wrong("answers_before_verifying"):
            return
        if self.angry:
            self.angry = False
            raise Refusal(401)
        if not self.verified(request, body):
            self.angry = self.wrong("locks_out")
            if self.wrong("redirects_to_login"):
                raise Refusal(302, Location="/login")
            if self.wrong("answers_500_to_forgery"):
                raise Refusal(500)
            raise Refusal(401)
        self.trusted.add(id(request.transport))
        try:
            event = json.loads(body)
            assert isinstance(event, dict)
        except (ValueError, AssertionError):
            self.angry = self.wrong("breaks_after_garbage")
            if self.wrong("takes_garbage"):
                return
            raise Refusal(500 if self.wrong("breaks_on_garbage") else 400) from None
        self.stumble(event, body, request)
        self.take(event)

    # --- the signature -----------------------------------------------------------------

    def verified(self, request: web.Request, body: bytes) -> bool:
        header = request.headers.get("X-Wexio-Signature")
        if self.wrong("verifies_nothing"):
            return True
        if self.wrong("trusts_the_connection") and id(request.transport) in self.trusted:
            return True
        if header is None:
            return self.wrong("takes_what_is_not_signed")
        found = re.fullmatch(r"t=(\d{1,11}),v1=([0-9a-f]{64})", header)
        if self.wrong("compares_what_is_there"):
            found = re.fullmatch(r"t=(\d{1,11}),v1=([0-9a-f]*)", header)
        if not found:
            if self.wrong("breaks_on_malformed"):
                raise Refusal(500)
            return False
        stamp, given = found.groups()
        signed = f"{stamp}.".encode() + self.verified_bytes(body)
        if self.wrong("signs_the_body_alone"):
            signed = body
        expected = hmac.new(self.secret, signed, hashlib.sha256).hexdigest()
        if self.wrong("compares_first_characters"):
            expected, given = expected[:8], given[:8]
        if self.wrong("compares_last_characters"):
            expected, given = expected[-8:], given[-8:]
        holds = expected.startswith(given) if self.wrong("compares_what_is_there") else expected == given
        return holds and self.fresh(int(stamp), request)

    def verified_bytes(self, body: bytes) -> bytes:
        if self.wrong("verifies_rewritten_json", "verifies_rewritten_with_spaces"):
            try:
                event = json.loads(body)
            except ValueError:
                return body
            spaces = (", ", ": ") if self.wrong("verifies_rewritten_with_spaces") else (",", ":")
            return json.dumps(event, separators=spaces, ensure_ascii=False).encode()
        return body

    def fresh(self, stamp: int, request: web.Request) -> bool:
        now = time.time()  # noqa: TID251 - it has a clock of its own
        age = now - stamp
        if self.wrong("believes_the_timestamp_header"):
            said = request.headers["X-Wexio-Timestamp"][:19]
            age = now - calendar.timegm(time.strptime(said, "%Y-%m-%dT%H:%M:%S"))
        if self.wrong("no_tolerance"):
            return True
        if self.wrong("takes_the_future"):
            return age <= TOLERANCE
        return abs(age) <= TOLERANCE

    # --- the event ---------------------------------------------------------------------

    def stumble(self, event: dict[str, Any], body: bytes, request: web.Request) -> None:
        data, attempt = event["data"], event["meta"]["attempt"]
        chat, contact = data["chat"], data.get("contact")
        wrong = {
            "breaks_on_unknown_field": not set(chat) <= KNOWN,
            "breaks_on_letters": not body.isascii(),
            "breaks_on_missing_contact": contact is None,
            "breaks_on_viber": chat["channel"] == "VIBER",
            "breaks_on_retries": attempt > 1 and event["id"] not in self.seen,
            "takes_32_kB": len(body) > 32 * 1024,
            "takes_100_kB": len(body) > 100 * 1024,
            "refuses_unknown_event": event["type"] != "chat.created",
            "refuses_duplicates": event["id"] in self.seen,
            "refuses_retries": attempt > 1,
            "refuses_what_is_older": event["meta"]["occurredAt"] < self.newest,
        }
        if self.wrong("hangs_up_on_letters") and not body.isascii():
            assert request.transport is not None
            request.transport.close()
        if wrong.get(self.defect):
            raise Refusal(
                {"takes_32_kB": 413, "takes_100_kB": 413, "refuses_unknown_event": 422}.get(
                    self.defect, 409 if self.defect.startswith("refuses") else 500
                )
            )
        self.newest = max(self.newest, event["meta"]["occurredAt"])

    def take(self, event: dict[str, Any]) -> None:
        attempt = event["meta"]["attempt"]
        key = (event["id"], attempt) if self.wrong("dedupes_by_attempt") else event["id"]
        known = key in self.seen
        if self.wrong("remembers_the_last_only"):
            known, self.last = key == self.last, key
        if self.wrong("never_dedupes"):
            known = False
        if not known and not self.wrong("has_no_effect"):
            self.effects += 2 if self.wrong("has_two_effects") else 1
        self.seen |= {key, event["id"]}
