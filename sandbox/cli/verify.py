"""`verify`: why a signature holds, or does not."""

from __future__ import annotations

import os
import re
import sys
from datetime import timedelta
from pathlib import Path

import click

from sandbox.core.diagnosis import explain_signature
from sandbox.core.durations import parse_duration
from sandbox.core.errors import CannotRun, UsageError
from sandbox.settings import secret as read_secret
from sandbox.settings import variable_of

HOLDS, DOES_NOT = 0, 1


@click.command()
@click.option("--secret", metavar="S", help="The secret that both sides know. Also WEXIO_SANDBOX_SECRET.")
@click.option("--signature", required=True, metavar="'t=…,v1=…'", help="The value of X-Wexio-Signature.")
@click.option(
    "--body", required=True, metavar="FILE", help="The raw body, byte for byte; - reads standard input."
)
@click.option(
    "--sent", metavar="FILE", help="The body as it was sent, where you have it: shows where the two differ."
)
@click.option("--now", metavar="UNIX", help="The receiver's time, in seconds since 1970. Default: now.")
@click.option(
    "--tolerance",
    metavar="DURATION",
    help="How old (or early) it may be: 300 (seconds) or 5m. Default: 5m, which we assume.",
)
def verify(
    secret: str | None, signature: str, body: str, sent: str | None, now: str | None, tolerance: str | None
) -> int:
    """Say whether a signature holds and, if not, why. Exit code 0 if it holds, 1 if not."""
    from sandbox.cli.causes import show_causes
    from sandbox.cli.paint import out
    from sandbox.clock import wall_now

    secret = secret or os.environ.get(variable_of("secret"))
    if not secret:
        raise UsageError("--secret is needed: without it nothing can be checked")
    if body == sent == "-":
        raise UsageError("--body and --sent cannot both be standard input")
    found = explain_signature(
        signature,
        body=_read("--body", body),
        secret=read_secret(secret),
        now=wall_now().timestamp() if now is None else _unix(now),
        tolerance=None if tolerance is None else _tolerance(tolerance),
        sent=None if sent is None else _read("--sent", sent),
    )
    word = ("valid", "bold green") if found.valid else (f"not valid ({found.check.reason})", "bold red")
    out().line(word, (f": {found.check.says}", ""))
    show_causes(out(), found.causes, said=found.check.says)
    if found.difference is not None:
        out().line(("differs: ", "bold"), (str(found.difference), ""))
    return HOLDS if found.valid else DOES_NOT


def _read(option: str, name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CannotRun(f"{option}: {name} cannot be read: {reason}") from error


def _unix(text: str) -> float:
    if not re.fullmatch(r"\d{1,13}(\.\d{1,6})?", text):
        raise UsageError(f"--now: {text!r} is not a Unix time: seconds since 1970 are, such as 1777039330")
    return float(text)


def _tolerance(text: str) -> timedelta:
    if re.fullmatch(r"\d{1,9}", text):
        return timedelta(seconds=int(text))
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--tolerance: {error}") from None
