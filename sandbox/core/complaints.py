"""What pydantic found wrong, in our words and with its place in the file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from sandbox.core.errors import Problem
from sandbox.core.meaning import Finding
from sandbox.core.readers import Wrong
from sandbox.core.shapes import STEP_KINDS, StepShape
from sandbox.core.yamltext import Document, Path

MOST: Final = 1000
"""So many problems are told: nobody reads more, and a mistake in a template repeats."""


def all_problems(
    document: Document,
    value: Any,
    *,
    shape: type[BaseModel],
    error: ValidationError | None,
    findings: Iterable[Finding],
    unresolved: Collection[Path] = (),
) -> tuple[Problem, ...]:
    """What is wrong with *document*: as YAML, in its form (*error*), and in its meaning.

    Where a variable is unresolved, or the YAML is wrong, that is told already, and enough.
    """
    told = {(mark.line, mark.column) for mark in map(document.mark, unresolved)}
    told |= {(problem.line, problem.column) for problem in document.problems}
    found = complaints(error, shape, document, value) if error else iter(())
    meant = (
        document.problem(item.path, item.message, hint=item.hint, severity=item.severity, at_key=item.at_key)
        for item in findings
    )
    problems = list(document.problems)
    problems += (item for item in (*islice(found, MOST + 1), *meant) if (item.line, item.column) not in told)
    problems.sort(key=lambda problem: (problem.line, problem.column))
    if more := problems[MOST:]:
        grave = any(item.severity == "error" for item in more)
        last = replace(more[0], message="from here on there are more problems, not listed", hint=None)
        problems[MOST:] = [replace(last, severity="error" if grave else "warning")]
    return tuple(problems)


def complaints(
    error: ValidationError, shape: type[BaseModel], document: Document, value: Any
) -> Iterator[Problem]:
    """Each problem of *error*, found where *value* was held against *shape*."""
    for detail in error.errors(include_url=False):
        path, at_key = path_of(detail["loc"], value)
        yield _problem(detail, path, at_key, shape, document)


def path_of(loc: tuple[int | str, ...], value: Any) -> tuple[Path, bool]:
    """The path in the data: *loc* without the tags of unions; and whether it means a key."""
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
            if isinstance(wrong, Wrong) and wrong.mend:
                raw = document.raw(path)
                hint = None if raw is None else wrong.mend(raw)
            if detail["input"] is None:
                return _empty(path, document)
            return document.problem(path, str(wrong), hint=hint, at_key=at_key)
        case "missing":
            like = getattr(_shape_at(shape, detail["loc"][:-1]), "like", "")
            return document.problem(path[:-1], f"{path[-1]!r} is missing", hint=like and f"such as {like}")
        case "extra_forbidden":
            return _unknown_key(str(path[-1]), path, _shape_at(shape, detail["loc"][:-1]), document)
        case "list_type" | "model_type" | "model_attributes_type" | "dict_type" if detail["input"] is None:
            return _empty(path, document)
        case "list_type":
            raw = document.raw(path)
            hint = (
                "begin each item with - on a line of its own"
                if raw is None
                else f"put it in brackets: [{raw}]"
            )
            return document.problem(path, "must be a list", hint=hint)
        case "model_type" | "model_attributes_type" | "dict_type":
            here = _shape_at(shape, detail["loc"])
            if not path:
                return document.problem(
                    path, "must be a mapping", hint=f"its keys are {', '.join(_keys(here))}"
                )
            like = getattr(here, "like", "") or "key: value"
            if here is None and (each := _shape_at(shape, (*detail["loc"], "alex"))):
                like = f"alex: {each.like}"  # type: ignore[attr-defined]
            return document.problem(path, "must be a mapping", hint=f"such as {like}")
        case "too_short":
            return document.problem(path, "must not be empty")
        case _:
            return document.problem(path, detail["msg"][:1].lower() + detail["msg"][1:])


def _empty(path: Path, document: Document) -> Problem:
    return document.problem(path, "has no value", hint="give it one, or leave it out")


def _unknown_key(key: str, path: Path, shape: type[BaseModel] | None, document: Document) -> Problem:
    known = _keys(shape)
    message, near = f"unknown key {key!r}", get_close_matches(key, known, 1)
    if shape is not None and issubclass(shape, StepShape) and key in STEP_KINDS:
        kind = next(name for name in STEP_KINDS if name in known)
        message, hint = f"a step is one thing, and this one is {kind}", f"begin another step: - {key}: …"
    elif any(character.isspace() and character != " " for character in key):
        hint = "it holds a space of an unusual kind: type it anew"
    elif near:
        hint = f"did you mean {near[0]}?"
    else:
        hint = f"there is only {known[0]}" if len(known) == 1 else f"there are {', '.join(known)}"
    return document.problem(path, message, hint=hint, at_key=True)


def known_keys(shape: type[BaseModel], loc: Iterable[int | str]) -> list[str]:
    """The keys of the shape to which *loc* leads."""
    return _keys(_shape_at(shape, loc))


def _keys(shape: type[BaseModel] | None) -> list[str]:
    return [field.alias or name for name, field in shape.model_fields.items()] if shape else []


def _shape_at(shape: type[BaseModel], loc: Iterable[int | str]) -> type[BaseModel] | None:
    """The shape to which *loc* leads."""
    here: list[Any] = [shape]
    for part in loc:
        here = [inner for each in here for inner in _inside(each, part)]
    # A union that no tag has decided: the member that is a mapping is the one that was meant.
    members = (leaf for each in here for leaf in _bare(each))
    return next((each for each in members if isinstance(each, type) and issubclass(each, BaseModel)), None)


def _bare(annotation: Any) -> Iterator[Any]:
    yield from (get_args(leaf)[0] if get_origin(leaf) is Annotated else leaf for leaf in _leaves(annotation))


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
