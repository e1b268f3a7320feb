"""A reply of ours as mitmproxy's response object."""

from __future__ import annotations

from mitmproxy import http

from forgewall.enforce.reply import Reply


def response_of(reply: Reply) -> http.Response:
    """`reply` with its headers in wire order; the status phrase is the standard one unless it has its own."""
    headers = [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in reply.headers]
    response = http.Response.make(reply.status, reply.body, headers)
    if reply.phrase:
        response.reason = reply.phrase
    return response
