"""A subscriber that does as little as possible, in a process of its own: nginx, or our own.

``/503`` is refused with that status, every other path taken with 200.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Final, cast

_NGINX: Final = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; server_tokens off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{ return 200 "ok"; }}
    location /503 {{ return 503 "no"; }}
  }}
}}
"""


@contextmanager
def sink() -> Iterator[tuple[str, str]]:
    """What it is, and its address; gone when the block is left."""
    port = _free_port()
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    with tempfile.TemporaryDirectory() as folder:
        if nginx is not None:
            configuration = Path(folder) / "nginx.conf"
            configuration.write_text(_NGINX.format(folder=folder, port=port))
            name, command = "nginx", [nginx, "-p", folder, "-c", str(configuration)]
        else:
            name, command = "our own sink", [sys.executable, "-m", "benchmarks.sink", str(port)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        try:
            _wait_for(port, process)
            yield name, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    began = perf_counter()
    while perf_counter() - began < 10:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            continue
        return
    process.kill()
    said = process.communicate()[1].decode(errors="replace").strip()
    raise SystemExit(f"the sink did not start: {said or 'no word of why'}")


class Taker(asyncio.Protocol):
    """Answers as soon as a whole request is there; reads no more of HTTP than it must."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of no common class

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            _, found, rest = head.partition(b"content-length:")
            size = end + 4 + (int(rest.partition(b"\r\n")[0]) if found else 0)
            if len(self._buffer) < size:
                return
            refused = head.startswith(b"post /503")
            self._buffer = self._buffer[size:]
            self._transport.write(_REFUSED if refused else _TAKEN)


_TAKEN: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"
_REFUSED: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nno"
)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Taker, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
