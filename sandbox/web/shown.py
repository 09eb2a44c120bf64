"""The workspace's values as the API shows them.  Pure; secrets never pass, unless told to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.core.durations import format_duration
from sandbox.core.entries import Attempted, Verdict
from sandbox.core.ledger import Delivery
from sandbox.core.model import AUTH_TYPE, Auth, Basic, Bearer, Connection, Hmac, Status
from sandbox.core.moments import isoformat
from sandbox.core.present import MASK, attempt_json, entry_json
from sandbox.core.profile import Profile, in_words
from sandbox.core.retry import PRESET_NAMES, Backoff, RetryPolicy
from sandbox.core.scenario import Answer, Outage
from sandbox.held import Held
from sandbox.plays import Run
from sandbox.steering import Position
from sandbox.web.masking import masked

Document = dict[str, Any]


def moment(value: datetime | None) -> str | None:
    """A moment, or null."""
    return None if value is None else isoformat(value)


def counts(numbers: Mapping[Status, int]) -> dict[str, int]:
    """Numbers by status, in the order of the statuses; those that are 0 are left out."""
    return {str(status): numbers[status] for status in Status if numbers.get(status)}


# --- connections -----------------------------------------------------------------------


def connection(held: Held, profile: Profile, *, reveal: bool = False) -> Document:
    """A connection; *reveal*: with the whole signing secret, for the one answer that may hold it."""
    item = held.connection
    return {
        "id": item.id,
        "name": item.name,
        "url": item.url,
        "active": item.active,
        "held": item.held,
        "events": list(item.events),
        "retry": retry(held),
        "concurrency": item.concurrency,
        "read_only": held.read_only,
        "auth": auth(item.auth, profile, reveal=reveal),
    }


def auth(value: Auth, profile: Profile, *, reveal: bool = False) -> Document:
    """How a connection is authorised, recognisable and no more."""
    shown: Document = {"type": AUTH_TYPE[type(value)]}
    match value:
        case Hmac(secret=str(secret)):
            shown["secret"] = secret if reveal else masked(secret, prefix=profile.signature.secret_prefix)
        case Bearer(token=token):
            shown["token"] = masked(token, prefix="")
        case Basic(username=username):
            # People choose passwords: four of their characters would be too many.
            shown |= {"username": username, "password": MASK}
    return shown


def retry(held: Held) -> str | Document:
    """The preset's name or the policy, as it was given; else the one in force."""
    given = held.retry if held.retry is not None else held.connection.retry
    if isinstance(given, str):
        return given
    if given is None or given.name in PRESET_NAMES:
        return "wexio" if given is None else given.name
    return policy(given)


def policy(given: RetryPolicy) -> Document:
    """A policy in the words in which one is given."""
    shown: Document = {"attempts": given.attempts}
    if isinstance(given.delays, Backoff):
        shown["backoff"] = {
            "base": format_duration(given.delays.base),
            "factor": given.delays.factor,
            "max": format_duration(given.delays.max),
            "jitter": given.delays.jitter,
        }
    else:
        shown["delays"] = [format_duration(delay) for delay in given.delays]
    return shown | {
        "timeout": format_duration(given.timeout),
        "give_up_on": sorted(given.give_up_on),
        "retry_after": given.retry_after,
    }


# --- deliveries ------------------------------------------------------------------------


def delivery_line(item: Delivery) -> Document:
    """A delivery without its attempts."""
    return {
        "id": item.id,
        "event_id": item.event_id,
        "event": item.event,
        "channel": item.channel,
        "who": item.who,
        "connection_id": item.connection_id,
        "run_id": item.run_id,
        "status": str(item.status),
        "attempt_count": item.attempt_count,
        "next_attempt_at": moment(item.next_attempt_at),
        "emitted_at": isoformat(item.emitted_at),
        "settled_at": moment(item.settled_at),
    }


def delivery(item: Delivery) -> Document:
    """A delivery with its attempts."""
    return delivery_line(item) | {"attempts": [_attempt(entry) for entry in item.attempts]}


def _attempt(entry: Attempted) -> Document:
    head = {"kind": "attempted", "at": isoformat(entry.at), "run_id": entry.run_id}
    return head | attempt_json(entry)


def waiting(items: Iterable[Delivery]) -> list[Document]:
    """What has not settled, and until when it waits."""
    return [
        {
            "delivery_id": item.id,
            "event_id": item.event_id,
            "connection_id": item.connection_id,
            "next_attempt_at": moment(item.next_attempt_at),
        }
        for item in items
    ]


# --- runs ------------------------------------------------------------------------------


def run_line(item: Run) -> Document:
    """A run without its text."""
    return {
        "id": item.id,
        "name": item.name,
        "status": item.status,
        "seed": item.seed,
        "speed": item.speed,
        "signature_time": item.signature_time,
        "started_at": isoformat(item.started_at),
        "ended_at": moment(item.ended_at),
        "begins_at": isoformat(item.begins_at),
        "at": isoformat(item.at),
        "step": item.step,
        "step_at": moment(item.step_at),
        "note": item.note,
        "deliveries": counts(item.deliveries),
        "verdict": None if item.verdict is None else verdict(item.verdict),
        "error": item.error,
    }


def run(item: Run, profile: Profile) -> Document:
    """A run with its connections and its text."""
    return run_line(item) | {
        "steps": [line.document() for line in item.steps],
        "connections": [_run_connection(each, profile) for each in item.connections],
        "source": item.source,
    }


def _run_connection(item: Connection, profile: Profile) -> Document:
    return {"id": item.id, "name": item.name, "url": item.url, "auth": auth(item.auth, profile)}


def verdict(item: Verdict) -> Document:
    """A verdict, without its place in the journal."""
    shown = entry_json(0, item)
    return {name: value for name, value in shown.items() if name not in ("seq", "kind", "at", "run_id")}


# --- the server ------------------------------------------------------------------------


def clock(position: Position, next_due: datetime | None) -> Document:
    """A clock as it stands."""
    return {
        "at": isoformat(position.at),
        "speed": position.speed,
        "paused": position.paused,
        "next_due": moment(next_due),
    }


def answer(item: Answer) -> int | str | Document:
    """A scripted answer, in the words in which one is given."""
    if not item.after and not item.headers:
        return item.status
    shown = {"status": item.status, "after": format_duration(item.after), "headers": dict(item.headers)}
    return {name: value for name, value in shown.items() if name == "status" or (value and value != "0s")}


def outage(item: Outage | None) -> Document | None:
    """An outage, in the words in which one is given."""
    if item is None:
        return None
    return {
        "from": format_duration(item.start),
        "for": format_duration(item.duration),
        "status": item.status,
    }


def profile(value: Profile) -> Document:
    """Every setting with its standing."""
    return {
        "items": [
            {
                "setting": fact.path,
                "value": in_words(fact.value),
                "says": fact.says,
                "standing": str(fact.standing),
            }
            for fact in value.facts()
        ]
    }


def age(since: datetime, now: datetime) -> str:
    """How long ago, never less than nothing."""
    return format_duration(max(now - since, timedelta()))
