"""Requests of any kind by curl, and what came of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
FORM = ("-H", f"Content-Type: multipart/form-data; boundary={BOUNDARY}")
JSON = ("-H", "Content-Type: application/json")
OTHER_CLIENT = ("--interface", "127.0.0.2")
"""What curl says to come from another address."""

type Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """What curl got: the status, and the body's text."""

    status: int
    text: str

    @property
    def document(self) -> Any:
        return json.loads(self.text)


def send(run: Run, url: str, *words: str, body: bytes | None = None) -> Got:
    """Send a request with `body`, or without one, and further `words` for curl."""
    data = () if body is None else ("--data-binary", "@-")
    result = run.curl("-w", "\n%{http_code}", *words, *data, url, stdin=body)
    text, _, status = result.stdout.rpartition("\n")
    return Got(status=int(status), text=text + result.stderr)


def refused(got: Got, *words: str) -> bool:
    """Whether Forgewall refused it, in words that hold these."""
    assert got.status == 403, got
    assert "security@acme.example" in got.text
    for word in words:
        assert word in got.text, got
    return True


def form(fields: Fields, content: bytes | None, *, after: Fields = (), name: str = "file") -> bytes:
    """A form as browsers write it, with `content` as its file."""
    parts = [_part(field, value) for field, value in fields]
    if content is not None:
        head = f'Content-Disposition: form-data; name="{name}"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
        parts.append(head.encode() + content)
    parts += [_part(field, value) for field, value in after]
    return b"".join(b"--%s\r\n%s\r\n" % (BOUNDARY.encode(), part) for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def _part(name: str, value: str) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
