"""The OpenAPI 3.1 document, made from the rows of the table and their models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from sandbox import __version__
from sandbox.web.bodies_out import Out, ProblemOut
from sandbox.web.problem import KINDS, MEDIA_TYPE
from sandbox.web.routes import YAML_TYPES, Route, Text

Schema = dict[str, Any]

_REFERENCE: Final = "#/components/schemas/"
_VARIABLE: Final = r"\$\{.*\}"

_TAGS: Final = {
    "Connections": "Where to, how authorised, which events.",
    "Events": "Let something happen by hand, or see what would be sent.",
    "Deliveries": "One event to one connection, with every attempt.",
    "Scenarios and runs": "Plays in YAML, each run on a clock of its own.",
    "Journal": "The facts, in order.",
    "Server": "Clock, built-in subscriber, numbers.",
    "Operation": "For those who keep it running.",
}
_DESCRIPTION: Final = """\
The sandbox of Wexio's outbound webhooks, as a server: it lets events happen, signs them, delivers them to your \
connections, and tries again. Whatever an answer has reported is on disk, and visible to every later read.

Times are ISO-8601 in UTC with milliseconds, durations text such as `2s` or `1h30m`. What is wrong is told as \
`application/problem+json` (RFC 9457), field by field. Fields and parameters that are not known are refused."""


def document(routes: Sequence[Route]) -> Schema:
    """The whole document for *routes*."""
    schemas = _Schemas(routes)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    used = {route.tag for route in routes}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "wexio-sandbox",
            "version": __version__,
            "summary": "The Wexio that you can run.",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "tags": [{"name": name, "description": says} for name, says in _TAGS.items() if name in used],
        "paths": paths,
        "components": {
            "schemas": schemas.all,
            "responses": {f"Problem{status}": _problem(status) for status in KINDS},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Needed where the server was started with one, or listens beyond localhost.",
                }
            },
        },
    }


def document_text(routes: Sequence[Route]) -> str:
    """The document as it is served and printed."""
    return json.dumps(document(routes), indent=2, ensure_ascii=False) + "\n"


# --- operations ------------------------------------------------------------------------


def _operation(route: Route, schemas: _Schemas) -> Schema:
    made: Schema = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        **({"description": route.says} if route.says else {}),
        **({"security": []} if route.open else {}),
    }
    if parameters := [*_in_path(route), *_in_query(route, schemas), *_in_headers(route)]:
        made["parameters"] = parameters
    if route.body is not None:
        made["requestBody"] = _body(route, schemas)
    made["responses"] = {
        str(status): _answer(status, answer, route, schemas) for status, answer in route.answers.items()
    } | {
        str(status): {"$ref": f"#/components/responses/Problem{status}"}
        for status in route.statuses
        if status not in route.answers
    }
    return made


def _in_path(route: Route) -> Iterable[Schema]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _in_query(route: Route, schemas: _Schemas) -> Iterable[Schema]:
    shape = schemas.inline(route.query)
    for name, schema in shape.get("properties", {}).items():
        says = {"description": schema.pop("description")} if "description" in schema else {}
        yield {"name": name, "in": "query", **says, "required": False, "schema": schema}


def _in_headers(route: Route) -> Iterable[Schema]:
    if any(isinstance(item, Text) and item.media_type == "text/event-stream" for item in _all(route.answers)):
        yield {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "The seq after which it goes on, as a browser says it that comes back; beats after.",
            "required": False,
            "schema": {"type": "string", "pattern": "^[0-9]{1,15}$"},
        }


def _all(answers: Mapping[int, Any]) -> Iterable[Any]:
    for answer in answers.values():
        yield from answer if isinstance(answer, tuple) else (answer,)


def _body(route: Route, schemas: _Schemas) -> Schema:
    assert route.body is not None
    content: Schema = {"application/json": {"schema": schemas.reference(route.body)}}
    if route.example is not None:
        content["application/json"]["example"] = route.example
    if route.yaml_field is not None:
        text: Schema = {"schema": {"type": "string"}}
        if route.example is not None:
            text["example"] = route.example[route.yaml_field]
        content[YAML_TYPES[0]] = text
    return {"required": route.body_needed, "content": content}


def _answer(status: int, answer: Any, route: Route, schemas: _Schemas) -> Schema:
    content: Schema = {}
    for item in answer if isinstance(answer, tuple) else (answer,):
        if isinstance(item, Text):
            kind = "object" if item.media_type == "application/json" else "string"
            content[item.media_type] = {"schema": {"type": kind}}
            if item.example:
                content[item.media_type]["example"] = item.example
        elif item is not None:
            content["application/json"] = {"schema": schemas.reference(item), "example": route.answer_example}
    made: Schema = {"description": _says(status, answer)}
    if status == 201:
        made["headers"] = {"Location": {"schema": {"type": "string"}, "description": "Where it is."}}
    if route.leads_to and status < 300:
        where = f"$response.body#{route.leads_by}"
        made["links"] = {name: {"operationId": name, "parameters": {"id": where}} for name in route.leads_to}
    return made | ({"content": content} if content else {})


def _says(status: int, answer: Any) -> str:
    first = answer[0] if isinstance(answer, tuple) else answer
    if first is None:
        return "Done."
    if isinstance(first, Text):
        return first.says
    says = str(first.__doc__).partition("\n")[0]
    return f"Accepted. {says}" if status == 202 else says


def _problem(status: int) -> Schema:
    kind, title, says = KINDS[status]
    example = {"type": f"/docs#{kind}", "title": title, "status": status, "detail": says}
    if status == 422:
        example |= {
            "detail": "/channel: no channel is called 'WHATSAP'",
            "errors": [
                {
                    "field": "/channel",
                    "message": "no channel is called 'WHATSAP'",
                    "hint": "did you mean WHATSAPP?",
                }
            ],
        }
    return {
        "description": f"{title}. {says}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_REFERENCE}Problem"}, "example": example}},
    }


# --- schemas ---------------------------------------------------------------------------


class _Schemas:
    """Every model that the rows name, once."""

    def __init__(self, routes: Iterable[Route]) -> None:
        models: dict[type[BaseModel], None] = {ProblemOut: None}
        for route in routes:
            if route.body is not None:
                models[route.body] = None
            for item in _all(route.answers):
                if isinstance(item, type):
                    models[item] = None
        _, made = models_json_schema(
            [(model, "validation") for model in models], by_alias=True, ref_template=_REFERENCE + "{model}"
        )
        given_out = _names_below(Out)
        self.all: dict[str, Schema] = {}
        for name, schema in made["$defs"].items():
            clean = _clean(schema)
            if name in given_out:
                clean.pop("additionalProperties", None)  # more may be added in later versions
            self.all[_name(name)] = clean
        self.all.pop("UnknownAuthIn", None)

    @staticmethod
    def reference(model: type[BaseModel]) -> Schema:
        """Where *model* is found."""
        return {"$ref": _REFERENCE + _name(model.__name__)}

    @staticmethod
    def inline(model: type[BaseModel]) -> Schema:
        """The schema of *model* itself."""
        made: Schema = _clean(model.model_json_schema(by_alias=True))
        return made


def _names_below(kind: type[Any]) -> set[str]:
    return {kind.__name__}.union(*(_names_below(child) for child in kind.__subclasses__()))


def _name(name: str) -> str:
    """``DeliveryOut`` is a Delivery, ``RetryShape`` what is taken in of one."""
    name = name.lstrip("_")
    if name.endswith("Shape"):
        return f"{name.removesuffix('Shape')}In"
    return name.removesuffix("Out")


def _clean(schema: Any) -> Any:
    """*schema* without what only files may say, and without what says nothing."""
    if isinstance(schema, list):
        return [_clean(item) for item in schema if not _is_needless(item)]
    if not isinstance(schema, dict):
        return schema
    made: Schema = {}
    for key, value in schema.items():
        if key == "$ref":
            made[key] = _REFERENCE + _name(value.rpartition("/")[2])
        elif key in ("properties", "$defs"):
            made[key] = {name: _clean(item) for name, item in value.items()}
        elif key == "discriminator":
            mapping = {word: _clean({"$ref": at})["$ref"] for word, at in value["mapping"].items()}
            made[key] = {**value, "mapping": mapping}
        elif key == "pattern":
            made[key] = value.replace(rf"|{_VARIABLE}", "")
        elif not (key == "title" or (key == "default" and value is None)):
            made[key] = value if key in ("example", "examples", "default", "const", "enum") else _clean(value)
    for union in ("anyOf", "oneOf"):
        if len(made.get(union, ())) == 1:
            [only] = made.pop(union)
            made = {**only, **made}
    return made


def _is_needless(item: Any) -> bool:
    return isinstance(item, dict) and (item == {"not": {}} or item.get("pattern") == _VARIABLE)
