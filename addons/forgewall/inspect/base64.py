"""Base64 (RFC 4648 sections 4 and 5) undone as it streams, in constant memory: strictly, or it is none.

Admitted are both alphabets, line breaks (CR, LF) anywhere, and missing padding. Anything else, also text behind the
padding, means that the bytes are no base64, which is an answer and no error. Not here: guessing whether text that
could be base64 is meant to be.
"""

from __future__ import annotations

import binascii

_STANDARD = bytes.maketrans(b"-_", b"+/")
_BREAKS = b"\r\n"
_GROUP = 4


class Base64Decoder:
    """Decodes one text; `valid` turns False for good where it is no base64."""

    __slots__ = ("_padding", "_rest", "valid")

    def __init__(self) -> None:
        self._rest = b""
        self._padding = 0
        self.valid = True

    def feed(self, data: bytes) -> bytes:
        """What can be decoded by now; nothing once it is no base64."""
        if not self.valid:
            return b""
        text = data.translate(_STANDARD, _BREAKS)
        if self._padding:
            return self._pad(text)
        pad = text.find(b"=")
        if pad >= 0:
            tail, text = text[pad:], text[:pad]
        text = self._rest + text
        whole = len(text) - len(text) % _GROUP
        self._rest = text[whole:]
        try:
            decoded = binascii.a2b_base64(text[:whole], strict_mode=True)
        except binascii.Error:
            return self._none()
        return decoded + self._pad(tail) if pad >= 0 else decoded

    def finish(self) -> bytes:
        """The text has ended: its last bytes."""
        if not self.valid or not self._rest:
            return b"" if not self._padding or not self.valid else self._none()
        missing = _GROUP - len(self._rest)
        if missing > 2 or self._padding not in (0, missing):
            return self._none()
        try:
            return binascii.a2b_base64(self._rest + b"=" * missing, strict_mode=True)
        except binascii.Error:
            return self._none()

    def _pad(self, text: bytes) -> bytes:
        self._padding += len(text)
        if self._padding > 2 or text.strip(b"="):
            return self._none()
        return b""

    def _none(self) -> bytes:
        self.valid = False
        self._rest = b""
        return b""
