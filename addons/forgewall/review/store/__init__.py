"""The index of the event log, in SQLite: found by time, person, address, word; made anew from the log at any time."""

from forgewall.review.store.store import INDEX, Refreshed, Store, StoreError

__all__ = ["INDEX", "Refreshed", "Store", "StoreError"]
