"""What may be told of a secret: a mask for people, and a fingerprint by which equal secrets look equal.

Neither can be turned back. Not here: finding secrets.
"""

from __future__ import annotations

import hashlib
import hmac

SHOWN = 4
"""Most characters of a secret that a mask shows; never more than a third of it."""
DIGITS = 16
"""Hex digits of a fingerprint."""
_PRINTABLE = range(0x21, 0x7F)


def mask(secret: bytes) -> str:
    """`ghp_…(40)`: the secret's first characters, as many as may be shown, and its length in bytes."""
    shown = secret[: min(SHOWN, len(secret) // 3)]
    start = "".join(chr(byte) if byte in _PRINTABLE else "?" for byte in shown)
    return f"{start}…({len(secret)})"


def fingerprint(secret: bytes, salt: bytes) -> str:
    """The first 16 hex digits of HMAC-SHA-256 (RFC 2104) under `salt`; empty without a salt.

    A hash without salt would let anyone who reads a log try out passwords on it.
    """
    return hmac.digest(salt, secret, hashlib.sha256).hex()[:DIGITS] if salt else ""
