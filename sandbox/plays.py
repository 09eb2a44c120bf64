"""One run of a server: as it is shown, as it goes on, and as it is kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Self

from sandbox.core import documents as doc
from sandbox.core.entries import Verdict
from sandbox.core.model import Connection, Status
from sandbox.core.outline import Line
from sandbox.core.scenario import SignatureTime
from sandbox.engine import Sandbox
from sandbox.steering import Position, Speed

RunStatus = Literal["playing", "paused", "finished", "stopped", "interrupted", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it stands now."""

    id: str
    name: str  # the scenario's
    status: RunStatus  # failed: it could not be played to its end, and error says why
    seed: int
    speed: Speed
    signature_time: SignatureTime
    started_at: datetime  # real time
    ended_at: datetime | None
    begins_at: datetime  # on the run's clock
    at: datetime  # the run's clock
    steps: tuple[Line, ...]
    step: int | None  # the present one
    step_at: datetime | None  # when it began, on the run's clock
    note: str | None  # of the present step
    deliveries: Counter[Status]
    connections: tuple[Connection, ...]
    verdict: Verdict | None
    error: str | None
    source: str


@dataclass(slots=True, kw_only=True)
class Play:
    """A run in the making; its sandbox is there while something may still happen in it."""

    id: str
    name: str
    status: RunStatus
    seed: int
    signature_time: SignatureTime
    source: str
    built_in: bool  # its only connection leads to the built-in subscriber
    position: Position  # of its clock, when it was last kept
    started_at: datetime
    ended_at: datetime | None = None
    connections: tuple[Connection, ...] = ()
    begins_at: datetime
    steps: tuple[Line, ...] = ()
    step: int | None = None
    step_at: datetime | None = None
    note: str | None = None
    verdict: Verdict | None = None
    error: str | None = None
    sandbox: Sandbox | None = None
    task: asyncio.Task[None] | None = None
    begun: bool = False
    stopping: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        """Whether no further step will be played."""
        return self.status not in ("playing", "paused")

    def shown(self, deliveries: Counter[Status]) -> Run:
        """The run as it stands, with how many *deliveries* it has in which state."""
        sandbox = self.sandbox
        return Run(
            id=self.id,
            name=self.name,
            status=self.status,
            seed=self.seed,
            speed=self.position.speed if sandbox is None else sandbox.clock.speed,
            signature_time=self.signature_time,
            started_at=self.started_at,
            ended_at=self.ended_at,
            begins_at=self.begins_at,
            at=self.position.at if sandbox is None else sandbox.now(),
            steps=self.steps,
            step=self.step,
            step_at=self.step_at,
            note=self.note,
            deliveries=deliveries,
            connections=self.connections,
            verdict=self.verdict,
            error=self.error,
            source=self.source,
        )

    def document(self) -> dict[str, Any]:
        """What outlasts the process."""
        if self.sandbox is not None:
            self.position = self.sandbox.clock.position()
        return {
            "name": self.name,
            "status": self.status,
            "seed": self.seed,
            "signature_time": self.signature_time,
            "source": self.source,
            "built_in": self.built_in,
            "position": self.position.document(),
            "started_at": doc.moment_document(self.started_at),
            "ended_at": doc.moment_document(self.ended_at),
            "begins_at": doc.moment_document(self.begins_at),
            "steps": [line.document() for line in self.steps],
            "connections": [doc.connection_document(it, it.retry) for it in self.connections],
            "verdict": None if self.verdict is None else doc.verdict_document(self.verdict),
            "error": self.error,
        }

    @classmethod
    def read(cls, id: str, document: Mapping[str, Any]) -> Self:
        """The reverse of `document`."""
        verdict = document["verdict"]
        return cls(
            id=id,
            name=document["name"],
            status=document["status"],
            seed=document["seed"],
            signature_time=document["signature_time"],
            source=document["source"],
            built_in=document["built_in"],
            position=Position.read(document["position"]),
            started_at=datetime.fromisoformat(document["started_at"]),
            ended_at=doc.read_moment(document["ended_at"]),
            begins_at=datetime.fromisoformat(document["begins_at"]),
            steps=tuple(map(Line.read, document["steps"])),
            connections=tuple(map(doc.read_connection, document["connections"])),
            verdict=None if verdict is None else doc.read_verdict(verdict),
            error=document["error"],
        )
