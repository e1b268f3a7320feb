"""A request's head, from mitmproxy's objects to our facts, and what of it is changed before it goes upstream.

Not here: judging it. Nothing is changed that the forge could understand differently from what was judged.
"""

from __future__ import annotations

import ipaddress

from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HTTPMode

from forgewall.identify.registry import fold_host
from forgewall.model import BodyState, Request
from forgewall.proxy.arrival import Arrival, subject_of
from forgewall.proxy.ruling import Admitted


def is_for_us(request: http.Request, client: Client) -> bool:
    """Whether a request is for the proxy itself: in origin form (RFC 9112 section 3.2.1), or naming our own address."""
    if not request.host:
        return True
    own, port = client.sockname[:2]
    here = request.host == own or (request.host == "localhost" and ipaddress.ip_address(own).is_loopback)
    return here and request.port == port and request.scheme == "http"


def arrival_of(request: http.Request, context: Context, mode: HTTPMode, *, has_body: bool) -> Arrival:
    """The facts of a request; where it goes is what the CONNECT or absolute URL says, never the Host header."""
    if mode is HTTPMode.transparent:
        assert context.server.address
        host, port = context.server.address
        scheme = "https" if context.server.tls else "http"
    else:
        host, port, scheme = request.host, request.port, request.scheme or "http"
    fields = request.headers.fields
    headers = [(name.lower().decode("latin-1"), value.decode("latin-1")) for name, value in fields]
    authorities = [value for name, value in headers if name == "host"]
    if request.authority:
        # In HTTP/1 the absolute form; origins route by it and not by Host (RFC 9112 section 3.2.2).
        named = mode is HTTPMode.transparent and request.scheme not in ("", scheme)
        authorities.append(f"{request.scheme}://{request.authority}" if named else request.authority)
    length = request.headers.get("content-length", "")
    if has_body and not length and "transfer-encoding" not in request.headers:
        headers.append(("transfer-encoding", "chunked"))  # HTTP/2: a body with no length; `frame` will say so upstream
    return Arrival(
        request=Request(
            method=request.method,
            scheme=scheme,
            host=fold_host(host) or host.lower(),
            port=port,
            path=request.path,
            headers=tuple(headers),
            body_state=BodyState.UNREAD if has_body else BodyState.COMPLETE,
        ),
        subject=subject_of(context.client.peername),
        authorities=tuple(authorities),
        http_version="2" if context.client.alpn == b"h2" else request.http_version.removeprefix("HTTP/"),
        head_bytes=len(request.method)
        + len(request.authority)
        + len(request.path)
        + sum(len(name) + len(value) + 4 for name, value in fields),
        has_body=has_body,
        content_length=int(length) if length.isascii() and length.isdigit() else None if has_body else 0,
        server_name=context.client.sni,
    )


def prepare(request: http.Request, ruling: Admitted, *, has_body: bool) -> None:
    """Take out what is meant for us, and what would let the forge switch protocols unasked or compress past a cap.

    An answer that will be read is asked for in a coding that can be read (RFC 9110 section 12.5.3).
    """
    for name in ("proxy-authorization", "proxy-connection"):
        request.headers.pop(name, None)
    if ruling.answer is not None:
        gzip = ruling.answer.takes_gzip and "gzip" in request.headers.get("accept-encoding", "")
        request.headers["accept-encoding"] = "gzip" if gzip else "identity"
    if not request.is_http2:
        request.authority = ""  # upstream gets the origin form
    if ruling.transit is not None:
        request.headers.pop("upgrade", None)
        request.headers.pop("http2-settings", None)
    elif ruling.websocket:
        request.headers.pop("sec-websocket-extensions", None)
    if request.is_http2 and not has_body and request.method.upper() in {"POST", "PUT", "PATCH"}:
        request.headers.setdefault("content-length", "0")  # RFC 9110 section 8.6


def frame(request: http.Request) -> None:
    """Say where a body from HTTP/2 without a length ends: there it is a frame, HTTP/1 needs a coding (RFC 9112, 6).

    Without this the body would become the next request on the forge's connection.
    """
    if request.is_http2 and "content-length" not in request.headers:
        request.headers["transfer-encoding"] = "chunked"
