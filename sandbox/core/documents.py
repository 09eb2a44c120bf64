"""What a server keeps beside its journal, as JSON documents: connections, retry policies, clocks, runs.

Secrets are in them as they are: a key beside the file that it opens would protect
nothing.  Who shows a document to anybody masks them first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.core.entries import Expectation, Verdict
from sandbox.core.model import Auth, Basic, Bearer, Connection, Hmac, NoAuth, Retired, Status
from sandbox.core.retry import Backoff, RetryPolicy

Document = dict[str, Any]


def auth_document(auth: Auth) -> Document:
    """How to authorise, secrets included."""
    match auth:
        case Hmac(secret=secret, retired=old):
            retired = {} if old is None else {"retired": [old.secret, old.until.isoformat()]}
            return {"type": "HMAC", "secret": secret, **retired}
        case Bearer(token=token):
            return {"type": "BEARER", "token": token}
        case Basic(username=username, password=password):
            return {"type": "BASIC", "username": username, "password": password}
        case NoAuth():
            return {"type": "NONE"}


def read_auth(document: Mapping[str, Any]) -> Auth:
    """The reverse of `auth_document`."""
    match document["type"]:
        case "HMAC":
            if (old := document.get("retired")) is None:
                return Hmac(secret=document["secret"])
            return Hmac(secret=document["secret"], retired=Retired(old[0], datetime.fromisoformat(old[1])))
        case "BEARER":
            return Bearer(token=document["token"])
        case "BASIC":
            return Basic(username=document["username"], password=document["password"])
        case _:
            return NoAuth()


def retry_document(retry: RetryPolicy | str | None) -> Document | str | None:
    """A policy, or the name of one; durations in seconds."""
    if retry is None or isinstance(retry, str):
        return retry
    delays = retry.delays
    return {
        "name": retry.name,
        "attempts": retry.attempts,
        "delays": [delay.total_seconds() for delay in delays] if isinstance(delays, tuple) else None,
        "backoff": None
        if isinstance(delays, tuple)
        else {
            "base": delays.base.total_seconds(),
            "factor": delays.factor,
            "max": delays.max.total_seconds(),
            "jitter": delays.jitter,
        },
        "timeout": retry.timeout.total_seconds(),
        "success": sorted(retry.success),
        "give_up_on": sorted(retry.give_up_on),
        "retry_after": retry.retry_after,
    }


def read_retry(document: Mapping[str, Any] | str | None) -> RetryPolicy | str | None:
    """The reverse of `retry_document`."""
    if document is None or isinstance(document, str):
        return document
    backoff = document["backoff"]
    return RetryPolicy(
        name=document["name"],
        attempts=document["attempts"],
        delays=tuple(timedelta(seconds=delay) for delay in document["delays"])
        if backoff is None
        else Backoff(
            base=timedelta(seconds=backoff["base"]),
            factor=backoff["factor"],
            max=timedelta(seconds=backoff["max"]),
            jitter=backoff["jitter"],
        ),
        timeout=timedelta(seconds=document["timeout"]),
        success=frozenset(document["success"]),
        give_up_on=frozenset(document["give_up_on"]),
        retry_after=document["retry_after"],
    )


def connection_document(connection: Connection, retry: RetryPolicy | str | None) -> Document:
    """A connection whose policy was given as *retry*."""
    return {
        "id": connection.id,
        "name": connection.name,
        "url": connection.url,
        "auth": auth_document(connection.auth),
        "events": list(connection.events),
        "active": connection.active,
        "held": connection.held,
        "retry": retry_document(retry),
        "concurrency": connection.concurrency,
    }


def read_connection(document: Mapping[str, Any]) -> Connection:
    """The reverse of `connection_document`."""
    return Connection(
        id=document["id"],
        name=document["name"],
        url=document["url"],
        auth=read_auth(document["auth"]),
        events=document["events"],
        active=document["active"],
        held=document.get("held", False),  # older files know of no such thing
        retry=read_retry(document["retry"]),
        concurrency=document["concurrency"],
    )


def moment_document(moment: datetime | None) -> str | None:
    """A moment to the microsecond."""
    return None if moment is None else moment.isoformat()


def read_moment(text: str | None) -> datetime | None:
    """The reverse of `moment_document`."""
    return None if text is None else datetime.fromisoformat(text)


def verdict_document(verdict: Verdict) -> Document:
    """How a run ended."""
    return {
        "at": verdict.at.isoformat(),
        "run_id": verdict.run_id,
        "passed": verdict.passed,
        "expectations": [
            {"text": item.text, "passed": item.passed, "actual": item.actual} for item in verdict.expectations
        ],
        "deliveries": {str(status): number for status, number in verdict.deliveries.items()},
        "seed": verdict.seed,
        "elapsed_ms": verdict.elapsed_ms,
    }


def read_verdict(document: Mapping[str, Any]) -> Verdict:
    """The reverse of `verdict_document`."""
    return Verdict(
        at=datetime.fromisoformat(document["at"]),
        run_id=document["run_id"],
        passed=document["passed"],
        expectations=tuple(Expectation(**item) for item in document["expectations"]),
        deliveries={Status(status): number for status, number in document["deliveries"].items()},
        seed=document["seed"],
        elapsed_ms=document["elapsed_ms"],
    )
