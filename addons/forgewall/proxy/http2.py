"""HTTP/2 from clients: a head that is too large reaches the enforcer, which answers 431, instead of ending everything.

Not here: parsing (h2), and HTTP/2 upstream, which Forgewall never speaks: mitmproxy has no back-pressure there.
"""

from __future__ import annotations

from typing import Any, cast

import hyperframe.frame
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import http as mitm

from forgewall.proxy.enforcer import MAX_HEAD_BYTES


class BoundedServer(mitm.Http2Server):
    """The client's side of HTTP/2."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        # Past this hpack still ends the connection: decoding more would cost memory for a request that is refused.
        self.h2_conn.decoder.max_header_list_size = 4 * MAX_HEAD_BYTES


def install() -> None:
    """Make mitmproxy's HTTP layer use the bounded server; it looks the class up by this name."""
    cast(Any, mitm).Http2Server = BoundedServer
    # h2 makes a text of each frame for a debug log that nobody keeps, with the body's bytes in hex.
    cast(Any, hyperframe.frame)._raw_data_repr = lambda data: f"{len(data or b'')} bytes"
