"""Log lines on stderr: for people, or one JSON object each for machines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sandbox.core.moments import isoformat
from sandbox.core.present import json_line, plain

_USUAL: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class ForPeople(logging.Formatter):
    """``14:02:10 GET /api/v1/stats 200``."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).astimezone()
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        text = f"{moment:%H:%M:%S} {level}{plain(record.getMessage())}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


class ForMachines(logging.Formatter):
    """One JSON object a line: ``at``, ``level``, ``logger``, ``message`` and what the line is about."""

    def format(self, record: logging.LogRecord) -> str:
        document: dict[str, Any] = {
            "at": isoformat(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        document |= {name: value for name, value in vars(record).items() if name not in _USUAL}
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return json_line(json.loads(json.dumps(document, default=str)))


def set_up_logs(form: Literal["text", "json"]) -> None:
    """From now on, what the sandbox logs goes to stderr in this *form*."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ForMachines() if form == "json" else ForPeople())
    ours = logging.getLogger("wexio_sandbox")
    ours.handlers = [handler]
    ours.setLevel(logging.INFO)
    ours.propagate = False
