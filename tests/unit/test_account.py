"""What a failed test tells of deliveries: complete, short, harmless, and without a secret."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.account import account
from sandbox.core.entries import Attempted
from sandbox.core.envelope import Rendering, Target
from sandbox.core.ledger import Delivery
from sandbox.core.model import Bearer, Connection, Event, Hmac, Response, Status, TransportError

NOW = datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)
CRM = "6640f45ac8a0d7e8b7f2014a"
EVENT = Event(id="evt_1", name="chat.created", occurred_at=NOW, organisation_id=CRM, data_json=b"{}", channel="VIBER")  # fmt: skip
SECRET = "whsec_do-not-tell"


def attempted(outcome, number=1, auth=None):
    connection = Connection(name="crm", url="http://127.0.0.1/", auth=auth or Hmac(SECRET), id=CRM)
    return Attempted(
        at=NOW, run_id="run_1", delivery_id="dlv_1", event_id=EVENT.id, connection_id=CRM, attempt=number,
        rendering=Rendering(EVENT, Target(connection), number, NOW), outcome=outcome, started_at=NOW, elapsed_ms=12,
    )  # fmt: skip


def delivery(*outcomes, status=Status.DEAD_LETTER, **changes):
    attempts = tuple(
        item if isinstance(item, Attempted) else attempted(item, n) for n, item in enumerate(outcomes, 1)
    )
    made = Delivery(
        id="dlv_1", run_id="run_1", event_id=EVENT.id, event=EVENT.name, channel="VIBER", who="Zoë",
        connection_id=CRM, status=status, attempt_count=len(attempts), attempts=attempts,
        next_attempt_at=None, emitted_at=NOW, settled_at=NOW,
    )  # fmt: skip
    return made._replace(**changes)


def told(*deliveries, receivers_time=None):
    return [*account(deliveries, names={CRM: "crm"}, now=NOW, receivers_time=receivers_time)]


def test_every_attempt_has_a_line_with_its_answer():
    lines = told(
        delivery(Response(status=503, body=b"busy"), TransportError(type="timeout", message="no answer"))
    )
    assert lines == [
        "chat.created (VIBER) evt_1 to crm: DEAD_LETTER after 2 attempts",
        "  attempt 1 at 2026-04-24T14:02:10.000Z: 503 in 12ms: busy",
        "  attempt 2 at 2026-04-24T14:02:10.000Z: timeout after 12ms: no answer",
    ]


def test_what_is_pending_says_how_far_to_advance():
    due = NOW + timedelta(seconds=5)
    [line, _] = told(delivery(Response(status=500), status=Status.PENDING, next_attempt_at=due))
    assert line.endswith("PENDING after 1 attempt; the next one is due in 5s of sandbox time: advance('5s')")


def test_why_it_ended_without_an_attempt_is_told():
    assert told(delivery(reason="connection deleted")) == [
        "chat.created (VIBER) evt_1 to crm: DEAD_LETTER after 0 attempts (connection deleted)"
    ]


def test_a_refusal_is_explained_once_for_each_status():
    lines = told(delivery(*[Response(status=status) for status in (401, 401, 404)]))
    assert sum("checks other bytes" in line for line in lines) == 1
    assert sum("the path is not the one of the route" in line for line in lines) == 1
    assert SECRET not in "\n".join(lines)


def test_a_refusal_of_what_is_not_signed_is_not_explained():
    assert len(told(delivery(attempted(Response(status=401), auth=Bearer("token"))))) == 2


def test_a_signature_of_another_time_is_likely_too_old_for_a_real_clock():
    lines = told(delivery(Response(status=401)), receivers_time=NOW + timedelta(days=1))
    assert any("likely: on a real clock the timestamp is 24h old" in line for line in lines)


def test_those_that_failed_come_first_and_a_crowd_is_counted():
    good = delivery(Response(status=200), status=Status.SUCCESS)
    lines = told(*[good] * 30, delivery(Response(status=500)))
    assert lines[0].endswith("DEAD_LETTER after 1 attempt")
    assert lines[-1] == "… and 11 deliveries more"
    assert told(delivery(*[Response(status=500)] * 25))[-1] == "  … and 5 attempts more"


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "two\nlines", "\u202eback", "x" * 10_000, "##[error]x"])
def test_an_answer_stays_on_its_line_and_commands_neither_terminal_nor_ci_job(hostile):
    [_, line] = told(delivery(Response(status=500, body=hostile.encode())))
    assert "##[" not in line
    assert line.isprintable()
    assert len(line) < 300
