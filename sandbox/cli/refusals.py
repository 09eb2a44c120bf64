"""Why signed requests may have been refused: the first refusal of each status, and what is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sandbox.cli.causes import show_causes
from sandbox.cli.paint import Painter
from sandbox.clock import wall_now
from sandbox.core.entries import Attempted
from sandbox.core.ledger import Delivery
from sandbox.core.model import Response
from sandbox.core.refusal import explain_refusal
from sandbox.runner import Stage

_MOST: Final = 3
"""So many different statuses are explained."""


def show_refusals(painter: Painter, stage: Stage, deliveries: Sequence[Delivery]) -> None:
    """What is known and what is likely, for each 4xx to a signed request."""
    first: dict[int, Attempted] = {}
    for item in deliveries:
        for attempt in item.attempts:
            if isinstance(attempt.outcome, Response) and attempt.rendering.target.secret is not None:
                first.setdefault(attempt.outcome.status, attempt)
    for attempt in [first[status] for status in first if 400 <= status < 500][:_MOST]:
        _show(painter, stage, attempt)


def _show(painter: Painter, stage: Stage, attempt: Attempted) -> None:
    answer, target = attempt.outcome, attempt.rendering.target
    assert isinstance(answer, Response)
    assert target.secret is not None
    server = next((value for name, value in answer.headers if name.lower() == "server"), "")
    if server == "wexio-sandbox" and answer.body:  # `listen` says itself why
        said = answer.body.decode("utf-8", "replace").strip()
        painter.line((f"hint: the subscriber answered {answer.status}: {said}", "yellow"))
        return
    refusal = explain_refusal(
        attempt.request,
        answer,
        secret=target.secret,
        # A signature with real time was fresh when it was sent, however long ago that is by now.
        now=(
            wall_now() if stage.settings.signature_time == "sandbox" else attempt.rendering.stamp
        ).timestamp(),
        rules=target.profile.signature,
    )
    if refusal is not None:
        painter.line((f"hint: {refusal.status} to a signed request; {refusal.known}", "yellow"))
        show_causes(painter, refusal.causes, indent="  ")
