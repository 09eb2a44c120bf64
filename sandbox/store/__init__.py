"""The durable journal: one SQLite file, one writer thread, one reader thread."""

from sandbox.store.answers import Page, Retention, Totals
from sandbox.store.journal import SqliteJournal

__all__ = ["Page", "Retention", "SqliteJournal", "Totals"]
