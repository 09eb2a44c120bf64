"""Reading scenarios: what they mean, and every problem with its place."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.catalogue import CHANNELS
from sandbox.core.errors import ScenarioError
from sandbox.core.model import Basic, Bearer, Hmac, NoAuth, Status
from sandbox.core.parse import parse_scenario, read_scenario
from sandbox.core.problems import render_github, render_json, render_text
from sandbox.core.profile import DeliveryProfile, Profile
from sandbox.core.retry import Backoff
from sandbox.core.scenario import (
    Answer,
    Emit,
    Expect,
    Outage,
    Range,
    Repeat,
    Settle,
    Wait,
)

EXAMPLE = """\
name: First contact on every channel
description: Four people write in for the first time; the subscriber stumbles on the second.
seed: 42
start: 2026-04-24T14:02:10Z
signature_time: wall
organisation: 6640f3d5c8a0d7e8b7f20222
integrations: {WHATSAPP: 67f95b0126a4d1c9e3f0aa12}
retry: wexio

contacts:
  alex: {firstName: Alex, lastName: Stone, phoneNumber: "+46700000000"}
  olena: {locale: uk_UA, tags: [vip]}

connections:
  - name: crm
    id: 6640f45ac8a0d7e8b7f2014a
    url: ${SUBSCRIBER_URL:-http://127.0.0.1:3000/webhooks/wexio}
    auth: {type: HMAC, secret: "${WEXIO_SECRET}"}
    events: [chat.created]
    retry: svix
    concurrency: 32

subscriber:
  respond: [500, timeout, 200]
  outage: {from: 30s, for: 10m, status: 503}

steps:
  - emit: chat.created
    channel: WHATSAPP
    contact: alex
    note: Our first customer writes.
  - wait: 2s
  - emit: chat.created
    channel: TELEGRAM
    contact: olena
    origin: flow
    data: {chat: {username: olena_k}}
  - repeat: 20
    every: 100ms
    steps:
      - emit: chat.created
        channel: [WHATSAPP, VIBER, INSTAGRAM]
        contact: none
  - settle: 60s
  - expect: {status: SUCCESS, deliveries: 22, attempts: {min: 1, max: 3}, within: 5m}
"""


def steps(text):
    """A scenario with these steps, as YAML lines."""
    return "name: x\nsteps:\n" + text


def problems(text, **options):
    """``line:column message (hint)`` of everything found, errors first where they are."""
    found = read_scenario(text, **{"environ": {}, **options}).problems
    return [
        f"{'' if item.severity == 'error' else 'warning '}{item.line}:{item.column} {item.message}"
        + (f" ({item.hint})" if item.hint else "")
        for item in found
    ]


def test_the_documented_example_is_read_whole():
    scenario = parse_scenario(EXAMPLE, environ={"WEXIO_SECRET": "whsec_x"})
    assert scenario.name == "First contact on every channel"
    assert (scenario.seed, scenario.start) == (42, datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC))
    assert (scenario.signature_time, scenario.retry) == ("wall", "wexio")
    assert scenario.organisation == "6640f3d5c8a0d7e8b7f20222"
    assert scenario.integrations == {"WHATSAPP": "67f95b0126a4d1c9e3f0aa12"}
    assert scenario.contacts["alex"] == {
        "firstName": "Alex",
        "lastName": "Stone",
        "phoneNumber": "+46700000000",
    }
    assert scenario.contacts["olena"] == {"locale": "uk_UA", "tags": ["vip"]}
    [crm] = scenario.connections
    assert (crm.name, crm.id, crm.retry, crm.concurrency) == ("crm", "6640f45ac8a0d7e8b7f2014a", "svix", 32)
    assert crm.url == "http://127.0.0.1:3000/webhooks/wexio"
    assert crm.auth == Hmac("whsec_x")
    assert crm.events == ("chat.created",)
    assert scenario.subscriber.respond == (Answer(status=500), Answer(status="timeout"), Answer(status=200))
    assert scenario.subscriber.outage == Outage(
        start=timedelta(seconds=30), duration=timedelta(minutes=10), status=503
    )
    assert scenario.steps == (
        Emit(channels=("WHATSAPP",), contact="alex", note="Our first customer writes."),
        Wait(duration=timedelta(seconds=2)),
        Emit(channels=("TELEGRAM",), contact="olena", origin="flow", data={"chat": {"username": "olena_k"}}),
        Repeat(
            times=20,
            every=timedelta(seconds=0.1),
            steps=(Emit(channels=("WHATSAPP", "VIBER", "INSTAGRAM"), contact="none"),),
        ),
        Settle(timeout=timedelta(minutes=1)),
        Expect(
            status=Status.SUCCESS,
            deliveries=Range(min=22, max=22),
            attempts=Range(min=1, max=3),
            within=timedelta(minutes=5),
        ),
    )


def test_the_documented_example_has_no_problem_but_its_variable():
    assert problems(EXAMPLE, environ={"WEXIO_SECRET": "x"}) == []
    [problem] = problems(EXAMPLE, strict=False)
    assert problem.startswith("warning 18:32 the variable WEXIO_SECRET is not set")


def test_the_smallest_scenario_says_little():
    scenario = parse_scenario("name: x\nsteps: [{emit: chat.created}]")
    assert scenario.steps == (Emit(channels=CHANNELS),)
    assert scenario.seed is scenario.start is scenario.retry is None
    assert scenario.subscriber.respond == (Answer(status=200),)


@pytest.mark.parametrize(
    ("auth", "value"),
    [
        ("{type: NONE}", NoAuth()),
        ("{type: HMAC}", Hmac()),
        ("{type: BEARER, token: t}", Bearer("t")),
        ("{type: BASIC, username: u, password: p}", Basic("u", "p")),
    ],
)
def test_a_connection_authorises_in_one_of_four_ways(auth, value):
    text = (
        f"name: x\nconnections: [{{name: a, url: 'http://x', auth: {auth}}}]\nsteps: [{{emit: chat.created}}]"
    )
    assert parse_scenario(text).connections[0].auth == value


def test_answers_come_in_every_form():
    text = steps(
        "  - emit: chat.created\nsubscriber:\n  respond: [503, reset, {status: 429, after: 1s, headers: {Retry-After: '7'}}]\n  outage: {from: 0s, for: 1m, status: down}\n"
    )
    script = parse_scenario(text).subscriber
    assert script.respond == (
        Answer(status=503),
        Answer(status="reset"),
        Answer(status=429, after=timedelta(seconds=1), headers={"Retry-After": "7"}),
    )
    assert script.outage == Outage(start=timedelta(), duration=timedelta(minutes=1), status="down")


def test_a_policy_of_one_s_own_takes_the_rest_from_the_profile():
    profile = Profile(delivery=DeliveryProfile(timeout=timedelta(seconds=3), give_up_on=(404,)))
    text = "name: x\nretry: {delays: [1s, 2m]}\nsteps: [{emit: chat.created}]"
    policy = parse_scenario(text, profile=profile).retry
    assert (policy.attempts, policy.delays) == (3, (timedelta(seconds=1), timedelta(minutes=2)))
    assert (policy.timeout, policy.give_up_on) == (timedelta(seconds=3), {404})


def test_a_policy_can_grow_its_delays():
    text = (
        "name: x\nretry: {attempts: 9, backoff: {base: 5s, factor: 3, max: 10m, jitter: 0.2}, timeout: 2s, "
        "give_up_on: [410, 400-404], retry_after: honour}\nsteps: [{emit: chat.created}]"
    )
    policy = parse_scenario(text).retry
    assert policy.delays == Backoff(
        base=timedelta(seconds=5), factor=3, max=timedelta(minutes=10), jitter=0.2
    )
    assert policy.give_up_on == {410, 400, 401, 402, 403, 404}
    assert policy.retry_after == "honour"


def test_pinned_times_are_written_as_the_wire_has_them():
    text = "name: x\ncontacts: {a: {createdAt: 2026-04-24T16:02:10+02:00, lastName: null}}\nsteps: [{emit: chat.created}]"
    assert parse_scenario(text).contacts["a"] == {"createdAt": "2026-04-24T14:02:10.000Z", "lastName": None}


# --- variables ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "environ", "value"),
    [
        ("${A}", {"A": "b"}, "b"),
        ("${A:-c}", {}, "c"),
        ("${A:-c}", {"A": ""}, "c"),
        ("x${A}y${B:-z}", {"A": "1"}, "x1yz"),
        ("'${A}'", {"A": "no: [yaml"}, "no: [yaml"),
        ("$${A}", {}, "${A}"),
        ("$A", {}, "$A"),
        ("${A:-}", {}, ""),
    ],
)
def test_variables_are_expanded_in_scalars(text, environ, value):
    scenario = parse_scenario(
        f"name: x\ndescription: {text}\nsteps: [{{emit: chat.created}}]", environ=environ
    )
    assert scenario.description == value


def test_a_variable_is_a_number_where_a_number_is_needed():
    text = "name: '${N}'\nseed: ${N}\nretry: {attempts: '${A}', delays: [1s]}\nsteps: [{repeat: '${N}', steps: [{emit: chat.created}]}]"
    scenario = parse_scenario(text, environ={"N": "7", "A": "2"})
    assert (scenario.name, scenario.seed, scenario.retry.attempts, scenario.steps[0].times) == ("7", 7, 2, 7)


@pytest.mark.parametrize(
    ("text", "environ", "says"),
    [
        ("${A}", {}, "the variable A is not set (set it, or give a default: ${A:-…})"),
        (
            "${A b}",
            {},
            "'${A b}' is no reference to a variable (write ${NAME}, ${NAME:-default}, or $${ for a plain ${)",
        ),
        (
            "${A",
            {},
            "'${' is no reference to a variable (write ${NAME}, ${NAME:-default}, or $${ for a plain ${)",
        ),
        ("${A}", None, "${…} is expanded in files only (write the value itself)"),
    ],
)
def test_a_reference_that_leads_nowhere_is_an_error(text, environ, says):
    text = f"name: x\ndescription: '{text}'\nsteps: [{{emit: chat.created}}]"
    assert problems(text, environ=environ) == [f"2:14 {says}"]


def test_lint_says_nothing_about_what_a_variable_will_hold():
    text = "name: x\nconnections: [{name: a, url: '${URL}'}]\nseed: ${SEED}\nsteps: [{emit: chat.created}]"
    assert [item.split(" ", 2)[0] for item in problems(text, strict=False)] == ["warning", "warning"]


# --- problems -------------------------------------------------------------------------------

EMIT = "  - emit: chat.created\n"
PROBLEMS = {
    "unknown key": (steps("  - emit: chat.created\n    chanel: VIBER\n"), ["4:5 unknown key 'chanel' (did you mean channel?)"]),
    "unknown key at the top": ("nam: x\nsteps:\n" + EMIT, ["1:1 'name' is missing", "1:1 unknown key 'nam' (did you mean name?)"]),
    "unknown channel": (steps("  - emit: chat.created\n    channel: whatsapp\n"), ["4:14 no channel is called 'whatsapp' (did you mean WHATSAPP?)"]),
    "unknown channel in a list": (steps("  - emit: chat.created\n    channel: [VIBER, SMS]\n"), ["4:22 no channel is called 'SMS' (there are WHATSAPP, TELEGRAM, VIBER, INSTAGRAM)"]),
    "unknown step": (steps("  - wiat: 2s\n"), ["3:5 no step is called 'wiat' (did you mean wait?)"]),
    "not a step": (steps("  - hello\n"), ["3:5 a step is a mapping (such as - emit: chat.created)"]),
    "bare duration": (steps("  - wait: 2\n"), ["3:11 2 has no unit: write 2s for seconds"]),
    "no steps": ("name: x\nsteps: []\n", ["2:8 must not be empty"]),
    "steps missing": ("name: x\n", ["1:1 'steps' is missing"]),
    "steps no list": ("name: x\nsteps: {emit: chat.created}\n", ["2:8 must be a list (begin each item with - on a line of its own)"]),
    "no mapping": ("- a\n", ["1:1 must be a mapping (its keys are name, description, seed, start, signature_time, organisation, integrations, retry, contacts, connections, subscriber, steps)"]),
    "phone read as a number": ("name: x\ncontacts: {a: {phoneNumber: +46700000000}}\nsteps:\n" + EMIT, ['2:29 must be text, and YAML reads this as a number (quote it: "+46700000000")']),
    "phone without plus": ("name: x\ncontacts: {a: {phoneNumber: '46 70-000 00 00'}}\nsteps:\n" + EMIT, ["2:29 '46 70-000 00 00' is no E.164 number: a + and 7 to 15 digits are (did you mean \"+46700000000\"?)"]),
    "id read as a number": ("name: x\norganisation: 664013458201478287320222\nsteps:\n" + EMIT, ['2:15 must be text, and YAML reads this as a number (quote it: "664013458201478287320222")']),
    "name empty": ("name:\nsteps:\n" + EMIT, ["1:6 has no value (give it one, or leave it out)"]),
    "documented event": (steps("  - emit: chat.updated\n"), ["3:11 chat.updated is documented, not yet built (what can be emitted: chat.created)"]),
    "unknown event": (steps("  - emit: chat.create\n"), ["3:11 Wexio documents no event called 'chat.create' (did you mean chat.created?)"]),
    "unknown contact": ("name: x\ncontacts: {alex: {}}\nsteps:\n  - {emit: chat.created, contact: alec}\n", ["4:35 no contact is called 'alec' (did you mean alex?)"]),
    "contact none defined": ("name: x\ncontacts: {none: {}}\nsteps:\n" + EMIT, ["2:12 none is no name: contact: none is a chat without a contact (choose another name)"]),
    "unknown locale": ("name: x\ncontacts: {a: {locale: sv_XX}}\nsteps:\n" + EMIT, ["2:24 no people are known for the locale 'sv_XX' (did you mean sv_SE?)"]),
    "unknown preset": ("name: x\nretry: swix\nsteps:\n" + EMIT, ["2:8 'swix' is none of wexio, none, svix (did you mean svix?)"]),
    "delays do not add up": ("name: x\nretry: {attempts: 3, delays: [1s]}\nsteps:\n" + EMIT, ["2:30 3 attempts have 2 delays between them, not 1 (attempts: 2, or 2 delays)"]),
    "delays and backoff": ("name: x\nretry: {attempts: 2, delays: [1s], backoff: {base: 1s}}\nsteps:\n" + EMIT, ["2:36 delays and backoff exclude each other"]),
    "url": ("name: x\nconnections: [{name: a, url: 'ftp://x'}]\nsteps:\n" + EMIT, ["2:30 the url 'ftp://x' must begin with http:// or https://"]),
    "auth type": ("name: x\nconnections: [{name: a, url: 'http://x', auth: {type: HMCA}}]\nsteps:\n" + EMIT, ["2:55 'HMCA' is none of HMAC, BEARER, BASIC, NONE (did you mean HMAC?)"]),
    "auth without token": ("name: x\nconnections: [{name: a, url: 'http://x', auth: {type: BEARER}}]\nsteps:\n" + EMIT, ["2:48 'token' is missing"]),
    "auth key of another type": ("name: x\nconnections: [{name: a, url: 'http://x', auth: {type: HMAC, token: x}}]\nsteps:\n" + EMIT, ["2:61 unknown key 'token' (there are type, secret)"]),
    "connection twice": ("name: x\nconnections: [{name: a, url: 'http://x'}, {name: a, url: 'http://y'}]\nsteps:\n" + EMIT, ["2:50 the name 'a' is used twice"]),
    "answer": ("name: x\nsubscriber: {respond: [timout, 99]}\nsteps:\n" + EMIT, ["2:24 'timout' is no answer: a status such as 503, timeout or reset is (did you mean timeout?)", "2:32 99 is no status to answer with: 200 to 599 are"]),
    "outage": ("name: x\nsubscriber: {outage: {from: 3, status: off}}\nsteps:\n" + EMIT, ["2:22 'for' is missing (such as {from: 10s, for: 1m})", "2:29 3 has no unit: write 3s for seconds", "2:40 'off' is neither a status such as 503 nor down"]),
    "id twice": (steps("  - {emit: chat.created, id: evt_1}\n  - {emit: chat.created, id: evt_1}\n"), ["4:30 the id 'evt_1' is used twice (an event has an id of its own)"]),
    "id in a repeat": (steps("  - repeat: 2\n    steps: [{emit: chat.created, id: evt_1}]\n"), ["4:38 an id inside a repeat would be used several times (leave it out)"]),
    "chat removed": (steps("  - {emit: chat.created, data: {chat: {id: null}}}\n"), ["3:44 chat.id is always there and cannot be removed"]),
    "data not json": (steps("  - {emit: chat.created, data: {chat: {title: .inf}}}\n"), ["3:47 a number that is not finite has no form in JSON"]),
    "expects nothing": (steps(EMIT + "  - expect: {}\n"), ["4:13 expects nothing (such as {status: SUCCESS, deliveries: 4})"]),
    "range": (steps(EMIT + "  - expect: {deliveries: {min: 3, max: 2}}\n"), ["4:26 min 3 is more than max 2"]),
    "status": (steps(EMIT + "  - expect: {status: success, attempts: 1}\n"), ["4:22 'success' is none of PENDING, SUCCESS, FAILED, DEAD_LETTER (did you mean SUCCESS?)"]),
    "repeat without steps": (steps("  - repeat: 3\n"), ["3:5 'steps' is missing"]),
    "repeat of too many": (steps("  - repeat: 1000000\n    steps: [{repeat: 2, steps: [{emit: chat.created}]}]\n"), ["2:1 2,000,000 events are more than 1,000,000"]),
    "seed": ("name: x\nseed: many\nsteps:\n" + EMIT, ["2:7 must be a whole number from 0 to 1,000,000,000,000,000,000"]),
    "retry given as a scalar": ("name: x\nretry: 3\nsteps:\n" + EMIT, ["2:8 must be text, and YAML reads this as a number (quote it: \"3\")"]),
    "attempts of nothing": ("name: x\nretry: {attempts: 0, delays: [1s]}\nsteps:\n" + EMIT, ["2:19 0 is out of range: a whole number from 1 to 1,000 is needed"]),
    "attempts without delays": ("name: x\nretry: {attempts: 3}\nsteps:\n" + EMIT, ["2:8 attempts need delays or a backoff between them (such as delays: [5s, 10s])"]),
    "two steps in one": (steps("  - emit: chat.created\n    wait: 2s\n"), ["4:5 a step is one thing, and this one is emit (begin another step: - wait: …)"]),
    "a section without anything": ("name: x\ncontacts:\nsteps:\n" + EMIT, ["2:10 has no value (give it one, or leave it out)"]),
    "one item without its list": ("name: x\nsubscriber: {respond: 500}\nsteps:\n" + EMIT, ["2:23 must be a list (put it in brackets: [500])"]),
    "auth as a word": ("name: x\nconnections: [{name: a, url: 'http://x', auth: HMAC}]\nsteps:\n" + EMIT, ["2:48 must be a mapping (such as {type: HMAC})"]),
    "expect as a word": (steps(EMIT + "  - expect: SUCCESS\n"), ["4:13 must be a mapping (such as {status: SUCCESS, deliveries: 4})"]),
    "unknown key of expect": (steps(EMIT + "  - expect: {count: 4}\n"), ["4:14 unknown key 'count' (there are status, deliveries, attempts, within)"]),
    "number in quotes": (steps(EMIT + "  - expect: {deliveries: '3'}\n"), ["4:26 must be a whole number from 0 to 1,000,000,000 (leave out the quotes: 3)"]),
    "phone without plus and quotes": ("name: x\ncontacts: {a: {phoneNumber: 46700000000}}\nsteps:\n" + EMIT, ['2:29 must be text, and YAML reads this as a number (quote it: "+46700000000")']),
    "phone with 00": ("name: x\ncontacts: {a: {phoneNumber: '0046701740605'}}\nsteps:\n" + EMIT, ['2:29 \'0046701740605\' is no E.164 number: a + and 7 to 15 digits are (did you mean "+46701740605"?)']),
    "phone without country": ("name: x\ncontacts: {a: {phoneNumber: '0701740605'}}\nsteps:\n" + EMIT, ['2:29 \'0701740605\' is no E.164 number: a + and 7 to 15 digits are (begin with the country: "+46701740605")']),
    "locale in another spelling": ("name: x\ncontacts: {a: {locale: sv-se}}\nsteps:\n" + EMIT, ["2:24 no people are known for the locale 'sv-se' (did you mean sv_SE?)"]),
    "locale by its language": ("name: x\ncontacts: {a: {locale: sv}, b: {locale: en}}\nsteps:\n" + EMIT, ["2:24 no people are known for the locale 'sv' (did you mean sv_SE?)", "2:41 no people are known for the locale 'en' (there are en_GB, en_IE, en_IN, en_NZ, en_US)"]),
    "a custom field that Wexio cannot hold": ("name: x\ncontacts: {a: {customFields: {plan: [plus]}}}\nsteps:\n" + EMIT, ["2:37 must be text, a number, true, false or null: Wexio's fields hold nothing else"]),
    "wildcard": ("name: x\nconnections: [{name: a, url: 'http://x', events: [chat.*]}]\nsteps: [{wait: 1s}]\n", ["2:51 names are matched exactly, there are no wildcards (name each event)"]),
    "origin": (steps("  - {emit: chat.created, channel: VIBER, origin: outbound}\n"), ["3:50 'outbound' is none of inbound, flow (inbound: the contact writes first; flow: Wexio opens the chat)"]),
    "url without its scheme": ("name: x\nconnections: [{name: a, url: 'localhost:3000'}]\nsteps:\n" + EMIT, ["2:30 the url 'localhost:3000' must begin with http:// or https:// (did you mean http://localhost:3000?)"]),
    "user name with a colon": ("name: x\nconnections: [{name: a, url: 'http://x', auth: {type: BASIC, username: 'a:b', password: p}}]\nsteps:\n" + EMIT, ["2:72 a user name with a colon cannot be told from its password (RFC 7617)"]),
    "token with a line break": ('name: x\nconnections: [{name: a, url: "http://x", auth: {type: BEARER, token: "a\\nb"}}]\nsteps:\n' + EMIT, ["2:70 the token holds a control character, which no HTTP header can carry"]),
    "name of an answer's header": ("name: x\nsubscriber: {respond: [{status: 200, headers: {a b: c}}]}\nsteps:\n" + EMIT, ["2:48 'a b' is no name of a header: letters, digits and hyphens are"]),
    "an answer's header of our own": ("name: x\nsubscriber: {respond: [{status: 200, headers: {Connection: close}}]}\nsteps:\n" + EMIT, ["2:48 an answer's Connection follows from its body: leave it out"]),
    "value of an answer's header": ('name: x\nsubscriber: {respond: [{status: 200, headers: {A: "b\\r\\nc"}}]}\nsteps:\n' + EMIT, ["2:51 a header cannot hold 'b\\r\\nc': it must be printable, and on one line"]),
    "timeout in a mapping": ("name: x\nsubscriber: {respond: [{status: timeout}]}\nsteps:\n" + EMIT, ["2:33 'timeout' is no status to answer with: 200 to 599 are (write timeout without the mapping)"]),
    "a time too far away": ("name: x\nstart: 0001-01-01T00:00:00Z\nsteps:\n" + EMIT, ["2:8 '0001-01-01T00:00:00Z' is too far away: the years 1972 to 2099 can be played"]),
    "no-break space": ("name: x\nsteps: [{emit: chat.created, \u00a0channel: VIBER}]\n", ["2:30 unknown key '\\xa0channel' (it holds a space of an unusual kind: type it anew)"]),
    "truth": ("name: x\nconnections: [{name: a, url: 'http://x', active: yes}]\nsteps:\n" + EMIT, ["2:50 must be true or false (write true)"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_is_told_with_its_place_and_what_would_be_right(text, expected):
    assert sorted(problems(text)) == sorted(expected)
    with pytest.raises(ScenarioError):
        parse_scenario(text)


WARNINGS = {
    "the same first contact twice": (
        "name: x\ncontacts: {a: {}}\nsteps:\n" + 2 * "  - {emit: chat.created, channel: VIBER, contact: a}\n",
        ["warning 5:51 a has had a first contact on VIBER already (Wexio sends chat.created once for a contact and integration)"],
    ),
    "a first contact in a repeat": (
        "name: x\ncontacts: {a: {}}\nsteps: [{repeat: 3, steps: [{emit: chat.created, channel: VIBER, contact: a}]}]",
        ["warning 3:75 a would have 3 first contacts on 1 channel (Wexio sends chat.created once for a contact and integration)"],
    ),
    "a proactive chat on Instagram": (
        steps("  - {emit: chat.created, channel: INSTAGRAM, origin: flow}\n"),
        ["warning 3:54 INSTAGRAM has no proactive chats: there the contact writes first"],
    ),
    "an event that nobody takes": (
        "name: x\nconnections: [{name: a, url: 'http://x', events: [chat.updated]}]\nsteps:\n" + EMIT,
        ["warning 4:11 no connection takes chat.created"],
    ),
    "the same channel may be drawn twice": (
        "name: x\ncontacts: {a: {}}\nsteps:\n  - {emit: chat.created, contact: a, channel: VIBER}\n  - {emit: chat.created, contact: a}\n",
        ["warning 5:35 a may have had a first contact on VIBER already (name a channel for each: Wexio sends chat.created once for a contact and integration)"],
    ),
    "the same channel may be drawn in a repeat": (
        "name: x\ncontacts: {a: {}}\nsteps: [{repeat: 2, steps: [{emit: chat.created, contact: a}]}]",
        ["warning 3:59 a may have 2 first contacts on one channel (name a channel for each: Wexio sends chat.created once for a contact and integration)"],
    ),
    "one integration of two channels": (
        "name: x\nintegrations: {VIBER: 67f95b0126a4d1c9e3f0aa12, TELEGRAM: 67f95b0126a4d1c9e3f0aa12}\nsteps:\n" + EMIT,
        ["warning 2:59 VIBER has this integration already (an integration is of one channel)"],
    ),
    "an expectation that cannot fail": (
        steps(EMIT + "  - expect: {status: FAILED}\n"),
        ["warning 4:13 this holds whatever happens: it selects deliveries, and says nothing of them (say how many, such as deliveries: 1)"],
    ),
    "a field of the other payload": (
        steps("  - {emit: chat.created, data: {chat: {phoneNumber: '+46701740605'}, contact: {username: a}, firstName: B}}\n"),
        [
            "warning 3:94 Wexio documents no field 'firstName' here (it is a field of chat and of contact)",
            "warning 3:40 Wexio documents no field 'phoneNumber' here (it is a field of contact)",
            "warning 3:80 Wexio documents no field 'username' here (it is a field of chat)",
        ],
    ),
    "a field nearly documented": (
        steps("  - {emit: chat.created, data: {chat: {fistName: A}}}\n"),
        ["warning 3:40 Wexio documents no field 'fistName' here (did you mean firstName?)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WARNINGS.values(), ids=WARNINGS)
def test_what_wexio_would_not_do_is_a_warning_and_can_be_played(text, expected):
    assert sorted(problems(text)) == sorted(expected)
    assert parse_scenario(text, environ={})


def test_a_contact_may_write_on_several_channels_and_somebody_new_as_often_as_they_like():
    text = "name: x\ncontacts: {a: {}}\nsteps:\n" + "".join(
        f"  - {{emit: chat.created, channel: {channel}, contact: a}}\n" for channel in CHANNELS
    )
    assert problems(text + EMIT + EMIT) == []


def test_all_problems_of_a_file_are_told_in_one_run():
    text = """\
name: 12
sede: 4
retry: {attempts: 2}
contacts:
  alex: {phone: 1, tags: vip}
connections: [{name: a, url: "http://x", events: [chat.creatd], concurrency: 0}]
steps:
  - emit: chat.created
    contact: alx
    origin: outbound
  - wait: soon
"""
    places = [item.removeprefix("warning ").split(" ", 1)[0] for item in problems(text)]
    assert sorted(set(places)) == sorted(
        ["1:7", "2:1", "3:8", "5:10", "5:26", "6:51", "6:78", "8:11", "9:14", "10:13", "11:11"]
    )


def test_an_error_names_file_line_and_column():
    with pytest.raises(ScenarioError) as caught:
        parse_scenario("name: x\nsteps: [{wait: 2}]", file="play.yaml")
    assert str(caught.value) == "play.yaml:2:16: 2 has no unit: write 2s for seconds"
    [problem] = caught.value.problems
    assert problem.source_line == "steps: [{wait: 2}]"


@pytest.mark.parametrize(
    ("retry", "attempts", "delays"),
    [
        ("{timeout: 3s}", 5, DeliveryProfile().delays),
        ("{}", 5, DeliveryProfile().delays),
        ("{backoff: {base: 1s}}", 5, Backoff(base=timedelta(seconds=1))),
    ],
)
def test_a_policy_that_says_neither_attempts_nor_delays_has_the_platform_s(retry, attempts, delays):
    policy = parse_scenario(f"name: x\nretry: {retry}\nsteps: [{{emit: chat.created}}]").retry
    assert (policy.attempts, policy.delays) == (attempts, delays)


@pytest.mark.parametrize(
    "text",
    [
        "name: x\nretry: " + "r" * 200_000 + "\nsteps: [{emit: chat.created}]",
        "name: x\nsteps: [{wait: '" + "1" * 200_000 + "'}]",
        "name: x\nseed: ${" + "A" * 200_000 + "}\nsteps: [{wait: 1s}]",
        "name: x\ncontacts: {" + ",".join(f"a{n}: {{}}" for n in range(20_000)) + "}\n"
        "steps: [{emit: chat.created, contact: zz}]",
    ],
    ids=["word", "duration", "variable", "names"],
)
@pytest.mark.parametrize("render", [render_text, render_json, render_github])
def test_however_long_the_text_a_problem_is_short(text, render):
    assert len(render(read_scenario(text, environ={}).problems)) < 2000


def test_a_thousand_problems_are_told_and_that_there_are_more():
    found = read_scenario("name: x\nsteps: [" + ",".join(["{emit: x}"] * 3000) + "]").problems
    assert len(found) == 1001
    assert (found[-1].message, found[-1].severity) == (
        "from here on there are more problems, not listed",
        "error",
    )


def test_an_error_beyond_a_thousand_warnings_is_not_forgotten():
    warned = "{emit: chat.created, data: {chat: {fistName: a}}}"
    text = "name: x\nsteps: [" + ",".join([warned] * 1001) + ", {emit: chat.created, contact: nobody}]"
    assert read_scenario(text).scenario is None


def test_what_is_wrong_as_yaml_is_not_told_again_as_a_value():
    assert problems("name: x\nsteps: [{wait: " + "1" * 5000 + "}]") == [
        "2:16 a number of 5000 digits is too large (quote it, if it is text)"
    ]


def test_broken_yaml_is_one_problem_not_many():
    assert len(problems("name: x\nsteps: [\n")) == 1
    assert len(problems("")) == 1
