"""Who a server is: the organisation, integrations and clock that its events by hand have, process after process."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sandbox.clock import wall_now
from sandbox.core.cast import Cast
from sandbox.core.catalogue import CHANNELS
from sandbox.core.ids import Seed
from sandbox.core.profile import Profile
from sandbox.steering import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Drawn once, from the system's randomness."""

    run_id: str  # of what is emitted by hand
    organisation: str
    integrations: Mapping[str, str]  # by channel
    clock: Position

    @classmethod
    def new(cls, profile: Profile) -> Self:
        """For a server that begins."""
        made = Cast(Seed(secrets.randbits(62)), profile=profile)
        return cls(
            run_id=f"run_{secrets.token_hex(6)}",
            organisation=made.organisation_id,
            integrations={channel: made.integration_id(channel) for channel in CHANNELS},
            clock=Position(at=wall_now(), wall=wall_now(), speed=1.0, paused=False),
        )

    def cast(self, profile: Profile, seed: int | None = None) -> Cast:
        """People of this organisation: those of *seed*, else new ones each time."""
        return Cast(
            Seed(secrets.randbits(62) if seed is None else seed),
            profile=profile,
            organisation=self.organisation,
            integrations=self.integrations,
        )

    def document(self) -> dict[str, Any]:
        """The identity as JSON."""
        return {
            "run_id": self.run_id,
            "organisation": self.organisation,
            "integrations": dict(self.integrations),
            "clock": self.clock.document(),
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """The reverse of `document`."""
        return cls(
            run_id=document["run_id"],
            organisation=document["organisation"],
            integrations=document["integrations"],
            clock=Position.read(document["clock"]),
        )
