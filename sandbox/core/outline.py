"""A scenario in outline: a line for each of its steps, for whoever shows how far it has come.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self, assert_never

from sandbox.core.catalogue import CHANNELS
from sandbox.core.durations import format_duration
from sandbox.core.scenario import NO_CONTACT, Emit, Expect, Repeat, Scenario, Settle, Step, Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step of the first level."""

    kind: str  # its key in the file
    says: str
    note: str | None
    channels: tuple[str, ...]  # on which something may happen in it
    takes: timedelta | None  # on the run's clock; None: nobody knows before it is over

    def document(self) -> dict[str, Any]:
        """As it is kept and shown."""
        return {
            "kind": self.kind,
            "says": self.says,
            "note": self.note,
            "channels": list(self.channels),
            "takes_ms": None if self.takes is None else self.takes.total_seconds() * 1000,
        }

    @classmethod
    def read(cls, document: Any) -> Self:
        """The reverse of `document`."""
        takes = document["takes_ms"]
        return cls(
            kind=document["kind"],
            says=document["says"],
            note=document["note"],
            channels=tuple(document["channels"]),
            takes=None if takes is None else timedelta(milliseconds=takes),
        )


def outline(scenario: Scenario) -> tuple[Line, ...]:
    """A line for each step; what a ``repeat`` holds is told in its own."""
    return tuple(_line(step) for step in scenario.steps)


def _line(step: Step) -> Line:
    match step:
        case Emit(event=event, contact=contact):
            said = [event, "" if contact is None else "no contact" if contact == NO_CONTACT else contact]
            channels = step.channels
            if channels != CHANNELS:
                said.append(" or ".join(channels))
            kind, says = "emit", " · ".join(filter(None, said))
        case Wait(duration=duration):
            kind, says, channels = "wait", format_duration(duration), ()
        case Repeat(times=times, every=every):
            inside = [_line(each) for each in step.steps]
            spaced = f" every {format_duration(every)}" if every else ""
            kind, says = "repeat", f"{times} times{spaced}: {', '.join(line.says for line in inside)}"
            channels = tuple(dict.fromkeys(channel for line in inside for channel in line.channels))
        case Settle(timeout=timeout):
            within = f", at most {format_duration(timeout)}" if timeout is not None else ""
            kind, says, channels = "settle", f"until nothing is pending{within}", ()
        case Expect():
            kind, says, channels = "expect", _expected(step), ()
        case other:
            assert_never(other)
    return Line(kind=kind, says=says, note=step.note, channels=channels, takes=_takes(step))


def _takes(step: Step) -> timedelta | None:
    match step:
        case Wait(duration=duration):
            return duration
        case Settle():
            return None
        case Repeat(times=times, every=every):
            inside = [_takes(each) for each in step.steps]
            known = [each for each in inside if each is not None]
            if len(known) < len(inside):
                return None
            return sum(known, timedelta()) * times + every * max(0, times - 1)
        case _:
            return timedelta()


def _expected(step: Expect) -> str:
    said = [str(step.status)] if step.status is not None else []
    said += [f"{step.deliveries} deliveries"] if step.deliveries is not None else []
    said += [f"{step.attempts} attempts"] if step.attempts is not None else []
    said += [f"within {format_duration(step.within)}"] if step.within is not None else []
    return ", ".join(said)
