"""Requests that two parsers may read differently: none of them brings a second request, or another host, to a forge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from tests.attacks.raw import Raw

if TYPE_CHECKING:
    from tests.attacks.conftest import Inside
    from tests.e2e.conftest import Run

PUSH = b"POST /acme/api.git/git-receive-pack HTTP/1.1\r\nHost: github.com\r\n"
ASSET = b"POST /repos/acme/api/releases/1/assets?name=a HTTP/1.1\r\nHost: uploads.github.com\r\n"
LOOT = b"POST /mallory/loot/issues HTTP/1.1\r\nHost: github.com\r\nContent-Length: 6\r\n\r\nsecret"
LENGTH = b"Content-Length: %d\r\n" % len(LOOT)
CHUNKED = b"Transfer-Encoding: chunked\r\n"

REFUSED = {
    "CL.TE: both framings": PUSH + LENGTH + CHUNKED + b"\r\n0\r\n\r\n" + LOOT,
    "TE.CL: both framings, other order": PUSH + CHUNKED + b"Content-Length: 4\r\n\r\n5c\r\n" + LOOT,
    "two lengths": PUSH + b"Content-Length: 0\r\n" + LENGTH + b"\r\n" + LOOT,
    "two equal lengths": PUSH + LENGTH + LENGTH + b"\r\n" + LOOT,
    "a list of lengths": PUSH + b"Content-Length: 0, 99\r\n\r\n" + LOOT,
    "a negative length": PUSH + b"Content-Length: -1\r\n\r\n" + LOOT,
    "a signed length": PUSH + b"Content-Length: +4\r\n\r\n0000" + LOOT,
    "a length with a leading zero": PUSH + b"Content-Length: 04\r\n\r\n0000" + LOOT,
    "an empty length": PUSH + b"Content-Length: \r\n\r\n" + LOOT,
    "a length of 5000 digits": PUSH + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n" + LOOT,
    "an unknown coding": PUSH + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + LOOT,
    "the coding identity": PUSH + b"Transfer-Encoding: identity\r\n\r\n" + LOOT,
    "an empty coding": PUSH + b"Transfer-Encoding: \r\n\r\n" + LOOT,
    "chunked twice": PUSH + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + LOOT,
    "two coding fields": PUSH + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" + LOOT,
    "a compressed coding below chunked": PUSH + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + LOOT,
    "a coding in HTTP/1.0": PUSH.replace(b"1.1", b"1.0") + CHUNKED + b"\r\n0\r\n\r\n" + LOOT,
    "an unknown version": PUSH.replace(b"HTTP/1.1", b"HTTP/9.9") + b"Content-Length: 4\r\n\r\n0000" + LOOT,
    "HTTP/2.0 as the version of HTTP/1 bytes": PUSH.replace(b"1.1", b"2.0") + b"Content-Length: 4\r\n\r\n0000",
    "a space before the colon": PUSH + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + LOOT,
    "a field name with a CR": PUSH + b"\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + LOOT,
    "a folded coding": PUSH + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + LOOT,
    "a coding folded under another field": PUSH + b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n" + LOOT,
    "a bare CR in a value": PUSH + b"X: a\rTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0000",
    "a NUL in a value": PUSH + b"X: a\0b\r\nContent-Length: 4\r\n\r\n0000",
    "a method that is CONNECT inside TLS": b"CONNECT github.com:443 HTTP/1.1\r\nHost: github.com\r\n\r\n" + LOOT,
    "a method override": PUSH.replace(b"acme", b"mallory")
    + b"X-HTTP-Method-Override: GET\r\nContent-Length: 0\r\n\r\n",
    "a lower-case method": b"post /mallory/loot HTTP/1.1\r\nHost: github.com\r\nContent-Length: 6\r\n\r\nsecret",
    "a GET with a body": b"GET /mallory/loot HTTP/1.1\r\nHost: github.com\r\nContent-Length: 6\r\n\r\nsecret",
    "no Host": b"POST /acme/api.git/git-receive-pack HTTP/1.1\r\nContent-Length: 4\r\n\r\n0000",
    "another Host": PUSH.replace(b"Host: github.com", b"Host: gist.github.com") + b"Content-Length: 4\r\n\r\n0000",
    "a second Host": PUSH + b"Host: gist.github.com\r\nContent-Length: 4\r\n\r\n0000",
    "the same Host twice": PUSH + b"Host: github.com\r\nContent-Length: 4\r\n\r\n0000",
    "an absolute URL of another host": (
        b"POST https://gist.github.com/acme/api.git/git-receive-pack HTTP/1.1\r\nHost: github.com\r\n"
        b"Content-Length: 4\r\n\r\n0000"
    ),
    "an absolute URL of another forge": (
        b"POST https://gitlab.com/acme/api.git/git-receive-pack HTTP/1.1\r\nHost: github.com\r\n"
        b"Content-Length: 4\r\n\r\n0000"
    ),
}


@pytest.mark.parametrize("attack", REFUSED)
def test_a_request_with_two_readings_reaches_no_forge(inside: Inside, forge: Forge, attack: str) -> None:
    """Refused, and nothing of it, nor of the request hidden in it, arrives."""
    with inside("github.com") as raw:
        raw.send(REFUSED[attack])
        first = raw.answer()
    assert first.status in (200, 400, 403, 501, 505), first
    if first.status == 200:  # git hears of a refusal inside a 200
        assert b"ERR" in first.body or b"refused" in first.body or b"ng " in first.body or b"unpack" in first.body
    forge.settle()
    assert [(seen.method, seen.path, seen.outcome) for seen in forge.requests()] == []


HIDDEN = {
    "in a body with a length": (LENGTH + b"\r\n" + LOOT),
    "in a chunk": CHUNKED + b"\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(LOOT), LOOT),
    "in a chunk extension": CHUNKED + b"\r\n4;" + b"POST /mallory/loot HTTP/1.1" + b"\r\n0000\r\n0\r\n\r\n",
    "in trailers": CHUNKED + b"\r\n4\r\n0000\r\n0\r\nHost: gist.github.com\r\nContent-Length: 9\r\n\r\n",
}


@pytest.mark.parametrize("place", HIDDEN)
def test_what_looks_like_a_request_inside_a_body_stays_a_body(inside: Inside, forge: Forge, place: str) -> None:
    """An approved upload whose bytes spell a request is one request for the forge, without extensions and trailers."""
    with inside("uploads.github.com") as raw:
        raw.send(ASSET + HIDDEN[place])
        assert raw.answer().status
    forge.settle()
    assert [(seen.path, seen.outcome) for seen in forge.requests()] == [
        ("/repos/acme/api/releases/1/assets?name=a", "complete")
    ]


BAD_CHUNKS = {
    "a size that is no number": b"zz\r\n" + LOOT,
    "a negative size": b"-4\r\n" + LOOT,
    "a size of 30 digits": b"f" * 30 + b"\r\n" + LOOT,
    "a size with 0x": b"0x4\r\n" + LOOT,
    "a size line that ends in LF": b"4\n0000\r\n0\r\n\r\n" + LOOT,
    "a chunk longer than its size": b"2\r\n0000\r\n0\r\n\r\n" + LOOT,
    "an endless chunk extension": b"4;" + b"x" * 200_000,
    "endless trailers": b"4\r\n0000\r\n0\r\n" + b"X: y\r\n" * 40_000,
}


@pytest.mark.parametrize("attack", BAD_CHUNKS)
def test_bad_chunks_end_the_connection(inside: Inside, forge: Forge, attack: str) -> None:
    """Broken chunk syntax: the forge sees at most an aborted upload to the approved repository."""
    with inside("github.com") as raw:
        raw.send(PUSH + CHUNKED + b"\r\n" + BAD_CHUNKS[attack])
        raw.rest()
    forge.settle()
    assert {(seen.path, seen.outcome) for seen in forge.requests()} <= {("/acme/api.git/git-receive-pack", "aborted")}


def test_the_request_after_a_refused_one_is_judged_by_itself(inside: Inside, forge: Forge) -> None:
    """Pipelining: refused, approved, refused on one connection, all sent at once."""
    read = b"GET /acme/api HTTP/1.1\r\nHost: github.com\r\n\r\n"
    with inside("github.com") as raw:
        raw.send(LOOT + read + LOOT + read)
        statuses = [raw.answer().status for _ in range(4)]
    assert statuses == [403, 200, 403, 200]
    forge.settle()
    assert {seen.path for seen in forge.requests()} == {"/acme/api"}


def test_a_refused_expectation_does_not_make_its_body_a_request(inside: Inside, forge: Forge) -> None:
    """Expect: the 403 comes without a 100, and bytes sent all the same are the refused body."""
    body = b"PUT /acme/api HTTP/1.1\r\nHost: github.com\r\n\r\n"
    head = (
        b"POST /mallory/loot HTTP/1.1\r\nHost: github.com\r\nExpect: 100-continue\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    with inside("github.com") as raw:
        raw.send(head % len(body))
        assert raw.answer().status == 403
        raw.send(body + b"GET /acme/api HTTP/1.1\r\nHost: github.com\r\n\r\n")
        assert raw.answer().status == 200
    forge.settle()
    assert [seen.method for seen in forge.requests()] == ["GET"]


def test_empty_lines_before_a_request_are_skipped(inside: Inside) -> None:
    """RFC 9112 section 2.2: old clients send a CRLF after a body; the request behind it must not be left waiting."""
    with inside("github.com") as raw:
        raw.socket.settimeout(3)
        raw.send(b"\r\nGET /acme/api HTTP/1.1\r\nHost: github.com\r\n\r\n")
        assert raw.answer().status == 200


PLAIN = {
    "origin form, a forge's Host": b"POST /acme/api HTTP/1.1\r\nHost: github.com\r\nContent-Length: 6\r\n\r\nsecret",
    "another host's URL with a forge's Host": (
        b"POST http://www.example.org/ HTTP/1.1\r\nHost: github.com\r\nContent-Length: 6\r\n\r\nsecret"
    ),
    "a forge's URL with another Host": (
        b"POST http://github.com/mallory/loot HTTP/1.1\r\nHost: www.example.org\r\nContent-Length: 6\r\n\r\nsecret"
    ),
    "userinfo": b"POST http://acme@github.com/mallory HTTP/1.1\r\nHost: github.com\r\nContent-Length: 6\r\n\r\nsecret",
    "upper case and a dot": (
        b"POST HTTP://GitHub.COM./mallory/loot HTTP/1.1\r\nHost: GitHub.COM.\r\nContent-Length: 6\r\n\r\nsecret"
    ),
    "CONNECT in lower case with a URL": (
        b"connect http://github.com/ HTTP/1.1\r\nHost: github.com\r\nContent-Length: 90\r\n\r\n" + LOOT
    ),
    "HTTP/2 by prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an Upgrade to h2c": (
        b"POST http://github.com/acme/api HTTP/1.1\r\nHost: github.com\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 6\r\n\r\nsecret"
    ),
}


@pytest.mark.parametrize("attack", PLAIN)
def test_plain_requests_that_name_two_hosts_go_nowhere(gateway: Run, forge: Forge, attack: str) -> None:
    """Plain HTTP to the proxy: the URL says where it goes, and a Host that says otherwise ends it."""
    with Raw(gateway.port) as raw:
        raw.send(PLAIN[attack])
        raw.answer()
    forge.settle()
    assert forge.requests() == []


@pytest.mark.parametrize("port", [22, 8443, 443])
def test_a_push_over_plain_http_to_another_port_of_a_forge_goes_nowhere(gateway: Run, forge: Forge, port: int) -> None:
    """What CONNECT may not reach, an absolute URL may not reach either: only port 80 of a forge takes plain HTTP."""
    with Raw(gateway.port) as raw:
        raw.send(
            b"POST http://github.com:%d/acme/api.git/git-receive-pack HTTP/1.1\r\nHost: github.com:%d\r\n"
            b"Content-Length: 4\r\n\r\n0000" % (port, port)
        )
        raw.answer()
    forge.settle()
    assert forge.connections() == []


def test_credentials_for_the_proxy_stay_with_the_proxy(gateway: Run, forge: Forge) -> None:
    """RFC 9110 section 11.7.2: Proxy-Authorization is for the next proxy, not for whoever serves the page."""
    with Raw(gateway.port) as raw:
        raw.send(
            b"GET http://www.example.org/ HTTP/1.1\r\nHost: www.example.org\r\n"
            b"Proxy-Authorization: Basic c2VjcmV0\r\nProxy-Connection: keep-alive\r\n\r\n"
        )
        assert raw.answer().status == 200
    forge.settle()
    [seen] = forge.requests()
    assert not [name for name, _ in seen.headers if name.startswith("proxy-")]
