"""Numbers of bytes as people read them, in binary units: the one way all rooms write them."""

from __future__ import annotations

_UNITS = (("PiB", 1 << 50), ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))


def size(count: int) -> str:
    """`count` bytes in the largest unit that is exact to one decimal, else in bytes: `50 MiB`. For limits."""
    for unit, factor in _UNITS:
        if count >= factor and count * 10 % factor == 0:
            return _written(count * 10 // factor, unit)
    return plain(count)


def rounded(count: int) -> str:
    """`count` bytes in the largest unit, rounded to one decimal: `45.8 MiB`. For what was measured."""
    for unit, factor in _UNITS:
        smaller = factor // 1024
        # What would be written `1024 KiB` is `1 MiB`.
        if count >= factor or (smaller > 1 and _tenths(count, smaller) >= 10240):
            return _written(_tenths(count, factor), unit)
    return plain(count)


def plain(count: int) -> str:
    """`count` in bytes: `1,048,577 bytes`."""
    return "1 byte" if count == 1 else f"{count:,} bytes"


def _tenths(count: int, factor: int) -> int:
    """Tenths of a unit of `factor` bytes, rounded half up."""
    return (count * 20 + factor) // (factor * 2)


def _written(tenths: int, unit: str) -> str:
    whole, tenth = divmod(tenths, 10)
    return f"{whole}.{tenth} {unit}" if tenth else f"{whole} {unit}"
