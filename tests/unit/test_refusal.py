"""What the sender says of a 4xx: facts where it has them, else what is likely."""

from datetime import timedelta

import pytest

from sandbox.core.model import Request, Response
from sandbox.core.profile import SignatureProfile
from sandbox.core.refusal import explain_refusal
from sandbox.core.signing import sign

NOW = 1_777_039_330
SECRET = b"whsec_test"
BODY = b'{"id":"evt_1"}'
RULES = SignatureProfile()


def refusal(status, said=b"", *, now=NOW, secret=SECRET, body=BODY):
    headers = (("X-Wexio-Signature", sign(SECRET, NOW, BODY)),)
    request = Request(url="http://127.0.0.1:1/", headers=headers, body=body)
    return explain_refusal(
        request, Response(status=status, headers=(), body=said), secret=secret, now=now, rules=RULES
    )


@pytest.mark.parametrize("status", [200, 301, 500, 503])
def test_what_is_no_4xx_is_no_refusal(status):
    assert refusal(status) is None


@pytest.mark.parametrize(
    ("status", "codes"),
    [
        (400, ["refused"]),
        (401, ["refused"]),
        (403, ["csrf", "refused"]),
        (404, ["not_found"]),
        (405, ["not_allowed"]),
        (409, ["duplicate"]),
        (413, ["too_large"]),
        (415, ["media_type"]),
        (418, ["refused"]),
        (419, ["csrf"]),
        (422, ["invalid_data"]),
        (429, ["too_many"]),
    ],
)
def test_likely_causes_go_by_the_status_and_none_is_called_proven(status, codes):
    found = refusal(status)
    assert (found.status, found.holds) == (status, True)
    assert found.known == "the signature sent holds for the bytes sent and this connection's secret"
    assert [cause.code for cause in found.causes] == codes
    assert not any(cause.proven for cause in found.causes)
    assert all(cause.says and cause.do for cause in found.causes)


def test_what_the_answer_says_is_a_clue():
    assert [cause.code for cause in refusal(403, b"<h1>CSRF verification failed</h1>").causes] == ["csrf"]
    assert refusal(400, b"Timestamp outside the tolerance zone").causes[0].code == "too_old"
    assert refusal(400, b"x" * 5000 + b"timestamp").causes[0].code == "refused"


@pytest.mark.parametrize(("away", "code", "how"), [(90, "too_old", "old"), (-90, "too_new", "ahead")])
def test_the_time_of_the_sandbox_is_old_to_a_real_clock(away, code, how):
    found = refusal(401, now=NOW + timedelta(days=away).total_seconds())
    assert found.holds
    assert (found.causes[0].code, found.causes[0].proven) == (code, False)
    assert found.causes[0].says.startswith("on a real clock the timestamp is 90 days " + how)
    assert "--signature-time wall" in found.causes[0].do


def test_a_signature_that_was_sent_wrong_is_not_said_to_hold():
    found = refusal(401, secret=b"whsec_test\n")
    assert not found.holds
    assert "does not hold" in found.known
    assert [cause.code for cause in found.causes] == ["secret_white_space", "refused"]
