"""All of our layers are put in the place of mitmproxy's."""

from __future__ import annotations

from mitmproxy.proxy import mode_servers
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.layers import websocket
from mitmproxy.proxy.layers.http import _http1

from forgewall.proxy import layers


def test_after_the_installation_every_layer_is_ours() -> None:
    layers.install_layers()
    made = (
        mitm.HttpStream,
        mitm.Http1Server,
        mitm.Http1Client,
        mitm.Http2Server,
        websocket.WebsocketLayer,
        mode_servers.ProxyConnectionHandler,
        _http1.make_body_reader,
        _http1.make_error_response,
    )
    assert {owner.__module__.rpartition(".")[0] for owner in made} == {"forgewall.proxy"}
