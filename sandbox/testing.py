"""Doubles for tests, ours and yours: a transport without a network.

Time that moves only by hand needs no double: it is ``Sandbox(speed="manual")``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sandbox.core.model import Exchange, Outcome, Request, Response, TransportError

Script = Callable[[Request, int], "Outcome | int"]


class ScriptedTransport:
    """Answers by script and remembers what was sent.

    *answers* are statuses or outcomes, one for each request, the last one repeating;
    or one function of the request and its number (from 1).
    """

    def __init__(self, *answers: Outcome | int | Script) -> None:
        self.requests: list[Request] = []
        self._answers = answers or (200,)

    async def send(self, request: Request, *, timeout: timedelta) -> Exchange:
        """Note *request* and answer at once."""
        self.requests.append(request)
        number = len(self.requests)
        answer = self._answers[min(number, len(self._answers)) - 1]
        if not isinstance(answer, int | Response | TransportError):
            answer = answer(request, number)
        outcome = Response(status=answer) if isinstance(answer, int) else answer
        return Exchange(outcome=outcome, elapsed_ms=0.0)

    async def close(self) -> None:
        """Nothing to let go of."""


TIMEOUT = TransportError(type="timeout", message="no complete answer in time")
REFUSED = TransportError(type="connect", message="connection refused")
