"""A notification socket of a forge as a way out or a way to fill the memory: small messages pass, nothing else does."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge

if TYPE_CHECKING:
    from tests.attacks.conftest import Stage

OPEN = (
    b"GET http://alive.github.com/x HTTP/1.1\r\nHost: alive.github.com\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
SWITCH = b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n"
TEXT, BINARY, REST = 1, 2, 0


def frame(opcode: int, data: bytes, *, last: bool = True, masked: bool = True, compressed: bool = False) -> bytes:
    """One frame of RFC 6455 section 5.2, with a mask of zeros."""
    first = (0x80 if last else 0) | (0x40 if compressed else 0) | opcode
    mask = 0x80 if masked else 0
    if len(data) < 126:
        size = bytes([mask | len(data)])
    elif len(data) < 65536:
        size = bytes([mask | 126]) + len(data).to_bytes(2)
    else:
        size = bytes([mask | 127]) + len(data).to_bytes(8)
    return bytes([first]) + size + (bytes(4) if masked else b"") + data


TOO_MUCH = {
    "one large frame": frame(BINARY, b"s" * 200_000),
    "fragments that add up": frame(BINARY, b"s" * 40_000, last=False) + frame(REST, b"s" * 40_000),
    "a frame that claims 2**62 bytes": b"\x82\xff" + (1 << 62).to_bytes(8) + bytes(4) + b"s" * 200_000,
    "a frame without a mask": frame(BINARY, b"s" * 100, masked=False),
    "text that is no UTF-8": frame(TEXT, b"s\xff\xfe"),
    "an opcode nobody knows": frame(3, b"s"),
    "compression nobody agreed on": frame(BINARY, b"s" * 100, compressed=True),
}


@pytest.mark.parametrize("attack", TOO_MUCH)
def test_messages_of_a_client_are_small_and_well_formed(stage: Stage, attack: str) -> None:
    """Otherwise both sides get a close, and none of the message has gone to the forge."""
    stage.play(SWITCH + b"\r\n")
    first, rest = stage.ask(OPEN, TOO_MUCH[attack])
    assert first.status == 101
    assert rest[:1] == b"\x88"
    assert b"sss" not in stage.received


def test_a_compressed_message_is_not_unpacked_without_end(stage: Stage) -> None:
    """The proxy takes compression out of the request; a forge that compresses all the same fills no memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(1 << 28)) + packer.flush(zlib.Z_SYNC_FLUSH)
    message = frame(BINARY, bomb[:-4], masked=False, compressed=True)
    stage.play(SWITCH + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" + message)
    idle = stage.run.memory()
    stage.run.reset_peak()
    stage.ask(OPEN)
    assert stage.run.peak_memory() - idle < 48 << 20


@pytest.mark.parametrize(
    "request_",
    [
        OPEN.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 6\r\n\r\nsecret"),
        OPEN.replace(b"\r\n\r\n", b"\r\nContent-Length: 6\r\n\r\nsecret"),
        OPEN.replace(b"Upgrade: websocket", b"Upgrade: websocket, h2c"),
        OPEN.replace(b"Upgrade: websocket", b"Upgrade: websocket\r\nUpgrade: h2c"),
        OPEN.replace(b"alive.github.com", b"github.com"),
        OPEN.replace(b"alive.github.com/x", b"gitlab.com/-/cable/../../mallory").replace(
            b"alive.github.com", b"gitlab.com"
        ),
    ],
    ids=["POST", "a body", "a list of protocols", "two protocols", "another host", "a path with dots"],
)
def test_nothing_but_a_plain_opening_of_a_listed_socket_may_switch(stage: Stage, forge: Forge, request_: bytes) -> None:
    """An Upgrade is no way around the judgement of a request."""
    stage.play(SWITCH + b"\r\n")
    connections = stage.scripted.connections
    first, _ = stage.ask(request_)
    assert first.status in (403, 400)
    assert stage.scripted.connections == connections
    forge.settle()
    assert forge.requests() == []
