"""Why a signature does not hold: `signing.check` judges, this explains.

What people do wrong is tried: other keys, other signed bytes, a body that was changed
on its way; one of them, or two together.  A cause is *proven* when the signature holds
with it put right, or when it can be seen; everything else is called *likely*.  Whether
a signature is valid is never decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from sandbox.core.advice import DO, Code
from sandbox.core.case import Case, as_key, judge
from sandbox.core.claims import by_name
from sandbox.core.difference import Difference, difference
from sandbox.core.profile import SIGNATURE_HEADER, SignatureProfile
from sandbox.core.reading import Given, Note, Reading, read, time_note
from sandbox.core.search import Search
from sandbox.core.signing import Check, Reason, judge_age
from sandbox.core.symptoms import symptoms

_ASSUMED: Final = SignatureProfile()
_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One thing that is wrong: a stable code, what it is, and what to do, a sentence each.

    Several proven causes are proven together: the signature holds when all are put right.
    """

    code: Code
    proven: bool
    says: str
    do: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A judgement and its causes, proven ones first; none for a signature that holds."""

    check: Check
    causes: tuple[Cause, ...] = ()
    difference: Difference | None = None  # between what was sent and what was received
    tried: int = 0  # how many other ways of signing were tried

    @property
    def valid(self) -> bool:
        """Whether the signature holds."""
        return self.check.valid

    @property
    def code(self) -> str:
        """The first cause's code; ``valid`` where there is nothing to explain."""
        return str(self.causes[0].code if self.causes else self.check.reason)

    @property
    def proven(self) -> tuple[Cause, ...]:
        """The causes that are beyond doubt."""
        return tuple(cause for cause in self.causes if cause.proven)

    @property
    def why(self) -> str:
        """The causes in one line: what is proven, else what is likely."""
        told = self.proven or self.causes[:1]
        text = ", and ".join(cause.says for cause in told) or self.check.says
        return text if self.proven or not self.causes else f"likely: {text}"

    def __str__(self) -> str:
        """All of it, a line each."""
        verdict = "valid" if self.valid else f"not valid ({self.check.reason})"
        lines = [f"{verdict}: {self.check.says}"]
        for cause in self.causes:
            lines += [f"{'proven' if cause.proven else 'likely'}: {cause.says}", f"  do: {cause.do}"]
        return "\n".join(lines if self.difference is None else [*lines, f"differs: {self.difference}"])


def causes_json(diagnosis: Diagnosis | None) -> list[dict[str, object]]:
    """The causes as JSON: ``code``, ``proven``, ``says``, ``do``."""
    return [
        {"code": str(cause.code), "proven": cause.proven, "says": cause.says, "do": cause.do}
        for cause in (diagnosis.causes if diagnosis else ())
    ]


def explain_signature(
    header: str | None = None,
    *,
    body: bytes,
    secret: str | bytes,
    now: float,
    tolerance: timedelta | float | None = None,
    rules: SignatureProfile = _ASSUMED,
    others: Mapping[str, str] | Mapping[str, bytes] = _NOBODY,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    sent: bytes | None = None,
) -> Diagnosis:
    """Judge the signature *header* that came with *body*, and say why it does not hold.

    *body* is what the receiver checked, *now* the receiver's Unix time in seconds,
    *tolerance* seconds or a `timedelta` (None: what is assumed).  All else is welcome and
    not needed: *others* are the secrets of other connections by name, *headers* those of
    the request (*header* is taken from them), *sent* the body as it was really sent.
    ``valid`` is always what `check` says.  Work is bounded; no secret is in any text.
    """
    pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers)
    return diagnose(
        Case(
            header=by_name(pairs).get(SIGNATURE_HEADER.lower()) if header is None else header,
            body=body,
            secret=as_key(secret),
            now=now,
            tolerance=timedelta(seconds=tolerance) if isinstance(tolerance, int | float) else tolerance,
            rules=rules,
            others=dict(others),
            headers=pairs,
            sent=sent,
        )
    )


def diagnose(case: Case) -> Diagnosis:
    """Explain one *case*."""
    checked = judge(case)
    if checked.valid:
        return Diagnosis(check=checked)
    apart = None if case.sent is None or case.sent == case.body else difference(case.sent, case.body)
    if checked.reason is Reason.missing or case.header is None:
        return Diagnosis(check=checked, causes=(_missing(case),), difference=apart)
    reading = read(case.header)
    if checked.reason in {Reason.too_old, Reason.too_new}:
        return Diagnosis(check=checked, causes=_age(case, reading, proven=True), difference=apart)
    search = Search(case, reading)
    search.run()
    faults = _faults(case, reading, search.given) if checked.reason is Reason.malformed else []
    if search.given is None:
        seen = [_cause(note.code, note.says, proven=True) for note in faults]
        # Where no digest could be read, nothing has been compared that could speak against a secret.
        compared = any(given.doubt is None for given in reading.given)
        guesses = symptoms(case) if compared else ()
        guessed = [_cause(guess.code, guess.says, proven=False) for guess in guesses if guess.code]
        causes = (*seen, *_age(case, reading, proven=False), *guessed)
    else:
        faults = faults or [*search.given.notes] or ([] if search.found else [*reading.notes])
        proven = [_cause(note.code, note.says, proven=True) for note in faults]
        proven += [_cause(guess.code, guess.says, proven=True) for guess in search.found if guess.code]
        causes = (*proven, *_age(case, reading, proven=True))
    return Diagnosis(check=checked, causes=causes, difference=apart, tried=search.tried)


def _cause(code: Code, says: str, *, proven: bool) -> Cause:
    return Cause(code=code, proven=proven, says=says, do=DO[code])


# --- the header, the time ----------------------------------------------------------


def _missing(case: Case) -> Cause:
    headers = by_name(case.headers)
    for name, value in headers.items():
        reads = read(value)
        signature = "signature" in name.replace("_", "-") and name != SIGNATURE_HEADER.lower()
        if signature or (reads.times and reads.given):
            says = f"there is no {SIGNATURE_HEADER} header, but a signature in {ascii(name[:60])[1:-1]}"
            return _cause(Code.other_name, says, proven=True)
    if scheme := headers.get("authorization", "").partition(" ")[0]:
        says = f"there is no {SIGNATURE_HEADER} header, but Authorization: {ascii(scheme[:20])[1:-1]}"
        return _cause(Code.other_auth, f"{says}; a connection has one or the other", proven=True)
    return _cause(Code.missing, f"there is no {SIGNATURE_HEADER} header", proven=True)


def _faults(case: Case, reading: Reading, matched: Given | None) -> list[Note]:
    faults = [*reading.notes]
    if matched is not None:
        faults += matched.notes
    elif reading.given:
        given = reading.given[0]
        faults += given.notes if given.doubt is None else [given.doubt]
    if reading.times and (note := time_note(reading.times[0], case.rules.unit)):
        faults.append(note)
    return faults or [Note(Code.unreadable, "the header cannot be read as t=<unix>,v1=<hex>")]


def _age(case: Case, reading: Reading, *, proven: bool) -> tuple[Cause, ...]:
    """What is wrong with the time; *proven* is whether t can be believed."""
    text = reading.times[0] if reading.times else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 14):
        return ()
    milliseconds = len(text) >= 13 or (case.rules.unit == "milliseconds" and len(text) > 11)
    moment = int(text) / 1000 if milliseconds else float(text)

    def judged(now: float) -> Check | None:
        return judge_age(now - moment, tolerance=case.tolerance, rules=case.rules)

    late = judged(case.now)
    if case.rules.unit == "milliseconds" and not milliseconds and (late is None or len(text) == 10):
        seconds = _cause(Code.seconds, "t counts seconds; milliseconds are expected", proven=proven)
        return (seconds,) if late is None else (seconds, *_late(late, case.now - moment, proven=proven))
    if late is None:
        return ()
    if judged(case.now / 1000) is None:
        says = "the receiver's own time counts milliseconds; in seconds, t is recent enough"
        return (_cause(Code.clock_milliseconds, says, proven=proven),)
    return _late(late, case.now - moment, proven=proven)


def _late(late: Check, seconds: float, *, proven: bool) -> tuple[Cause, ...]:
    code = Code.too_old if late.reason is Reason.too_old else Code.too_new
    told = _cause(code, late.says, proven=proven)
    hours = round(seconds / 3600)
    if 1 <= abs(hours) <= 14 and abs(seconds - hours * 3600) <= 60:
        says = f"it is {abs(hours)} whole hours: one clock may read local time as UTC"
        return told, _cause(Code.time_zone, says, proven=False)
    return (told,)
