"""The file's tables.

What only grows is numbered, and rows lie in the order in which they came: nothing here
has an index over something random, which would take a seek for each row.

``entries`` are the facts.  ``deliveries``, ``zones`` and ``totals`` are made from them,
written in the same transaction, and could be made again.
"""

from __future__ import annotations

import sqlite3
from typing import Final

APPLICATION_ID: Final = 0x57585342  # WXSB
VERSION: Final = 2
SEGMENT_BITS: Final = 12
SEGMENT: Final = 1 << SEGMENT_BITS
"""So many deliveries (or events) in a row are one segment: what is looked for is looked for by segment."""

EVENT: Final = ""
"""What is counted in ``totals`` where it is no attempt."""

# How many events, and attempts by what they came to: one row for each channel.  Counting
# them when somebody asks would read them all.
_TOTALS: Final = """
CREATE TABLE totals (
    what TEXT NOT NULL,                 -- of attempts: 2xx and the like, or a kind of error; else empty
    channel INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (what, channel)
) WITHOUT ROWID;
"""

TABLES: Final = f"""{_TOTALS}
-- What recurs, written once: run ids, connection ids, channels, names of events.
CREATE TABLE names (number INTEGER PRIMARY KEY, text TEXT NOT NULL);

-- Connections as they were when something was sent to them, without their secrets.
CREATE TABLE targets (number INTEGER PRIMARY KEY, document TEXT NOT NULL);

CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,               -- of its entry
    id TEXT NOT NULL,
    name INTEGER NOT NULL,
    channel INTEGER NOT NULL,           -- 0: none
    organisation TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,       -- every moment here: microseconds since 1970, UTC
    run INTEGER NOT NULL,
    who TEXT NOT NULL,
    first INTEGER NOT NULL,             -- the position of its first delivery; the others follow
    count INTEGER NOT NULL,             -- how many deliveries
    data BLOB NOT NULL                  -- the JSON, verbatim
);

CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,              -- 1 emitted 2 attempting 3 attempted 4 settled 5 resent 6 verdict
    at INTEGER NOT NULL,
    run INTEGER NOT NULL,
    ref INTEGER,                        -- the event's number (emitted), else the delivery's position
    previous INTEGER,                   -- the entry before this one of the same delivery
    number INTEGER,                     -- of the attempt; how many there were (settled)
    document TEXT,                      -- what else belongs to the kind, as JSON
    body BLOB                           -- of the answer (attempted)
);

CREATE TABLE deliveries (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    event INTEGER NOT NULL,
    run INTEGER NOT NULL,
    connection INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    emitted_at INTEGER NOT NULL,
    status INTEGER NOT NULL,            -- 0 PENDING 1 SUCCESS 2 FAILED 3 DEAD_LETTER
    reason TEXT NOT NULL,
    begun INTEGER NOT NULL,
    base INTEGER NOT NULL,
    in_flight INTEGER NOT NULL,
    due INTEGER,
    settled_at INTEGER,
    last INTEGER NOT NULL               -- its last entry
);

-- How many deliveries of a segment have these things in common.  It is what indices
-- would be for, at a row per segment instead of several per delivery: a filter reads
-- only segments that hold something for it.
CREATE TABLE zones (
    segment INTEGER NOT NULL,
    status INTEGER NOT NULL,
    run INTEGER NOT NULL,
    connection INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (segment, status, run, connection, channel)
) WITHOUT ROWID;

-- From when until when the deliveries of a segment were emitted: by run, because each
-- run has a clock of its own, and only that does not go back.
CREATE TABLE spans (
    segment INTEGER NOT NULL,
    run INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (segment, run)
) WITHOUT ROWID;

-- The ids of each full segment as 32-bit hashes in order, which is how an id is found.
CREATE TABLE sealed (
    kind INTEGER NOT NULL,              -- 0 events 1 deliveries
    segment INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (kind, segment)
) WITHOUT ROWID;

-- How far the journal had come at which real time: entries know the sandbox's only.
CREATE TABLE marks (seq INTEGER PRIMARY KEY, wall INTEGER NOT NULL);

CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (kind, id)
);

-- seq, event, delivery: the highest numbers ever used (as of the last pruning).
-- pruned: how many entries are gone.  opened: how often the file was opened.
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('seq', 0), ('event', 0), ('delivery', 0), ('pruned', 0), ('opened', 0);
"""


_STATUS: Final = "json_extract(n.document, '$[7]')"  # or the kind of the error: `coding.attempted_document`


def counted(events: str = "1", entries: str = "1") -> str:
    """The rows of ``totals`` that are made from the *events* and *entries* (as ``n``) of which this holds."""
    return f"""
        SELECT '{EVENT}' AS what, channel, count(*) FROM events WHERE {events} GROUP BY channel
        UNION ALL SELECT
            CASE typeof({_STATUS}) WHEN 'integer' THEN ({_STATUS} / 100) || 'xx' ELSE {_STATUS} END AS what,
            d.channel, count(*)
        FROM entries n JOIN deliveries d ON d.position = n.ref
        WHERE n.kind = 3 AND json_extract(n.document, '$[2].copy') IS NOT 1 AND {entries}
        GROUP BY what, d.channel"""


def upgrade(connection: sqlite3.Connection) -> None:
    """Make a file of version 1 one of this version, or leave it as it is."""
    connection.executescript(
        f"BEGIN IMMEDIATE; {_TOTALS} INSERT INTO totals {counted()};PRAGMA user_version = {VERSION}; COMMIT;"
    )


def make(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file, all or none."""
    connection.executescript(
        f"BEGIN IMMEDIATE; {TABLES}"
        f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    )
