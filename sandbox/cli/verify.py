"""`verify`: why a signature holds, or does not."""

from __future__ import annotations

import os
import re
import sys
from datetime import timedelta
from pathlib import Path

import click

from sandbox.core.durations import parse_duration
from sandbox.core.errors import CannotRun, UsageError
from sandbox.core.signing import check
from sandbox.settings import secret as read_secret
from sandbox.settings import variable_of

HOLDS, DOES_NOT = 0, 1


@click.command()
@click.option("--secret", metavar="S", help="The secret that both sides know. Also WEXIO_SANDBOX_SECRET.")
@click.option("--signature", required=True, metavar="'t=…,v1=…'", help="The value of X-Wexio-Signature.")
@click.option(
    "--body", required=True, metavar="FILE", help="The raw body, byte for byte; - reads standard input."
)
@click.option("--now", metavar="UNIX", help="The receiver's time, in seconds since 1970. Default: now.")
@click.option(
    "--tolerance",
    metavar="DURATION",
    help="How old (or early) it may be: 300 (seconds) or 5m. Default: 5m, which we assume.",
)
def verify(secret: str | None, signature: str, body: str, now: str | None, tolerance: str | None) -> int:
    """Say whether a signature holds and, if not, why. Exit code 0 if it holds, 1 if not."""
    from sandbox.cli.paint import out
    from sandbox.clock import wall_now

    secret = secret or os.environ.get(variable_of("secret"))
    if not secret:
        raise UsageError("--secret is needed: without it nothing can be checked")
    verdict = check(
        header=signature,
        body=_read(body),
        secret=read_secret(secret).encode(),
        now=wall_now().timestamp() if now is None else _unix(now),
        tolerance=None if tolerance is None else _tolerance(tolerance),
    )
    word = ("valid", "bold green") if verdict.valid else (f"not valid ({verdict.reason})", "bold red")
    out().line(word, (f": {verdict.says}", ""))
    return HOLDS if verdict.valid else DOES_NOT


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CannotRun(f"--body: {name} cannot be read: {reason}") from error


def _unix(text: str) -> float:
    if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text):
        raise UsageError(f"--now: {text!r} is not a Unix time: seconds since 1970 are, such as 1777039330")
    return float(text)


def _tolerance(text: str) -> timedelta:
    if re.fullmatch(r"\d{1,9}", text):
        return timedelta(seconds=int(text))
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--tolerance: {error}") from None
