"""What the fixtures hand out, used as a suite uses it; in projects of their own: `acceptance/test_fixtures.py`."""

import pytest

from sandbox import Bearer, Connection, Hmac, SettleTimeout, UsageError
from sandbox.core.parse import parse_scenario
from sandbox.fixtures import Stage, WexioSandbox

SECRET = "whsec_test"


def played(text):
    return parse_scenario(f"name: {text}")


def test_a_whole_connection_can_be_given(wexio_sandbox, wexio_subscriber):
    made = wexio_sandbox.connect(Connection(name="crm", url=wexio_subscriber.url, auth=Bearer("token")))
    assert wexio_sandbox.connections == (made,)
    wexio_sandbox.emit()
    [request] = wexio_subscriber.requests
    assert (request.headers["authorization"], request.verified, request.why) == ("Bearer token", None, None)


def test_connections_are_named_by_themselves_and_get_a_secret(wexio_sandbox, wexio_subscriber):
    first, second = (wexio_sandbox.connect(wexio_subscriber.url) for _ in range(2))
    assert (first.name, second.name) == ("subscriber", "subscriber-2")
    assert first.auth.secret != second.auth.secret
    event = wexio_sandbox.emit()
    wexio_sandbox.assert_delivered(event, times=2)
    assert [request.verified for request in wexio_subscriber.requests] == [True, True]
    assert {item.event_id for item in wexio_sandbox.deliveries(event.id)} == {event.id}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"secret": "x", "auth": Hmac("x")}, "exclude each other"),
        ({"auth": "whsec_x"}, "auth is str"),
        ({"secret": ""}, "not empty"),
    ],
)
def test_what_cannot_be_connected_is_refused(wexio_sandbox, options, says):
    with pytest.raises(UsageError, match=says):
        wexio_sandbox.connect("http://127.0.0.1:9/", **options)


def test_nothing_connected_is_told_as_such(wexio_sandbox):
    event = wexio_sandbox.emit()
    with pytest.raises(
        AssertionError, match=r"nothing was connected: wexio_sandbox.connect\(url, secret=…\)"
    ):
        wexio_sandbox.assert_delivered(event)
    wexio_sandbox.assert_delivered(event, times=0)


def test_an_event_that_nobody_knows_is_told_with_those_that_are_known(wexio_sandbox, wexio_subscriber):
    wexio_sandbox.connect(wexio_subscriber.url)
    with pytest.raises(AssertionError, match="those known are of no event at all"):
        wexio_sandbox.assert_delivered("evt_other")
    event = wexio_sandbox.emit()
    with pytest.raises(AssertionError, match=f"those known are of {event.id}"):
        wexio_sandbox.assert_delivered("evt_other")


def test_the_attempt_counts_where_it_is_asked_for(wexio_sandbox, wexio_subscriber):
    wexio_sandbox.connect(wexio_subscriber.url)
    event = wexio_sandbox.emit()
    with pytest.raises(
        AssertionError, match="delivered 1 time, at attempt 2; it was taken 1 time, at attempt 1"
    ):
        wexio_sandbox.assert_delivered(event, attempts=2)


def test_settle_says_at_once_that_only_an_advance_helps(wexio_sandbox, wexio_subscriber):
    wexio_subscriber.respond(500, 200)
    wexio_sandbox.connect(wexio_subscriber.url)
    wexio_sandbox.emit()
    with pytest.raises(SettleTimeout, match="only an advance can help"):
        wexio_sandbox.settle()
    began = wexio_sandbox.now
    wexio_sandbox.advance("1h")
    assert (wexio_sandbox.now - began).total_seconds() == 3600
    assert wexio_sandbox.settle() == {"SUCCESS": 1}


def test_an_outage_ends_when_it_is_told_to(wexio_sandbox, wexio_subscriber):
    wexio_sandbox.connect(wexio_subscriber.url)
    wexio_subscriber.fail("down")
    event = wexio_sandbox.emit()
    wexio_subscriber.recover()
    wexio_subscriber.fail(503)
    wexio_sandbox.advance("6s")
    wexio_subscriber.recover()
    wexio_sandbox.advance("1h")
    wexio_sandbox.assert_delivered(event, attempts=3)
    assert [request.attempt for request in wexio_subscriber.requests] == [2, 3]


def test_what_others_have_signed_is_checked_with_the_secret_that_is_told(
    wexio_sandbox, wexio_subscriber, wexio_request
):
    wexio_subscriber.verify(SECRET)
    wexio_sandbox.connect(wexio_subscriber.url, secret="whsec_other")
    event = wexio_sandbox.emit()
    [request] = wexio_subscriber.requests
    assert request.verified is False
    assert request.why
    assert request.json()["id"] == request.event_id == event.id


def test_a_scenario_brings_its_connections_and_its_retries(wexio_sandbox, wexio_subscriber):
    wexio_subscriber.respond(500)
    scenario = played(
        f"mine\nretry: none\nconnections: [{{name: crm, url: '{wexio_subscriber.url}'}}]\n"
        "steps: [{emit: chat.created}, {expect: {status: DEAD_LETTER, deliveries: 1}}]\n"
    )
    verdict = wexio_sandbox.play(scenario)
    assert [connection.name for connection in wexio_sandbox.connections] == ["crm"]
    assert verdict.deliveries["DEAD_LETTER"] + verdict.deliveries["FAILED"] == 1


def test_a_scenario_s_retries_are_for_connections_without_their_own_and_end_with_it(
    wexio_sandbox, wexio_subscriber
):
    wexio_subscriber.respond(500)
    wexio_sandbox.connect(wexio_subscriber.url)
    wexio_sandbox.connect(wexio_subscriber.url, retry="svix")
    wexio_sandbox.play(
        played(
            "mine\nretry: none\nsteps: [{emit: chat.created}, {expect: {status: DEAD_LETTER, deliveries: 2}}]\n"
        )
    )
    assert [item.attempt_count for item in wexio_sandbox.deliveries()] == [1, 8]
    assert [connection.retry.attempts for connection in wexio_sandbox.connections] == [5, 8]


def test_an_interrupted_wait_leaves_nothing_behind(wexio_sandbox, wexio_subscriber):
    with pytest.raises(TimeoutError, match="0 of 1 requests"):
        wexio_subscriber.wait_for(1, timeout=0.01)


def test_without_pytest_s_fixtures_a_stage_is_all_that_is_needed():
    stage = Stage(secret=SECRET)
    sandbox = WexioSandbox(stage, seed=7)
    try:
        assert sandbox.connect("http://127.0.0.1:9/").auth == Hmac(SECRET)
        assert sandbox.seed == 7
    finally:
        sandbox.close()
        stage.close()
