"""Compound files, as far as their streams' names and first sectors tell."""

from __future__ import annotations

import pytest
from tests.inspect.reading import kind

HEADER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def directory(*names: str) -> bytes:
    """Directory entries ([MS-CFB] 2.6.1) with these names, behind some sectors of data."""
    entries = b"".join(name.encode("utf-16-le").ljust(64, b"\0") + bytes(64) for name in ("Root Entry", *names))
    return bytes(9000) + entries


@pytest.mark.parametrize("chunk", [1, 4096, 65536])
@pytest.mark.parametrize(
    "names, expected",
    [
        (("WordDocument", "1Table"), "office"),
        (("EncryptionInfo", "EncryptedPackage"), "office!"),
        (("Current User", "PowerPoint Document", "EncryptedSummary"), "office!"),
        (("__nameid_version1.0", "__properties_version1.0"), "mail_stores"),
    ],
)
def test_streams_tell_what_it_is(names: tuple[str, ...], expected: str, chunk: int) -> None:
    assert kind(HEADER + directory(*names), chunk=chunk) == expected


def test_the_first_sector_of_a_document_or_a_workbook() -> None:
    word, locked = b"\xec\xa5\xc1\x00" + bytes(6) + b"\x00\x00", b"\xec\xa5\xc1\x00" + bytes(6) + b"\x00\x01"
    assert kind(HEADER + word + bytes(500)) == "office"
    assert kind(HEADER + locked + bytes(500)) == "office!"
    start = b"\x09\x08\x10\x00" + bytes(16)
    assert kind(HEADER + start + b"\xe1\x00\x02\x00" + bytes(500)) == "office"
    assert kind(HEADER + start + b"\x2f\x00\x36\x00" + bytes(500)) == "office!"


def test_any_beginning_is_a_compound_file() -> None:
    whole = HEADER + b"\x09\x08\xff\xff" + bytes(40)
    for end in range(8, len(whole)):
        assert kind(whole[:end]) == "office"
