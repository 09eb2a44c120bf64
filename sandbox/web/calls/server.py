"""The server itself: its clock, the built-in subscriber, the profile, the numbers, a new beginning."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from sandbox.clock import wall_now
from sandbox.core.answers import script
from sandbox.core.errors import NotFound, UsageError
from sandbox.core.model import Status
from sandbox.core.scenario import Answer as Scripted
from sandbox.core.scenario import Outage
from sandbox.core.values import answer_of
from sandbox.web import shown
from sandbox.web.bodies import AdvanceBody, ClockBody, ResetQuery, SubscriberBody
from sandbox.web.bodies_server import ClockOut, CourseOut, ProfileOut, StatsOut, SubscriberOut
from sandbox.web.calls.examples import CLOCK, DELIVERY_ID
from sandbox.web.oldest import oldest_pending
from sandbox.web.problem import Fault, invalid
from sandbox.web.reading import about
from sandbox.web.routes import PREFIX, Answer, Call, Route
from sandbox.web.tally import EVERY


async def get_clock(call: Call) -> Answer:
    return Answer(document=_clock(call))


async def set_clock(call: Call) -> Answer:
    await call.workspace.set_speed(call.body.speed)
    return Answer(document=_clock(call))


async def advance_clock(call: Call) -> Answer:
    await call.workspace.advance(call.body.by)
    return Answer(document=_clock(call))


def _clock(call: Call) -> dict[str, object]:
    return shown.clock(call.workspace.clock(), call.workspace.next_due())


async def get_subscriber(call: Call) -> Answer:
    subscriber = call.workspace.subscriber
    if subscriber is None:
        raise NotFound("the built-in subscriber is left out (--no-subscriber)")
    current = call.workspace.script()
    return Answer(
        document={
            "url": subscriber.url,
            "respond": [shown.answer(item) for item in current.respond],
            "outage": shown.outage(current.outage),
            "next": [shown.answer(item) for item in subscriber.next],
            "requests": len(subscriber.requests),
        }
    )


async def set_subscriber(call: Call) -> Answer:
    body = call.body
    if call.workspace.subscriber is None:
        return await get_subscriber(call)
    given = body.model_fields_set
    if not given:
        raise invalid([Fault(field="", message="says neither respond nor outage nor next")])
    respond = _script(body.respond) if "respond" in given else None
    following = _script(body.next, "next") if "next" in given else None
    outage = body.outage
    wanted = (
        None if outage is None else Outage(start=outage.from_, duration=outage.for_, status=outage.status)
    )
    await call.workspace.set_subscriber(respond=respond, outage=wanted if "outage" in given else "keep")
    if following is not None:
        call.workspace.subscriber.answer_next(*following)
    return await get_subscriber(call)


def _script(items: list[object], field: str = "respond") -> tuple[Scripted, ...]:
    answers: list[Scripted] = []
    for index, item in enumerate(items):
        try:
            answers += script([answer_of(item)])
        except UsageError as error:
            raise about(f"/{field}/{index}", error) from None
    return tuple(answers)


async def get_profile(call: Call) -> Answer:
    return Answer(document=shown.profile(call.workspace.profile))


async def get_stats(call: Call) -> Answer:
    workspace, tally = call.workspace, call.tally
    deliveries, seq, totals = workspace.counts(), workspace.journal.seq, workspace.journal.totals
    outcomes, channels, accepted = Counter[str](), Counter[str](), Counter[str]()
    for (kind, channel), count in totals.attempts.items():
        outcomes[kind] += count
        channels[channel or "none"] += count
        if kind == "2xx":
            accepted[channel or "none"] += count
    half, most, nearly_all, longest = tally.latencies(0.5, 0.9, 0.99, 1.0)
    oldest = oldest_pending(workspace)
    document = {
        "seq": seq,
        "since": shown.moment(tally.since),
        "events": sum(totals.events.values()),
        "events_by_channel": dict(sorted((key or "none", count) for key, count in totals.events.items())),
        "deliveries": shown.counts(deliveries),
        "attempts": {
            "total": outcomes.total(),
            "by_outcome": dict(sorted(outcomes.items())),
            "by_channel": dict(sorted(channels.items())),
            "accepted_by_channel": dict(sorted(accepted.items())),
        },
        "pending": {
            "count": deliveries[Status.PENDING],
            "oldest": None
            if oldest is None
            else {
                "delivery_id": oldest.delivery.id,
                "emitted_at": shown.moment(oldest.delivery.emitted_at),
                "age": shown.age(oldest.delivery.emitted_at, oldest.now),
                "next_attempt_at": shown.moment(oldest.delivery.next_attempt_at),
            },
        },
        "latency": {
            "attempts": tally.measured,
            "p50_ms": half,
            "p90_ms": most,
            "p99_ms": nearly_all,
            "max_ms": longest,
        },
        "runs": dict(sorted(Counter(run.status for run in workspace.runs()).items())),
        "streams": tally.streams,
        "clock": _clock(call),
    }
    await call.written()
    return Answer(document=document)


async def get_course(call: Call) -> Answer:
    whiles = [asdict(item) | {"at": shown.moment(item.at)} for item in call.tally.course]
    return Answer(
        document={
            "at": shown.moment(wall_now()),
            "every_ms": EVERY.total_seconds() * 1000,
            "items": whiles,
        }
    )


async def reset(call: Call) -> Answer:
    await call.workspace.reset(connections=call.query.connections)
    call.tally.restart()
    return Answer(status=204)


_SUBSCRIBER = {
    "url": "http://127.0.0.1:8422/",
    "respond": [500, "timeout", 200],
    "outage": None,
    "next": [],
    "requests": 3,
}

ROUTES = (
    Route(
        method="GET",
        path=f"{PREFIX}/clock",
        handler=get_clock,
        tag="Server",
        summary="The server's clock",
        says="For events posted by hand; each run has its own.",
        answers={200: ClockOut},
        answer_example=CLOCK,
    ),
    Route(
        method="PUT",
        path=f"{PREFIX}/clock",
        handler=set_clock,
        tag="Server",
        summary="Change how fast the server's time passes",
        body=ClockBody,
        answers={200: ClockOut},
        refuses=(409, 503),
        example={"speed": "manual"},
        answer_example=CLOCK | {"speed": "manual"},
    ),
    Route(
        method="POST",
        path=f"{PREFIX}/clock/advance",
        handler=advance_clock,
        tag="Server",
        summary="Advance a manual clock",
        says="Through every moment at which something is due; answers when all that fell due has its outcome.",
        body=AdvanceBody,
        answers={200: ClockOut},
        refuses=(409, 503),
        example={"by": "24h"},
        answer_example=CLOCK | {"at": "2026-04-25T14:02:10.123Z", "speed": "manual", "next_due": None},
    ),
    Route(
        method="GET",
        path=f"{PREFIX}/subscriber",
        handler=get_subscriber,
        tag="Server",
        summary="The built-in subscriber",
        answers={200: SubscriberOut},
        refuses=(404,),
        answer_example=_SUBSCRIBER,
    ),
    Route(
        method="PUT",
        path=f"{PREFIX}/subscriber",
        handler=set_subscriber,
        tag="Server",
        summary="Script what the built-in subscriber answers",
        body=SubscriberBody,
        answers={200: SubscriberOut},
        refuses=(404, 409, 503),
        example={"respond": [500, "timeout", 200], "outage": {"from": "0s", "for": "10m", "status": 503}},
        answer_example=_SUBSCRIBER | {"outage": {"from": "0s", "for": "10m", "status": 503}},
    ),
    Route(
        method="GET",
        path=f"{PREFIX}/profile",
        handler=get_profile,
        tag="Server",
        summary="What the platform does, and how sure we are of it",
        answers={200: ProfileOut},
        answer_example={
            "items": [
                {
                    "setting": "delivery.attempts",
                    "value": "5",
                    "says": "attempts in all, the first included",
                    "standing": "assumed",
                }
            ]
        },
    ),
    Route(
        method="GET",
        path=f"{PREFIX}/stats",
        handler=get_stats,
        tag="Server",
        summary="The numbers of the overview",
        says="What is counted is all that the journal keeps, whatever process has done it.",
        answers={200: StatsOut},
        answer_example={
            "seq": 137,
            "since": "2026-04-24T14:00:00.000Z",
            "events": 23,
            "events_by_channel": {"TELEGRAM": 9, "WHATSAPP": 14},
            "deliveries": {"PENDING": 1, "SUCCESS": 22},
            "attempts": {
                "total": 27,
                "by_outcome": {"2xx": 22, "5xx": 4, "timeout": 1},
                "by_channel": {"TELEGRAM": 10, "WHATSAPP": 17},
                "accepted_by_channel": {"TELEGRAM": 9, "WHATSAPP": 13},
            },
            "pending": {
                "count": 1,
                "oldest": {
                    "delivery_id": DELIVERY_ID,
                    "emitted_at": "2026-04-24T14:02:10.123Z",
                    "age": "5s",
                    "next_attempt_at": "2026-04-24T14:02:15.161Z",
                },
            },
            "latency": {"attempts": 27, "p50_ms": 4.1, "p90_ms": 11.7, "p99_ms": 38.2, "max_ms": 38.2},
            "runs": {"playing": 1},
            "streams": 1,
            "clock": CLOCK,
        },
    ),
    Route(
        method="GET",
        path=f"{PREFIX}/stats/course",
        handler=get_course,
        tag="Server",
        summary="Events and attempts over time",
        says="Of the last whiles in which anything happened, in real time.",
        answers={200: CourseOut},
        answer_example={
            "at": "2026-04-24T14:00:12.345Z",
            "every_ms": 5000.0,
            "items": [{"at": "2026-04-24T14:00:05.000Z", "events": 4, "accepted": 3, "refused": 2}],
        },
    ),
    Route(
        method="POST",
        path=f"{PREFIX}/reset",
        handler=reset,
        tag="Server",
        summary="Forget events, deliveries and runs",
        says="Connections stay, unless asked otherwise.",
        query=ResetQuery,
        answers={204: None},
        refuses=(409, 503),
    ),
)
