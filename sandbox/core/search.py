"""Tries how a signature may have been made, until one way comes out: bounded, the likeliest first."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import new as new_digest
from itertools import islice
from typing import Final

from sandbox.core.advice import Code
from sandbox.core.alterations import alteration_between, alterations, double_alterations
from sandbox.core.case import Case, as_key
from sandbox.core.claims import by_name, claims
from sandbox.core.reading import Given, Reading
from sandbox.core.recipes import Around, Guess, forms, keys

LARGEST_EXPLAINED: Final = 2 * 1024 * 1024
"""A larger body is judged; whether it was changed is not tried."""

MOST_TRIALS: Final = 3000
_MOST_HASHED: Final = 160_000_000  # bytes
_MOST_KEPT: Final = 8_000_000  # bytes, to be tried again with other keys
_FIRST: Final = 12  # changes of the body that are more likely than strange keys


class Search:
    """Tries one way of signing after the other, until a digest of the header comes out."""

    def __init__(self, case: Case, reading: Reading) -> None:
        self.given: Given | None = None  # the digest that came out
        self.found: tuple[Guess[bytes] | Guess[Around], ...] = ()  # what had to be otherwise
        self.tried = 0
        self._case, self._reading = case, reading
        self._left = _MOST_HASHED
        self._algorithms = list(dict.fromkeys(given.algorithm for given in reading.given))

    def run(self) -> None:
        """Search: the likeliest first, one thing otherwise before two."""
        case = self._case
        if not self._reading.given:
            return
        headers, claimed = by_name(case.headers), claims(case.headers, case.body)
        around = [
            form
            for t in self._times(headers)
            for form in forms(t, rules=case.rules, headers=headers, event_id=claimed.event_id)
        ]
        others = {name: as_key(other) for name, other in case.others.items() if name != case.own}
        own = None if case.own is None else (case.own, as_key(case.others[case.own]))
        secrets = [*keys(case.secret, others, case.rules.secret_prefix, own)]
        right, as_is = around[:1], self._body(case.body)
        if (
            case.sent is not None
            and case.sent != case.body
            and self._pairs(secrets, right, self._as_sent(case.sent))
        ):
            return
        if len(case.body) > LARGEST_EXPLAINED or self._pairs(secrets[: 3 + len(others)], right, as_is):
            return
        changed: list[Guess[bytes]] = []
        bodies = alterations(case.body)
        if any(
            self._pairs(secrets[:1], right, self._noted(body, changed)) for body in islice(bodies, _FIRST)
        ):
            return
        if self._pairs(secrets, right, as_is) or self._pairs(secrets[:1], around[1:], as_is):
            return
        if any(self._pairs(secrets[:1], right, self._noted(body, changed)) for body in bodies):
            return
        if self._otherwise_made(around[0]) or self._pairs(secrets[1:], around[1:], as_is):
            return
        if any(self._pairs(secrets[1:], right, body) for body in changed[:_FIRST]):
            return
        if any(self._pairs(secrets[:1], right, body) for body in double_alterations(case.body)):
            return
        for body in changed:
            if self._pairs(secrets[1:], right, body) or self._pairs(secrets[:1], around[1:], body):
                return

    def _times(self, headers: Mapping[str, str]) -> tuple[str, ...]:
        spare = (
            headers.get(name, "") for name in ("webhook-timestamp", "svix-timestamp", "x-wexio-timestamp")
        )
        return self._reading.times[:2] or tuple(time for time in spare if time) or ("",)

    def _body(self, body: bytes) -> Guess[bytes]:
        return Guess(None, "", body)

    def _as_sent(self, sent: bytes) -> Guess[bytes]:
        return Guess(Code.body_changed, "the body was changed after it was signed", sent)

    def _noted(self, body: Guess[bytes], among: list[Guess[bytes]]) -> Guess[bytes]:
        if len(body.value) * len(among) < _MOST_KEPT:
            among.append(body)
        return body

    def _pairs(self, secrets: list[Guess[bytes]], around: list[Guess[Around]], body: Guess[bytes]) -> bool:
        return any(self._try(key, form, body) for key in secrets for form in around)

    def _try(self, key: Guess[bytes], form: Guess[Around], body: Guess[bytes]) -> bool:
        signed = form.value[0] + body.value + form.value[1]
        for algorithm in self._algorithms:
            if not self._afford(signed):
                return False
            if self._came_out(algorithm, hmac.digest(key.value, signed, algorithm)):
                told = self._named(body) if body.code else body
                self.found = tuple(guess for guess in (key, form, told) if guess.code)
                return True
        return False

    def _otherwise_made(self, form: Guess[Around]) -> bool:
        key, signed = self._case.secret, form.value[0] + self._case.body + form.value[1]
        for algorithm in self._algorithms:
            if not self._afford(signed * 2):
                return False
            made = {
                "a plain digest of the secret and the signed bytes": new_digest(algorithm, key + signed),
                "a plain digest of the signed bytes and the secret": new_digest(algorithm, signed + key),
                "a plain digest of the signed bytes, without the secret": new_digest(algorithm, signed),
                "a plain digest of the body": new_digest(algorithm, self._case.body),
            }
            swapped = {"an HMAC whose key and message were swapped": hmac.digest(signed, key, algorithm)}
            for what, digest in (swapped | {what: it.digest() for what, it in made.items()}).items():
                if self._came_out(algorithm, digest):
                    self.found = (Guess(Code.not_hmac, f"the signature is {what}", b""),)
                    return True
        return False

    def _afford(self, signed: bytes) -> bool:
        self._left -= len(signed)
        if self._left < 0 or self.tried == MOST_TRIALS:
            return False
        self.tried += 1
        return True

    def _came_out(self, algorithm: str, digest: bytes) -> bool:
        digits = digest.hex()
        for given in self._reading.given:
            same = hmac.compare_digest(digits[: len(given.hex)].encode(), given.hex.encode())
            if same and given.algorithm == algorithm:
                self.given = given
        return self.given is not None

    def _named(self, body: Guess[bytes]) -> Guess[bytes]:
        """How the body came to be what was received, now that it is known what was signed."""
        received, sent = self._case.body, self._case.sent
        if body.value == sent and sent.startswith(received) and received:
            says = f"only the first {len(received)} of {len(sent)} bytes of the body arrived"
            return Guess(Code.body_cut, says, b"")
        done = alteration_between(body.value, received)
        undone = alteration_between(received, body.value) if body.value == sent else body
        if done is not None and done.code is not Code.other_attempt:
            return Guess(done.code, f"the body was changed after it was signed: {done.says}", b"")
        if undone is not None:
            return Guess(
                undone.code, f"the body is not what was signed; it would match if {undone.says}", b""
            )
        return body
