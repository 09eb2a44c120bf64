"""Reading the configuration file: its shapes, and every problem with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, ValidationError

from sandbox.core import operating
from sandbox.core import readers as read
from sandbox.core import scalars as of
from sandbox.core.complaints import all_problems
from sandbox.core.config import Config
from sandbox.core.errors import ConfigError
from sandbox.core.expand import expand
from sandbox.core.meaning import config_findings
from sandbox.core.profile import Profile
from sandbox.core.shapes import ConnectionShape, Retry, Shape
from sandbox.core.values import connection_of, retry_of
from sandbox.core.yamltext import read_yaml


class _Envelope(Shape):
    event_id: Annotated[
        Literal["shared", "per_connection"], PlainValidator(read.word("shared", "per_connection"))
    ] = "shared"


class _Request(Shape):
    timestamp: Annotated[
        Literal["sending", "occurrence"], PlainValidator(read.word("sending", "occurrence"))
    ] = "sending"
    user_agent: Annotated[str, PlainValidator(read.header_text)] | None = None


class _Signature(Shape):
    signed: Annotated[
        Literal["timestamp.body", "body"], PlainValidator(read.word("timestamp.body", "body"))
    ] = "timestamp.body"
    unit: Annotated[
        Literal["seconds", "milliseconds"], PlainValidator(read.word("seconds", "milliseconds"))
    ] = "seconds"
    tolerance: of.SomeDuration = timedelta()
    secret_prefix: of.Text = ""
    rotation_overlap: of.Duration = timedelta()


class _Delivery(Shape):
    success: of.StatusCodes = ()
    give_up_on: of.StatusCodes = ()
    attempts: of.Attempts = 1
    delays: list[of.Duration] = Field(default_factory=list)
    retry_after: of.RetryAfter = "ignore"
    timeout: of.SomeDuration = timedelta()


class _Types(Shape):
    object_ids: Annotated[
        Literal["creation_time", "random"], PlainValidator(read.word("creation_time", "random"))
    ] = "creation_time"
    whatsapp_id: of.IdPattern = ""
    telegram_id: of.IdPattern = ""
    viber_id: of.IdPattern = ""
    instagram_id: of.IdPattern = ""


class _Profile(Shape):
    envelope: _Envelope = _Envelope()
    request: _Request = _Request()
    signature: _Signature = _Signature()
    delivery: _Delivery = _Delivery()
    types: _Types = _Types()


class _Server(Shape):
    host: Annotated[str, PlainValidator(operating.host)] = ""
    port: Annotated[int, PlainValidator(operating.port)] = 0
    db: Annotated[str, PlainValidator(operating.file_name)] = ""
    scenarios: Annotated[str, PlainValidator(operating.file_name)] = ""
    token: Annotated[str, PlainValidator(operating.token)] = ""
    allow_target: list[Annotated[str, PlainValidator(operating.target)]] = Field(default_factory=list)
    allow_host: list[Annotated[str, PlainValidator(operating.host_name)]] = Field(default_factory=list)
    no_subscriber: of.Truth = False
    subscriber_port: Annotated[int, PlainValidator(operating.port)] = 0
    log_format: Annotated[Literal["text", "json"], PlainValidator(read.word("text", "json"))] = "text"
    keep_for: Annotated[timedelta | None, PlainValidator(operating.age)] = None
    keep_entries: Annotated[int | None, PlainValidator(operating.number)] = None
    keep_bytes: Annotated[int | None, PlainValidator(operating.size)] = None


class ConfigShape(Shape):
    """The file's keys; only what is written counts, all else stays as it is."""

    profile: _Profile = _Profile()
    connections: list[ConnectionShape] = Field(default_factory=list)
    retry: Retry | None = None
    server: _Server = _Server()


def parse_config(text: str | bytes, *, file: str, environ: Mapping[str, str]) -> Config:
    """Read a configuration file.  Raises `ConfigError` with every problem."""
    document = read_yaml(text, file=file)
    if document.value is None:
        if any(item.message != "the file is empty" for item in document.problems):
            raise ConfigError(document.problems)
        return Config()
    value, unresolved = expand(document, environ, strict=True)
    shape, refused = None, None
    try:
        shape = ConfigShape.model_validate(value)
    except ValidationError as error:
        refused = error
    problems = all_problems(
        document,
        value,
        shape=ConfigShape,
        error=refused,
        findings=config_findings(value),
        unresolved=unresolved,
    )
    if shape is None or any(problem.severity == "error" for problem in problems):
        raise ConfigError(problems)
    profile = _profile(shape.profile)
    return Config(
        profile=profile,
        connections=tuple(connection_of(item, profile) for item in shape.connections),
        retry=retry_of(shape.retry, profile),
        server={name: _frozen(getattr(shape.server, name)) for name in shape.server.model_fields_set},
    )


def _profile(shape: _Profile) -> Profile:
    profile = Profile()
    for section in shape.model_fields_set:
        given = getattr(shape, section)
        said = {name: _frozen(getattr(given, name)) for name in given.model_fields_set}
        profile = replace(profile, **{section: replace(getattr(profile, section), **said)})
    return profile


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
