"""Variables that are meant for us and that nothing reads: misspelt ones, most likely."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from sandbox.core.operating import READERS
from sandbox.settings import OPTIONS, PREFIX, variable_of


def strange_variables(environ: Iterable[str]) -> Iterator[str]:
    """What is to be said of each variable of *environ* that carries our prefix and is no option of any command."""
    known = {variable_of(name).removeprefix(PREFIX) for name in (*OPTIONS, *READERS)}
    for name in sorted(environ):
        word = name.removeprefix(PREFIX)
        if word != name and word not in known:
            near = get_close_matches(word.upper(), sorted(known), 1)
            yield f"nothing reads {name}" + (f"; did you mean {PREFIX}{near[0]}?" if near else "")
