"""What a body, a secret and headers look like when nothing that was tried comes out: guesses, no proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from sandbox.core.advice import Code
from sandbox.core.case import Case
from sandbox.core.claims import claims
from sandbox.core.jsontext import NotJson, dumps
from sandbox.core.recipes import Guess
from sandbox.core.search import LARGEST_EXPLAINED

_PLACEHOLDERS: Final = (b"$", b"{{", b"%(", b"<")


def symptoms(case: Case) -> Iterator[Guess[None]]:
    """What is likely wrong, the likeliest first; the last one is that the secret is another."""
    untouched = case.sent is not None and case.sent == case.body
    if case.sent is not None and not untouched:
        yield Guess(
            Code.body_changed, "the body is not the one that was sent, which does not match either", None
        )
    yield from _mixed_up(case)
    strange = [] if untouched else [*_body(case.body)]
    yield from strange
    yield from _secret(case.secret)
    if untouched:
        says = "another secret signed it: the body is the one that was sent"
    elif strange:
        says = "another secret signed it"
    else:
        says = "another secret signed it: the body is written as Wexio writes it, so it seems untouched"
    yield Guess(Code.wrong_secret, says, None)


def _mixed_up(case: Case) -> Iterator[Guess[None]]:
    headed, told = claims(case.headers, b""), claims((), case.body)
    if headed.event_id and told.event_id and headed.event_id != told.event_id:
        yield Guess(Code.other_event, "header and body name different events", None)
    elif headed.attempt and told.attempt and headed.attempt != told.attempt:
        says = f"the headers are those of attempt {headed.attempt}, the body that of attempt {told.attempt}"
        yield Guess(Code.other_attempt, says, None)


def _body(body: bytes) -> Iterator[Guess[None]]:
    start = body[:256].strip()
    if not body:
        yield Guess(Code.body_empty, "the body is empty: something read it before", None)
    elif len(body) > LARGEST_EXPLAINED:
        yield Guess(
            Code.body_changed, "the body is larger than 2 MiB: whether it was changed was not tried", None
        )
    elif start == b"[object Object]":
        yield Guess(Code.body_lost, "the body is [object Object]: it was parsed and made text", None)
    elif "\ufffd".encode() in body:
        yield Guess(Code.charset, "the body holds replacement characters (U+FFFD): bytes were lost", None)
    elif start.startswith((b"b'", b'b"', b"{'")):
        yield Guess(Code.python_text, "the body is what Python's str() makes of it", None)
    elif start.startswith(b"%7B") or b"=%7B" in start:
        yield Guess(Code.url_encoded, "the body is encoded as a form", None)
    else:
        yield from _json(body)


def _json(body: bytes) -> Iterator[Guess[None]]:
    try:
        value = json.loads(body)
        as_sent = dumps(value)
    except (ValueError, RecursionError) as error:
        if not isinstance(error, NotJson):
            yield Guess(
                Code.body_cut, "the body is no whole JSON text: it may have been cut off or changed", None
            )
        return
    if as_sent != body:
        says = "the body is not written as Wexio writes JSON: it may have been parsed and serialised anew"
        yield Guess(Code.body_reserialised, says, None)


def _secret(secret: bytes) -> Iterator[Guess[None]]:
    if not secret.strip():
        yield Guess(Code.secret_unset, "the secret is empty", None)
    elif secret != secret.strip():
        yield Guess(Code.secret_white_space, "the secret has white space around it", None)
    elif secret[:1] in b"\"'`":
        yield Guess(Code.secret_quoted, "the secret begins with a quote", None)
    elif secret.startswith(_PLACEHOLDERS):
        yield Guess(
            Code.secret_unset, "the secret looks like the name of a variable that was not filled in", None
        )
