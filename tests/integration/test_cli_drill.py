"""`drill`: everything is held back for the outage, comes back after it, and is counted."""

import hmac
import json
import re
from datetime import timedelta

import pytest

from sandbox.core.drill import Plan, parse_rate
from sandbox.core.errors import UsageError
from tests.integration.test_cli_terminal import terminal  # noqa: F401 - a fixture
from tests.receiver import RESET

SHORT = ("--outage", "30m", "--rate", "20/h", "--seed", "7")


def test_nothing_is_sent_in_the_outage_and_everything_after_it(cli, receiving):
    receiver = receiving(lambda seen: 200)
    done = cli("drill", "--to", receiver.url, "--secret", "whsec_x", *SHORT, "--format", "json")
    assert done.code == 0
    [report] = done.json
    assert report["events"] == report["backlog"] == report["requests"] == 10
    assert report["deliveries"] == {"SUCCESS": 10}
    assert report["held_back"] > 10
    assert (report["duplicates"], report["dead_letters"], report["answers"]) == (0, 0, {"200": 10})
    assert len(receiver.seen) == 10
    # Not one is a first attempt: the outage has swallowed at least two of each.
    assert {int(seen["X-Wexio-Attempt"]) for seen in receiver.seen} <= {3, 4, 5}
    assert sum(wave["requests"] for wave in report["waves"]) == 10


def test_the_report_is_told_in_words(cli, receiving):
    done = cli("drill", "--to", receiving(lambda seen: 200).url, "--secret", "whsec_x", *SHORT)
    assert done.code == 0
    for expected in (
        "Outage drill → http://127.0.0.1",
        "an outage of 30m · 10 events at 20/h",
        "retry svix (published numbers)",
        "backlog         10 deliveries pending when the outage ended",
        "duplicates      none",
        "dead letters    none",
        "requests after the outage",
        "PASSED 10 of 10 events came through",
    ):
        assert expected in done.out
    assert done.err == ""


def test_without_a_consumer_the_built_in_subscriber_is_named_and_one_request_is_one(cli):
    done = cli("drill", "--outage", "1m", "--rate", "1/m")
    assert done.code == 0
    assert "Outage drill → the built-in subscriber at http://127.0.0.1:" in done.out
    assert "1 request in the busiest second" in done.out


def test_an_assumed_ladder_is_over_before_the_outage_is_and_that_is_a_failure(cli, receiving):
    receiver = receiving(lambda seen: 200)
    done = cli(
        "drill", "--to", receiver.url, "--secret", "whsec_x", *SHORT, "--retry", "wexio", "--format", "json"
    )
    assert done.code == 1
    [report] = done.json
    assert not report["passed"]
    assert report["deliveries"]["DEAD_LETTER"] == report["dead_letters"] == 10 - len(receiver.seen)
    assert report["backlog"] == len(receiver.seen)


def test_what_a_consumer_does_not_take_at_once_comes_again_and_is_counted(cli, receiving):
    seen_before = set()

    def stumble(seen):
        first = seen["X-Wexio-Event-Id"] not in seen_before
        seen_before.add(seen["X-Wexio-Event-Id"])
        return 503 if first else 200

    done = cli("drill", "--to", receiving(stumble).url, "--secret", "whsec_x", *SHORT, "--format", "json")
    assert done.code == 0
    [report] = done.json
    assert (report["requests"], report["duplicates"]) == (20, 10)
    assert report["answers"] == {"503": 10, "200": 10}


def test_nobody_there_after_the_outage_ends_with_3(cli, receiving):
    import socket

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/hook"
        done = cli("drill", "--to", url, "--secret", "whsec_x", *SHORT)
    assert done.code == 3
    assert f"nobody answers at {url}" in done.err


def test_a_reset_may_have_been_received_so_its_repetition_counts_as_a_duplicate(cli, receiving):
    receiver = receiving(lambda seen: RESET if seen["X-Wexio-Attempt"] == "3" else 200)
    [report] = cli("drill", "--to", receiver.url, "--secret", "whsec_x", *SHORT, "--format", "json").json
    assert report["duplicates"] == report["answers"]["reset"] > 0


def test_without_a_consumer_the_built_in_one_receives(cli):
    [report] = cli("drill", *SHORT, "--format", "json").json
    assert report["passed"]


CONNECTED = """
connections:
  - {{name: crm, url: "{url}", auth: {{type: HMAC, secret: whsec_crm}}, id: 6640f45ac8a0d7e8b7f2014a{more}}}
  - {{name: off, url: "http://127.0.0.1:1/", active: false}}
  - {{name: other, url: "http://127.0.0.1:1/", events: [chat.updated]}}
"""


def signed_with(secret, seen):
    when, digest = re.fullmatch(r"t=(\d+),v1=(.*)", seen["X-Wexio-Signature"]).groups()
    return hmac.new(secret.encode(), f"{when}.".encode() + seen.body, "sha256").hexdigest() == digest


def test_without_to_the_connection_of_the_configuration_file_is_drilled(cli, receiving, folder):
    receiver = receiving(lambda seen: 200)
    (folder / "wexio-sandbox.yaml").write_text(CONNECTED.format(url=receiver.url, more=""))
    done = cli("drill", *SHORT)
    assert (done.code, done.err) == (0, "")
    assert f"Outage drill → {receiver.url}\n" in done.out
    assert "retry svix (published numbers)" in done.out
    assert len(receiver.seen) == 10
    assert all(signed_with("whsec_crm", seen) for seen in receiver.seen)
    assert json.loads(receiver.seen[0].body)["meta"]["connectionId"] == "6640f45ac8a0d7e8b7f2014a"


def test_flags_beat_the_configuration_file(cli, receiving, folder):
    receiver, other = receiving(lambda seen: 200), receiving(lambda seen: 200)
    (folder / "wexio-sandbox.yaml").write_text(CONNECTED.format(url=receiver.url, more=""))
    assert cli("drill", *SHORT, "--secret", "whsec_flag").code == 0
    assert all(signed_with("whsec_flag", seen) for seen in receiver.seen)
    assert cli("drill", *SHORT, "--to", other.url, "--secret", "whsec_flag").code == 0
    assert (len(receiver.seen), len(other.seen)) == (10, 10)


@pytest.mark.parametrize(
    ("more", "last", "flags", "policy"),
    [
        ("", "", (), "svix"),
        ("", "retry: wexio", (), "wexio"),
        (", retry: none", "retry: wexio", (), "none"),
        (", retry: none", "retry: wexio", ("--retry", "svix"), "svix"),
        ("", "retry: {attempts: 12, backoff: {base: 5m}}", (), "custom"),
    ],
    ids=["default", "file", "connection", "flag", "a-policy"],
)
def test_whose_retry_policy_holds(cli, receiving, folder, more, last, flags, policy):
    text = CONNECTED.format(url=receiving(lambda seen: 200).url, more=more) + last
    (folder / "wexio-sandbox.yaml").write_text(text)
    assert cli("drill", *SHORT, *flags, "--format", "json").json[0]["retry"] == policy


def test_the_file_s_retry_holds_for_to_and_for_the_built_in_subscriber_too(cli, receiving, folder):
    (folder / "wexio-sandbox.yaml").write_text("retry: wexio")
    asked = ("--outage", "10s", "--rate", "6/m", "--format", "json")
    to = ("--to", receiving(lambda seen: 200).url, "--secret", "whsec_x")
    assert [cli("drill", *asked, *more).json[0]["retry"] for more in ((), to)] == ["wexio", "wexio"]


def test_nobody_there_is_said_of_the_file_s_connection_too(cli, folder):
    (folder / "wexio-sandbox.yaml").write_text(CONNECTED.format(url="http://127.0.0.1:1/hook", more=""))
    done = cli("drill", *SHORT)
    assert done.code == 3
    assert "nobody answers at http://127.0.0.1:1/hook" in done.err


def test_a_generated_secret_is_shown(cli, receiving):
    done = cli("drill", "--to", receiving(lambda seen: 200).url, *SHORT)
    assert "signing with a generated secret: whsec_" in done.err


def test_the_same_seed_has_the_same_people_and_ids(cli, receiving):
    def ids():
        receiver = receiving(lambda seen: 200)
        cli("drill", "--to", receiver.url, "--secret", "whsec_x", *SHORT)
        return sorted(seen["X-Wexio-Event-Id"] for seen in receiver.seen)

    assert ids() == ids()


def test_max_wait_ends_it_and_says_what_is_pending(cli, receiving):
    done = cli("drill", "--to", receiving(lambda seen: 200).url, "--secret", "whsec_x", *SHORT,
               "--speed", "60", "--max-wait", "500ms")  # fmt: skip
    assert done.code == 1
    assert "FAILED 0 of 10 events came through" in done.out


@pytest.mark.parametrize(("text", "rate"), [("2/s", 2.0), ("30/m", 0.5), ("36/h", 0.01), ("0.5/s", 0.5)])
def test_a_rate_is_so_many_a_second(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["2", "2/d", "-1/s", "0/s", "x/s", "2 /s", "99999/s", ""])
def test_what_is_no_rate_is_told(text):
    with pytest.raises(ValueError, match="is not a rate"):
        parse_rate(text)


def test_a_plan_spreads_its_events_over_the_outage():
    plan = Plan(outage=timedelta(hours=6), rate=2.0, written="2/s")
    assert (plan.count, plan.every) == (43_200, timedelta(milliseconds=500))


@pytest.mark.parametrize(
    ("outage", "rate", "says"),
    [
        (timedelta(hours=24), 2.0, "172,800 events; at most 100,000"),
        (timedelta(seconds=1), 0.001, "nothing happens"),
        (timedelta(days=400), 0.001, "more than a year"),
    ],
)
def test_a_plan_that_is_none_is_refused(outage, rate, says):
    with pytest.raises(UsageError, match=says):
        Plan(outage=outage, rate=rate, written="x")


@pytest.mark.parametrize("columns", [72, 120])
def test_on_a_terminal_it_shows_how_it_stands_and_fits(terminal, columns):  # noqa: F811
    screen = terminal("drill", "--outage", "1h", "--rate", "10/m", size=(columns, 40))
    assert screen.end() == 0
    assert "600 settled" in screen.text
    lines = [line.rpartition("\r")[2] for line in screen.text.splitlines()]
    assert max(map(len, lines)) <= columns
    assert "PASSED 600 of 600 events came through" in screen.text


def test_json_is_one_line(cli):
    done = cli("drill", *SHORT, "--format", "json")
    assert len(done.out.splitlines()) == 1
    assert json.loads(done.out)["outage"] == "30m"
