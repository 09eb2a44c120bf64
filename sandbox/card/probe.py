"""The number on the consumer's side that says how often an event had its effect: a command, or a GET."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import urllib.error
import urllib.request
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from http.client import HTTPException
from typing import Final, Protocol

from sandbox.core.model import url_fault
from sandbox.core.present import plain, shown_url

TIMEOUT: Final = 10.0
MOST: Final = 4096  # bytes of an answer
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_SHOWN: Final = 60


class ProbeFault(Exception):
    """The probe gave no number; the text says why."""


class Probe(Protocol):
    """Something that can be asked for a number."""

    async def read(self) -> int:
        """The number now.  Raises `ProbeFault`."""


def probe_of(text: str) -> Probe:
    """A URL is fetched, anything else is a command for the shell."""
    return Url(text) if text.startswith(("http://", "https://")) else Command(text)


def number(said: bytes) -> int:
    """What was *said*, read as a number.  Raises `ProbeFault`."""
    text = said.decode("utf-8", "replace").strip()
    if _NUMBER.fullmatch(text):
        return int(text)
    if not text:
        raise ProbeFault("it said nothing; a whole number is needed")
    shown = plain(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
    raise ProbeFault(f"it said {shown!r}, which is not a whole number")


class Command:
    """The standard output of a command."""

    def __init__(self, line: str) -> None:
        self._line = line

    async def read(self) -> int:
        process = await asyncio.create_subprocess_shell(
            self._line, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
        try:
            async with asyncio.timeout(TIMEOUT):
                out, err = await process.communicate()
        except TimeoutError:
            raise ProbeFault(f"the command took more than {TIMEOUT:g}s") from None
        finally:
            await _end(process)
        if process.returncode:
            complaint = err.decode("utf-8", "replace").strip().rpartition("\n")[2][:_SHOWN]
            raise ProbeFault(
                f"the command ended with {process.returncode}"
                + (f": {plain(complaint)}" if complaint else "")
            )
        return number(out[:MOST])


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        # The shell's children too: they hold its output open.
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    await process.wait()


class Url:
    """The body of the answer to a GET."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def read(self) -> int:
        if fault := url_fault(self._url):
            raise ProbeFault(fault)
        try:
            async with asyncio.timeout(TIMEOUT):
                return number(await asyncio.to_thread(self._get))
        except TimeoutError:
            raise ProbeFault(f"{shown_url(self._url)} took more than {TIMEOUT:g}s") from None

    def _get(self) -> bytes:
        # No proxy of the environment's: it is not asked on the way to the consumer either.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        shown = shown_url(self._url)
        try:
            with opener.open(self._url, timeout=TIMEOUT) as answer:
                body: bytes = answer.read(MOST)
                return body
        except urllib.error.HTTPError as error:
            with error:
                raise ProbeFault(f"{shown} answered {error.code}") from None
        except urllib.error.URLError as error:
            raise ProbeFault(f"{shown} cannot be reached: {plain(str(error.reason))}") from None
        except (OSError, HTTPException, ValueError) as error:
            raise ProbeFault(f"{shown} cannot be read: {plain(str(error)) or type(error).__name__}") from None
