"""A forge that answers with what it should not: the client gets one clear answer, and nothing crashes or leaks."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from tests.attacks.raw import Raw, Scripted, head_of

if TYPE_CHECKING:
    from tests.attacks.conftest import Stage
    from tests.e2e.conftest import StartProxy

READ = b"GET http://github.com/acme/api HTTP/1.1\r\nHost: github.com\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SOCKET = (
    b"GET http://alive.github.com/x HTTP/1.1\r\nHost: alive.github.com\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_the_answer_after_an_informational_one_arrives(stage: Stage, status: bytes) -> None:
    """RFC 9110 section 15.2: any number of 1xx may come first; the final answer is the one that counts."""
    stage.play((b"HTTP/1.1 %s\r\n\r\n" % status) * 2 + OK)
    answer, _ = stage.ask(READ)
    if answer.status in (100, 102, 103):
        pytest.fail(f"the client was left with {answer.status} alone")
    assert (answer.status, answer.body) == (200, b"ok")


GARBAGE = {
    "no HTTP": b"s3cr3t-payload\r\n\r\n",
    "a protocol switch nobody asked for": b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\ns3cr3t",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\ns3cr3t",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\ns3cr3t",
    "both framings": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "status 000": b"HTTP/1.1 000 s3cr3t\r\nContent-Length: 0\r\n\r\n",
    "a negative status": b"HTTP/1.1 -1 s3cr3t\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("answer", GARBAGE)
def test_garbage_becomes_one_502_and_no_log_line_holds_it(stage: Stage, answer: str) -> None:
    """What can't be understood is told in our words; neither stderr nor the events quote the forge's bytes."""
    already = len(stage.run.stderr)
    stage.play(GARBAGE[answer], close=True)
    first, _ = stage.ask(READ)
    assert first.status == 502
    assert b"s3cr3t" not in first.body
    assert "s3cr3t" not in stage.run.stderr + str(stage.run.events())
    assert "crashed" not in stage.run.stderr[already:]


@pytest.mark.parametrize("host", ["alive.github.com", "www.example.org"])
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket-not"])
def test_a_switch_to_something_else_ends_the_connection(stage: Stage, host: str, protocol: bytes) -> None:
    """A forge answers a WebSocket's request with a switch to another protocol: ended at once, and nothing crashes."""
    already = len(stage.run.stderr)
    stage.play(b"HTTP/1.1 101 S\r\nUpgrade: %s\r\nConnection: upgrade\r\n\r\nopaque bytes" % protocol)
    _, rest = stage.ask(SOCKET.replace(b"alive.github.com", host.encode()))
    assert b"opaque" not in rest
    assert "crashed" not in stage.run.stderr[already:]


def test_an_endless_head_of_an_answer_is_cut_off(stage: Stage) -> None:
    """Response headers have a bound too: memory stays as it was."""
    stage.play(b"HTTP/1.1 200 OK\r\nX: " + b"a" * (48 << 20), close=True)
    idle = stage.run.memory()
    stage.run.reset_peak()
    first, _ = stage.ask(READ)
    assert first.status == 502
    assert stage.run.peak_memory() - idle < 16 << 20


def test_a_forge_that_never_finishes_its_handshake_is_given_up(proxy: StartProxy, forge: Forge) -> None:
    """TCP is accepted, TLS never answered: the time for connecting covers the handshake, and the client is told."""

    def silent(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    with Scripted(silent) as stage:
        run = proxy(
            connect_to=[f"github.com:443:127.0.0.1:{stage.port}"],
            before="import forgewall.proxy.addon as addon; addon.CONNECT_SECONDS = 0.5\n",
        )
        with Raw(run.port) as raw:
            assert raw.connect("github.com:443") == 200
            raw.tls("github.com", run.ca_file)
            raw.socket.settimeout(6)
            raw.send(b"GET /acme/api HTTP/1.1\r\nHost: github.com\r\n\r\n")
            assert raw.answer().status in (502, 504)


def test_a_forge_that_closes_in_the_middle_of_its_answer_leaves_a_short_one(stage: Stage) -> None:
    """The client must see that the answer is not whole: the connection ends before the announced length."""
    stage.play(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", close=True)
    first, rest = stage.ask(READ)
    assert (first.status, first.body, rest) == (200, b"short", b"")


def test_two_answers_for_one_request_are_not_the_next_requests(stage: Stage) -> None:
    """Response queue: what a forge says unasked is never given to another request."""
    stage.play(OK + OK.replace(b"ok", b"no"))
    with Raw(stage.run.port) as raw:
        for _ in range(3):
            raw.send(READ)
            assert raw.answer().body == b"ok"


def test_an_early_answer_does_not_complete_an_upload_over_its_limit(proxy: StartProxy, forge: Forge) -> None:
    """A forge that says 200 before it has read the body: the body is still counted, and still cut."""
    received = bytearray()

    def eager(connection: socket.socket) -> None:
        received.extend(head_of(connection))
        connection.sendall(OK)
        while data := connection.recv(65536):
            received.extend(data)

    with Scripted(eager) as stage:
        run = proxy(
            policy="version: 1\napproved: [{repo: github.com/acme, max_upload: 400000}]\n",
            connect_to=[f"uploads.github.com:80:127.0.0.1:{stage.port}"],
        )
        with Raw(run.port) as raw:
            raw.send(
                b"POST http://uploads.github.com/repos/acme/api/releases/1/assets?name=a HTTP/1.1\r\n"
                b"Host: uploads.github.com\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )
            for _ in range(80):
                raw.send(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
            raw.send(b"0\r\n\r\n")
            raw.answer()
        run.wait_for(lambda: any(event["event"]["action"] for event in run.events("upload")))
        assert len(received) < 500_000
        assert not received.endswith(b"0\r\n\r\n")
