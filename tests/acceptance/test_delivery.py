"""The whole program as a process, seen from the other end of the socket."""

import asyncio
import json
import os
import random
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stripe

from sandbox import Connection, Hmac, Sandbox, Status
from sandbox.core.entries import Attempted, Attempting
from sandbox.core.model import Response
from sandbox.core.retry import RetryPolicy
from tests.receiver import CLOSE, RESET, Receiver

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))
SECRET = "whsec_acceptance"


async def wexio_sandbox(*arguments, **environment):
    """Run the command line as a process; its exit code, stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        *arguments,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def refuse_first(times):
    """A receiver that answers 503 to the first *times* attempts of each event."""
    return lambda seen: 503 if int(seen["X-Wexio-Attempt"]) <= times else 200


@pytest.mark.parametrize("fail_first", [1])
async def test_a_consumer_in_another_language_takes_every_event_once(consumer, fail_first):
    code, out, err = await wexio_sandbox(
        "run", "first-contact", "--to", consumer.url, "--secret", consumer.secret, "--speed", "max"
    )
    assert code == 0, out + err
    lines = consumer.lines
    assert all(line["verified"] for line in lines)
    taken = [line for line in lines if line["status"] == 200]
    assert len(taken) == len({line["id"] for line in taken}) == 4
    assert not any(line["duplicate"] for line in taken)
    assert {json.loads(line["body"])["data"]["chat"]["channel"] for line in taken} == {
        "WHATSAPP",
        "TELEGRAM",
        "VIBER",
        "INSTAGRAM",
    }
    for id, seen in Counter(line["id"] for line in lines).items():
        assert seen == 2
        assert [line["attempt"] for line in lines if line["id"] == id] == [1, 2]


async def test_a_consumer_with_another_secret_refuses_everything(express_consumer):
    code, out, _ = await wexio_sandbox(
        "send", "chat.created", "--to", express_consumer.url, "--secret", "whsec_wrong", "--speed", "max"
    )
    assert code == 1
    assert [line["status"] for line in express_consumer.lines] == [401] * 5
    assert "401" in out


async def test_two_processes_of_one_seed_put_the_same_bytes_on_the_wire():
    recordings = []
    async with Receiver(refuse_first(2)) as receiver:
        for hash_seed in ("1", "2"):
            receiver.seen.clear()
            code, out, err = await wexio_sandbox(
                "run", "busy-morning", "proactive-chat", "--to", receiver.url, "--seed", "7", "--speed", "max",
                "--start", "2026-04-24T14:02:10Z", "--signature-time", "sandbox",
                PYTHONHASHSEED=hash_seed,
            )  # fmt: skip
            assert code == 0, out + err
            recordings.append(sorted(seen.raw for seen in receiver.seen))
    assert len(recordings[0]) > 300
    assert recordings[0] == recordings[1]


async def test_two_processes_of_one_seed_put_the_same_bytes_on_the_wire_in_real_time_as_well(tmp_path):
    scenario = tmp_path / "play.yaml"
    scenario.write_text("""
name: Real time
retry: {attempts: 3, delays: [50ms, 100ms]}
steps:
  - repeat: 5
    every: 40ms
    steps: [{emit: chat.created}, {emit: chat.created, contact: none}]
""")
    recordings = []
    async with Receiver(refuse_first(2)) as receiver:
        for hash_seed in ("1", "2"):
            receiver.seen.clear()
            code, out, err = await wexio_sandbox(
                "run", str(scenario), "--to", receiver.url, "--seed", "7",
                "--start", "2026-04-24T14:02:10Z", "--signature-time", "sandbox",
                PYTHONHASHSEED=hash_seed,
            )  # fmt: skip
            assert code == 0, out + err
            recordings.append(sorted(seen.raw for seen in receiver.seen))
    assert len(recordings[0]) == 30
    assert recordings[0] == recordings[1]


async def test_another_seed_is_another_play():
    ids = []
    async with Receiver() as receiver:
        for seed in ("1", "2"):
            receiver.seen.clear()
            await wexio_sandbox("send", "chat.created", "--to", receiver.url, "--seed", seed)
            ids.append(receiver.seen[0]["X-Wexio-Event-Id"])
    assert ids[0] != ids[1]


@pytest.mark.parametrize("name", SHIPPED)
async def test_a_shipped_scenario_plays_against_the_built_in_subscriber(name):
    code, out, err = await wexio_sandbox("run", name, "--speed", "max", "--json")
    verdict = json.loads(out.splitlines()[-1])
    assert (code, verdict["kind"], verdict["passed"]) == (0, "verdict", True), out[-2000:] + err
    assert verdict["expectations"]


@pytest.mark.parametrize(
    "name", sorted(set(SHIPPED) - {"dead-letter", "faults", "outage-and-recovery", "outage-drill"})
)
async def test_a_shipped_scenario_plays_against_an_independent_receiver(name):
    async with Receiver() as receiver:
        code, out, err = await wexio_sandbox(
            "run", name, "--speed", "max", "--to", receiver.url, "--secret", SECRET
        )
    assert code == 0, out + err
    for seen in receiver.seen:
        stripe.WebhookSignature.verify_header(seen.body.decode(), seen["X-Wexio-Signature"], SECRET, 300)
        envelope = json.loads(seen.body)
        assert json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode() == seen.body
        assert envelope["id"] == envelope["meta"]["eventId"] == seen["X-Wexio-Event-Id"]
    assert len({(seen["X-Wexio-Event-Id"], seen["X-Wexio-Attempt"]) for seen in receiver.seen}) == len(
        receiver.seen
    )


async def test_the_first_contact_shows_its_retries_in_a_few_seconds_of_real_time():
    began = asyncio.get_running_loop().time()
    code, out, err = await wexio_sandbox("run", "first-contact")
    assert code == 0, out + err
    assert asyncio.get_running_loop().time() - began < 15
    assert "503" in out


async def test_an_interrupted_run_says_what_is_still_pending_and_ends_at_once():
    async with Receiver(lambda seen: 500) as receiver:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sandbox", "send", "chat.created", "--to", receiver.url,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(20):
            while not receiver.seen:
                await asyncio.sleep(0.01)
        process.send_signal(2)
        async with asyncio.timeout(5):
            out, err = await process.communicate()
    assert process.returncode == 130
    assert "pending" in (out + err).decode().lower()


async def test_ten_thousand_deliveries_over_fifty_connections_settle_without_loss_or_repetition():
    # A third of the answers fail, each in its own way, drawn from a seed.
    chance = random.Random(4)
    failures = [500, 503, 429, 302, RESET, CLOSE]
    policy = RetryPolicy(attempts=12, delays=(timedelta(seconds=1),) * 11)

    def decide(seen):
        return chance.choice(failures) if chance.random() < 1 / 3 else 200

    async with (
        Receiver(decide) as receiver,
        Sandbox(seed=4, speed="max", start=datetime(2026, 4, 24, tzinfo=UTC), retry=policy) as sandbox,
    ):
        for number in range(50):
            sandbox.connect(
                Connection(name=f"c{number}", url=f"{receiver.url}/{number}", auth=Hmac("x"), concurrency=4)
            )
        for _ in range(200):
            await sandbox.emit()
        counts = await sandbox.settle(timeout=240)
        deliveries = sandbox.deliveries()
        entries = sandbox.journal.entries

    assert sum(counts.values()) == len(deliveries) == 10_000
    assert counts[Status.PENDING] == counts[Status.FAILED] == 0
    assert counts[Status.SUCCESS] >= 9_990  # (1/3) ** 12 of them are dead letters: almost surely none

    wire = Counter(
        (seen.line.split()[1], seen["X-Wexio-Event-Id"], int(seen["X-Wexio-Attempt"]))
        for seen in receiver.seen
    )
    assert max(wire.values()) == 1
    claimed = {(e.connection_id, e.event_id, e.attempt) for e in entries if isinstance(e, Attempting)}
    ended = [(e.connection_id, e.event_id, e.attempt) for e in entries if isinstance(e, Attempted)]
    assert len(claimed) == len(ended) == len(set(ended)) == len(wire)
    for delivery in deliveries:
        assert [attempt.attempt for attempt in delivery.attempts] == list(
            range(1, delivery.attempt_count + 1)
        )
    assert len({(delivery.connection_id, delivery.event_id) for delivery in deliveries}) == 10_000
    # What the sandbox says of each delivery is what the other end of the socket saw.
    path = {
        connection.id: connection.url[-len("/00") :].rpartition("/")[2] for connection in sandbox.connections
    }
    seen_by_delivery = Counter((line.rpartition("/")[2], event) for line, event, _ in wire)
    assert {(path[d.connection_id], d.event_id): d.attempt_count for d in deliveries} == seen_by_delivery
    failed = sum(not isinstance(e.outcome, Response) or e.outcome.status != 200
                 for e in entries if isinstance(e, Attempted))  # fmt: skip
    assert 0.30 < failed / len(ended) < 0.37
