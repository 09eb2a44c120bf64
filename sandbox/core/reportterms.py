"""The terms of a run in a report: the settings in force, how to play it again, and what is assumed of Wexio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox.core.markup import Child, Html, Ink, tag
from sandbox.core.model import AUTH_TYPE, Connection
from sandbox.core.moments import isoformat
from sandbox.core.phrases import policy
from sandbox.core.present import MASK, shown_url
from sandbox.core.profile import Profile, Standing, in_words
from sandbox.core.report import Play
from sandbox.core.reportdeliveries import definitions, table
from sandbox.core.retry import RetryPolicy


def section(title: str, level: int, *children: Child) -> Html:
    """A titled part of the page."""
    return tag("section", tag(f"h{level}", title), tag("div", *children, class_="content"), class_="part")


def settings(play: Play, ink: Ink, level: int) -> Iterator[Child]:
    """The conditions of a play, and the command that repeats it."""
    speed = play.speed if isinstance(play.speed, str) else f"{play.speed:.12g}"
    whose = "the sandbox’s clock" if play.signature_time == "sandbox" else "the wall clock"
    facts: list[tuple[str, Child]] = [
        ("seed", str(play.seed)),
        ("start of the sandbox’s clock", isoformat(play.began).replace("T", " ")),
        ("speed", speed),
        ("signed with the time of", whose),
    ]
    policies = dict.fromkeys(policy(item.retry) for item in play.connections if isinstance(item.retry, RetryPolicy))  # fmt: skip
    facts += (("retries", ink.foreign(said.removeprefix("retry "))) for said in policies)
    facts += (("remark", ink.foreign(said)) for said in play.remarks)
    yield definitions(facts)
    if play.connections:
        title = "Connections" if not play.built_in else "Connection: the built-in subscriber"
        columns = ("name", "address", "authorises by", "retries", "at once", "id")
        yield table(
            title, columns, [_connection(item, ink) for item in play.connections], figures=("at once",)
        )
    yield tag(f"h{level + 1}", "The same again")
    yield tag("pre", tag("code", ink.foreign(play.command)), class_="command", dir="ltr", tabindex="0")
    if MASK in play.command or '"$' in play.command:
        yield tag("p", "Secrets and query values are left out: fill them in where the command names them.", class_="note")  # fmt: skip


def _connection(item: Connection, ink: Ink) -> Html:
    return tag(
        "tr",
        tag("th", ink.foreign(item.name, most=120), scope="row"),
        tag("td", ink.foreign(shown_url(item.url))),
        tag("td", AUTH_TYPE[type(item.auth)]),
        tag("td", item.retry.name if isinstance(item.retry, RetryPolicy) else item.retry),
        tag("td", str(item.concurrency), class_="figure"),
        tag("td", tag("code", item.id)),
    )


def assumptions(profile: Profile, ink: Ink) -> Html:
    """Every assumed setting with its value, and what else was changed."""
    rows, changed = [], 0
    for fact, default in zip(profile.facts(), Profile().facts(), strict=True):
        if fact.standing is not Standing.ASSUMED and fact.value == default.value:
            continue
        other = fact.value != default.value
        changed += other
        value: Iterable[Child] = (tag("code", ink.foreign(in_words(fact.value))),)
        if other:
            value = (*value, tag("span", " changed; by default ", tag("code", in_words(default.value)), class_="changed"))  # fmt: skip
        rows.append(tag("tr", tag("th", tag("code", fact.path), scope="row"), tag("td", *value), tag("td", fact.says), class_="other" if other else None))  # fmt: skip
    how = f"{changed} of them changed by the configuration" if changed else "all at their defaults"
    said = (
        "What Wexio has not published is assumed by the sandbox, and can be set in the section profile of its "
        f"configuration file. In this run: {how}."
    )
    return tag(
        "article",
        section("Assumptions", 2, tag("p", said), table("Assumptions in force", ("setting", "value", "what it is"), rows, class_="assumptions")),
        id="assumptions",
    )  # fmt: skip
