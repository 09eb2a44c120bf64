"""What a file that is opened has to say: how far it had come, and what is pending."""

from __future__ import annotations

from sandbox.store.file import File
from sandbox.store.lean import LeanLedger
from sandbox.store.reading import DELIVERIES, EVENTS, Reader
from sandbox.store.schema import SEGMENT_BITS
from sandbox.store.scribe import Scribe, Tail

_RECENT = 1024


def restore(file: File, reader: Reader) -> Scribe:
    """A scribe that goes on where the file ends, with everything pending in its ledger."""
    connection = file.writer
    meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    tails = []
    for kind, table, key, name in (
        (EVENTS, "events", "number", "event"),
        (DELIVERIES, "deliveries", "position", "delivery"),
    ):
        [highest] = connection.execute(f"SELECT max({key}) FROM {table}").fetchone()
        tail = Tail(kind, max(meta[name], highest or 0))
        begin = (tail.last + 1) >> SEGMENT_BITS << SEGMENT_BITS
        for number, id in connection.execute(f"SELECT {key}, id FROM {table} WHERE {key} >= ?", (begin,)):
            tail.put(number, id)
        tails.append(tail)
    [seq] = connection.execute("SELECT max(seq) FROM entries").fetchone()
    [last_target] = connection.execute("SELECT max(number) FROM targets").fetchone()
    names: dict[int, str] = dict(connection.execute("SELECT number, text FROM names").fetchall())
    ledger = LeanLedger()
    for run, status, count in connection.execute(
        "SELECT run, status, sum(count) FROM zones GROUP BY run, status HAVING sum(count) > 0"
    ):
        ledger.tally(names[run])[status] = count
    for place in reader.unsettled():
        ledger.keep(place)
    targets = connection.execute(
        "SELECT document, number FROM targets ORDER BY number DESC LIMIT ?", (_RECENT,)
    ).fetchall()
    return Scribe(
        ledger,
        seq=max(meta["seq"], seq or 0),
        events=tails[0],
        deliveries=tails[1],
        names={text: number for number, text in names.items()},
        targets=dict(targets),
        next_target=(last_target or 0) + 1,
        totals={
            (what, names.get(channel)): count  # 0 is none
            for what, channel, count in connection.execute("SELECT what, channel, count FROM totals")
        },
    )
