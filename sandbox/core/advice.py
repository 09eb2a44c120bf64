"""What can be wrong with a signature: a stable code for each cause, and what to do about it.

Codes are for programs and do not change.  What is wrong in a given case is said where
it is found out; what to do depends on the code alone, and stands here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Code(StrEnum):
    """Why a signature does not hold."""

    # the header
    missing = "missing"  # no header
    other_name = "other_name"  # a signature, under another name
    other_auth = "other_auth"  # an Authorization header instead
    unreadable = "unreadable"  # no t=…,v1=… in it
    dressed = "dressed"  # right, with something around or between it that is not
    repeated = "repeated"  # t twice
    no_timestamp = "no_timestamp"
    no_digest = "no_digest"
    timestamp_unreadable = "timestamp_unreadable"  # t is no whole number
    milliseconds = "milliseconds"
    seconds = "seconds"  # where the profile wants milliseconds
    upper_case = "upper_case"
    base64 = "base64"
    digest_cut = "digest_cut"  # fewer digits than the digest has
    other_digest = "other_digest"  # SHA-1, SHA-512 …
    not_hmac = "not_hmac"  # a digest, made otherwise than by HMAC

    # the time
    too_old = "too_old"
    too_new = "too_new"
    clock_milliseconds = "clock_milliseconds"  # the receiver's own clock counts milliseconds
    time_zone = "time_zone"  # whole hours away

    # the secret
    wrong_secret = "wrong_secret"  # noqa: S105 - a code
    other_connection = "other_connection"  # the secret of another one is right
    secret_white_space = "secret_white_space"  # noqa: S105
    secret_quoted = "secret_quoted"  # noqa: S105
    secret_prefix = "secret_prefix"  # noqa: S105 - with or without whsec_
    secret_decoded = "secret_decoded"  # noqa: S105 - base64 or hex was undone
    secret_encoding = "secret_encoding"  # noqa: S105 - other bytes for the same letters
    secret_unset = "secret_unset"  # noqa: S105 - empty, "undefined", "None"; a variable nobody set

    # what is signed
    body_alone = "body_alone"
    timestamp_signed = "timestamp_signed"  # where the profile wants the body alone
    other_separator = "other_separator"
    other_order = "other_order"
    id_signed = "id_signed"  # the event's id as well, as Svix does it
    other_timestamp = "other_timestamp"  # not the header's t

    # the body
    body_reserialised = "body_reserialised"
    keys_sorted = "keys_sorted"
    unicode_escaped = "unicode_escaped"
    slashes_escaped = "slashes_escaped"
    line_break = "line_break"  # at the end: added or missing
    white_space = "white_space"  # around it
    line_endings = "line_endings"  # CRLF and LF
    byte_order_mark = "byte_order_mark"
    charset = "charset"  # read or written in another encoding
    unicode_form = "unicode_form"  # composed and decomposed letters
    compressed = "compressed"
    body_empty = "body_empty"
    body_lost = "body_lost"  # [object Object], {}, null
    encoded_twice = "encoded_twice"
    python_text = "python_text"  # b'…' or a dict
    node_buffer = "node_buffer"  # {"type":"Buffer",…}
    url_encoded = "url_encoded"
    other_attempt = "other_attempt"
    other_event = "other_event"
    body_cut = "body_cut"
    body_changed = "body_changed"  # otherwise, or nobody knows how

    # what a sender can say of a 4xx
    refused = "refused"
    not_found = "not_found"
    not_allowed = "not_allowed"
    media_type = "media_type"
    too_large = "too_large"
    csrf = "csrf"
    invalid_data = "invalid_data"
    duplicate = "duplicate"
    too_many = "too_many"


RAW: Final = (
    "check the raw bytes, before anything parses them: request.get_data() in Flask, await request.body() in "
    'FastAPI, request.body in Django, express.raw({type: "application/json"}) in Express'
)
_SIGN: Final = (
    "sign t, a dot and the raw body. Python: hmac.new(secret, t.encode() + b'.' + body, 'sha256').hexdigest(); "
    "Node: createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex')"
)
_ONE_LINE: Final = "take the header as it came: t=<unix>,v1=<hex>, split at the comma and at the first ="
_SECONDS: Final = "write whole seconds. Python: int(time.time()); Node: Math.floor(Date.now() / 1000)"
_BYTES: Final = f"{RAW}; and whoever signs must send the very bytes that were signed"
_COMPARE: Final = (
    "compare the secret with the connection's, letter for letter, and that it is this connection's"
)
_CLEAN: Final = "remove them where the secret is stored or read. Python: secret.strip(); Node: secret.trim()"
_AS_IT_IS: Final = "use the secret as it is, whsec_ included: its UTF-8 bytes are the key (assumed)"
_HEX: Final = "compare lower-case hex. Python: hexdigest(); Node: digest('hex')"
_UTF8: Final = "leave the body's bytes alone. Python: bytes, not text; Node: a Buffer, not a string"

DO: Final = {
    Code.missing: "look whether a proxy drops it, and whether the connection's auth is HMAC",
    Code.other_name: "read X-Wexio-Signature; names of headers are compared without case",
    Code.other_auth: "check that instead, or set the connection's auth to HMAC",
    Code.unreadable: _ONE_LINE,
    Code.dressed: _ONE_LINE,
    Code.repeated: "send and read one header; two of the same name are joined by a comma",
    Code.no_timestamp: _ONE_LINE,
    Code.no_digest: _ONE_LINE,
    Code.timestamp_unreadable: _SECONDS,
    Code.milliseconds: (
        f"{_SECONDS}. The unit is assumed: if this header came from Wexio itself, set signature.unit to milliseconds"
    ),
    Code.seconds: "write milliseconds, or set signature.unit to seconds",
    Code.upper_case: _HEX,
    Code.base64: _HEX,
    Code.digest_cut: "look for a column or a log that is too narrow: 64 digits are right",
    Code.other_digest: "use SHA-256. Python: hmac.new(secret, signed, 'sha256'); Node: createHmac('sha256', secret)",
    Code.not_hmac: _SIGN,
    Code.too_old: "set both clocks by NTP, and do not replay old requests: each attempt is signed anew when it is sent",
    Code.too_new: "set both clocks by NTP",
    Code.clock_milliseconds: "compare seconds with seconds. Node: Date.now() / 1000",
    Code.time_zone: "compare Unix times. Python: time.time(), not a datetime without a zone; Node: Date.now() / 1000",
    Code.wrong_secret: _COMPARE,
    Code.other_connection: "use the secret of the connection that meta.connectionId names",
    Code.secret_white_space: _CLEAN,
    Code.secret_quoted: "remove them where the secret is stored: an .env file or a shell may keep them",
    Code.secret_prefix: _AS_IT_IS,
    Code.secret_decoded: _AS_IT_IS,
    Code.secret_encoding: "encode the secret as UTF-8 on both sides",
    Code.secret_unset: "look whether the variable that holds the secret is set where the program runs",
    Code.body_alone: (
        f"{_SIGN}. That t is signed is assumed: if this header came from Wexio itself, set signature.signed to body"
    ),
    Code.timestamp_signed: "sign the raw body alone, or set signature.signed to timestamp.body",
    Code.other_separator: _SIGN,
    Code.other_order: _SIGN,
    Code.id_signed: f"do not use Svix's library; {_SIGN}",
    Code.other_timestamp: "sign the very text that the header's t holds",
    Code.body_reserialised: _BYTES,
    Code.keys_sorted: _BYTES,
    Code.unicode_escaped: _BYTES,
    Code.slashes_escaped: _BYTES,
    Code.line_break: f"{RAW}. An editor, echo or a here-document adds one: printf '%s' does not",
    Code.white_space: RAW,
    Code.line_endings: "keep the bytes: open files in binary mode, and let neither git nor a proxy convert them",
    Code.byte_order_mark: "save it without a mark (UTF-8, not UTF-8 with BOM). Python: encoding='utf-8', not 'utf-8-sig'",
    Code.charset: _UTF8,
    Code.unicode_form: _UTF8,
    Code.compressed: "check the signature over the bytes that were signed: before compressing, after decompressing",
    Code.body_empty: (
        "read the body once and keep it: a stream that was read is empty. "
        "Express: put express.raw() before express.json(); Flask: request.get_data() before request.form"
    ),
    Code.body_lost: RAW,
    Code.encoded_twice: f"do not serialise what is JSON already; {RAW}",
    Code.python_text: f"do not call str() on it; {RAW}",
    Code.node_buffer: f"pass the Buffer itself to update(), not JSON.stringify of it; {RAW}",
    Code.url_encoded: f"do not read it as a form; {RAW}",
    Code.other_attempt: "take header and body from the same request: each attempt is signed anew",
    Code.other_event: "take header and body from the same request",
    Code.body_cut: "look for a limit on body size, or a Content-Length that counts letters instead of bytes",
    Code.body_changed: RAW,
    Code.refused: "run `wexio-sandbox verify` on header and body as the subscriber received them",
    Code.not_found: "compare the path of --to with the route, trailing slash included",
    Code.not_allowed: "let the route take POST",
    Code.media_type: "let the route take application/json",
    Code.too_large: "raise the limit on body size. Express: express.raw({limit: '1mb'})",
    Code.csrf: "exempt the route: @csrf_exempt in Django, skip_forgery_protection in Rails, $except in Laravel",
    Code.invalid_data: "tolerate unknown and missing optional fields; the answer may name the field",
    Code.duplicate: "answer 2xx to an event that was already taken: anything else is tried again",
    Code.too_many: "raise the limit, or lower the connection's concurrency",
}
"""What to do, for each code."""
