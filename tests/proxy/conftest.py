"""Nothing that a test installs in mitmproxy or in the wiring outlives it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from mitmproxy.proxy import mode_servers
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.layers import websocket
from mitmproxy.proxy.layers.http import _http1

from forgewall.proxy import backlog, wiring

INSTALLED = (
    (mitm, "HttpStream"),
    (mitm, "Http1Server"),
    (mitm, "Http1Client"),
    (mitm, "Http2Server"),
    (_http1, "make_body_reader"),
    (_http1, "make_error_response"),
    (websocket, "WebsocketLayer"),
    (mode_servers, "ProxyConnectionHandler"),
    (asyncio, "start_server"),
)


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put mitmproxy's own layers back, and take the wiring away."""
    for owner, name in INSTALLED:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    yield
    wiring.install(None)
    backlog._stalls.clear()
