"""A refusal for an SSH client that is already connected: the one message its protocol has for a person to read.

It is sent before any key exchange, so it is not encrypted (RFC 4253 sections 4.2, 6 and 11.1). Not here: speaking SSH.
"""

from __future__ import annotations

HOST_NOT_ALLOWED = 1
"""SSH_DISCONNECT_HOST_NOT_ALLOWED_TO_CONNECT, RFC 4253 section 11.1."""

_BLOCK = 8
_MIN_PADDING = 4


def disconnect(text: str) -> bytes:
    """The server's identification and an SSH_MSG_DISCONNECT with `text` (one line, already free of control bytes)."""
    payload = b"\x01" + HOST_NOT_ALLOWED.to_bytes(4) + _string(text.encode()) + _string(b"en")
    padding = _BLOCK - (5 + len(payload)) % _BLOCK
    if padding < _MIN_PADDING:
        padding += _BLOCK
    packet = bytes([padding]) + payload + bytes(padding)
    return b"SSH-2.0-Forgewall\r\n" + len(packet).to_bytes(4) + packet


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data
