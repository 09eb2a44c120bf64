"""An independent receiver: a bare socket server that knows nothing of the sandbox.

It records every byte, and answers as the test's function says, down to raw bytes.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

RESET = object()
"""Answer with a TCP reset."""
CLOSE = object()
"""Close the connection without an answer."""
SILENCE = object()
"""Never answer."""


@dataclass
class Seen:
    """One request, raw and taken apart."""

    raw: bytes
    head: bytes
    body: bytes
    headers: list[tuple[str, str]]
    connection: int
    number: int

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode()

    def __getitem__(self, name: str) -> str:
        [value] = [value for key, value in self.headers if key.lower() == name.lower()]
        return value


Answer = int | bytes | object
Decide = Callable[[Seen], "Answer | Awaitable[Answer]"]


@dataclass
class Receiver:
    """``async with Receiver(lambda seen: 200) as receiver: receiver.url``."""

    decide: Decide = lambda seen: 200
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    most_in_flight: int = 0
    in_flight: int = 0

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls, backlog=1024)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/hook"
        return self

    async def __aexit__(self, *error: object) -> None:
        self.server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def wires(self) -> list[socket.socket]:
        """The sockets of all connections that are open."""
        return [writer.get_extra_info("socket") for writer in self._writers]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        number = self.connections
        try:
            while await self._one(reader, writer, number):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
        lines = head.decode("latin-1").split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        length = next(int(value) for name, value in headers if name.lower() == "content-length")
        body = await reader.readexactly(length)
        seen = Seen(head + b"\r\n\r\n" + body, head, body, headers, connection, len(self.seen) + 1)
        self.seen.append(seen)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            answer = self.decide(seen)
            if isinstance(answer, Awaitable):
                answer = await answer
        finally:
            self.in_flight -= 1
        if answer is SILENCE:
            await asyncio.get_running_loop().create_future()
        if answer is RESET:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False
        if answer is CLOSE:
            return False
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
            return False
        writer.write(f"HTTP/1.1 {answer} Because\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        return True
