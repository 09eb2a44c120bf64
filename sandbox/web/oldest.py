"""What has been pending longest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sandbox.core.ledger import Delivery
from sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Oldest:
    """A delivery, and what time it is on its clock."""

    delivery: Delivery
    now: datetime

    @property
    def seconds(self) -> float:
        """How long it has been pending."""
        return max(0.0, (self.now - self.delivery.emitted_at).total_seconds())


def oldest_pending(workspace: Workspace) -> Oldest | None:
    """The delivery that has been pending longest on its own clock: the server's, or its run's."""
    clocks = {run.id: run.at for run in workspace.runs()}
    here = workspace.now()
    found = [
        Oldest(delivery=item, now=clocks.get(run_id, here))
        for run_id, item in workspace.journal.ledger.oldest().items()
    ]
    return max(found, key=lambda item: item.seconds, default=None)
