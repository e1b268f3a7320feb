"""The memory of what forges have said, as it was when the proxy last ran, and the file that keeps it.

Not here: what is believed (`learn.memory`), and the file's format (`learn.store`).
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from forgewall.learn.memory import Memory
from forgewall.learn.store import Store

logger = logging.getLogger(__name__)

NAME = "memory.sqlite"
"""The file's name in the directory of the event log."""


def remembered(file: Path) -> tuple[Memory, Store]:
    """What `file` keeps, and the store that keeps more. A file that can't be used is told of; all works without."""
    store = Store.open(file, lambda sentence: logger.warning("%s", sentence))
    memory = Memory(lambda: datetime.now(UTC))
    memory.restore(store.load())
    return memory, store
