"""Why a signature does not hold, as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.cli.paint import Painter, Span
from sandbox.core.diagnosis import Cause


def show_causes(painter: Painter, causes: Sequence[Cause], *, said: str = "", indent: str = "") -> None:
    """Each cause with what to do; one that has been *said* is not said again, and no advice comes twice."""
    advised = set()
    for cause in causes:
        word: Span = ("proven", "bold yellow") if cause.proven else ("likely", "yellow")
        if cause.says != said:
            painter.line((indent, ""), word, (f": {cause.says}", ""))
        if cause.do not in advised:
            painter.line((f"{indent}  do: {cause.do}", "dim"))
            advised.add(cause.do)
