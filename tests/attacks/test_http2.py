"""HTTP/2 from a client that keeps no rule: nothing becomes another request upstream, nothing is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from hpack import Encoder
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame
from tests.attacks.raw import fields

if TYPE_CHECKING:
    from tests.attacks.conftest import Inside2
    from tests.e2e.conftest import Run

PUSH = "/acme/api.git/git-receive-pack"
SPLIT = "/x HTTP/1.1\r\nHost: github.com\r\n\r\nPOST /mallory/loot"
GITHUB = "github.com"

ATTACKS = {
    "GET with DATA and no length": (fields("GET", GITHUB, "/mallory/loot"), b"secret"),
    "HEAD with DATA": (fields("HEAD", GITHUB, "/mallory/loot"), b"secret"),
    "OPTIONS with DATA": (fields("OPTIONS", GITHUB, "/mallory/loot"), b"secret"),
    "GET with DATA and length 0": (fields("GET", GITHUB, "/mallory/loot", (b"content-length", b"0")), b"secret"),
    "a path with CRLF": (fields("GET", GITHUB, SPLIT), None),
    "a path with CR": (fields("GET", GITHUB, "/x\rX: y"), None),
    "a path with LF": (fields("GET", GITHUB, "/x\nX: y"), None),
    "a path with NUL": (fields("GET", GITHUB, "/x\0y"), None),
    "a path with a space": (fields("GET", GITHUB, "/mallory/loot HTTP/1.1"), None),
    "a path with a tab": (fields("GET", GITHUB, "/x\ty"), None),
    "a path that is a URL of another host": (fields("GET", GITHUB, "https://gist.github.com/x"), None),
    "a path that is only a query": (fields("GET", GITHUB, "?x"), None),
    "an empty path": (fields("POST", GITHUB, ""), b"0000"),
    "a path without a slash": (fields("POST", GITHUB, PUSH[1:]), b"0000"),
    "a method that is a request line": (fields(f"POST {SPLIT}", GITHUB, PUSH), b"0000"),
    "a method with a space": (fields("GET /mallory", GITHUB, PUSH), b"0000"),
    "an empty method": (fields("", GITHUB, PUSH), b"0000"),
    "another authority": (fields("POST", "gist.github.com", PUSH), b"0000"),
    "an authority with userinfo": (fields("POST", "acme@github.com", PUSH), b"0000"),
    "an authority and another host": (fields("POST", GITHUB, PUSH, (b"host", b"gist.github.com")), b"0000"),
    "two hosts": (fields("POST", GITHUB, PUSH, (b"host", b"github.com"), (b"host", b"github.com")), b"0000"),
    "a value with CRLF": (fields("POST", GITHUB, PUSH, (b"x", b"a\r\nTransfer-Encoding: chunked")), b"0000"),
    "a name with CRLF": (fields("POST", GITHUB, PUSH, (b"x: a\r\ntransfer-encoding", b"chunked")), b"0000"),
    "a name with a space": (fields("POST", GITHUB, PUSH, (b"content-length ", b"9")), b"0000"),
    "a transfer coding": (fields("POST", GITHUB, PUSH, (b"transfer-encoding", b"chunked")), b"0000"),
    "an upgrade": (fields("POST", GITHUB, PUSH, (b"upgrade", b"h2c")), b"0000"),
    "two lengths": (
        fields("POST", GITHUB, PUSH, (b"content-length", b"4"), (b"content-length", b"4")),
        b"0000",
    ),
    "a signed length": (fields("POST", GITHUB, PUSH, (b"content-length", b"+4")), b"0000"),
    "more DATA than its length": (fields("POST", GITHUB, PUSH, (b"content-length", b"3")), b"0000"),
    "an unknown scheme": (
        [(b":scheme", b"x y"), *fields("POST", GITHUB, PUSH)[:1], *fields("", GITHUB, PUSH)[2:]],
        b"0",
    ),
    "CONNECT": ([(b":method", b"CONNECT"), (b":authority", b"github.com:443")], b"secret"),
    "extended CONNECT": ([*fields("CONNECT", GITHUB, "/x"), (b":protocol", b"websocket")], b"secret"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_malformed_request_reaches_no_forge(inside2: Inside2, forge: Forge, attack: str) -> None:
    """Refused or reset; no request of it arrives, whole or in part."""
    head, body = ATTACKS[attack]
    client = inside2(GITHUB)
    client.finish(client.request(head, body))
    client.raw.socket.close()
    forge.settle()
    assert [(seen.method, seen.path, seen.outcome) for seen in forge.requests()] == []


def test_fewer_bytes_than_announced_are_never_a_complete_upload(inside2: Inside2, forge: Forge) -> None:
    """The stream ends before its content-length is reached: the forge sees no complete request."""
    client = inside2(GITHUB)
    client.finish(client.request(fields("POST", GITHUB, PUSH, (b"content-length", b"9")), b"0000"))
    client.raw.socket.close()
    forge.settle()
    assert {seen.outcome for seen in forge.requests()} <= {"aborted"}


def test_a_body_without_a_length_is_one_request_upstream(inside2: Inside2, forge: Forge) -> None:
    """Downgrade: DATA that spells a request stays the body of an approved one."""
    client = inside2("uploads.github.com")
    asset = "/repos/acme/api/releases/1/assets?name=a"
    body = b"POST /mallory/loot HTTP/1.1\r\nHost: github.com\r\nContent-Length: 6\r\n\r\nsecret"
    assert client.finish(client.request(fields("POST", "uploads.github.com", asset), body))
    forge.settle()
    assert [(seen.path, seen.body, seen.outcome) for seen in forge.requests()] == [(asset, len(body), "complete")]


def test_trailers_of_a_client_are_not_passed_on(inside2: Inside2, forge: Forge) -> None:
    """Trailers nobody has judged: dropped, and the request is well framed without them."""
    client = inside2(GITHUB)
    stream = client.request(fields("POST", GITHUB, PUSH), b"0000", end=False)
    client.connection.send_headers(stream, [(b"x-http-method-override", b"DELETE")], end_stream=True)
    client.flush()
    assert client.finish(stream)
    forge.settle()
    [seen] = forge.requests()
    assert seen.outcome == "complete"
    assert seen.header("x-http-method-override") is None


def test_a_rapid_reset_leaves_no_sockets_and_lets_nothing_through(inside2: Inside2, gateway: Run, forge: Forge) -> None:
    """CVE-2023-44487: streams opened and reset by the hundreds; a refused one never arrives, and all is cleaned up."""
    before = gateway.curl("-o", "/dev/null", "-w", "%{http_code}", "https://github.com/acme/api")
    assert before.stdout == "200"
    client = inside2(GITHUB)
    for number in range(400):
        method, path = ("GET", "/acme/api") if number % 2 else ("POST", "/mallory/loot")
        stream = client.connection.get_next_available_stream_id()
        client.connection.send_headers(stream, fields(method, GITHUB, path), end_stream=method == "GET")
        client.connection.reset_stream(stream, 8)
        if number % 40 == 39:
            client.flush()
    last = client.request(fields("GET", GITHUB, "/acme/api"))
    assert client.finish(last) == 200
    client.raw.socket.close()
    forge.settle()
    assert {seen.path for seen in forge.requests()} <= {"/acme/api"}
    gateway.wait_for(lambda: not any(connection.open for connection in forge.connections()))


def test_a_flood_of_continuation_frames_ends_the_connection(inside2: Inside2, gateway: Run, forge: Forge) -> None:
    """CVE-2024-27316: a header block that never ends is cut off, with memory as it was."""
    client = inside2(GITHUB)
    gateway.reset_peak()
    idle = gateway.memory()
    head = HeadersFrame(1)
    head.data = b"\x82"
    client.raw.send(head.serialize())
    for _ in range(2000):
        more = ContinuationFrame(1)
        more.data = b"a" * 16000
        client.raw.send(more.serialize())
    while client.step():
        pass
    assert gateway.peak_memory() - idle < 16 << 20
    assert forge.requests() == []


def test_a_header_bomb_is_not_unpacked(inside2: Inside2, gateway: Run, forge: Forge) -> None:
    """HPACK: 15,000 references to one entry of 4 KB would be 60 MB of headers."""
    client = inside2(GITHUB)
    gateway.reset_peak()
    idle = gateway.memory()
    block = Encoder().encode([*fields("GET", GITHUB, "/"), (b"x", b"a" * 3900)]) + b"\xbe" * 15_000
    head, rest = HeadersFrame(1, flags=["END_STREAM"]), ContinuationFrame(1, flags=["END_HEADERS"])
    head.data, rest.data = block[:16000], block[16000:]
    client.raw.send(head.serialize() + rest.serialize())
    while client.step() and 1 not in client.ended:
        pass
    assert client.status.get(1, 431) == 431
    assert gateway.peak_memory() - idle < 16 << 20
    assert forge.requests() == []


def test_data_on_a_refused_stream_is_dropped_while_another_is_served(inside2: Inside2, forge: Forge) -> None:
    """A client that goes on sending after its 403 neither reaches the forge nor holds up its other streams."""
    client = inside2(GITHUB)
    refused = client.request(
        fields("POST", GITHUB, "/mallory/loot", (b"content-type", b"application/json")), b"secret", end=False
    )
    assert client.finish(refused) == 403
    frames = b""
    for _ in range(20):
        frame = DataFrame(refused)
        frame.data = b"s" * 1000
        frames += frame.serialize()
    client.raw.send(frames)
    assert client.finish(client.request(fields("GET", GITHUB, "/acme/api"))) == 200
    client.raw.socket.close()
    forge.settle()
    assert {seen.path for seen in forge.requests()} == {"/acme/api"}
