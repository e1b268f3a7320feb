"""What is told of a secret can't be turned back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forgewall.inspect.mask import fingerprint, mask


def test_masks() -> None:
    assert mask(b"ghp_0123456789abcdef") == "ghp_…(20)"
    assert mask(b"hunter2") == "hu…(7)"
    assert mask(b"no") == "…(2)"


@given(st.binary())
def test_a_mask_shows_at_most_four_characters_and_a_third(secret: bytes) -> None:
    shown, _, rest = mask(secret).partition("…")
    assert rest == f"({len(secret)})"
    assert len(shown) <= min(4, len(secret) // 3)
    assert shown.isascii()
    assert shown == "" or shown.isprintable()


@given(st.binary(), st.binary(min_size=1))
def test_a_fingerprint_needs_a_salt(secret: bytes, salt: bytes) -> None:
    assert len(fingerprint(secret, salt)) == 16
    assert fingerprint(secret, salt) == fingerprint(secret, salt)
    assert fingerprint(secret, b"") == ""
