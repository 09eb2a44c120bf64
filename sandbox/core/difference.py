"""Where two bodies first differ, for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_AROUND: Final = 16  # bytes that are shown before and after
_CHUNK: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first byte, from 0, at which what was received is not what was sent, with its surroundings."""

    at: int
    sent: bytes  # from a little before to a little after
    received: bytes
    sent_length: int
    received_length: int

    def __str__(self) -> str:
        """In one line of plain ASCII."""
        lengths = f"{self.sent_length} bytes sent, {self.received_length} received"
        return f"at byte {self.at}: sent {_shown(self.sent)}, received {_shown(self.received)} ({lengths})"


def difference(sent: bytes, received: bytes) -> Difference | None:
    """The first difference; None where there is none."""
    if sent == received:
        return None
    shorter = min(len(sent), len(received))
    start = next(
        (at for at in range(0, shorter, _CHUNK) if sent[at : at + _CHUNK] != received[at : at + _CHUNK]), 0
    )
    at = next((at for at in range(start, shorter) if sent[at] != received[at]), shorter)
    begin, end = max(0, at - _AROUND), at + _AROUND
    return Difference(
        at=at,
        sent=sent[begin:end],
        received=received[begin:end],
        sent_length=len(sent),
        received_length=len(received),
    )


def _shown(part: bytes) -> str:
    return repr(part)[1:] if part else "nothing"
