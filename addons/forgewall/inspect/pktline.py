"""git's pkt-line framing: four hex digits of length, then the line (gitprotocol-common(5)).

Not here: what the lines mean.
"""

from __future__ import annotations

from collections.abc import Iterable

FLUSH = b"0000"
PACKET = 65520  # git's LARGE_PACKET_MAX: the longest packet, length digits included
DATA = PACKET - 4
BAND_64K = DATA - 1
BAND_SMALL = 1000 - 4 - 1  # `side-band` without -64k


class NotPktLine(ValueError):
    """The bytes are not pkt-lines."""


def pkt(data: bytes) -> bytes:
    """One pkt-line; raises ValueError for more than 65516 bytes."""
    if len(data) > DATA:
        raise ValueError(f"a pkt-line holds at most {DATA} bytes, not {len(data)}")
    return b"%04x%b" % (len(data) + 4, data)


def band(number: int, data: bytes, width: int) -> bytes:
    """`data` on side-band `number` (1 data, 2 messages, 3 error) in packets of at most `width` bytes each."""
    pieces: Iterable[bytes] = (data[start : start + width] for start in range(0, len(data), width))
    return b"".join(pkt(bytes((number,)) + piece) for piece in pieces)


def take(buffer: bytes | bytearray, start: int) -> tuple[bytes | None, int] | None:
    """The pkt-line at `start` (None for a flush) and where the next begins; None while it isn't complete.

    Raises NotPktLine for anything else, also for the delimiters of protocol v2, which no command list holds.
    """
    digits = bytes(buffer[start : start + 4])
    if any(digit not in b"0123456789abcdefABCDEF" for digit in digits):
        raise NotPktLine("a length isn't four hex digits")
    if len(digits) < 4:
        return None
    length = int(digits, 16)
    if length == 0:
        return None, start + 4
    if length < 4 or length > PACKET:
        raise NotPktLine(f"a length is {length}")
    if start + length > len(buffer):
        return None
    return bytes(buffer[start + 4 : start + length]), start + length
