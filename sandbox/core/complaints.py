"""What pydantic found wrong, in our words and with its place in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from sandbox.core.errors import Problem
from sandbox.core.scalars import Wrong
from sandbox.core.yamltext import Document, Path


def complaints(
    error: ValidationError, shape: type[BaseModel], document: Document, value: Any
) -> Iterator[Problem]:
    """Each problem of *error*, found where *value* was held against *shape*."""
    for detail in error.errors(include_url=False):
        path, at_key = _path(detail["loc"], value)
        yield _problem(detail, path, at_key, shape, document)


def _path(loc: tuple[int | str, ...], value: Any) -> tuple[Path, bool]:
    """The path in the file: *loc* without the tags of unions."""
    path: Path = ()
    at_key = False
    here = value
    for part in loc:
        holds = isinstance(here, dict) and part in here
        if isinstance(part, str) and not holds and part.startswith("§"):
            continue
        if part == "[key]" and not holds:
            at_key = True
            continue
        path = (*path, part)
        inside = isinstance(here, dict | list) and (holds or isinstance(here, list))
        here = here[part] if inside else None
    return path, at_key


def _problem(
    detail: ErrorDetails, path: Path, at_key: bool, shape: type[BaseModel], document: Document
) -> Problem:
    match detail["type"]:
        case "value_error":
            wrong = detail["ctx"]["error"]
            hint = wrong.hint if isinstance(wrong, Wrong) else None
            if isinstance(wrong, Wrong) and wrong.quote:
                raw = document.raw(path)
                hint = None if raw is None else f'quote it: "{raw}"'
            if detail["input"] is None:
                return document.problem(path, "has no value", hint="give it one, or leave it out")
            return document.problem(path, str(wrong), hint=hint, at_key=at_key)
        case "missing":
            return document.problem(path[:-1], f"{path[-1]!r} is missing")
        case "extra_forbidden":
            known = _known_keys(shape, detail["loc"][:-1])
            near = get_close_matches(str(path[-1]), known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            return document.problem(path, f"unknown key {path[-1]!r}", hint=hint, at_key=True)
        case "list_type":
            return document.problem(
                path, "must be a list", hint="items begin with - on lines of their own, or stand in [ ]"
            )
        case "model_type" | "model_attributes_type" | "dict_type":
            return document.problem(path, "must be a mapping", hint="of the form key: value")
        case "too_short":
            return document.problem(path, "must not be empty")
        case _:
            return document.problem(path, detail["msg"][:1].lower() + detail["msg"][1:])


def _known_keys(shape: type[BaseModel], loc: Iterable[int | str]) -> list[str]:
    """The keys of the shape to which *loc* leads."""
    here: list[Any] = [shape]
    for part in loc:
        here = [inner for each in here for inner in _inside(each, part)]
    for each in here:
        if isinstance(each, type) and issubclass(each, BaseModel):
            return [field.alias or name for name, field in each.model_fields.items()]
    return []


def _inside(annotation: Any, part: int | str) -> Iterator[Any]:
    """The annotations one step further inside *annotation*, of unions those with the tag *part*."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if part == (field.alias or name):
                yield from _leaves(field.annotation)
    elif get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        if any(isinstance(item, Tag) and item.tag == part for item in metadata):
            yield from _leaves(inner)
    elif get_origin(annotation) is list and isinstance(part, int):
        yield from _leaves(get_args(annotation)[0])
    elif get_origin(annotation) is dict:
        yield from _leaves(get_args(annotation)[1])


def _leaves(annotation: Any) -> Iterator[Any]:
    """The members of a union, tagged ones with their tag; of anything else, itself."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        if any(isinstance(item, Tag) for item in metadata):
            yield annotation
        else:
            yield from _leaves(inner)
    elif get_origin(annotation) in (list, dict) or isinstance(annotation, type):
        yield annotation
    else:
        for member in get_args(annotation):
            yield from _leaves(member)
