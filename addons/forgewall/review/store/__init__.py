"""The index of the event log, in SQLite: found by time, person, address, word; made anew from the log at any time."""

from forgewall.review.store.entry import Entry
from forgewall.review.store.errors import StoreError
from forgewall.review.store.line import read as read_line
from forgewall.review.store.store import INDEX, Refreshed, Store

__all__ = ["INDEX", "Entry", "Refreshed", "Store", "StoreError", "read_line"]
