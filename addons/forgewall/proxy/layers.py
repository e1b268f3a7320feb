"""Which of mitmproxy's layers are ours, and the one place that puts them there."""

from __future__ import annotations

from forgewall.proxy import connection, http1, http2, stream, websocket


def install_layers() -> None:
    """Put our layers in the place of mitmproxy's, for the whole process."""
    for module in (stream, http1, http2, websocket, connection):
        module.install()
