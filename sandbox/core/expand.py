"""``${VARIABLE}`` and ``${VARIABLE:-default}`` in the scalars of a file.

Expanded after parsing, so that no value can change the structure; ``$${`` is a plain
``${``.  As in a shell, the default also stands for a variable that is empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from sandbox.core.readers import Expanded
from sandbox.core.yamltext import Document, Path

_REFERENCE: Final = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_NAME: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


def expand(document: Document, environ: Mapping[str, str] | None, *, strict: bool) -> tuple[Any, set[Path]]:
    """The document's value with every reference replaced, and the paths that stayed unresolved.

    Problems are added to the document: a variable that is not set is an error where
    *strict*, else a warning.  Where *environ* is None, references are not allowed.
    """
    unresolved: set[Path] = set()

    def tell(path: Path, message: str, hint: str | None, *, warning: bool = False) -> None:
        unresolved.add(path)
        severity: Literal["error", "warning"] = "warning" if warning else "error"
        document.problems.append(document.problem(path, message, hint=hint, severity=severity))

    def replaced(text: str, path: Path) -> str:
        def value_of(found: re.Match[str]) -> str:
            if found[0] == "$${":
                return "${"
            reference = _NAME.fullmatch(found[1]) if found[1] is not None else None
            if reference is None:
                tell(
                    path,
                    f"{found[0]!r} is no reference to a variable",
                    "write ${NAME}, ${NAME:-default}, or $${ for a plain ${",
                )
                return ""
            if environ is None:
                tell(path, "${…} is expanded in files only", "write the value itself")
                return ""
            name, default = reference[1], reference[2]
            value = environ.get(name)
            if not value and default is not None:
                return default
            if value is None:
                hint = f"set it, or give a default: ${{{name}:-…}}"
                tell(path, f"the variable {name} is not set", hint, warning=not strict)
                return ""
            return value

        result = _REFERENCE.sub(value_of, text)
        return text if path in unresolved else Expanded(result)

    def walk(value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: walk(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, str) and "${" in value:
            return replaced(value, path)
        return value

    return walk(document.value, ()), unresolved
