"""How the web behaves: one frozen value, handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an operator may say; durations are real seconds."""

    token: str | None = field(default=None, repr=False)  # asked for where there is one
    allow_hosts: tuple[str, ...] = ()  # names under which it may be reached without a token
    scenarios: Path | None = None  # a folder of one's own, whose files go before the shipped ones
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)  # for ${…} in files from disk
    largest_body: int = 1024**2
    header_timeout: float = 15.0  # from a connection's first moment to the end of its first headers
    body_timeout: float = 30.0  # for a whole body
    send_timeout: float = 10.0  # for a reader to take what has been written
    keepalive_timeout: float = 75.0
    ping_interval: float = 15.0  # of a stream in which nothing happens
    most_streams: int = 200
