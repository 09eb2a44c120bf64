"""Problems as they may be kept where others read them: without the secrets of the lines that they quote.

A terminal shows a line to whoever has written it; a JUnit document is an artifact.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from sandbox.core.errors import Problem
from sandbox.core.present import MASK

TELLING: Final = ("secret", "token", "password")
"""Fields of a scenario whose values nobody is shown."""
_TOLD: Final = re.compile(rf"""(\b(?:{"|".join(TELLING)})["']?[ \t]*:[ \t]*)([^\s,}}#][^,}}\r\n]*)""")
_QUERY: Final = re.compile(r"""([?&][^=\s&"'`]+=)[^&\s"'`#]+""")
_A_SECRET: Final = 4  # characters at least: what is shorter is also just a word


def masked_line(text: str) -> str:
    """*text* that cannot be read as YAML, or a line of it, with whatever follows ``secret:`` and the like masked."""
    return _TOLD.sub(rf"\1{MASK}", text)


def discreet(problem: Problem) -> Problem:
    """*problem* without the secrets of its line, and without what an address asks for."""
    line = problem.source_line or ""
    values = [found[2].strip().strip("\"'") for found in _TOLD.finditer(line)]
    secrets = sorted({value for value in values if len(value) >= _A_SECRET}, key=len, reverse=True)

    def masked(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, MASK)
        return _QUERY.sub(rf"\1{MASK}", text)

    return replace(
        problem,
        message=masked(problem.message),
        hint=None if problem.hint is None else masked(problem.hint),
        source_line=None if problem.source_line is None else masked(masked_line(line)),
    )
