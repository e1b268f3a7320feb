"""Encrypted PDFs by their trailer."""

from __future__ import annotations

import pytest
from tests.inspect.reading import cut, kind, read

PLAIN = b"%PDF-1.7\n" + b"1 0 obj\n<</Length 9>>\nendobj\n" * 4000 + b"trailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
LOCKED = PLAIN.replace(b"<</Root 1 0 R>>", b"<</Root 1 0 R/Encrypt 7 0 R>>")


def test_the_trailer_tells() -> None:
    assert kind(PLAIN) == "pdf"
    assert kind(LOCKED) == "pdf!"
    assert kind(LOCKED.replace(b"/Encrypt 7 0 R", b"/Encrypt\r\n<</Filter/Standard>>")) == "pdf!"
    assert kind(LOCKED.replace(b"/Encrypt 7 0 R", b"/EncryptMetadata false")) == "pdf"


@pytest.mark.parametrize("before", range(1, 16))
def test_it_may_be_cut_anywhere(before: int) -> None:
    place = LOCKED.index(b"/Encrypt") + before
    assert read([LOCKED[:place], LOCKED[place:]]) == read([LOCKED])
    assert read([LOCKED[: place - 1], LOCKED[place - 1 : place], LOCKED[place:]]) == read([LOCKED])


def test_tiny_chunks() -> None:
    small = LOCKED[-6000:]
    assert kind(b"%PDF-1.7\n" + small, chunk=1) == "pdf!"
    assert read(cut(LOCKED, 3)) == read([LOCKED])
