"""`listen`: a subscriber for people who have none yet."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from sandbox.core.errors import UsageError
from sandbox.settings import secret as read_secret
from sandbox.settings import variable_of

if TYPE_CHECKING:
    from sandbox.cli.paint import Painter
    from sandbox.core.received import Received
    from sandbox.subscriber import Subscriber

PORT: Final = "8421"
_LINES: Final = 3  # of payload, on a terminal


@click.command()
@click.option("--port", default=PORT, metavar="N", help=f"Default: {PORT}; 0 takes a free one.")
@click.option(
    "--host", default="127.0.0.1", metavar="NAME", help="The address to listen on. Default: 127.0.0.1."
)
@click.option("--secret", metavar="S", help="Verify signatures with this secret. Also WEXIO_SANDBOX_SECRET.")
@click.option(
    "--respond",
    metavar="LIST",
    help="What each event is answered, attempt by attempt: 500,timeout,200; the last one repeats. "
    "Default: 200; 401 where a signature does not hold, 400 where the body is no event.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for each request.")
def listen(port: str, host: str, secret: str | None, respond: str | None, as_json: bool) -> int:
    """Receive webhooks: verify, print and answer them, until Ctrl-C."""
    from sandbox.cli.ending import Interrupted, run_until_interrupted
    from sandbox.clock import wall_now
    from sandbox.core.answers import script
    from sandbox.core.scenario import SubscriberScript
    from sandbox.subscriber import Subscriber

    secret = secret if secret is not None else os.environ.get(variable_of("secret")) or None
    try:
        if secret is not None:
            read_secret(secret)
    except UsageError as error:
        raise UsageError(f"--secret: {error}") from None
    try:
        answers = SubscriberScript(respond=script(respond.split(","))) if respond is not None else None
    except UsageError as error:
        raise UsageError(f"--respond: {error}") from None
    desk = _Desk(as_json=as_json)
    subscriber = Subscriber(
        now=lambda: wall_now().timestamp(),
        script=answers or SubscriberScript(),
        secrets=secret,
        on_request=desk.note,
        keep=0,
        enforce=answers is None,
        host=host,
        port=_port(port),
    )
    try:
        run_until_interrupted(_serve(subscriber, desk, verifies=secret is not None), desk.close, server=True)
    except Interrupted as interrupted:
        return interrupted.exit_code
    return 0


async def _serve(subscriber: Subscriber, desk: _Desk, *, verifies: bool) -> None:
    async with subscriber:
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        desk.on_closed_pipe = lambda error: None if gone.done() else gone.set_exception(error)
        desk.open(subscriber.url, verifies=verifies)
        await gone


def _port(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text) or int(text) > 65_535:
        raise UsageError(f"--port: {text!r} is no port: 0 to 65535 are")
    return int(text)


class _Desk:
    """Notes each request on the screen."""

    def __init__(self, *, as_json: bool) -> None:
        from sandbox.cli.paint import err, out

        self.on_closed_pipe: Callable[[BrokenPipeError], object] = lambda error: None
        self._json = as_json
        self._out, self._err = out(), err()
        self._counts: Counter[str] = Counter()

    def open(self, url: str, *, verifies: bool) -> None:
        ready: Painter = self._err if self._json else self._out
        ready.line(
            ("listening on ", ""), (url, "bold cyan"), (" (every path is taken; Ctrl-C ends it)", "dim")
        )
        same = " --secret <the same>" if verifies else ""
        ready.line(("try it: ", "dim"), (f"wexio-sandbox send chat.created --to {url}{same}", ""))
        if not verifies:
            ready.line(("signatures are not verified: there is no --secret", "dim"))
        sys.stdout.flush()
        sys.stderr.flush()

    def close(self) -> None:
        count = self._counts
        parts = [f"{count['requests']} request{'' if count['requests'] == 1 else 's'}"]
        parts += [f"{count[word]} {word}" for word in ("verified", "not verified", "no event") if count[word]]
        self._err.line((" · ".join(parts), ""))
        sys.stderr.flush()

    def note(self, received: Received) -> None:
        self._counts["requests"] += 1
        if received.verified is not None:
            self._counts["verified" if received.verified else "not verified"] += 1
        if received.no_event is not None:
            self._counts["no event"] += 1
        try:
            self._print_json(received) if self._json else self._print(received)
            sys.stdout.flush()
        except BrokenPipeError as error:
            self.on_closed_pipe(error)

    def _print(self, received: Received) -> None:
        from sandbox.cli.causes import show_causes
        from sandbox.cli.words import chip
        from sandbox.clock import wall_now
        from sandbox.core.model import Response

        status = received.answer.status
        answer = chip(Response(status=status)) if isinstance(status, int) else (status, "bold magenta")
        number = f"attempt {received.attempt}" if received.attempt is not None else "no attempt number"
        self._out.line(
            (f"{wall_now().astimezone():%H:%M:%S}  ", "dim"),
            (received.event or "not an event of Wexio's", "bold"),
            (f"  {number}  ", ""),
            *_verification(received),
            ("  → ", "dim"),
            answer,
        )
        payload = received.body.decode("utf-8", "replace")
        room = _LINES * self._columns() - 3
        if len(payload) > room > 0:
            payload = payload[:room] + "…"
        self._out.line(("  " + payload, "dim"))
        # First what is to be done about the signature: the line above says what is wrong with it.
        if received.case is not None and received.diagnosis is not None:
            show_causes(self._out, received.diagnosis.causes, said=received.diagnosis.check.says, indent="  ")
        if received.no_event is not None:
            self._out.line(("  no event: ", "bold red"), (received.no_event, ""))

    def _columns(self) -> int:
        from sandbox.cli.paint import is_terminal

        return os.get_terminal_size(sys.stdout.fileno()).columns if is_terminal(sys.stdout) else 0

    def _print_json(self, received: Received) -> None:
        from sandbox.cli.paint import can_write
        from sandbox.clock import wall_now
        from sandbox.core.diagnosis import causes_json
        from sandbox.core.moments import isoformat
        from sandbox.core.present import body_json, headers_json, json_line

        document: dict[str, Any] = {
            "at": isoformat(wall_now()),
            "event": received.event,
            "event_id": received.event_id,
            "connection_id": received.connection_id,
            "attempt": received.attempt,
            "verified": received.verified,
            "reason": None if received.check is None else str(received.check.reason),
            "says": None if received.check is None else received.check.says,
            "causes": causes_json(received.diagnosis),
            "no_event": received.no_event,
            "answer": received.answer.status,
            "request": {"headers": headers_json(received.headers), **body_json(received.body)},
        }
        sys.stdout.write(json_line(document, ascii_only=not can_write(sys.stdout)) + "\n")


def _verification(received: Received) -> list[tuple[str, str]]:
    if received.check is None:
        return [("not verified", "dim")]
    if received.check.valid:
        return [("verified", "green")]
    return [(f"not verified: {received.check.says}", "bold red")]
