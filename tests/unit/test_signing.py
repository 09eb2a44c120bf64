import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.profile import SignatureProfile
from sandbox.core.signing import Check, Reason, check, sign

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/signatures.json").read_text("utf-8"))["vectors"]
SECRET = "whsec_test_secret"
NOW = 1_777_039_330
BODY = b'{"id":"evt_1","type":"chat.created"}'
RIGHT = sign(SECRET.encode(), NOW, BODY)
DIGEST = RIGHT.partition("v1=")[2]

bodies = st.text(st.characters(exclude_categories=["Cs"]), max_size=200).map(str.encode)
secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80).filter(str.strip)
times = st.integers(min_value=0, max_value=99_999_999_999)


def stripe_accepts(header: str | None, body: bytes, secret: str = SECRET) -> bool:
    # Without a tolerance: Stripe's library reads the machine's clock, and knows no future.
    try:
        stripe.WebhookSignature.verify_header(body, header, secret)
    except stripe.SignatureVerificationError:
        return False
    return True


def judge(header: str | None, *, body: bytes = BODY, now: float = NOW, **options: Any) -> Check:
    return check(header=header, body=body, secret=SECRET.encode(), now=now, **options)


def flipped(data: bytes, index: int, bit: int) -> bytes:
    index %= len(data)
    return data[:index] + bytes([data[index] ^ 1 << bit]) + data[index + 1 :]


# --- against others ----------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_signature_is_what_openssl_and_stripe_make_of_the_same_bytes(vector: dict[str, Any]) -> None:
    rules = SignatureProfile(signed=vector["signed"])
    made = sign(vector["secret"].encode(), vector["timestamp"], vector["body"].encode(), rules=rules)
    assert made == vector["header"]


@given(secrets, times, bodies)
def test_stripes_library_accepts_every_signature(secret: str, timestamp: int, body: bytes) -> None:
    assert stripe_accepts(sign(secret.encode(), timestamp, body), body, secret)


@given(bodies.filter(bool), st.integers(min_value=0), st.integers(0, 7))
def test_any_flipped_bit_of_the_body_breaks_the_signature(body: bytes, index: int, bit: int) -> None:
    header, tampered = sign(SECRET.encode(), NOW, body), flipped(body, index, bit)
    assert judge(header, body=tampered).reason is Reason.mismatch
    try:
        tampered.decode()
    except UnicodeDecodeError:
        return  # Stripe's library takes text only
    assert not stripe_accepts(header, tampered)


@given(st.integers(min_value=0), st.integers(0, 6))
def test_any_flipped_bit_of_the_header_breaks_the_signature(index: int, bit: int) -> None:
    header = flipped(RIGHT.encode(), index, bit).decode()
    assert not judge(header).valid
    assert not stripe_accepts(header, BODY)


pieces = st.sampled_from(
    [
        f"t={NOW}",
        f"t={NOW + 1}",
        f"v1={DIGEST}",
        f"v1={'0' * 64}",
        f"v0={DIGEST}",
        f"v1={DIGEST[:-1]}",
        "v2=x",
        "x",
    ]
)


@given(st.lists(pieces, max_size=5))
def test_our_judgement_is_that_of_stripes_library_unless_t_comes_twice(items: list[str]) -> None:
    header = ",".join(items)
    if sum(item.startswith("t=") for item in items) > 1:
        assert judge(header).reason is Reason.malformed
    else:
        assert judge(header).valid == stripe_accepts(header, BODY)


@given(st.text(max_size=100) | st.text(max_size=10).map(lambda text: text + RIGHT))
def test_what_we_accept_stripes_library_accepts_and_nothing_crashes(header: str) -> None:
    judged = judge(header)
    assert judged.says
    assert not judged.valid or stripe_accepts(header, BODY)


# --- the header --------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        RIGHT,
        f"t={NOW},v1={'0' * 64},v1={DIGEST}",
        f"t={NOW},v1=short,v1={DIGEST}",
        f"t={NOW},v0=anything,v1={DIGEST},v2=",
        f"v1={DIGEST},t={NOW}",
    ],
    ids=["as sent", "rotation", "beside a broken one", "unknown schemes", "t last"],
)
def test_one_right_v1_is_enough(header: str) -> None:
    assert judge(header) == Check(valid=True, reason=Reason.valid, says="the signature holds")


@pytest.mark.parametrize(
    ("header", "reason", "says"),
    [
        (None, "missing", "there is no X-Wexio-Signature header"),
        ("", "missing", "there is no X-Wexio-Signature header"),
        ("  ", "missing", "there is no X-Wexio-Signature header"),
        ("hello", "malformed", "the header holds no t=<unix>"),
        (f"v1={DIGEST}", "malformed", "the header holds no t=<unix>"),
        (f"t={NOW}", "malformed", "the header holds no v1=<hex>"),
        (f"t={NOW},v0={DIGEST}", "malformed", "the header holds no v1=<hex>"),
        (f"t={NOW}, v1={DIGEST}", "malformed", "no v1=<hex> (there is a space around v1; none is right)"),
        (f"{RIGHT},t={NOW}", "malformed", "the header holds t 2 times; once is right"),
        (f"t=,v1={DIGEST}", "malformed", "t is ''; a whole number of seconds since 1970 is right"),
        (f"t=-5,v1={DIGEST}", "malformed", "t is '-5'; a whole number of seconds"),
        (f"t=+5,v1={DIGEST}", "malformed", "t is '+5'; a whole number of seconds"),
        (f"t=05,v1={DIGEST}", "malformed", "t is '05'; a whole number of seconds"),
        (f"t=1e9,v1={DIGEST}", "malformed", "t is '1e9'; a whole number of seconds"),
        (f"t=1_777,v1={DIGEST}", "malformed", "t is '1_777'; a whole number of seconds"),
        (f"t=\u0661\u0667\u0667,v1={DIGEST}", "malformed", "a whole number of seconds since 1970 is right"),
        (f"t={'9' * 5000},v1={DIGEST}", "malformed", "t has 5000 digits, too many for seconds since 1970"),
        (
            f"t={NOW}123,v1={DIGEST}",
            "malformed",
            "t has 13 digits, too many for seconds since 1970; it looks like",
        ),
        (f"t={NOW},v1={DIGEST.upper()}", "malformed", "v1 is written in upper-case hex; lower-case is right"),
        (
            f"t={NOW},v1={DIGEST[:-1]}",
            "malformed",
            "v1 has 63 characters; 64 digits of lower-case hex are right",
        ),
        (f"t={NOW},v1={'é' * 64}", "malformed", "64 digits of lower-case hex are right"),
        (f"t={NOW},v1=\udcff", "malformed", "v1 has 1 characters; 64 digits"),
        (
            f"t={NOW + 1},v1={DIGEST}",
            "mismatch",
            "v1 does not match t and the body: another secret signed them",
        ),
        (f"{RIGHT[:-1]}{int(RIGHT[-1] == '0')}", "mismatch", "v1 does not match"),
        (f"t={NOW},v1={'0' * 64},v1={'1' * 64}", "mismatch", "none of the 2 v1 values matches"),
    ],
)
def test_a_refusal_says_what_is_wrong(header: str | None, reason: str, says: str) -> None:
    judged = judge(header)
    assert (judged.valid, judged.reason) == (False, reason)
    assert says in judged.says
    assert judged.says.isascii()


def test_another_secret_is_a_mismatch() -> None:
    assert check(header=RIGHT, body=BODY, secret=b"another", now=NOW).reason is Reason.mismatch


# --- its age -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("later", "reason", "says"),
    [
        (300, "valid", "the signature holds"),
        (-300, "valid", "the signature holds"),
        (300.4, "too_old", "the timestamp is 5m1s old; 5m are allowed (assumed tolerance)"),
        (3720, "too_old", "the timestamp is 1h2m old; 5m are allowed (assumed tolerance)"),
        (86_400 * 9, "too_old", "the timestamp is 9 days old; 5m are allowed (assumed tolerance)"),
        (1_777_039_330, "too_old", "the timestamp is 56 years old; 5m are allowed (assumed tolerance)"),
        (
            -301,
            "too_new",
            "the timestamp is 5m1s ahead of the receiver's clock; 5m are allowed (assumed tolerance)",
        ),
    ],
)
def test_a_right_signature_is_refused_beyond_five_minutes_either_way(
    later: float, reason: str, says: str
) -> None:
    judged = judge(RIGHT, now=NOW + later)
    assert (judged.reason, judged.says) == (reason, says)


def test_a_tolerance_that_was_given_is_not_called_assumed() -> None:
    says = "the timestamp is 1m1s old; 1m are allowed"
    assert judge(RIGHT, now=NOW + 61, tolerance=timedelta(minutes=1)).says == says
    assert judge(RIGHT, now=NOW + 61, rules=SignatureProfile(tolerance=timedelta(minutes=1))).says == says


def test_an_age_close_to_what_is_allowed_is_told_exactly() -> None:
    says = "the timestamp is 240h1s old; 240h are allowed"
    assert judge(RIGHT, now=NOW + 864_001, tolerance=timedelta(days=10)).says == says


def test_a_wrong_signature_is_a_mismatch_however_old_it_is() -> None:
    assert judge(RIGHT, body=b"{}", now=NOW + 10**9).reason is Reason.mismatch


@pytest.mark.parametrize("digits", [1, 11], ids=["in 1970", "in 5138"])
def test_the_farthest_times_are_judged_and_named(digits: int) -> None:
    judged = judge(sign(SECRET.encode(), int("9" * digits), BODY))
    assert judged.reason is (Reason.too_old if digits == 1 else Reason.too_new)


def test_a_profile_with_milliseconds_reads_t_in_milliseconds() -> None:
    rules = SignatureProfile(unit="milliseconds")
    header = sign(SECRET.encode(), NOW * 1000 + 250, BODY, rules=rules)
    assert judge(header, rules=rules).valid
    assert judge(header, rules=rules, now=NOW + 301).reason is Reason.too_old


def test_a_profile_that_signs_the_body_alone_checks_the_body_alone() -> None:
    rules = SignatureProfile(signed="body")
    header = sign(SECRET.encode(), NOW, BODY, rules=rules)
    assert judge(header, rules=rules).valid
    assert judge(header.replace(str(NOW), str(NOW + 1)), rules=rules).valid
    assert judge(header).reason is Reason.mismatch
