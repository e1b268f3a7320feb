"""HTTP/2 from clients: a large head is still read, so that the enforcer can answer it."""

from __future__ import annotations

import h2.config
import h2.connection
import pytest
from mitmproxy.proxy import events
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from tests.proxy.playing import Play, context, sent

from forgewall.proxy import http2
from forgewall.proxy.enforcer import MAX_HEAD_BYTES
from forgewall.proxy.http2 import BoundedServer


def told(size: int) -> list[object]:
    """What becomes of a request with a field of this size, after the settings were acknowledged."""
    where = context(alpn=b"h2")
    play = Play(BoundedServer(where))
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    client.initiate_connection()
    client.receive_data(sent(play.start(), where.client))
    for _ in range(2):
        client.receive_data(sent(play.send(events.DataReceived(where.client, client.data_to_send())), where.client))
    assert client.remote_settings.max_header_list_size == MAX_HEAD_BYTES  # what is told is what is answered
    fields = [(":method", "GET"), (":scheme", "https"), (":authority", "github.com"), (":path", "/")]
    client.send_headers(1, [*fields, *((f"x-{number}", "a" * 1000) for number in range(size // 1000))], end_stream=True)
    out = play.send(events.DataReceived(where.client, client.data_to_send()))
    return [command.event for command in out if isinstance(command, ReceiveHttp)]


@pytest.mark.parametrize("size", [1000, MAX_HEAD_BYTES + 4000, 3 * MAX_HEAD_BYTES])
def test_a_large_head_is_read(size: int) -> None:
    assert isinstance(told(size)[0], mitm.RequestHeaders)


def test_a_head_far_too_large_is_not() -> None:
    assert not any(isinstance(event, mitm.RequestHeaders) for event in told(6 * MAX_HEAD_BYTES))


def test_installed_it_is_what_mitmproxy_makes() -> None:
    http2.install()
    assert mitm.Http2Server is BoundedServer
