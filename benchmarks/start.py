"""Aim 6: how soon the command line answers, and delivers."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from time import perf_counter

from benchmarks.figures import Figure
from benchmarks.measure import Sample, has_uvloop, in_turns, middle, ratios

PART = "6 start"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def measure(*, quick: bool) -> Iterator[Figure]:
    """Seconds from the start of a process."""
    libraries = ", ".join(("click", "aiohttp", "faker", *(["uvloop"] if has_uvloop() else [])))
    samples = in_turns(
        {
            "python": lambda: _ended("-c", "pass"),
            "click": lambda: _ended("-c", "import click"),
            "help": lambda: _ended("-m", "sandbox", "--help"),
            "help of send": lambda: _ended("-m", "sandbox", "send", "--help"),
            "libraries": lambda: _ended("-c", f"import {libraries}"),
            "delivery": _first_delivery,
        },
        repetitions=1 if quick else 9,
    )
    for what, key, aim in (
        ("python -c pass, for comparison", "python", None),
        ("import click, for comparison", "click", None),
        ("--help, until it ends", "help", 0.15),
        ("send --help, until it ends", "help of send", None),
        (f"import {libraries}, for comparison", "libraries", None),
        ("send, until the receiver has the first bytes", "delivery", 0.6),
    ):
        seconds = [sample.seconds for sample in samples[key]]
        yield Figure(part=PART, what=what, value=middle(seconds), unit="s", aim=aim, samples=seconds)
    for what, these, those in (
        ("--help of click alone", "help", "click"),
        ("send of its libraries alone", "delivery", "libraries"),
    ):
        values = ratios(samples[these], samples[those], lambda sample: sample.seconds)
        yield Figure(part=PART, what=what, value=middle(values), unit="times", samples=values)


def _ended(*arguments: str) -> Sample:
    began = perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return Sample(count=1, seconds=perf_counter() - began, cpu=0.0)


def _first_delivery() -> Sample:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        began = perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", "sandbox", "send", "chat.created", "--to", url, "--no-auth"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            caller, _ = server.accept()
            with caller:
                caller.settimeout(60)
                caller.recv(65536)
                seconds = perf_counter() - began
                caller.sendall(_ANSWER)
            assert process.wait() == 0
    return Sample(count=1, seconds=seconds, cpu=0.0)
