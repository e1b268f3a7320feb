"""HTTP/1 in bytes: heads in bounded size and time, bodies in bounded syntax, interim answers passed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import h11
import pytest
from h11._receivebuffer import ReceiveBuffer
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import connection, http
from mitmproxy.net.http import http1 as wire
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.layers.http import _http1
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from tests.proxy.arriving import Ledger, policy
from tests.proxy.playing import Play, closed, context, sent, wakeups

from forgewall.enforce.reply import Reply
from forgewall.proxy import backlog, http1, wiring
from forgewall.proxy.enforcer import MAX_HEAD_BYTES, Enforcer
from forgewall.proxy.http1 import (
    HEAD_SECONDS,
    MAX_CHUNK_SYNTAX,
    MAX_INTERIM,
    MAX_RESPONSE_HEAD_BYTES,
    BoundedChunkedReader,
    BoundedClient,
    BoundedServer,
)
from forgewall.proxy.tunnels import TunnelDesk
from forgewall.proxy.wiring import Wiring


class FromClient:
    """A client's connection in bytes; `told` are the HTTP events it became."""

    def __init__(self) -> None:
        http1.install()
        self.context = context()
        self.context.server.address = ("github.com", 443)
        self.layer = BoundedServer(self.context)
        self.play = Play(self.layer)
        self.play.start()
        self.told: list[Any] = []
        self.answer = b""
        self.closed = False

    def send(self, data: bytes) -> list[commands.Command]:
        return self.seen(self.play.send(events.DataReceived(self.context.client, data)))

    def seen(self, out: list[commands.Command]) -> list[commands.Command]:
        self.told += [command.event for command in out if isinstance(command, ReceiveHttp)]
        self.answer += sent(out, self.context.client)
        self.closed = self.closed or closed(out, self.context.client)
        return out

    def respond(self) -> None:
        """Answer the request that was read."""
        stream = self.layer.stream_id
        response = http.Response.make(200, b"")
        self.seen(self.play.send(mitm.ResponseHeaders(stream, response, True), mitm.ResponseEndOfMessage(stream)))

    @property
    def status(self) -> int:
        """The status of the answer, 0 for none."""
        return int(self.answer.split(b" ", 2)[1]) if self.answer else 0


def head(size: int, line: bytes = b"POST / HTTP/1.1") -> bytes:
    """A head of this many bytes, with its blank line."""
    start = line + b"\r\nHost: github.com\r\nx: "
    return start + b"a" * (size - len(start) - 4) + b"\r\n\r\n"


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    enforcer = Enforcer(policy(), ledger.journal)
    page = Reply(status=200, headers=(), body=b"")
    wiring.install(Wiring(enforcer, TunnelDesk(enforcer, lambda _client: None), lambda _request: page))
    return ledger


# -- request heads -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [1_000_000, 4096])
def test_a_head_of_the_most_bytes_is_read(ledger: Ledger, part: int) -> None:
    client = FromClient()
    data = head(MAX_HEAD_BYTES)
    for start in range(0, len(data), part):
        client.send(data[start : start + part])
    assert [type(event) for event in client.told] == [mitm.RequestHeaders, mitm.RequestEndOfMessage]
    assert (client.status, client.closed, ledger.codes) == (0, False, [])


@pytest.mark.parametrize("part", [1_000_000, 4096])
@pytest.mark.parametrize("data", [head(MAX_HEAD_BYTES + 4096), b"a" * (MAX_HEAD_BYTES + 1), b"GET /" + b"a" * 2**20])
def test_a_head_without_end_is_answered_and_closed(ledger: Ledger, data: bytes, part: int) -> None:
    client = FromClient()
    for start in range(0, len(data), part):
        client.send(data[start : start + part])
        if client.closed:
            assert start <= MAX_HEAD_BYTES
            break
    assert (client.status, client.closed, client.told) == (431, True, [])
    assert b"connection: close" in client.answer
    assert ledger.codes == ["header-size"]
    client.send(b"GET / HTTP/1.1\r\n\r\n")
    assert client.told == []


def test_a_head_without_end_is_answered_where_nothing_is_wired() -> None:
    client = FromClient()
    client.send(b"a" * (MAX_HEAD_BYTES + 1))
    assert (client.status, client.closed) == (503, True)


@pytest.mark.parametrize("blank", [b"\r\n", b"\n", b"\r\n" * 1000, b"\n" * (2 * MAX_HEAD_BYTES)])
def test_blank_lines_before_a_request_are_passed_over(ledger: Ledger, blank: bytes) -> None:
    client = FromClient()
    client.send(blank)
    client.send(head(100))
    assert [type(event) for event in client.told] == [mitm.RequestHeaders, mitm.RequestEndOfMessage]


@pytest.mark.parametrize("junk", [b"\x16\x03\x01 \r\n\r\n", b"GET / HTTP/1.1\r\nx y\r\n\r\n", b"secret\r\n\r\n"])
def test_what_is_no_request_is_refused_without_repeating_it(junk: bytes) -> None:
    client = FromClient()
    client.send(junk)
    assert (client.status, client.closed) == (400, True)
    assert not any(word in client.answer for word in (b"mitmproxy", b"secret", b"x y"))


# -- the time of a head ------------------------------------------------------------------------------------------------


def test_a_head_has_a_deadline_from_its_first_byte() -> None:
    client = FromClient()
    assert wakeups(client.send(b"")) == []
    (deadline,) = wakeups(client.send(b"G"))
    assert deadline.delay == HEAD_SECONDS
    assert wakeups(client.send(b"ET / HTTP/1.1\r\n")) == []
    client.seen(client.play.wake(deadline))
    assert (client.status, client.closed, client.told) == (408, True, [])
    client.send(b"\r\n\r\n")
    assert client.told == []


def test_a_head_that_was_answered_already_is_not_answered_again(ledger: Ledger) -> None:
    client = FromClient()
    (deadline,) = wakeups(client.send(b"G"))
    client.send(b"a" * (MAX_HEAD_BYTES + 1))
    client.seen(client.play.wake(deadline))
    assert client.answer.count(b"HTTP/1.1 ") == 1


def test_a_head_that_comes_whole_needs_no_deadline() -> None:
    client = FromClient()
    assert wakeups(client.send(head(100))) == []


def test_a_deadline_does_not_count_once_the_head_is_there() -> None:
    client = FromClient()
    (deadline,) = wakeups(client.send(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n"))
    client.send(b"\r\n")
    client.seen(client.play.wake(deadline))
    client.send(b"abc")
    assert (client.status, client.closed) == (0, False)
    assert [type(event) for event in client.told] == [mitm.RequestHeaders, mitm.RequestData, mitm.RequestEndOfMessage]


def test_each_head_has_a_deadline_of_its_own() -> None:
    client = FromClient()
    (first,) = wakeups(client.send(b"GET / HTTP/1.1\r\n"))
    client.send(b"\r\n")
    client.respond()
    (second,) = wakeups(client.send(b"G"))
    client.seen(client.play.wake(first))
    assert not client.closed
    client.seen(client.play.wake(second))
    assert (client.answer.count(b"HTTP/1.1 408"), client.closed) == (1, True)


# -- pipelining --------------------------------------------------------------------------------------------------------


def test_what_is_sent_behind_an_unanswered_request_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int | str] = []
    monkeypatch.setattr(backlog, "queued", lambda _stream, size: told.append(size))
    monkeypatch.setattr(backlog, "released", lambda _stream: told.append("released"))
    client = FromClient()
    client.send(head(100))
    told.clear()
    client.send(b"G" * 70)
    assert told == [70]
    client.respond()
    assert told == [70, "released", "released"] or told[-1] == "released"


def test_a_pipelined_request_is_read_when_the_first_is_answered() -> None:
    client = FromClient()
    client.send(head(100) + head(100, b"PUT /second HTTP/1.1"))
    assert len(client.told) == 2
    client.respond()
    assert [event.request.path for event in client.told if isinstance(event, mitm.RequestHeaders)] == ["/", "/second"]


# -- bodies ------------------------------------------------------------------------------------------------------------


def read(*parts: bytes) -> tuple[bytes, bool]:
    """The data of a chunked body that comes in these parts, and whether it ended."""
    reader, buffer = BoundedChunkedReader(), ReceiveBuffer()
    data = b""
    for part in parts:
        buffer += part
        while isinstance(event := reader(buffer), h11.Data):
            data += event.data
        if event is not None:
            assert isinstance(event, h11.EndOfMessage)
            assert list(event.headers) == []
            return data, True
    return data, False


def chunked(chunks: list[bytes], extension: bytes = b"", trailers: bytes = b"") -> bytes:
    body = b"".join(b"%x%s\r\n%s\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
    return body + b"0\r\n" + trailers + b"\r\n"


@given(
    st.lists(st.binary(min_size=1, max_size=50), max_size=8),
    st.sampled_from([b"", b";a", b";a=b", b';a="b"']),
    st.sampled_from([b"", b"x: y\r\n", b"x-forgewall: y\r\ncontent-length: 5\r\n"]),
    st.lists(st.integers(0, 400), max_size=6),
)
def test_a_chunked_body_in_any_parts(chunks: list[bytes], extension: bytes, trailers: bytes, cuts: list[int]) -> None:
    body = chunked(chunks, extension, trailers)
    ends = sorted({min(cut, len(body)) for cut in cuts} | {len(body)})
    parts = [body[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    assert read(*parts) == (b"".join(chunks), True)
    assert read(body[:-1])[1] is False


def test_many_small_chunks_are_one_event() -> None:
    reader, buffer = BoundedChunkedReader(), ReceiveBuffer()
    buffer += chunked([b"x"] * 5000)
    event = reader(buffer)
    assert isinstance(event, h11.Data)
    assert bytes(event.data) == b"x" * 5000
    assert isinstance(reader(buffer), h11.EndOfMessage)
    assert isinstance(reader(buffer), h11.EndOfMessage)


@pytest.mark.parametrize(
    "endless",
    [b"1;" + b"a" * (MAX_CHUNK_SYNTAX + 1), b"0\r\n" + b"x: y\r\n" * 20000, b"1\r\nx\r\n5;" + b" " * 2**17],
)
def test_chunk_syntax_without_end_is_an_error(endless: bytes) -> None:
    with pytest.raises(h11.RemoteProtocolError):
        read(endless)


@pytest.mark.parametrize("broken", [b"x\r\n", b"-1\r\n", b"1\r\nxx", b"0x1\r\nx\r\n", b"1 1\r\n", b"f" * 30 + b"\r\n"])
def test_what_is_no_chunk_is_an_error(broken: bytes) -> None:
    with pytest.raises(h11.ProtocolError):
        read(broken, b"\r\n" * 3)


def test_trailers_never_become_a_crash_or_a_field() -> None:
    client = FromClient()
    client.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked([b"abc"], b"", b"x: y\r\n"))
    kinds = [type(event) for event in client.told]
    assert kinds == [mitm.RequestHeaders, mitm.RequestData, mitm.RequestEndOfMessage]


def test_broken_framing_ends_the_connection() -> None:
    client = FromClient()
    client.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert isinstance(client.told[-1], mitm.RequestProtocolError)
    assert client.closed


def test_a_body_with_a_length_has_mitmproxy_s_reader() -> None:
    http1.install()
    assert not isinstance(_http1.make_body_reader(5), BoundedChunkedReader)
    assert isinstance(_http1.make_body_reader(None), BoundedChunkedReader)


# -- the forge's side --------------------------------------------------------------------------------------------------


class FromForge:
    """A forge's connection with a request on its way; `told` are the HTTP events its answer became."""

    def __init__(self) -> None:
        http1.install()
        self.context = context()
        self.context.server = connection.Server(address=("github.com", 443))
        self.context.server.state = connection.ConnectionState.OPEN
        self.play = Play(BoundedClient(self.context))
        self.play.start()
        request = http.Request.make("GET", "https://github.com/")
        self.play.send(mitm.RequestHeaders(1, request, True), mitm.RequestEndOfMessage(1))
        self.told: list[Any] = []
        self.closed = False

    def send(self, data: bytes) -> None:
        out = self.play.send(events.DataReceived(self.context.server, data))
        self.told += [command.event for command in out if isinstance(command, ReceiveHttp)]
        self.closed = self.closed or closed(out, self.context.server)


FINAL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("part", [1_000_000, 7])
@pytest.mark.parametrize(
    "interim",
    [
        b"",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 3,
        b"HTTP/1.0 102\r\n\r\n",
    ],
)
def test_interim_answers_are_not_the_answer(interim: bytes, part: int) -> None:
    forge = FromForge()
    data = interim + FINAL
    for start in range(0, len(data), part):
        forge.send(data[start : start + part])
    assert isinstance(forge.told[0], mitm.ResponseHeaders)
    assert forge.told[0].response.status_code == 200
    assert b"".join(event.data for event in forge.told if isinstance(event, mitm.ResponseData)) == b"ok"
    assert isinstance(forge.told[-1], mitm.ResponseEndOfMessage)


def test_a_switch_of_protocols_is_an_answer() -> None:
    forge = FromForge()
    forge.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
    assert isinstance(forge.told[0], mitm.ResponseHeaders)
    assert forge.told[0].response.status_code == 101


@pytest.mark.parametrize(("count", "ends"), [(MAX_INTERIM, False), (MAX_INTERIM + 1, True)])
def test_interim_answers_without_end_are_an_error(count: int, ends: bool) -> None:
    forge = FromForge()
    forge.send(b"HTTP/1.1 100 Continue\r\n\r\n" * count)
    assert forge.closed is ends
    assert [type(event) for event in forge.told] == ([mitm.ResponseProtocolError] if ends else [])


@pytest.mark.parametrize("part", [10_000_000, 65536])
def test_an_answer_s_head_without_end_is_an_error(part: int) -> None:
    forge = FromForge()
    data = b"HTTP/1.1 200 OK\r\nx: " + b"a" * 2 * MAX_RESPONSE_HEAD_BYTES
    for start in range(0, len(data), part):
        if not forge.closed:
            forge.send(data[start : start + part])
    assert forge.closed
    assert [type(event) for event in forge.told] == [mitm.ResponseProtocolError]
    assert "aaaa" not in forge.told[0].message


def test_a_long_body_right_behind_its_head_is_no_long_head() -> None:
    forge = FromForge()
    forge.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"a" * 1_000_000)
    assert not forge.closed
    assert isinstance(forge.told[-1], mitm.ResponseEndOfMessage)


def test_bytes_nobody_asked_for_close_the_connection() -> None:
    forge = FromForge()
    forge.send(FINAL)
    forge.send(FINAL)
    assert forge.closed


# -- errors and installation -------------------------------------------------------------------------------------------


def test_mitmproxy_s_own_errors_say_nothing_of_what_was_sent() -> None:
    http1.install()
    data: bytes = _http1.make_error_response(502, "unexpected: b'classified payload'")
    assert data.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"connection: close" in data
    assert b"classified" not in data
    assert b"mitmproxy" not in data.lower()


@pytest.mark.parametrize(
    ("place", "made"),
    [
        (lambda: mitm.Http1Server, BoundedServer),
        (lambda: mitm.Http1Client, BoundedClient),
        (lambda: type(_http1.make_body_reader(None)), BoundedChunkedReader),
    ],
)
def test_installed_they_are_what_mitmproxy_makes(place: Callable[[], type], made: type) -> None:
    assert place() is not made
    http1.install()
    assert place() is made


def test_our_answer_outside_of_a_stream_is_one_whole_response() -> None:
    client = FromClient()
    (deadline,) = wakeups(client.send(b"G"))
    client.seen(client.play.wake(deadline))
    top, _, body = client.answer.partition(b"\r\n\r\n")
    response = wire.read_response_head(top.split(b"\r\n"))
    assert int(response.headers["content-length"]) == len(body)
