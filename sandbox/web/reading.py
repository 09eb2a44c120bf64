"""Reading what a stranger sent: bodies, JSON, queries.  Whatever is wrong is `Refused`.

Stricter than JSON has to be: no key twice, no NaN, no half characters, no nesting without
end.  What is unknown is refused with what was probably meant.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sandbox.core.complaints import known_keys, path_of
from sandbox.core.errors import UsageError
from sandbox.core.jsontext import DEEPEST
from sandbox.core.readers import Expanded, Wrong
from sandbox.web.options import Options
from sandbox.web.problem import Fault, Refused, invalid

S = TypeVar("S", bound=BaseModel)
Path = tuple[str | int, ...]

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MOST_PARAMETERS: Final = 50


def pointer(path: Path) -> str:
    """*path* as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


# --- bytes -----------------------------------------------------------------------------


async def read_body(request: web.Request, options: Options) -> bytes:
    """The whole body; raises `Refused` where it is too large, too slow, packed or cut off."""
    if coding := request.headers.get("Content-Encoding"):
        raise Refused(
            415, f"a body with Content-Encoding {coding!r} is not taken: send it as it is", close=True
        )
    if (request.content_length or 0) > options.largest_body:
        raise _too_large(options)
    body = bytearray()
    try:
        async with asyncio.timeout(options.body_timeout):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > options.largest_body:
                    raise _too_large(options)
    except TimeoutError:
        said = f"the body did not come within {options.body_timeout:g}s"
        raise Refused(408, said, close=True) from None
    except (web.RequestPayloadError, ConnectionError):
        raise Refused(400, "the body is not what its headers promised", close=True) from None
    return bytes(body)


def _too_large(options: Options) -> Refused:
    return Refused(413, f"at most {options.largest_body:,} bytes are taken", close=True)


def media_type(request: web.Request) -> str:
    """The body's type as the request names it, without parameters; empty where it names none."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


# --- JSON ------------------------------------------------------------------------------


class _TwiceError(ValueError):
    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


def parse_json(raw: bytes) -> Any:
    """*raw* as JSON; raises `Refused` (400), with line and column where there are such."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is not UTF-8: byte {error.start} cannot be read") from None
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        found = error.msg[:1].lower() + error.msg[1:]
        detail = f"the body is not JSON: line {error.lineno}, column {error.colno}: {found}"
        errors = [{"field": "", "message": found, "line": error.lineno, "column": error.colno}]
        raise Refused(400, detail, errors=errors) from None
    except _TwiceError as error:
        said = f"the key {error.key!r} is there twice"
        raise Refused(
            400, f"the body is ambiguous: {said}", errors=[{"field": "", "message": said}]
        ) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise Refused(400, f"the body is not JSON: {error}") from None
    _look(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise _TwiceError(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return result


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number that JSON knows")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _look(value: Any) -> None:
    """Refuse half characters and nesting without end; without recursion, which has an end itself."""
    todo: list[tuple[Path, Any]] = [((), value)]
    while todo:
        path, here = todo.pop()
        if len(path) > DEEPEST:
            raise _too_deep()
        match here:
            case str():
                _whole(here, path)
            case dict():
                for key in here:
                    _whole(key, path)
                todo += (((*path, key), item) for key, item in here.items())
            case list():
                todo += (((*path, index), item) for index, item in enumerate(here))


def _whole(text: str, path: Path) -> None:
    if found := _SURROGATE.search(text):
        said = f"U+{ord(found[0]):04X} is half a character (a lone surrogate)"
        where = pointer(path) if not _SURROGATE.search(pointer(path)) else ""
        raise Refused(400, f"{where}: {said}" if where else said, errors=[{"field": where, "message": said}])


def _too_deep() -> Refused:
    return Refused(400, f"the body is nested deeper than {DEEPEST}")


# --- shapes ----------------------------------------------------------------------------


def validated(shape: type[S], value: Any) -> S:
    """*value* as *shape*; raises `Refused` (422) with every fault, by JSON pointer."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        raise invalid(list(_faults(error, shape, value, named=False))) from None


def read_query(shape: type[S], raw: str) -> S:
    """The query string *raw* as *shape*; raises `Refused` with every fault, by parameter."""
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise Refused(400, "the query is not UTF-8") from None
    except ValueError:
        raise Refused(400, f"the query has more than {_MOST_PARAMETERS} parameters") from None
    given: dict[str, str] = {}
    for name, text in pairs:
        if name in given:
            raise invalid([Fault(field=name, message="is given twice", hint="give it once")])
        # Text that is a number where a number is needed, as what stood as ${…} in a file.
        given[name] = Expanded(text)
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        raise invalid(list(_faults(error, shape, given, named=True))) from None


def _faults(error: ValidationError, shape: type[BaseModel], value: Any, *, named: bool) -> Iterator[Fault]:
    # The input stays out: it need not have a form in JSON, and it may be a secret.
    for detail in error.errors(include_url=False):
        path, _ = path_of(detail["loc"], value)
        field = str(path[0]) if named and path else pointer(path)
        yield _fault(detail, field, path, shape, "parameter" if named else "field")


def _fault(detail: ErrorDetails, field: str, path: Path, shape: type[BaseModel], noun: str) -> Fault:
    match detail["type"]:
        case "value_error":
            wrong = detail["ctx"]["error"]
            hint = wrong.hint if isinstance(wrong, Wrong) else None
            if isinstance(wrong, Wrong) and wrong.mend and isinstance(detail["input"], str | int | float):
                hint = wrong.mend(
                    detail["input"] if isinstance(detail["input"], str) else json.dumps(detail["input"])
                )
            if noun == "parameter" and " " in str(detail["input"]) and "offset" in str(wrong):
                hint = "a + is written %2B in an address"
            if detail["input"] is None:
                return Fault(field=field, message="is null", hint="give it a value, or leave it out")
            return Fault(field=field, message=str(wrong).partition(", and YAML")[0], hint=hint)
        case "missing":
            return Fault(field=field, message="is missing")
        case "extra_forbidden":
            name, known = str(path[-1]), known_keys(shape, detail["loc"][:-1])
            near = get_close_matches(name, known, 1)
            others = f"there are {', '.join(known)}" if known else "there are none"
            return Fault(
                field=field,
                message=f"there is no {noun} {name!r} here",
                hint=f"did you mean {near[0]}?" if near else others,
            )
        case "list_type":
            return Fault(field=field, message="must be a list", hint="of the form [ … ]")
        case "model_type" | "model_attributes_type" | "dict_type":
            return Fault(field=field, message="must be an object", hint='of the form {"name": value}')
        case "too_short":
            return Fault(field=field, message="must not be empty")
        case _:
            return Fault(field=field, message=detail["msg"][:1].lower() + detail["msg"][1:])


def about(field: str, error: UsageError | ValueError) -> Refused:
    """A 422 for what the core refuses once it sees the whole value of *field*."""
    hint = error.hint if isinstance(error, Wrong) else None
    return invalid([Fault(field=field, message=str(error), hint=hint)])
