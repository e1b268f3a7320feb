"""The farewell to an SSH client: one well-formed packet, whatever the text; a real client reads it in tests/e2e."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forgewall.enforce.ssh import HOST_NOT_ALLOWED, disconnect


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=2000))
def test_the_packet_is_framed_as_rfc_4253_says(text: str) -> None:
    identification, _, packet = disconnect(text).partition(b"\r\n")
    assert identification == b"SSH-2.0-Forgewall"
    length, padding = int.from_bytes(packet[:4]), packet[4]
    assert len(packet) == 4 + length
    assert len(packet) % 8 == 0
    assert padding >= 4
    payload = packet[5 : len(packet) - padding]
    assert payload[0] == 1
    assert int.from_bytes(payload[1:5]) == HOST_NOT_ALLOWED
    size = int.from_bytes(payload[5:9])
    assert payload[9 : 9 + size].decode() == text
    assert payload[9 + size :] == b"\x00\x00\x00\x02en"
