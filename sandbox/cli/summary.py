"""What a run came to: readable at a glance on a terminal, whole lines in a pipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from sandbox.cli.layout import Column
from sandbox.cli.paint import Painter, Spans
from sandbox.cli.refusals import show_refusals
from sandbox.cli.words import (
    DIM,
    FAULT_STYLE,
    attempts,
    conditions,
    count,
    policy,
    roughly,
    seconds,
    status,
    tally,
    targets,
)
from sandbox.core.entries import Verdict
from sandbox.core.faults import SIGNED_OTHERWISE
from sandbox.core.ledger import Delivery, went_wrong
from sandbox.core.model import Hmac, Status, TransportError
from sandbox.core.present import shown_url
from sandbox.runner import Stage

LISTED: Final = 50
"""Up to so many deliveries are listed singly; beyond, so many of the failed ones."""

_ATTEMPTS: Final = 23  # columns for what was tried: three answers and their times


def show_title(painter: Painter, stage: Stage) -> None:
    """What a run begins with: what is played, where to, and under which conditions."""
    painter.line((stage.scenario.name, "bold"))
    painter.line(("→ ", DIM), (targets(stage), "cyan"))
    painter.line(*conditions(stage))


def show_secrets(painter: Painter, stage: Stage) -> None:
    """The secrets that nobody gave: a subscriber needs them to check anything."""
    for connection in stage.generated:
        if isinstance(connection.auth, Hmac) and not stage.built_in:
            painter.line(
                (f"signing with a generated secret ({connection.name}): ", ""),
                (str(connection.auth.secret), "bold"),
            )
        elif isinstance(connection.auth, Hmac):
            painter.line((f"signing with a generated secret: {connection.auth.secret}", DIM))


def show_summary(painter: Painter, stage: Stage, verdict: Verdict) -> None:
    """Deliveries, expectations, the policy in force, and the verdict in one line."""
    deliveries = stage.deliveries()
    painter.line()
    if len(deliveries) <= LISTED:
        _show_singly(painter, stage, deliveries)
    else:
        _show_counts(painter, deliveries)
        failed = [item for item in deliveries if item.status is not Status.SUCCESS]
        if failed:
            painter.line()
            _show_singly(painter, stage, failed[:LISTED])
            if len(failed) > LISTED:
                painter.line((f"and {len(failed) - LISTED:,} more without success", DIM))
    _show_hints(painter, stage, deliveries)
    painter.line()
    for expectation in verdict.expectations:
        if expectation.passed:
            painter.line(("✓ ", "green"), (expectation.text, ""), (f" — {expectation.actual}", DIM))
        else:
            painter.line(("✗ ", "bold red"), (expectation.text, ""), (f" — {expectation.actual}", "red"))
    for item in stage.policies:
        painter.line((policy(item), DIM))
    painter.line()
    word, style = ("PASSED", "bold green") if verdict.passed else ("FAILED", "bold red")
    passed = verdict.at - deliveries[0].emitted_at if deliveries else None
    beside = f" · {roughly(passed)} on the sandbox's clock" if passed and stage.settings.speed != 1 else ""
    painter.line(
        (word, style), (f" {tally(deliveries)} · {seconds(verdict.elapsed_ms)}", "bold"), (beside, DIM)
    )
    if not verdict.passed:
        painter.line((f"the same again: --seed {verdict.seed}", DIM))


def _show_singly(painter: Painter, stage: Stage, deliveries: Sequence[Delivery]) -> None:
    names = {item.id: item.name for item in stage.connections}
    columns = [
        Column(),
        Column(spare=1),
        Column(),
        *([Column(least=8)] if len(names) > 1 else []),
        Column(least=12),
        Column(least=_ATTEMPTS),
    ]
    rows = []
    for item in deliveries:
        where: list[Spans] = [[(names.get(item.connection_id, ""), "cyan")]] if len(names) > 1 else []
        who = [(item.who or "-", "bold")]
        rows.append(
            [
                [status(item.status)],
                [(item.event, "")],
                [(item.channel or "-", "")],
                *where,
                who,
                attempts(item),
            ]
        )
    if rows:
        painter.table(rows, columns)
    else:
        painter.line(("nothing was delivered", DIM))


def _show_counts(painter: Painter, deliveries: Sequence[Delivery]) -> None:
    counts = Counter((item.channel or "-", item.status) for item in deliveries)
    states = [state for state in Status if any(key[1] is state for key in counts)]
    rows: list[list[Spans]] = [[[("channel", DIM)], *([status(state)] for state in states)]]
    rows += (
        [[(channel, "")], *([(f"{counts[channel, state]:,}", "")] for state in states)]
        for channel in sorted({channel for channel, _ in counts})
    )
    totals = Counter(item.status for item in deliveries)
    rows.append([[("in all", DIM)], *([(f"{totals[state]:,}", "bold")] for state in states)])
    painter.table(rows)


def _show_hints(painter: Painter, stage: Stage, deliveries: Sequence[Delivery]) -> None:
    _show_faults(painter, deliveries)
    checks = stage.checks
    if checks.verified and not checks.refused:
        held = count(checks.verified, "signature")
        painter.line((f"the built-in subscriber verified {held}, and all held", DIM))
    elif checks.refused:
        of = count(checks.refused + checks.verified, "signature")
        asked = sum(times for kind, times in went_wrong(deliveries).items() if kind in SIGNED_OTHERWISE)
        # Each of them has its own reason then, and which came first says nothing.
        why = ", as was asked for" if checks.refused <= asked else f": {checks.first_refusal}"
        painter.line((f"hint: {checks.refused} of {of} did not hold{why}", "yellow"))
    if not stage.built_in:  # that one answers by its script, and has just told what it made of signatures
        show_refusals(painter, stage, deliveries)
        _show_silence(painter, deliveries)


def _show_faults(painter: Painter, deliveries: Sequence[Delivery]) -> None:
    """What was asked to go wrong, so that nobody takes it for Wexio's doing."""
    kinds = went_wrong(deliveries)
    if kinds:
        said = ", ".join(f"{kind} {number:,}×" for kind, number in kinds.items())
        painter.line((f"on purpose: {said}", FAULT_STYLE))


def _show_silence(painter: Painter, deliveries: Sequence[Delivery]) -> None:
    failed = (item.counted[-1] for item in deliveries if item.status is not Status.SUCCESS and item.counted)
    for attempt in failed:
        if isinstance(attempt.outcome, TransportError) and not attempt.faults:
            painter.line((_no_answer(attempt.outcome, attempt.request.url), "yellow"))
            return


def _no_answer(error: TransportError, url: str) -> str:
    """Why nobody answered, and what to look at."""
    says = error.message.replace(url, shown_url(url))
    look = {
        "connect": ". Is the subscriber running, and is that its port?",
        "dns": ". Is the name spelt right?",
        "tls": ". Is it https that is spoken there, with a certificate that this machine trusts?",
        "timeout": ". Answer first and work afterwards, or allow more by --attempt-timeout.",
    }.get(error.type, ".")
    return f"hint: {says}{look}"
