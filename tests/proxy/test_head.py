"""From mitmproxy's request to plain facts, and what of the request is changed before it goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.proxy.layers.http import HTTPMode
from tests.proxy.playing import context

from forgewall.proxy.arrival import Arrival
from forgewall.proxy.head import arrival_of, frame, prepare
from forgewall.proxy.readers import Advertisement
from forgewall.proxy.ruling import Admitted
from forgewall.proxy.transit import Transit

type Fields = list[tuple[bytes, bytes]]


def request(
    method: str = "POST",
    host: str = "github.com",
    path: str = "/acme/api?x=1",
    fields: Fields | None = None,
    *,
    version: str = "HTTP/1.1",
    authority: str = "",
    scheme: str = "https",
) -> http.Request:
    return http.Request(
        host=host,
        port=443,
        method=method.encode(),
        scheme=scheme.encode(),
        authority=authority.encode(),
        path=path.encode(),
        http_version=version.encode(),
        headers=http.Headers(fields or []),
        content=None,
        trailers=None,
        timestamp_start=0.0,
        timestamp_end=None,
    )


def seen(
    asked: http.Request,
    *,
    inside: tuple[str, int] | None = None,
    tls: bool = True,
    body: bool = True,
    alpn: bytes | None = None,
) -> Arrival:
    """The facts of a request; `inside`: it came through a tunnel to this address."""
    where = context(alpn=alpn)
    if inside is not None:
        where.server.address = inside
        where.server.tls = tls
        where.client.sni = inside[0] if tls else None
    mode = HTTPMode.regular if inside is None else HTTPMode.transparent
    return arrival_of(asked, where, mode, has_body=body)


def test_in_a_tunnel_the_tunnel_says_where_it_goes() -> None:
    asked = request(host="evil.example", fields=[(b"Host", b"evil.example")], authority="evil.example", scheme="http")
    arrival = seen(asked, inside=("github.com", 443))
    assert (arrival.request.host, arrival.request.port, arrival.request.scheme) == ("github.com", 443, "https")
    assert arrival.server_name == "github.com"
    plain = seen(asked, inside=("github.com", 80), tls=False)
    assert (plain.request.port, plain.request.scheme, plain.server_name) == (80, "http", None)


@pytest.mark.parametrize(
    ("authority", "scheme", "authorities"),
    [
        ("", "https", ("a.example",)),
        ("", "", ("a.example",)),
        ("github.com", "https", ("a.example", "github.com")),
        ("github.com", "", ("a.example", "github.com")),
        ("github.com", "http", ("a.example", "http://github.com")),  # equals no host: the tunnel is TLS
    ],
)
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2.0"])
def test_in_a_tunnel_every_name_counts(authority: str, scheme: str, authorities: tuple[str, ...], version: str) -> None:
    asked = request(fields=[(b"Host", b"a.example")], authority=authority, scheme=scheme, version=version)
    assert seen(asked, inside=("github.com", 443)).authorities == authorities


def test_outside_of_a_tunnel_the_url_says_where_it_goes() -> None:
    arrival = seen(request(host="GitHub.com.", fields=[(b"Host", b"evil.example")], scheme="http"))
    assert (arrival.request.host, arrival.request.port, arrival.request.scheme) == ("github.com", 443, "http")


@pytest.mark.parametrize(
    ("host", "folded"), [("GITHUB.COM", "github.com"), ("bücher.example", "xn--bcher-kva.example"), ("..", ".")]
)
def test_the_host_is_folded(host: str, folded: str) -> None:
    assert seen(request(host=host)).request.host == folded


def test_the_facts_of_a_request() -> None:
    fields = [(b"Host", b"github.com"), (b"X-A", b"\xe9"), (b"x-a", b"2"), (b"Content-Length", b"12")]
    arrival = seen(request(fields=fields))
    assert arrival.request.method == "POST"
    assert arrival.request.path == "/acme/api?x=1"
    assert arrival.request.headers == (("host", "github.com"), ("x-a", "é"), ("x-a", "2"), ("content-length", "12"))
    assert (arrival.content_length, arrival.has_body, arrival.http_version) == (12, True, "1.1")
    assert arrival.subject.client == "192.0.2.1"


def test_a_request_without_a_body() -> None:
    arrival = seen(request("GET"), body=False)
    assert (arrival.content_length, arrival.has_body) == (0, False)
    assert arrival.request.header("transfer-encoding") is None


@pytest.mark.parametrize(
    ("fields", "length", "coding"),
    [
        ([(b"content-length", b"12")], 12, None),
        ([(b"transfer-encoding", b"chunked")], None, "chunked"),
        ([], None, "chunked"),  # HTTP/2 without a length
        ([(b"content-length", b"x")], None, None),
        ([(b"content-length", b"1"), (b"content-length", b"1")], None, None),
        ([(b"content-length", "١".encode())], None, None),
    ],
)
def test_how_long_a_body_is(fields: Fields, length: int | None, coding: str | None) -> None:
    arrival = seen(request(fields=fields, version="HTTP/2.0"))
    assert (arrival.content_length, arrival.request.header("transfer-encoding")) == (length, coding)


def test_an_absolute_url_s_name_counts_beside_the_host() -> None:
    asked = request(fields=[(b"Host", b"a.example")], authority="github.com:80", scheme="http")
    assert seen(asked).authorities == ("a.example", "github.com:80")


@pytest.mark.parametrize(
    ("version", "alpn", "told"),
    [
        ("HTTP/2.0", b"h2", "2"),
        ("HTTP/1.1", b"http/1.1", "1.1"),
        ("HTTP/1.0", None, "1.0"),
        ("HTTP/2.0", None, "2.0"),  # written by the client in a line of HTTP/1
        ("HTTP/3.0", None, "3.0"),
    ],
)
def test_the_version_is_the_connection_s_not_the_client_s_word(version: str, alpn: bytes | None, told: str) -> None:
    assert seen(request(version=version), alpn=alpn).http_version == told


@given(st.integers(0, 3000), st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=300)), max_size=9))
def test_the_size_of_a_head(path: int, fields: Fields) -> None:
    size = seen(request(path="/" + "x" * path, fields=fields)).head_bytes
    assert size == len("POST") + 1 + path + sum(len(name) + len(value) + 4 for name, value in fields)


# -- what is changed ---------------------------------------------------------------------------------------------------

WATCHED = Admitted(Transit.__new__(Transit))
UNWATCHED = Admitted(None)
SOCKET = Admitted(None, websocket=True)
ALL = [
    (b"host", b"github.com"),
    (b"upgrade", b"h2c"),
    (b"http2-settings", b"x"),
    (b"sec-websocket-extensions", b"permessage-deflate"),
    (b"sec-websocket-key", b"x"),
    (b"authorization", b"Bearer x"),
    (b"proxy-authorization", b"Basic x"),
    (b"proxy-connection", b"keep-alive"),
    (b"accept-encoding", b"gzip"),
    (b"content-length", b"1"),
]


@pytest.mark.parametrize(
    ("ruling", "removed"),
    [
        (WATCHED, {"upgrade", "http2-settings"}),
        (UNWATCHED, set()),
        (SOCKET, {"sec-websocket-extensions"}),
    ],
)
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2.0"])
def test_nothing_else_of_a_head_s_fields_is_changed(ruling: Admitted, removed: set[str], version: str) -> None:
    asked = request(fields=ALL, version=version)
    prepare(asked, ruling, has_body=True)
    removed = removed | {"proxy-authorization", "proxy-connection"}
    assert asked.headers.fields == tuple(pair for pair in ALL if pair[0].decode() not in removed)


@pytest.mark.parametrize("fields", [[], [(b"accept-encoding", b"gzip, br")]])
def test_an_answer_that_will_be_read_is_asked_for_in_plain_bytes(fields: Fields) -> None:
    asked = request(fields=[(b"host", b"github.com"), *fields])
    prepare(asked, replace(WATCHED, answer=Advertisement()), has_body=False)
    assert asked.headers.get_all("accept-encoding") == ["identity"]


@pytest.mark.parametrize(("version", "kept"), [("HTTP/1.1", ""), ("HTTP/2.0", "github.com")])
@pytest.mark.parametrize("ruling", [WATCHED, UNWATCHED, SOCKET])
def test_the_origin_gets_the_origin_form(version: str, kept: str, ruling: Admitted) -> None:
    asked = request(authority="github.com", version=version)
    prepare(asked, ruling, has_body=False)
    assert asked.authority == kept


@pytest.mark.parametrize(
    ("method", "version", "body", "length"),
    [
        ("POST", "HTTP/2.0", False, "0"),
        ("put", "HTTP/2.0", False, "0"),
        ("PATCH", "HTTP/2.0", False, "0"),
        ("GET", "HTTP/2.0", False, None),
        ("POST", "HTTP/2.0", True, None),
        ("POST", "HTTP/1.1", False, None),
    ],
)
def test_a_body_that_is_not_there_is_said_to_be_empty(
    method: str, version: str, body: bool, length: str | None
) -> None:
    asked = request(method, version=version)
    prepare(asked, WATCHED, has_body=body)
    assert asked.headers.get("content-length") == length


@pytest.mark.parametrize(
    ("version", "fields", "coding"),
    [
        ("HTTP/2.0", [], "chunked"),
        ("HTTP/2.0", [(b"content-length", b"1")], None),
        ("HTTP/1.1", [], None),
        ("HTTP/1.1", [(b"transfer-encoding", b"chunked")], "chunked"),
    ],
)
def test_a_body_from_http2_without_a_length_gets_an_end(version: str, fields: Fields, coding: str | None) -> None:
    asked = request(fields=fields, version=version)
    frame(asked)
    assert asked.headers.get("transfer-encoding") == coding
