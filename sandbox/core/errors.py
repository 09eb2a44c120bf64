"""Everything the sandbox refuses, and how it says so.

::

    SandboxError
    ├── UsageError            an argument, option or call that makes no sense         exit 2
    │   ├── NotFound          what was named is not there
    │   └── Conflict          it is there, but in no state for this
    ├── ScenarioError         a scenario file with problems, all of them at once      exit 2
    ├── ConfigError           a configuration file or variable that cannot be used    exit 2
    ├── CannotRun             port taken, file locked: nothing wrong with the request exit 3
    └── SettleTimeout         deliveries were still pending when the time ran out     exit 1

A message says what is wrong, where, and what would be right.  What a subscriber
does wrong is never an exception: it is an `Outcome` (see `sandbox.core.model`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a text, and where: lines and columns count from 1."""

    message: str
    file: str = "<text>"
    line: int = 1
    column: int = 1
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"
    source_line: str | None = None
    length: int = 1  # how many characters the caret underlines

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"


class SandboxError(Exception):
    """The root: catching it catches everything that the sandbox refuses on purpose."""

    exit_code = 2


class UsageError(SandboxError):
    """An argument, option or call that makes no sense."""


class NotFound(UsageError):
    """What was named is not there."""


class Conflict(UsageError):
    """What was named is there, but in no state for this."""


class _WithProblems(SandboxError):
    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ScenarioError(_WithProblems):
    """A scenario with problems; ``problems`` holds every one of them."""


class ConfigError(_WithProblems):
    """A configuration file that cannot be used; ``problems`` holds every reason."""


class CannotRun(SandboxError):
    """The request is fine, the surroundings are not: a taken port, a locked file."""

    exit_code = 3


class SettleTimeout(SandboxError):
    """Deliveries were still pending when the time to settle ran out; *waiting* says which, and until when."""

    exit_code = 1

    def __init__(self, message: str, *, waiting: Sequence[str] = ()) -> None:
        self.waiting = tuple(waiting)
        super().__init__(message)
