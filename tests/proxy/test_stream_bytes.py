"""Whole connections in bytes, by HTTP/1 and HTTP/2: what becomes of one request leaves the next one unharmed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import events
from mitmproxy.proxy.layers import http as mitm
from tests.proxy.playing import Play, closed, context, sent
from tests.proxy.test_answer_hold import REPLACED, Read, Reader
from tests.proxy.test_collecting import BODY, MEMORY, PIECE, Spooled
from tests.proxy.test_stream import CUT, NO, Desk, Watched

from forgewall.proxy import holding, http1, http2, stream, wiring
from forgewall.proxy.ruling import Refused, Ruling
from forgewall.record.event import Result


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few bytes are many here."""
    monkeypatch.setattr(holding, "MEMORY_BYTES", MEMORY)
    monkeypatch.setattr(holding, "PIECE_BYTES", PIECE)


class Rulings(Desk):
    """Rules on one request after the other."""

    def __init__(self, *rulings: Ruling) -> None:
        super().__init__(rulings[0])
        self.left = list(rulings)

    def judge(self, *args: Any, **named: Any) -> Ruling:
        self.ruling = self.left.pop(0)
        return super().judge(*args, **named)


class Line:
    """A client's connection to the proxy, and those of the proxy to the forge."""

    def __init__(self, *rulings: Ruling, alpn: bytes | None = None) -> None:
        for module in (stream, http1, http2):
            module.install()
        self.desk = Rulings(*rulings)
        wiring.install(self.desk)  # type: ignore[arg-type]
        self.context = context(alpn=alpn)
        if alpn:
            self.context.server.address = ("github.com", 80)
        mode = mitm.HTTPMode.transparent if alpn else mitm.HTTPMode.regular
        self.play = Play(mitm.HttpLayer(self.context, mode))
        self.out = self.play.start()

    def send(self, data: bytes) -> None:
        self.out += self.play.send(events.DataReceived(self.context.client, data))

    def hear(self, data: bytes, server: int = -1) -> None:
        self.out += self.play.send(events.DataReceived(self.play.servers[server], data))

    def leave(self) -> None:
        self.context.client.state = ConnectionState.CLOSED
        self.out += self.play.send(events.ConnectionClosed(self.context.client))

    def lose(self, server: int = -1) -> None:
        self.play.servers[server].state = ConnectionState.CLOSED
        self.out += self.play.send(events.ConnectionClosed(self.play.servers[server]))

    def up(self, server: int = -1) -> bytes:
        return sent(self.out, self.play.servers[server])

    def given_up(self, server: int = -1) -> bool:
        return closed(self.out, self.play.servers[server])

    @property
    def down(self) -> bytes:
        return sent(self.out, self.context.client)

    @property
    def statuses(self) -> list[int]:
        return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3})", self.down)]

    @property
    def hung_up(self) -> bool:
        return closed(self.out, self.context.client)


def post(body: bytes, *, chunked: bool = False) -> bytes:
    head = b"POST http://github.com/acme/api HTTP/1.1\r\nHost: github.com\r\n"
    if chunked:
        return head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def answer(body: bytes, *, chunked: bool = False) -> bytes:
    if chunked:
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def watched(limit: int | None = None) -> Watched:
    return Watched(limit)


CHUNKED = pytest.mark.parametrize("chunked", [True, False])


def follows(line: Line, *before: int) -> None:
    """A second request on the same connection is judged and answered like a first one."""
    assert not line.hung_up
    line.send(post(b"second"))
    assert line.up().endswith(b"second")
    line.hear(answer(b"yes"))
    assert line.statuses == [*before, 200]
    assert line.down.endswith(b"\r\n\r\nyes")
    assert not line.hung_up


@CHUNKED
def test_a_replaced_answer_is_framed_and_the_next_request_goes_by_another_connection(chunked: bool) -> None:
    line = Line(Read(Reader(then=REPLACED)).ruling, watched().ruling)
    line.send(post(b"first"))
    for byte in answer(b"href", chunked=chunked):
        line.hear(bytes([byte]))
    assert line.statuses == [422]
    assert line.down.endswith(b"\r\n\r\nnot this one")
    assert b"href" not in line.down
    assert line.given_up()
    line.play.servers[0].state = ConnectionState.CLOSED
    follows(line, 422)
    assert len(line.play.servers) == 2


@CHUNKED
def test_a_released_answer_keeps_its_framing_true(chunked: bool) -> None:
    line = Line(Read(Reader(grown=3)).ruling, watched().ruling)
    line.send(post(b"first"))
    line.hear(answer(b"abc", chunked=chunked))
    head, _, body = line.down.partition(b"\r\n\r\n")
    assert body == (b"6\r\nABC!!!\r\n0\r\n\r\n" if chunked else b"ABC!!!")
    assert chunked or b"ontent-length: 6" in head.replace(b"Content-Length", b"content-length")
    follows(line, 200)
    assert len(line.play.servers) == 1  # nothing was wrong with it


@pytest.mark.parametrize("length", [0, 5])
def test_an_answer_to_head_has_no_body_to_be_read(length: int) -> None:
    reader = Reader()
    line = Line(Read(reader).ruling, watched().ruling)
    line.send(b"HEAD http://github.com/acme/api HTTP/1.1\r\nHost: github.com\r\n\r\n")
    line.hear(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
    assert line.down.endswith(b"\r\n\r\n")
    assert (line.statuses, reader.decided) == ([200], 1)
    follows(line, 200)


@CHUNKED
def test_a_body_from_disk_is_framed_and_the_connection_goes_on(chunked: bool) -> None:
    seen = watched()
    spooled = Spooled(seen.ruling)
    line = Line(spooled.ruling, watched().ruling)
    wire = post(BODY, chunked=chunked)
    line.send(wire[:-10])
    assert line.play.servers == []
    line.send(wire[-10:])
    body = line.up().partition(b"\r\n\r\n")[2]
    if chunked:
        pieces = re.findall(rb"[0-9a-f]+\r\n([a-z]*)\r\n", body)
        assert (b"".join(pieces), body.endswith(b"0\r\n\r\n")) == (BODY, True)
    else:
        assert body == BODY
    line.hear(answer(b"yes"))
    assert (seen.told, spooled.given_back) == ([Result.COMPLETE], True)
    follows(line, 200)
    assert len(line.play.servers) == 1


@CHUNKED
def test_a_held_body_that_is_refused_leaves_the_connection(chunked: bool) -> None:
    spooled = Spooled(Refused(NO))
    line = Line(spooled.ruling, watched().ruling)
    line.send(post(BODY, chunked=chunked))
    assert (line.statuses, line.play.servers, spooled.given_back) == ([403], [], True)
    follows(line, 403)


@CHUNKED
def test_a_cut_body_is_never_whole_and_the_connection_goes_on_without_the_rest(chunked: bool) -> None:
    line = Line(watched(limit=5).ruling, watched().ruling)
    wire = post(b"x" * 40, chunked=chunked)
    for byte in wire[:-10]:
        line.send(bytes([byte]))
    assert line.statuses == [CUT.status]
    assert line.given_up()
    assert not line.up().endswith(b"0\r\n\r\n")
    assert line.up().count(b"x") <= 5 + len(b"x-")
    line.send(wire[-10:])
    line.play.servers[0].state = ConnectionState.CLOSED
    follows(line, CUT.status)


@CHUNKED
def test_a_client_that_leaves_in_the_middle_gives_everything_back(chunked: bool) -> None:
    spooled = Spooled(watched().ruling)
    line = Line(spooled.ruling)
    line.send(post(BODY, chunked=chunked)[:-7])
    assert not spooled.given_back
    line.leave()
    assert (spooled.given_back, line.play.servers) == (True, [])


@pytest.mark.parametrize("held", [True, False])
def test_a_client_that_leaves_while_the_forge_is_connected_to_is_no_fault_of_the_forge(held: bool) -> None:
    seen = watched()
    spooled = Spooled(seen.ruling)
    line = Line(spooled.ruling if held else seen.ruling)
    line.play.wait = True
    line.send(post(BODY))
    line.leave()
    line.play.refuse = "connection cancelled"
    line.out += line.play.connect()
    assert (line.desk.failures, seen.told, spooled.given_back) == ([], [Result.ABORTED], True)


@CHUNKED
def test_a_forge_that_breaks_off_while_a_body_is_sent_on(chunked: bool) -> None:
    seen = watched()
    spooled = Spooled(seen.ruling)
    line = Line(spooled.ruling, watched().ruling)
    line.play.keep = ("drain",)
    line.send(post(BODY, chunked=chunked))
    before = line.up()
    line.lose()
    line.out += line.play.go_on()
    assert (line.up(), line.statuses) == (before, [502])
    assert (seen.told, spooled.given_back, line.play.kept) == ([Result.ABORTED], True, [])
    follows(line, 502)


@pytest.mark.parametrize("early", [b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno", answer(b"no")])
def test_an_early_answer_while_a_body_is_sent_on(early: bytes) -> None:
    spooled = Spooled(watched().ruling)
    line = Line(spooled.ruling, watched().ruling)
    line.play.keep = ("drain",)
    line.send(post(BODY))
    line.hear(early)
    assert line.statuses == []
    while line.play.kept:
        line.out += line.play.go_on()
    assert line.down.endswith(b"\r\n\r\nno")
    assert line.up().endswith(BODY)
    follows(line, line.statuses[0])


# -- HTTP/2 ------------------------------------------------------------------------------------------------------------


class Streams:
    """An HTTP/2 client on a line."""

    def __init__(self, *rulings: Ruling) -> None:
        self.line = Line(*rulings, alpn=b"h2")
        self.client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self.client.initiate_connection()
        self.heard = 0
        self.statuses: dict[int, list[int]] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: list[int] = []
        self.reset: list[int] = []
        self.go()

    def go(self) -> None:
        """Carry bytes to and fro until there are none."""
        while True:
            data = self.client.data_to_send()
            if data:
                self.line.send(data)
            down, self.heard = self.line.down[self.heard :], len(self.line.down)
            for event in self.client.receive_data(down) if down else ():
                self._saw(event)
            if not data and not down:
                return

    def _saw(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            status = int(dict(event.headers)[b":status"])  # type: ignore[arg-type]
            self.statuses.setdefault(event.stream_id, []).append(status)
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
        elif isinstance(event, h2.events.StreamEnded):
            self.ended.append(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.reset.append(event.stream_id)

    def post(self, stream_id: int, *chunks: bytes, end: bool = True) -> None:
        fields = [(":method", "POST"), (":scheme", "http"), (":authority", "github.com"), (":path", "/acme/api")]
        self.client.send_headers(stream_id, fields)
        for chunk in chunks:
            self.client.send_data(stream_id, chunk)
        if end:
            self.client.end_stream(stream_id)
        self.go()

    def hear(self, data: bytes, server: int = -1) -> None:
        self.line.hear(data, server)
        self.go()


STREAMS: dict[str, tuple[Callable[[], Any], int, bytes]] = {
    "replaced": (lambda: Read(Reader(then=REPLACED)).ruling, 422, b"not this one"),
    "released": (lambda: Read(Reader(grown=2)).ruling, 200, b"HREF!!"),
    "from disk": (lambda: Spooled(watched().ruling).ruling, 200, b"href"),
    "cut": (lambda: watched(limit=5).ruling, CUT.status, CUT.body),
    "refused when whole": (lambda: Spooled(Refused(NO)).ruling, 403, NO.body),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_beside_others(name: str) -> None:
    make, status, body = STREAMS[name]
    streams = Streams(watched().ruling, make(), watched().ruling)
    streams.post(1, b"first", end=False)
    streams.post(3, BODY)
    if status == 200 or name == "replaced":
        streams.hear(answer(b"href"))
    assert (streams.statuses, streams.bodies) == ({3: [status]}, {3: body})
    assert (streams.ended, streams.reset) == ([3], [])
    streams.client.end_stream(1)
    streams.go()
    streams.hear(answer(b"one"), server=0)
    streams.post(5, b"third")
    streams.hear(answer(b"three"))
    assert streams.bodies == {1: b"one", 3: body, 5: b"three"}
    assert streams.ended == [3, 1, 5]


def test_a_stream_that_is_reset_while_it_is_held_gives_everything_back() -> None:
    spooled = Spooled(watched().ruling)
    streams = Streams(spooled.ruling, watched().ruling)
    streams.post(1, BODY, end=False)
    assert not spooled.given_back
    streams.client.reset_stream(1)
    streams.go()
    assert (spooled.given_back, streams.line.play.servers) == (True, [])
    streams.post(3, b"second")
    streams.hear(answer(b"yes"))
    assert streams.bodies == {3: b"yes"}


def test_a_stream_that_is_reset_while_it_is_sent_on_is_never_whole() -> None:
    seen = watched()
    spooled = Spooled(seen.ruling)
    streams = Streams(spooled.ruling, watched().ruling)
    streams.line.play.keep = ("drain",)
    streams.post(1, BODY)
    streams.client.reset_stream(1)
    streams.go()
    streams.line.out += streams.line.play.go_on()
    streams.go()
    assert not streams.line.up(0).endswith(b"0\r\n\r\n")
    assert streams.line.given_up(0)
    assert (seen.told, spooled.given_back, streams.line.play.kept) == ([Result.ABORTED], True, [])
    streams.post(3, b"second")
    streams.hear(answer(b"yes"))
    assert streams.bodies == {3: b"yes"}
