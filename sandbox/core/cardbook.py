"""The checks of the report card: what each asks, why it matters, what to change where it fails.

The order is the card's.  How a check is made is `sandbox.card`; the code that is
advised is `sandbox.core.cardcode`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.core.cardcode import NODE, PYTHON


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One check, as it is explained."""

    id: str
    title: str
    passes: str  # … when the consumer
    why: str
    change: str
    assumed: str = ""  # what of it Wexio has not published

    @property
    def python(self) -> str:
        """What to change, in Python."""
        return PYTHON[self.id]

    @property
    def node(self) -> str:
        """What to change, in Node."""
        return NODE[self.id]


_ENTRIES: Final = (
    Entry(
        id="accepts-each-channel",
        title="Takes every channel",
        passes="answers 2xx to a valid delivery of each channel",
        why="Each channel has its own id field, and Viber's holds + / and =. A delivery that is not taken is tried "
        "again until its attempts are used up, and then that customer's first message is lost to you.",
        change="Read chat.channel, then the one id field that goes with it, and treat every id as opaque text. Where "
        "no channel is taken at all, the signature is the likely reason: another secret, or a verification that "
        "does not use the raw bytes of the body.",
    ),
    Entry(
        id="answers-in-time",
        title="Answers in time",
        passes="answers well within the time that an attempt is allowed",
        why="An answer that comes too late is none: the attempt has failed, the same event comes again, and work that "
        "was nearly done is done twice.",
        change="Verify, store the event, answer 200; do what takes time afterwards, from a queue.",
        assumed="The time allowed for an attempt (10s) is assumed.",
    ),
    Entry(
        id="accepts-retries",
        title="Takes a retry",
        passes="answers 2xx to attempt 3 of an event it has not taken before",
        why="If you were down, the first attempt that reaches you is not number 1. Its body says meta.attempt 3, and "
        "so the signature is another one; the id is the same.",
        change="Do not expect attempt 1, and do not reject what is not new: decide by the event's id alone.",
    ),
    Entry(
        id="accepts-no-contact",
        title="Takes a chat without a contact",
        passes="answers 2xx to a chat.created without data.contact",
        why="data.contact is optional: it is left out where Wexio cannot resolve a person.",
        change="Ask whether data.contact is there before reading from it, and keep the chat without it.",
    ),
    Entry(
        id="accepts-unknown-fields",
        title="Takes fields it does not know",
        passes="answers 2xx to a body with additional fields",
        why="New optional fields appear without a new apiVersion. A strict schema turns such a day into an outage.",
        change="Ignore what you do not know: no additionalProperties: false, no extra='forbid', no .strict().",
    ),
    Entry(
        id="accepts-unknown-event",
        title="Takes an event it does not know",
        passes="answers 2xx to an event with a name it does not know",
        why="Events are added, and a connection may be subscribed to more than you handle. A refusal is retried, in vain.",
        change="Answer 2xx to any verified event, and pass over those that you do not handle.",
    ),
    Entry(
        id="accepts-unicode",
        title="Takes names in every script",
        passes="answers 2xx to emoji, right-to-left, Cyrillic and combining letters in names",
        why="People write their names as they are. What cannot be read or stored is a customer you never hear of.",
        change="Verify over bytes, decode as UTF-8, and store in columns that take four-byte characters (MySQL: utf8mb4).",
    ),
    Entry(
        id="accepts-large-body",
        title="Takes a large body",
        passes="answers 2xx to a body of 64 kB (256 kB is a warning if not)",
        why="Tags and custom fields make a body grow, and frameworks have small limits that nobody knows of.",
        change="Raise the limit of the body parser, and of the proxy before it, to at least 1 MB.",
        assumed="Wexio publishes no size; 64 kB and 256 kB are our measure.",
    ),
    Entry(
        id="rejects-missing-signature",
        title="Rejects what proves nothing",
        passes="answers 4xx to a request without its signature",
        why="Anyone who knows your address could make up customers.",
        change="Refuse with 401 before anything else is done, as soon as the header is not there.",
    ),
    Entry(
        id="rejects-malformed-signature",
        title="Rejects a signature that cannot be read",
        passes="answers 4xx to signatures that are no signatures",
        why="What a parser does not expect either slips through or crashes it; and a 5xx is retried.",
        change="Parse the header strictly, t a whole number and v1 of 64 hex digits, and answer 401 to all else.",
    ),
    Entry(
        id="rejects-wrong-secret",
        title="Rejects a signature by another secret",
        passes="answers 4xx to a signature that the secret did not make, even if but one digit is wrong",
        why="This is all that tells Wexio from somebody else.",
        change="Compute the digest yourself and compare all of it, in constant time.",
    ),
    Entry(
        id="rejects-tampered-body",
        title="Rejects a changed body",
        passes="answers 4xx to a body of which a byte was changed after signing",
        why="The signature covers the bytes, not what they mean. Who verifies JSON that was parsed and written again "
        "verifies something that nobody signed.",
        change="Verify over the raw bytes of the request, before any parser touches them.",
    ),
    Entry(
        id="rejects-stale-timestamp",
        title="Rejects a recorded request",
        passes="answers 4xx to a valid signature that is an hour old",
        why="Whoever has recorded one request could send it again for ever.",
        change="Refuse a t that is more than five minutes from your clock. Not X-Wexio-Timestamp: nothing signs it.",
        assumed="The tolerance of five minutes is assumed; an hour is beyond any that is usual.",
    ),
    Entry(
        id="rejects-future-timestamp",
        title="Rejects a request of the future",
        passes="answers 4xx to a valid signature that is an hour ahead (a warning if not)",
        why="A signature made for later is good for longer than the tolerance says.",
        change="Compare the absolute difference between t and your clock.",
        assumed="The tolerance of five minutes is assumed.",
    ),
    Entry(
        id="survives-garbage",
        title="Survives garbage",
        passes="answers 4xx to a validly signed body that is not JSON, not UTF-8 or empty, and still works afterwards",
        why="A 5xx is retried, a 2xx says that you have it; and what one request breaks, the next one meets.",
        change="Catch the errors of decoding and of parsing, and answer 400.",
    ),
    Entry(
        id="dedupes",
        title="Takes an event once",
        passes="answers 2xx to a second attempt of an event that it has taken, and has its effect once",
        why="If your 200 is lost on its way, the event comes again. Without deduplication a customer is greeted twice.",
        change="Keep the event's id, unique, in the same transaction as its effect; where it is there already, answer "
        "200 and do nothing. Not (id, attempt): that is another one each time.",
    ),
    Entry(
        id="survives-disorder",
        title="Survives disorder",
        passes="takes two events, the newer first, then a late retry of the older",
        why="No order is promised: a retry arrives after what happened later.",
        change="Do not refuse what is older than the last. Keep meta.occurredAt with each record, and let the newer win.",
    ),
    Entry(
        id="survives-burst",
        title="Survives a burst",
        passes="takes 50 deliveries at once without an error",
        why="After an outage, everything that was held back arrives together. Errors then prolong what was over.",
        change="Answer from a pool of workers with a bounded queue, keep transactions short, and let connections to "
        "the database wait for one another.",
    ),
)

BOOK: Final[Mapping[str, Entry]] = {entry.id: entry for entry in _ENTRIES}
"""Every check by its id, in the order of the card."""

NO_PROBE: Final = (
    "it takes the second attempt; whether the event had its effect once, only a number on your side can tell: "
    'give --probe "COMMAND" or --probe URL'
)
