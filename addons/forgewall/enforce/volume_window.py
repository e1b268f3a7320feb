"""Rolling windows of bytes and uploads, one for each key, in bounded memory.

Theory. Time is cut into slots of a 60th of the window. A window adds up what was spent in the slot that now lies in and
in the 60 before it, so it covers the last `seconds` wholly and at most one slot more: something is forgotten never
before `seconds` have passed and always after 61/60 of that. The error is on the strict side: as long as nobody spends
beyond what is left, no true window of `seconds`, wherever it starts, holds more than the limit; and nobody is held to
less than he would be by an exact window that is a 60th longer. A spend costs one addition, and moving on clears each
slot once. (Slots are a microsecond longer than a 60th, so that rounding can't make them cover less.)

Memory. There is room for so many keys, about 1 KiB each. A key is dropped only when nothing of it is left, so nobody's
usage can be flushed by making up other keys: repositories can be made up, one upload each, where a policy approves a
whole owner or lets unapproved writes pass. A key that finds no room shares one of 256 windows with the others that its
hash sends there; when there is room again it takes a copy of that window along. So sharing adds usage and never takes
any away: a full table makes newcomers' limits tighter, it opens nothing, and it heals within a window.

Not here: limits, and the clock: `now` is given, in seconds that only grow.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict

SLOTS = 60
KEYS = 16_384
"""How many keys are kept apart."""
SHARED = 256
"""How many windows the keys share that find no room."""


class Window:
    """One ring of slots with its sums. `spent` is the slot of the last spend: a window later nothing is left."""

    __slots__ = ("_slot", "_slot_bytes", "_slot_uploads", "bytes", "spent", "uploads")

    def __init__(self, slot: int) -> None:
        self._slot = self.spent = slot
        self._slot_bytes = array("Q", [0]) * (SLOTS + 1)
        self._slot_uploads = array("I", [0]) * (SLOTS + 1)
        self.bytes = 0
        self.uploads = 0

    def copy(self) -> Window:
        twin = Window(self._slot)
        twin._slot_bytes[:] = self._slot_bytes
        twin._slot_uploads[:] = self._slot_uploads
        twin.spent, twin.bytes, twin.uploads = self.spent, self.bytes, self.uploads
        return twin

    def move(self, slot: int) -> None:
        """Forget what is too old at `slot`. A slot before the last one seen is taken for that one."""
        if slot <= self._slot:
            return
        for old in range(max(self._slot, slot - SLOTS - 1) + 1, slot + 1):
            place = old % (SLOTS + 1)
            self.bytes -= self._slot_bytes[place]
            self.uploads -= self._slot_uploads[place]
            self._slot_bytes[place] = self._slot_uploads[place] = 0
        self._slot = slot

    def add(self, size: int, uploads: int, slot: int) -> bool:
        """Add to `slot`; whether that is a later one than the last spend's."""
        self.move(slot)
        place = self._slot % (SLOTS + 1)
        self._slot_bytes[place] += size
        self._slot_uploads[place] += uploads
        self.bytes += size
        self.uploads += uploads
        later, self.spent = self._slot > self.spent, self._slot
        return later

    def over(self, slot: int) -> bool:
        """Whether nothing can be left at `slot`."""
        return slot - self.spent > SLOTS


class Windows:
    """The windows of one (per, seconds), least recently spent first, and the shared ones."""

    __slots__ = ("_keys", "_own", "_shared", "_width")

    def __init__(self, seconds: int, keys: int = KEYS) -> None:
        """`seconds` is how long the window is, `keys` how many keys are kept apart."""
        self._width = seconds * 1_000_000_000 // SLOTS + 1000  # in nanoseconds
        self._keys = keys
        self._own: OrderedDict[str, Window] = OrderedDict()
        self._shared: dict[int, Window] = {}

    def __len__(self) -> int:
        return len(self._own) + len(self._shared)

    def find(self, key: str, now: float) -> Window | None:
        """The window that `key` spends from, as it is at `now`; None if nothing was spent."""
        window = self._own.get(key) or self._shared.get(hash(key) % SHARED)
        if window is not None:
            window.move(self._slot(now))
        return window

    def spend(self, key: str, size: int, uploads: int, now: float) -> None:
        """Add `size` bytes and `uploads` uploads at `now`."""
        slot = self._slot(now)
        window = self._own.get(key) or self._place(key, slot)
        if window.add(size, uploads, slot) and key in self._own:
            self._own.move_to_end(key)

    def empty(self, now: float) -> bool:
        """Whether nothing of it is left at `now`; what is over is dropped."""
        slot = self._slot(now)
        self._drop(slot)
        self._shared = {place: window for place, window in self._shared.items() if not window.over(slot)}
        return not self._own and not self._shared

    def _place(self, key: str, slot: int) -> Window:
        """A window for a new key: its own where there is room, else a shared one."""
        self._drop(slot)
        place = hash(key) % SHARED
        shared = self._shared.get(place)
        if shared is not None and shared.over(slot):
            del self._shared[place]
            shared = None
        if len(self._own) < self._keys:
            window = self._own[key] = Window(slot) if shared is None else shared.copy()
            return window
        if shared is None:
            shared = self._shared[place] = Window(slot)
        return shared

    def _drop(self, slot: int) -> None:
        """Drop the keys whose windows are over; they are in front, since order is by the slot of the last spend."""
        while self._own:
            key, window = next(iter(self._own.items()))
            if not window.over(slot):
                return
            del self._own[key]

    def _slot(self, now: float) -> int:
        return int(now * 1_000_000_000) // self._width
