"""Why signed requests may have been refused: the first refusal of each status, and what is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sandbox.cli.paint import Painter
from sandbox.clock import wall_now
from sandbox.core.entries import Attempted
from sandbox.core.ledger import Delivery
from sandbox.core.model import Response
from sandbox.runner import Stage

if TYPE_CHECKING:
    from sandbox.core.refusal import Refusal

_MOST: Final = 3
"""So many different statuses are explained."""


def show_refusals(painter: Painter, stage: Stage, deliveries: Sequence[Delivery]) -> None:
    """What is known and what is likely, for each 4xx to a signed request."""
    first: dict[int, Attempted] = {}
    for item in deliveries:
        for attempt in item.attempts:
            if (
                isinstance(attempt.outcome, Response)
                and attempt.rendering.target.secret
                and not attempt.faults
            ):
                first.setdefault(attempt.outcome.status, attempt)
    for attempt in [first[status] for status in first if 400 <= status < 500][:_MOST]:
        _show(painter, stage, attempt)


def likely_reason(stage: Stage, attempt: Attempted) -> str | None:
    """The same of one attempt, in a paragraph; None where there is nothing to tell."""
    if stage.built_in:  # that one answers by its script
        return None
    if attempt.faults:
        return f"It went wrong on purpose: {attempt.went_wrong}." if not _taken(attempt) else None
    found = _explain(stage, attempt)
    if found is None or isinstance(found, str):
        return found
    causes = (
        f"{'Proven' if cause.proven else 'Likely'}: {cause.says}. {_capital(cause.do)}"
        for cause in found.causes
    )
    return " ".join(f"{said.rstrip('.')}." for said in (_capital(found.known), *causes))


def _taken(attempt: Attempted) -> bool:
    return isinstance(attempt.outcome, Response) and 200 <= attempt.outcome.status < 300


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]


def _show(painter: Painter, stage: Stage, attempt: Attempted) -> None:
    match _explain(stage, attempt):
        case None:
            pass
        case str(said):
            painter.line((f"hint: {said}", "yellow"))
        case refusal:
            from sandbox.cli.causes import show_causes

            painter.line((f"hint: {refusal.status} to a signed request; {refusal.known}", "yellow"))
            show_causes(painter, refusal.causes, indent="  ")


def _explain(stage: Stage, attempt: Attempted) -> Refusal | str | None:
    """What is known of a refused attempt; text where the subscriber says itself why."""
    answer, target = attempt.outcome, attempt.rendering.target
    if target.secret is None or not isinstance(answer, Response) or not 400 <= answer.status < 500:
        return None
    server = next((value for name, value in answer.headers if name.lower() == "server"), "")
    if server == "wexio-sandbox" and answer.body:  # `listen`
        return f"the subscriber answered {answer.status}: {answer.body.decode('utf-8', 'replace').strip()}"
    from sandbox.core.refusal import explain_refusal

    return explain_refusal(
        attempt.request,
        answer,
        secret=target.secret,
        # A signature with real time was fresh when it was sent, however long ago that is by now.
        now=(
            wall_now() if stage.settings.signature_time == "sandbox" else attempt.rendering.stamp
        ).timestamp(),
        rules=target.profile.signature,
    )
