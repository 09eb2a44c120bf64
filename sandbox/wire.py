"""The body of a request that goes out wrong on purpose: it trickles, stops early, or ends in a reset.

All else about such a request (its address, its guard, TLS, the time allowed, the reading
of an answer) is the transport's, as of any other.
"""

from __future__ import annotations

import asyncio
import math
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from sandbox.core.model import Sending

RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""For SO_LINGER: what has not gone out is dropped, and the other side sees a reset."""

_TICK: Final = 0.05  # seconds between two pieces of a body that trickles
_MOST_PIECES: Final = 1000
_GLANCE: Final = 0.005  # seconds between two looks at what the system has yet to send
_LONGEST_LOOK: Final = 200  # looks

Sleep = Callable[[float], Awaitable[None]]


class Wrongly(Payload):
    """*body* as *sending* says; ``reset`` tells whether it came to the reset that was asked for."""

    def __init__(
        self,
        body: bytes,
        sending: Sending,
        sleep: Sleep = asyncio.sleep,  # noqa: TID251 - a slow request takes real time
    ) -> None:
        super().__init__(body)
        self._size = sending.length
        self._body, self._sending, self._sleep = body, sending, sleep
        self.reset = False

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Send it, and end the connection where that was asked."""
        await self.write(writer)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """As `write_with_length`: Content-Length is what `sending` says, not what is sent."""
        sending = self._sending
        pieces = _pieces(self._body, sending.over.total_seconds())
        pause = sending.over.total_seconds() / len(pieces) if pieces else 0.0
        writer.send_headers()
        for piece in pieces:
            if pause:
                await self._sleep(pause)
            await writer.write(piece)
        if sending.end != "whole":
            await self._end(writer)

    async def _end(self, writer: AbstractStreamWriter) -> None:
        transport = writer.transport
        if transport is None or transport.is_closing():
            return
        if self._sending.end == "closed":
            # Our half of the connection, so that there may still be an answer; TLS knows no halves.
            if transport.can_write_eof():
                transport.write_eof()
            else:
                transport.close()
            return
        wire: socket.socket = transport.get_extra_info("socket")
        # A reset takes back what has not arrived yet, here and in the system: give it time to.
        for _ in range(_LONGEST_LOOK):
            if not (transport.get_write_buffer_size() or _unsent(wire)):
                break
            await self._sleep(_GLANCE)
        if not transport.is_closing():
            self.reset = True
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            transport.abort()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text."""
        return self._body.decode(encoding, errors)


def _pieces(body: bytes, over: float) -> list[bytes]:
    """*body* in as many pieces as fit into the time, at least one byte each."""
    if not body:
        return []
    count = min(len(body), _MOST_PIECES, max(1, math.ceil(over / _TICK)))
    step = math.ceil(len(body) / count)
    return [body[start : start + step] for start in range(0, len(body), step)]


def _unsent(wire: socket.socket) -> bool:
    """Whether the other side has yet to acknowledge something, where the system tells."""
    if sys.platform != "linux":
        return False
    import fcntl  # noqa: PLC0415 - not on every system
    import termios  # noqa: PLC0415

    number = wire.fileno()
    if number < 0:
        return False
    waiting = fcntl.ioctl(number, termios.TIOCOUTQ, b"\0" * 4)
    return bool(int.from_bytes(waiting, sys.byteorder))
