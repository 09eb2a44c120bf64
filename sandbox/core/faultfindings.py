"""What faults mean together, and with what surrounds them, as a file or a body gives them.

Looks at plain values, and steps over what has the wrong form: that is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.core.errors import UsageError
from sandbox.core.faults import CREDENTIALS, Fault, Faults, collisions, read_fault


def readable(value: Any) -> Iterator[tuple[int, Fault]]:
    """Those items of *value*, a list of faults, that can be read, and their places."""
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, Mapping):
            try:
                yield index, read_fault(item)
            except (UsageError, TypeError):
                continue


def faults_together(
    value: Any, *, outer: Faults = (), emissions: int
) -> Iterator[tuple[int, str, str | None]]:
    """The place of each fault of *value* that could never show, why, and what would be right.

    *outer* hold already; so many *emissions* carry them.
    """
    own = list(readable(value))
    for index, why in collisions((*outer, *(fault for _, fault in own))):
        if index >= len(outer):
            place, fault = own[index - len(outer)]
            hint = None
            if index - len(outer) and not fault.attempt:
                hint = "say which attempt each is for, such as attempt: 1"
            yield place, why, hint
    for place, fault in own:
        if fault.do == "reorder" and emissions == 1:
            yield place, "a single event has no order", "put it on a repeat"


def without_credentials(value: Any) -> Iterator[tuple[int, str]]:
    """The place of each fault on credentials, and its kind: nothing, where no connection has any."""
    for place, fault in readable(value):
        if fault.do in CREDENTIALS:
            yield place, fault.do
