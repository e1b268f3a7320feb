"""Event identifiers: 26 characters, unique, and sorting by time as plain text.

The layout is that of the ULID specification (https://github.com/ulid/spec): 48 bits of milliseconds and 80 random bits
in Crockford's base 32, which has no letters that people confuse. An identifier is no secret: never use it as one.
"""

from __future__ import annotations

import secrets
import threading
import time

LENGTH = 26
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)
_RANDOM_BITS = 80

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """A new identifier, greater than every one this process made before, even if the clock was set back."""
    global _last  # noqa: PLW0603 - one process has one sequence
    candidate = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    with _lock:
        _last = candidate if candidate >> _RANDOM_BITS > _last >> _RANDOM_BITS else _last + 1
        value = _last
    return "".join([_PAIRS[value >> shift & 0x3FF] for shift in range(120, -10, -10)])
