"""Laying a scenario's ``data`` over what was made up.

Mappings are merged, everything else is replaced; None removes a field, but for
``archivedAt``, whose null is documented.  Documented fields keep their documented
order, others follow.

Source: the specification's section 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.core.errors import UsageError
from sandbox.core.payloads import CHAT_FIELDS, CONTACT_FIELDS

Path = tuple[str, ...]

_ORDER: Final[Mapping[Path, tuple[str, ...]]] = {
    (): ("chat", "contact"),
    ("chat",): CHAT_FIELDS,
    ("contact",): CONTACT_FIELDS,
}
_ALWAYS_THERE: Final = {("chat",), ("chat", "id"), ("contact", "peopleId")}
_MAPPINGS: Final = {("chat",), ("contact",), ("contact", "systemFields"), ("contact", "customFields")}
_KEEPS_NULL: Final = {("chat", "archivedAt")}


def faults(data: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What in *data* would leave something that is no ``chat.created``: its path, and why."""
    for name, value in data.items():
        if (name,) in _MAPPINGS and isinstance(value, Mapping):
            for inner, found in value.items():
                path = (name, inner)
                if path in _ALWAYS_THERE and found is None:
                    yield path, f"{name}.{inner} is always there and cannot be removed"
                elif path in _MAPPINGS and not isinstance(found, Mapping | None):
                    yield path, f"{name}.{inner} must be a mapping"
        elif (name,) in _ALWAYS_THERE and value is None:
            yield (name,), f"{name} is always there and cannot be removed"
        elif (name,) in _MAPPINGS and value is not None:
            yield (name,), f"{name} must be a mapping"


def merge_chat_created(made: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """*made* with *data* laid over it.  Raises `UsageError` for the first of `faults`."""
    for path, says in faults(data):
        raise UsageError(f"data.{'.'.join(path)}: {says}")
    return _merged(made, data, ())


def _merged(made: Mapping[str, Any], data: Mapping[str, Any], path: Path) -> dict[str, Any]:
    result = dict(made)
    for name, value in data.items():
        here = (*path, name)
        if value is None and here not in _KEEPS_NULL:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            under = result.get(name)
            result[name] = _merged(under if isinstance(under, Mapping) else {}, value, here)
        else:
            result[name] = value
    order = _ORDER.get(path)
    if order is None:
        return result
    known = {name: result[name] for name in order if name in result}
    return known | result
