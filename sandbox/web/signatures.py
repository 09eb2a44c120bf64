"""Signatures explained, by the one who knows the secret and the bytes that were sent.

No secret leaves: it is shown as it is recognised, and no cause holds one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.clock import wall_now
from sandbox.core.diagnosis import Diagnosis, causes_json
from sandbox.core.entries import Attempted
from sandbox.core.errors import NotFound
from sandbox.core.model import Connection, Hmac, Response
from sandbox.core.profile import SIGNATURE_HEADER
from sandbox.core.refusal import explain_refusal
from sandbox.core.signing import Reason, check
from sandbox.plays import Run
from sandbox.web.masking import masked
from sandbox.workspace import Workspace

_GONE = "its connection is not there any more, and nobody else knows the secret"
_NOT_HMAC = "the connection does not sign any more, so its secret is not there to check with"
_OTHER = "it does not hold for the connection's present secret: that is another one by now"
_ASKED = "it does not hold, as was asked for"


def connection_called(workspace: Workspace, id: str) -> Connection:
    """The connection *id* as it is now: the server's, or one of a run.  Raises `NotFound`."""
    try:
        return workspace.connection(id).connection
    except NotFound:
        of_runs = (item for run in workspace.runs() for item in run.connections if item.id == id)
        found = next(of_runs, None)
        if found is None:
            raise
        return found


def connection_of(workspace: Workspace, entry: Attempted) -> Connection | None:
    """The connection that *entry* was for, as it is now: the server's, or one of its run."""
    try:
        return workspace.connection(entry.connection_id).connection
    except NotFound:
        run = _run(workspace, entry)
        of_run = () if run is None else run.connections
        return next((item for item in of_run if item.id == entry.connection_id), None)


def explained(workspace: Workspace, entry: Attempted) -> dict[str, Any] | None:
    """What was signed and whether it holds; None for a request without a signature.

    A search may follow, which takes a second for a megabyte: call it where nobody waits.
    """
    request = entry.request
    header = next((value for name, value in request.headers if name == SIGNATURE_HEADER), None)
    if header is None:
        return None
    rules, connection = workspace.profile.signature, connection_of(workspace, entry)
    document: dict[str, Any] = {
        "signed": rules.signed,
        "connection": None if connection is None else connection.name,
        "secret": None,
        "holds": None,
        "says": _GONE if connection is None else _NOT_HMAC,
        "causes": [],
    }
    if connection is None or not isinstance(connection.auth, Hmac) or connection.auth.secret is None:
        return document
    secret = connection.auth.secret
    run = _run(workspace, entry)
    # A signature with real time was fresh when it was sent, however long ago that is by now.
    stale = run is not None and run.signature_time == "sandbox"
    now = (wall_now() if stale else entry.rendering.stamp).timestamp()
    checked = check(header=header, body=request.body, secret=secret.encode(), now=now, rules=rules)
    holds = checked.reason in {Reason.valid, Reason.too_old, Reason.too_new}
    document |= {"secret": masked(secret, prefix=rules.secret_prefix), "holds": holds}
    document["says"] = (
        checked.says if checked.valid or not entry.faults else f"{checked.says}, as was asked for"
    )
    if not holds:
        document["says"] = _ASKED if entry.faults else _OTHER
    elif isinstance(entry.outcome, Response) and not entry.faults:
        refusal = explain_refusal(request, entry.outcome, secret=secret.encode(), now=now, rules=rules)
        if refusal is not None:
            document["says"] = refusal.known
            document["causes"] = [
                {"code": str(cause.code), "proven": cause.proven, "says": cause.says, "do": cause.do}
                for cause in refusal.causes
            ]
    return document


def verified(found: Diagnosis) -> dict[str, Any]:
    """A judgement with its causes."""
    return {
        "valid": found.valid,
        "reason": str(found.check.reason),
        "says": found.check.says,
        "causes": causes_json(found),
        "difference": None if found.difference is None else str(found.difference),
    }


def receivers_clock(given: datetime | None) -> float:
    """Unix time of whoever checked: *given*, else this machine's."""
    return (given or wall_now()).timestamp()


def _run(workspace: Workspace, entry: Attempted) -> Run | None:
    try:
        return workspace.run(entry.run_id)
    except NotFound:
        return None  # emitted by hand
