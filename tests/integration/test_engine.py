"""`Sandbox`, as its users write it, against a receiver that knows nothing of it."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, count

import pytest
import stripe

from sandbox import Basic, Connection, Hmac, NoAuth, Sandbox, SettleTimeout, Status, UsageError
from sandbox.core.model import TransportError
from sandbox.core.moments import isoformat
from sandbox.core.profile import Profile
from sandbox.core.retry import RetryPolicy, preset
from sandbox.core.scenario import (
    Emit,
    Expect,
    Outage,
    Range,
    Repeat,
    Scenario,
    Settle,
    SubscriberScript,
    Wait,
)
from sandbox.journal import MemoryJournal
from sandbox.subscriber import Subscriber
from sandbox.testing import TIMEOUT, ScriptedTransport
from tests.receiver import SILENCE, Receiver

START = datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)


def crm(url="http://127.0.0.1:1/crm", **changes):
    return Connection(**{"name": "crm", "url": url, "auth": Hmac(secret="whsec_x")} | changes)


def by_attempt(*statuses):
    """Answers an event's first request with the first status, and so on; the last one repeats."""
    return lambda seen: statuses[min(int(seen["X-Wexio-Attempt"]), len(statuses)) - 1]


async def test_the_example_of_the_readme_holds():
    async with Receiver() as receiver, Sandbox(seed=42, speed="max") as sandbox:
        sandbox.connect(crm(receiver.url))
        event = await sandbox.emit("chat.created", channel="WHATSAPP")
        await sandbox.settle(timeout=30)
        [delivery] = sandbox.deliveries(event.id)
    assert delivery.status is Status.SUCCESS
    [seen] = receiver.seen
    assert json.loads(seen.body)["id"] == event.id
    assert json.loads(seen.body)["data"] == event.data


async def test_every_attempt_is_signed_anew_over_the_bytes_that_arrive():
    async with Receiver(by_attempt(500, 500, 200)) as receiver, Sandbox(speed="max") as sandbox:
        sandbox.connect(crm(receiver.url))
        await sandbox.emit(channel="VIBER")
        await sandbox.settle(timeout=30)
    assert len({seen["X-Wexio-Signature"] for seen in receiver.seen}) == 3
    for number, seen in enumerate(receiver.seen, 1):
        stripe.WebhookSignature.verify_header(seen.body.decode(), seen["X-Wexio-Signature"], "whsec_x", 300)
        assert json.loads(seen.body)["meta"]["attempt"] == int(seen["X-Wexio-Attempt"]) == number


@pytest.mark.parametrize("name", ["wexio", "svix", "none"])
@pytest.mark.parametrize("way", ["max", "manual"])
async def test_a_ladder_has_the_same_times_however_time_passes(name, way):
    policy = preset(name, Profile())
    transport = ScriptedTransport(503)
    async with Sandbox(
        seed=1, speed=way, start=START, signature_time="sandbox", transport=transport
    ) as sandbox:
        sandbox.connect(crm(retry=name))
        event = await sandbox.emit()
        if way == "manual":
            await sandbox.advance("48h")
        await sandbox.settle(timeout=30)
        [delivery] = sandbox.deliveries(event.id)
    due, expected = timedelta(), [timedelta()]
    for delay in policy.delays:
        due += delay
        expected.append(due)
    assert [attempt.started_at - START for attempt in delivery.attempts] == expected
    sent = [dict(request.headers)["X-Wexio-Timestamp"] for request in transport.requests]
    assert [datetime.fromisoformat(text) - START for text in sent] == expected
    assert delivery.status is Status.DEAD_LETTER


@pytest.mark.parametrize("name", ["wexio", "svix"])
async def test_a_ladder_has_the_same_times_in_real_time(name):
    policy = preset(name, Profile())
    speed = 20_000.0 if name == "svix" else 100.0
    async with Sandbox(speed=speed, transport=ScriptedTransport(503)) as sandbox:
        sandbox.connect(crm(retry=name))
        event = await sandbox.emit()
        await sandbox.settle(timeout=60)
        [delivery] = sandbox.deliveries(event.id)
    assert [attempt.attempt for attempt in delivery.attempts] == list(range(1, policy.attempts + 1))
    for before, after, delay in zip(delivery.attempts, delivery.attempts[1:], policy.delays, strict=False):
        gap = after.started_at - before.at
        assert delay <= gap < delay + timedelta(seconds=0.5 * speed)


async def test_real_time_passes_between_attempts_of_short_delays():
    policy = RetryPolicy(attempts=3, delays=(timedelta(seconds=0.05), timedelta(seconds=0.1)))
    async with Receiver(lambda seen: 500) as receiver, Sandbox() as sandbox:
        sandbox.connect(crm(receiver.url, retry=policy))
        event = await sandbox.emit()
        await sandbox.settle(timeout=20)
        [delivery] = sandbox.deliveries(event.id)
    gaps = [b.started_at - a.at for a, b in zip(delivery.attempts, delivery.attempts[1:], strict=False)]
    assert [gap >= delay for gap, delay in zip(gaps, policy.delays, strict=True)] == [True, True]
    assert sum(attempt.elapsed_ms for attempt in delivery.attempts) > 0


async def test_a_manual_clock_lets_a_day_pass_in_no_time():
    async with Sandbox(speed="manual", start=START, transport=ScriptedTransport(500)) as sandbox:
        sandbox.connect(crm(retry="svix"))
        event = await sandbox.emit()
        await sandbox.advance("24h")
        assert sandbox.now() == START + timedelta(hours=24)
        [delivery] = sandbox.deliveries(event.id)
        assert (delivery.status, delivery.attempt_count) == (Status.PENDING, 7)
        await sandbox.advance("24h")
        [delivery] = sandbox.deliveries(event.id)
        assert delivery.status is Status.DEAD_LETTER


async def test_settle_says_at_once_when_only_an_advance_can_help():
    async with Sandbox(speed="manual", transport=ScriptedTransport(500)) as sandbox:
        sandbox.connect(crm())
        await sandbox.emit(contact=None)
        with pytest.raises(
            SettleTimeout, match=r"only an advance can help: 1 PENDING; .*1 made, next attempt at"
        ):
            await sandbox.settle(timeout=60)


async def test_settle_says_what_is_pending_when_its_time_runs_out():
    async with Sandbox(transport=ScriptedTransport(500)) as sandbox:
        sandbox.connect(crm())
        await sandbox.emit()
        with pytest.raises(SettleTimeout, match=r"not settled within 0\.05s: 1 PENDING"):
            await sandbox.settle(timeout=0.05)


async def test_the_time_of_an_attempt_can_be_set_for_all():
    async with Sandbox(speed="max", attempt_timeout=3, transport=ScriptedTransport(TIMEOUT)) as sandbox:
        connection = sandbox.connect(crm(retry="none"))
        assert connection.retry.timeout == timedelta(seconds=3)
        event = await sandbox.emit()
        await sandbox.settle(timeout=30)
        [delivery] = sandbox.deliveries(event.id)
    assert delivery.settled_at - delivery.emitted_at == timedelta(seconds=3)


async def test_two_sandboxes_of_one_seed_put_the_same_bytes_on_the_wire():
    async def wire():
        async with (
            Receiver(by_attempt(500, 200)) as receiver,
            Sandbox(seed=7, speed="max", start=START, signature_time="sandbox") as sandbox,
        ):
            sandbox.connect(Connection(name="crm", url=receiver.url, concurrency=1))
            for channel in ("WHATSAPP", "TELEGRAM", "VIBER", "INSTAGRAM", None):
                await sandbox.emit(channel=channel)
            await sandbox.settle(timeout=30)
            port = f":{receiver.port}".encode()
        return [seen.raw.replace(port, b":0") for seen in receiver.seen]

    first = await wire()
    assert len(first) == 10
    assert first == await wire()


async def test_what_is_left_to_be_drawn_comes_from_the_seed():
    connections = []
    for seed in (1, 1, 2):
        async with Sandbox(seed=seed, transport=ScriptedTransport()) as sandbox:
            connections.append(sandbox.connect(Connection(name="crm", url="http://127.0.0.1:1/")))
    one, same, other = connections
    assert (one.id, one.auth) == (same.id, same.auth)
    assert one.id != other.id
    assert one.auth != other.auth
    assert one.auth.secret.startswith("whsec_")


async def test_a_sandbox_without_a_seed_draws_one_and_shows_it():
    assert Sandbox().seed != Sandbox().seed


async def test_a_slow_subscriber_does_not_hold_up_another_in_real_time():
    gate = asyncio.Event()

    async def slow(seen):
        await gate.wait()
        return 200

    async with Receiver(slow) as tortoise, Receiver() as hare, Sandbox() as sandbox:
        sandbox.connect(crm(tortoise.url, name="tortoise"))
        hare_id = sandbox.connect(crm(hare.url, name="hare", auth=NoAuth())).id
        for _ in range(20):
            await sandbox.emit()
        async with asyncio.timeout(10):
            while sum(d.status is Status.SUCCESS for d in sandbox.deliveries()) < 20:
                await sandbox_turn()
        assert all(d.connection_id == hare_id for d in sandbox.deliveries() if d.status is Status.SUCCESS)
        gate.set()
        await sandbox.settle(timeout=20)


async def sandbox_turn():
    from sandbox.clock import breathe

    await breathe()


async def test_several_ways_to_authorise_serve_side_by_side():
    async with Receiver() as receiver, Sandbox(speed="max") as sandbox:
        sandbox.connect(crm(receiver.url + "/hmac"))
        sandbox.connect(crm(receiver.url + "/basic", name="b", auth=Basic("ann", "pw")))
        sandbox.connect(crm(receiver.url + "/none", name="n", auth=NoAuth()))
        await sandbox.emit()
        await sandbox.settle(timeout=20)
    kinds = {
        seen.line.split()[1].rsplit("/", 1)[1]: {
            name for name, _ in seen.headers if name in ("Authorization", "X-Wexio-Signature")
        }
        for seen in receiver.seen
    }
    assert kinds == {"hmac": {"X-Wexio-Signature"}, "basic": {"Authorization"}, "none": set()}
    assert len({json.loads(seen.body)["meta"]["connectionId"] for seen in receiver.seen}) == 3


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda s: s.emit("chat.updated"), "documented, not yet built"),
        (lambda s: s.emit("chat.create"), "no event called"),
        (lambda s: s.emit(channel="SMS"), "SMS"),
        (lambda s: s.emit(contact="nobody"), "nobody"),
        (lambda s: s.advance("1h"), "manual"),
        (lambda s: s.play(Scenario(name="x")), "connect a subscriber"),
    ],
)
async def test_a_call_that_makes_no_sense_says_what_would(use, message):
    async with Sandbox(transport=ScriptedTransport()) as sandbox:
        with pytest.raises(UsageError, match=message):
            await use(sandbox)


async def test_a_sandbox_that_is_not_running_says_so():
    with pytest.raises(UsageError, match="async with"):
        await Sandbox().emit()


async def test_names_and_ids_of_connections_are_used_once():
    async with Sandbox(transport=ScriptedTransport()) as sandbox:
        sandbox.connect(crm(id="a" * 24))
        with pytest.raises(UsageError, match="called 'crm'"):
            sandbox.connect(crm())
        with pytest.raises(UsageError, match="a" * 24):
            sandbox.connect(crm(name="other", id="a" * 24))


async def test_a_bug_stops_the_sandbox_loudly():
    def broken(request, number):
        raise ZeroDivisionError

    async def run():
        async with Sandbox(speed="max", transport=ScriptedTransport(broken)) as sandbox:
            sandbox.connect(crm())
            await sandbox.emit()
            await sandbox.settle(timeout=20)

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert caught.group_contains(ZeroDivisionError)


async def test_leaving_early_closes_the_attempt_in_flight_as_interrupted():
    gate = asyncio.Event()

    async def never(seen):
        gate.set()
        await asyncio.Event().wait()

    async with Receiver(never) as receiver, Sandbox() as sandbox:
        sandbox.connect(crm(receiver.url))
        await sandbox.emit()
        await gate.wait()
    [delivery] = sandbox.deliveries()
    assert delivery.status is Status.PENDING
    assert isinstance(delivery.attempts[0].outcome, TransportError)
    assert delivery.attempts[0].outcome.type == "interrupted"


# --- scenarios -----------------------------------------------------------------------


def play(*steps, **fields):
    return Scenario(name="play", steps=steps, **fields)


async def verdict_of(scenario, *answers, speed="max", **options):
    transport = ScriptedTransport(*answers)
    async with Sandbox(seed=1, speed=speed, start=START, transport=transport, **options) as sandbox:
        sandbox.connect(crm())
        verdict = await sandbox.play(scenario)
        return verdict, sandbox.deliveries(run_id=verdict.run_id)


async def test_waits_and_repeats_pass_on_the_sandboxs_clock():
    steps = (
        Emit(),
        Wait(duration=timedelta(seconds=2)),
        Repeat(
            times=3, every=timedelta(seconds=10), steps=(Emit(), Wait(duration=timedelta(seconds=1)), Emit())
        ),
    )
    verdict, deliveries = await verdict_of(play(*steps))
    assert verdict.passed
    assert [(d.emitted_at - START).total_seconds() for d in deliveries] == [0, 2, 3, 13, 14, 24, 25]


async def test_waits_add_up_without_drift_in_real_time():
    steps = (Repeat(times=4, every=timedelta(milliseconds=500), steps=(Emit(),)),)
    _, deliveries = await verdict_of(play(*steps), speed=50)
    times = [d.attempts[0].rendering.event.occurred_at - START for d in deliveries]
    assert [round(time.total_seconds(), 3) for time in (t - times[0] for t in times)] == [0, 0.5, 1.0, 1.5]


async def test_what_is_not_expected_otherwise_must_succeed():
    verdict, _ = await verdict_of(play(Emit()), 500)
    assert not verdict.passed
    assert verdict.deliveries == {Status.DEAD_LETTER: 1}
    [expectation] = verdict.expectations
    assert expectation.text == "every delivery SUCCESS"
    assert "1 DEAD_LETTER" in expectation.actual


async def test_an_expected_dead_letter_is_a_pass():
    expect = Expect(status=Status.DEAD_LETTER, deliveries=Range(min=1, max=1), attempts=Range(min=5, max=5))
    verdict, _ = await verdict_of(play(Emit(), Settle(), expect), 500)
    assert verdict.passed


async def test_a_settle_that_runs_out_fails_and_the_play_goes_on():
    steps = (Emit(), Settle(timeout=timedelta(seconds=10)), Emit())
    verdict, deliveries = await verdict_of(play(*steps), 500, 500, 200)
    assert not verdict.passed
    assert [item.passed for item in verdict.expectations] == [False, True]
    assert deliveries[1].emitted_at == START + timedelta(seconds=10)


async def test_a_settle_goes_on_at_the_moment_at_which_the_last_delivery_settled():
    verdict, deliveries = await verdict_of(play(Emit(), Settle(timeout=timedelta(hours=9)), Emit()), 500, 200)
    assert verdict.passed
    assert deliveries[1].emitted_at == START + timedelta(seconds=5)


async def test_within_is_judged_from_emitted_to_settled():
    steps = (Emit(), Settle(), Expect(within=timedelta(seconds=4)))
    verdict, _ = await verdict_of(play(*steps), 500, 200)
    assert not verdict.passed


async def test_a_play_on_a_manual_clock_runs_to_its_end_by_itself():
    scenario = play(Emit(), Wait(duration=timedelta(hours=1)), Emit())
    verdict, deliveries = await verdict_of(scenario, 500, 200, speed="manual")
    assert verdict.passed
    assert len(deliveries) == 2


async def test_an_outage_of_the_built_in_subscriber_begins_and_ends_on_the_scenarios_clock():
    outage = Outage(start=timedelta(seconds=30), duration=timedelta(minutes=1), status="down")
    script = SubscriberScript(outage=outage)
    scenario = play(
        Emit(), Wait(duration=timedelta(seconds=30)), Emit(), Wait(duration=timedelta(minutes=1)), Emit(),
        subscriber=script,
    )  # fmt: skip
    async with (
        Subscriber(script=script, secrets="whsec_x", now=lambda: 0) as subscriber,
        Sandbox(speed="max", start=START) as sandbox,
    ):
        sandbox.connect(crm(subscriber.url))
        verdict = await sandbox.play(scenario, subscriber=subscriber)
        deliveries = sandbox.deliveries()
    assert verdict.passed
    assert [d.attempt_count for d in deliveries] == [1, 5, 1]
    assert [a.outcome.type for a in deliveries[1].attempts[:4]] == ["connect"] * 4


async def test_the_cast_of_a_scenario_is_its_own():
    scenario = play(
        Emit(contact="alex", channels=("TELEGRAM",)),
        contacts={"alex": {"firstName": "Alex", "lastName": "Stone"}},
        organisation="6640f3d5c8a0d7e8b7f20222",
        integrations={"TELEGRAM": "67f95b0126a4d1c9e3f0aa12"},
    )
    _, [delivery] = await verdict_of(scenario)
    event = delivery.attempts[0].rendering.event
    assert delivery.who == "Alex Stone"
    assert event.organisation_id == "6640f3d5c8a0d7e8b7f20222"
    assert event.data["chat"]["integrationId"] == "67f95b0126a4d1c9e3f0aa12"


async def test_an_outage_is_over_when_its_scenario_is():
    down = Outage(start=timedelta(), duration=timedelta(days=1), status=503)
    script = SubscriberScript(outage=down)
    async with (
        Subscriber(script=script, secrets="whsec_x", now=lambda: 0) as subscriber,
        Sandbox(speed="max", start=START) as sandbox,
    ):
        sandbox.connect(crm(subscriber.url, retry="none"))
        first = await sandbox.play(play(Emit(), subscriber=script), subscriber=subscriber)
        second = await sandbox.play(play(Emit()), subscriber=subscriber)
        assert sandbox.now() == START
    assert first.deliveries == {Status.DEAD_LETTER: 1}
    assert second.deliveries == {Status.SUCCESS: 1}


async def test_an_outage_that_its_scenario_does_not_live_to_see_never_comes():
    script = SubscriberScript(
        outage=Outage(start=timedelta(hours=1), duration=timedelta(hours=1), status=503)
    )
    async with Sandbox(speed="max", start=START) as sandbox:
        async with Subscriber(script=script, secrets="whsec_x", now=lambda: 0) as subscriber:
            sandbox.connect(crm(subscriber.url, retry="none"))
            assert (await sandbox.play(play(Emit(), subscriber=script), subscriber=subscriber)).passed
        # The subscriber has gone; an hour later nobody may miss it.
        late = await sandbox.play(play(Wait(duration=timedelta(hours=3))))
        assert late.passed


async def test_two_plays_at_once_on_a_manual_clock_both_come_to_their_end():
    short = play(Emit(), Wait(duration=timedelta(minutes=1)), Emit())
    long = play(Emit(), Wait(duration=timedelta(hours=1)), Emit())
    async with Sandbox(speed="manual", start=START, transport=ScriptedTransport()) as sandbox:
        sandbox.connect(crm())
        async with asyncio.timeout(20):
            verdicts = await asyncio.gather(sandbox.play(short), sandbox.play(long))
        assert [verdict.passed for verdict in verdicts] == [True, True]
        assert len({verdict.run_id for verdict in verdicts}) == 2
        assert sandbox.now() == START + timedelta(hours=1)


async def test_what_a_scenario_does_in_real_time_is_the_same_on_the_wire_in_every_run():
    policy = RetryPolicy(attempts=3, delays=(timedelta(milliseconds=20), timedelta(milliseconds=40)))
    scenario = play(Repeat(times=4, every=timedelta(milliseconds=30), steps=(Emit(),)))

    async def wire():
        async with (
            Receiver(by_attempt(500, 503, 200)) as receiver,
            Sandbox(seed=3, start=START, signature_time="sandbox", retry=policy) as sandbox,
        ):
            sandbox.connect(crm(receiver.url))
            assert (await sandbox.play(scenario)).passed
            port = f":{receiver.port}".encode()
        return sorted(seen.raw.replace(port, b":0") for seen in receiver.seen)

    first = await wire()
    assert first == await wire()
    sent = sorted(raw.partition(b"X-Wexio-Timestamp: ")[2][:24] for raw in first)
    planned = sorted(30 * number + due for number in range(4) for due in (0, 20, 60))
    assert sent == [isoformat(START + timedelta(milliseconds=moment)).encode() for moment in planned]


# --- the life of a sandbox -----------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": datetime(2026, 4, 24)}, "start needs an offset"),  # noqa: DTZ001 - that is the mistake
        ({"signature_time": "real"}, "wall or sandbox"),
        ({"speed": "fast"}, "a number, 'max' or 'manual'"),
        ({"retry": "stripe"}, "no retry preset"),
        ({"attempt_timeout": "soon"}, "soon"),
    ],
)
def test_options_that_make_no_sense_say_what_would(options, message):
    with pytest.raises(UsageError, match=message):
        Sandbox(**options)


async def test_a_sandbox_runs_once():
    sandbox = Sandbox(transport=ScriptedTransport())
    async with sandbox:
        with pytest.raises(UsageError, match="runs once"):
            await sandbox.__aenter__()
    with pytest.raises(UsageError, match="runs once"):
        await sandbox.__aenter__()


async def test_after_it_was_left_nothing_falls_due_any_more(caplog):
    troubles = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: troubles.append(context))
    transport = ScriptedTransport(500)
    policy = RetryPolicy(attempts=2, delays=(timedelta(milliseconds=30),))
    async with Sandbox(transport=transport, retry=policy) as sandbox:
        sandbox.connect(crm())
        await sandbox.emit()
        while not transport.requests:
            await sandbox_turn()
    async with Sandbox(transport=ScriptedTransport()) as another:  # meanwhile, twice that time passes
        another.connect(crm())
        await another.play(play(Wait(duration=timedelta(milliseconds=60)), Emit()))
    assert len(transport.requests) == 1
    assert troubles == []
    assert [delivery.status for delivery in sandbox.deliveries()] == [Status.PENDING]


async def test_a_bug_is_told_to_whoever_leaves_though_nobody_waited_for_it():
    async def run():
        async with Sandbox(transport=ScriptedTransport(lambda request, number: 1 / 0)) as sandbox:
            sandbox.connect(crm())
            await sandbox.emit()
            for _ in range(10):
                await sandbox_turn()

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert caught.group_contains(ZeroDivisionError)


async def test_who_still_waits_when_the_sandbox_is_left_is_told():
    async with Sandbox(transport=ScriptedTransport(500)) as sandbox:
        sandbox.connect(crm())
        await sandbox.emit()
        waiting = asyncio.create_task(sandbox.settle())
        for _ in range(10):
            await sandbox_turn()
    with pytest.raises(UsageError, match="left meanwhile"):
        await waiting


async def test_no_time_is_enough_for_what_has_settled_or_does_so_in_that_very_moment():
    async with Sandbox(speed="max", transport=ScriptedTransport()) as sandbox:
        sandbox.connect(crm())
        assert await sandbox.settle(timeout=0) == {}
        await sandbox.emit()
        assert await sandbox.settle(timeout=0) == {Status.SUCCESS: 1}


async def test_many_that_are_pending_are_counted_and_a_few_of_them_named():
    async with Sandbox(speed="manual", transport=ScriptedTransport(500)) as sandbox:
        sandbox.connect(crm())
        for _ in range(8):
            await sandbox.emit()
        with pytest.raises(SettleTimeout, match=r"8 PENDING; .*and 3 more$"):
            await sandbox.settle()


class SlowCommits(MemoryJournal):
    """A journal whose commits take a few turns of the loop, as a disk's do."""

    async def commit(self):
        for _ in range(3):
            await sandbox_turn()


async def test_no_time_passes_while_a_commit_is_awaited():
    async with Sandbox(
        speed="max", start=START, journal=SlowCommits(), transport=ScriptedTransport(500)
    ) as sandbox:
        sandbox.connect(crm())
        events = [await sandbox.emit() for _ in range(5)]
        assert sandbox.now() == START
        await sandbox.settle(timeout=20)
        [delivery] = sandbox.deliveries(events[-1].id)
    assert {event.occurred_at for event in events} == {START}
    assert [attempt.started_at - START for attempt in delivery.attempts] == [
        timedelta(seconds=seconds) for seconds in (0, 5, 15, 35, 75)
    ]


async def test_whoever_emits_without_a_pause_lets_others_have_their_turn():
    async with Receiver() as receiver, Sandbox() as sandbox:
        sandbox.connect(crm(receiver.url))
        emitted = 0
        while not receiver.seen:
            await sandbox.emit()
            emitted += 1
            assert emitted < 20_000
        await sandbox.settle(timeout=60)


# --- times -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wexio", "svix", "none"])
async def test_attempts_have_the_same_times_in_real_time_as_when_time_jumps_or_is_moved_by_hand(name):
    # Each delay of the preset, so much shorter that the whole ladder takes a second and a half.
    full = preset(name, Profile())
    scale = 1.5 / max(1.5, sum(delay.total_seconds() for delay in full.delays))
    policy = replace(
        full, delays=tuple(max(delay * scale, timedelta(milliseconds=1)) for delay in full.delays)
    )
    times = {}
    for speed in (1, "max", "manual"):
        async with Receiver(lambda seen: 503) as receiver, Sandbox(speed=speed, start=START) as sandbox:
            sandbox.connect(crm(receiver.url, retry=policy))
            event = await sandbox.emit()
            if speed == "manual":
                await sandbox.advance("2s")
            await sandbox.settle(timeout=60)
            [delivery] = sandbox.deliveries(event.id)
        assert delivery.status is Status.DEAD_LETTER
        assert [seen["X-Wexio-Attempt"] for seen in receiver.seen] == [
            str(number) for number in range(1, policy.attempts + 1)
        ]
        times[speed] = [attempt.started_at - delivery.emitted_at for attempt in delivery.attempts]
    table = list(accumulate(policy.delays, initial=timedelta()))
    assert times["max"] == times["manual"] == table
    assert len(times[1]) == len(table)
    for real, due, number in zip(times[1], table, count(1), strict=False):
        # What the answers took adds up, and the machine may be busy.
        assert due <= real < due + number * timedelta(milliseconds=150)


async def test_an_attempt_that_really_times_out_has_used_its_time_and_no_other_has():
    slow_answer = 0.05
    # Under max: attempt 1 is answered late but in time, attempt 2 never, attempt 3 at once.
    gate = asyncio.Event()

    async def decide(seen):
        if seen["X-Wexio-Attempt"] == "1":
            asyncio.get_running_loop().call_later(slow_answer, gate.set)
            await gate.wait()
            return 500
        return SILENCE if seen["X-Wexio-Attempt"] == "2" else 200

    policy = RetryPolicy(
        attempts=3, delays=(timedelta(hours=1), timedelta(hours=2)), timeout=timedelta(seconds=0.3)
    )
    async with Receiver(decide) as receiver, Sandbox(speed="max", start=START, retry=policy) as sandbox:
        sandbox.connect(crm(receiver.url))
        event = await sandbox.emit()
        await sandbox.settle(timeout=60)
        [delivery] = sandbox.deliveries(event.id)
    assert [attempt.started_at - START for attempt in delivery.attempts] == [
        timedelta(), timedelta(hours=1), timedelta(hours=3, seconds=0.3)
    ]  # fmt: skip
    assert delivery.attempts[0].elapsed_ms >= slow_answer * 1000 - 1
    assert delivery.attempts[1].elapsed_ms >= 299
    assert delivery.settled_at == START + timedelta(hours=3, seconds=0.3)
