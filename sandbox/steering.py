"""A clock that can be steered: its speed changed, paused, stepped, advanced by hand.

It stands in front of one of the clocks of `sandbox.clock` and replaces it when the way
in which time passes changes; what was due stays due, and what runs goes on running.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from sandbox.clock import Agenda, Rank, Scheduled, SteppingClock, SystemClock, later, wall_now
from sandbox.core.errors import UsageError

Speed = float | Literal["max", "manual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a clock stood: enough to go on from after its process has ended."""

    at: datetime
    wall: datetime
    speed: Speed
    paused: bool

    def now(self, wall: datetime) -> datetime:
        """What a clock that went on meanwhile shows at *wall*; one that moves by steps has stood still."""
        if self.paused or isinstance(self.speed, str):
            return self.at
        return later(self.at, max(wall - self.wall, timedelta()) * self.speed)

    def document(self) -> dict[str, Any]:
        """The position as JSON."""
        return {
            "at": self.at.isoformat(),
            "wall": self.wall.isoformat(),
            "speed": self.speed,
            "paused": self.paused,
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """The reverse of `document`."""
        return cls(
            at=datetime.fromisoformat(document["at"]),
            wall=datetime.fromisoformat(document["wall"]),
            speed=document["speed"],
            paused=document["paused"],
        )


class SteeredClock:
    """Time from *start* on, at a *speed* that may change while it passes."""

    def __init__(self, *, start: datetime, speed: Speed, paused: bool = False) -> None:
        self._agenda = Agenda()
        self._held = 0
        self._speed = speed
        self._paused = paused
        self._free = 0  # how many let a manual clock move by itself
        self._inner = self._started(start)

    @property
    def speed(self) -> Speed:
        """A factor, ``"max"`` or ``"manual"``; while paused, the one with which it will go on."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether it stands still until `resume`."""
        return self._paused

    @property
    def by_hand(self) -> bool:
        """Whether it moves only by `advance`."""
        return self._speed == "manual" and not self._paused

    def position(self) -> Position:
        """Where it stands now."""
        return Position(at=self.now(), wall=wall_now(), speed=self._speed, paused=self._paused)

    # --- as a clock ----------------------------------------------------------------

    def now(self) -> datetime:
        return self._inner.now()

    def begin(self) -> datetime:
        """Start over at the start, to the microsecond, a clock of real time that has just been made."""
        return self._inner.begin() if isinstance(self._inner, SystemClock) else self._inner.now()

    def schedule(self, moment: datetime, rank: Rank, order: int, item: Scheduled) -> None:
        self._inner.schedule(moment, rank, order, item)

    def hold(self) -> None:
        self._held += 1
        self._inner.hold()

    def release(self) -> None:
        self._held -= 1
        self._inner.release()

    def ended(self, took: timedelta) -> datetime:
        return self._inner.ended(took)

    def next_due(self) -> datetime | None:
        return self._inner.next_due()

    def stuck(self) -> bool:
        return self._inner.stuck()

    # --- steering ------------------------------------------------------------------

    def set_speed(self, speed: Speed) -> None:
        """From now on time passes at *speed*; a paused clock remembers it.  Raises `UsageError`."""
        if not (speed in ("max", "manual") or (isinstance(speed, int | float) and 0 < speed <= 1_000_000)):
            raise UsageError(f"speed is {speed!r}: a number above 0, at most 1000000, max or manual")
        self._speed = speed
        if not self._paused:
            self._switch()

    def pause(self) -> None:
        """Stand still; what runs ends, and what falls due waits for `resume` or `step`."""
        if not self._paused:
            self._paused = True
            self._switch()

    def resume(self) -> None:
        """Go on at the speed of before."""
        if self._paused:
            self._paused = False
            self._switch()

    async def step(self) -> bool:
        """Let a paused clock come to the next thing due, and return when that has its outcome.

        False where nothing is due.  Raises `UsageError` where it is not paused.
        """
        inner = self._inner
        if not self._paused or not isinstance(inner, SteppingClock):
            raise UsageError("only a paused clock can be stepped")
        await inner.quiet()
        due = inner.next_due()
        if due is None:
            return False
        await inner.advance(max(due - inner.now(), timedelta()))
        return True

    async def advance(self, duration: timedelta) -> None:
        """Move a manual clock by *duration* through every moment at which something is due, in order.

        Returns when all that fell due has its outcome.  Raises `UsageError` where the
        clock is not manual, or paused.
        """
        inner = self._inner
        if not self.by_hand or not isinstance(inner, SteppingClock):
            raise UsageError('only a manual clock can be advanced: set its speed to "manual" first')
        await inner.advance(duration)

    async def quiet(self) -> None:
        """Wait until nothing is running and nothing falls due by itself; real time is never quiet."""
        if isinstance(self._inner, SteppingClock):
            await self._inner.quiet()

    @contextmanager
    def free(self) -> Iterator[None]:
        """Let a manual clock move by itself meanwhile, as under ``max``, however it is steered."""
        self._free += 1
        if isinstance(self._inner, SteppingClock) and not self._paused:
            self._inner.let_go()
        try:
            yield
        finally:
            self._free -= 1
            if isinstance(self._inner, SteppingClock) and not self._paused:
                self._inner.take_back()

    def stop(self) -> None:
        """Nothing falls due any more."""
        self._inner.stop()

    def _switch(self) -> None:
        now = self._inner.now()
        self._inner.stop()
        self._inner = self._started(now)

    def _started(self, now: datetime) -> SystemClock | SteppingClock:
        if self._paused or isinstance(self._speed, str):
            by_hand = self._paused or self._speed == "manual"
            return SteppingClock(
                start=now,
                manual=by_hand,
                agenda=self._agenda,
                running=self._held,
                free=0 if self._paused else self._free,
            )
        return SystemClock(start=now, speed=self._speed, agenda=self._agenda)
