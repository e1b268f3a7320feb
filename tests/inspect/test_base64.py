"""The streaming decoder against the stdlib's."""

from __future__ import annotations

import base64
import binascii
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.inspect.bodies import CUTS, cut, pieces

from forgewall.inspect.base64 import Base64Decoder


def decode(chunks: list[bytes]) -> bytes | None:
    decoder = Base64Decoder()
    out = b"".join([decoder.feed(chunk) for chunk in chunks] + [decoder.finish()])
    return out if decoder.valid else None


def reference(text: bytes) -> bytes | None:
    """RFC 4648, both alphabets, line breaks anywhere, padding optional: written down the slow way."""
    text = re.sub(rb"[\r\n]", b"", text)
    if not re.fullmatch(rb"[A-Za-z0-9+/_-]*={0,2}", text):
        return None
    bare = text.rstrip(b"=")
    if len(bare) % 4 == 1 or (len(text) != len(bare) and len(text) % 4):
        return None
    return binascii.a2b_base64(bare.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(bare) % 4))


@settings(deadline=None)
@given(st.binary(max_size=300), CUTS, st.booleans(), st.booleans(), st.sampled_from([b"", b"\n", b"\r\n"]))
def test_what_the_stdlib_encodes(data: bytes, cuts: list[int], urlsafe: bool, padded: bool, newline: bytes) -> None:
    text = base64.urlsafe_b64encode(data) if urlsafe else base64.b64encode(data)
    text = text if padded else text.rstrip(b"=")
    text = newline.join(pieces(text, 76)) + newline if newline else text
    assert decode(list(cut(text, cuts))) == data


@settings(deadline=None)
@given(st.text("AQZaz09+/-_=\r\n \0", max_size=24).map(str.encode) | st.binary(max_size=24), CUTS)
@example(b"QQ=", [])
@example(b"QQ==QQ==", [4])
@example(b"=", [])
@example(b"QUI=\n", [3])
@example(b"QUJD=", [])
@example(b"Q", [])
def test_strictly(text: bytes, cuts: list[int]) -> None:
    assert decode([text]) == decode(list(cut(text, cuts))) == decode(pieces(text, 1)) == reference(text)


def test_once_invalid_always_invalid() -> None:
    decoder = Base64Decoder()
    assert decoder.feed(b"QUJD") == b"ABC"
    assert decoder.feed(b"!") == decoder.feed(b"QUJD") == decoder.finish() == b""
    assert not decoder.valid
