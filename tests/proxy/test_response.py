"""A reply of ours as it is handed to mitmproxy."""

from __future__ import annotations

from forgewall.enforce.reply import Reply
from forgewall.proxy.response import response_of


def test_headers_keep_their_order_and_spelling() -> None:
    headers = (("content-type", "text/plain"), ("content-length", "5"), ("x-a", "1"), ("x-a", "2"))
    response = response_of(Reply(status=403, headers=headers, body=b"words"))
    assert response.headers.fields == tuple((name.encode(), value.encode()) for name, value in headers)
    assert (response.status_code, response.reason, response.raw_content) == (403, "Forbidden", b"words")


def test_a_phrase_of_its_own_is_kept() -> None:
    assert response_of(Reply(status=403, headers=(), body=b"", phrase="ssh refused")).reason == "ssh refused"


def test_what_latin_1_cannot_say_is_replaced() -> None:
    response = response_of(Reply(status=403, headers=(("x-a", "é…"),), body=b""))
    assert response.headers.fields[0] == (b"x-a", b"\xe9?")
