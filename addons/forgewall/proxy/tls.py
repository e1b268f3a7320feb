"""TLS on both sides: our certificates towards clients, strict verification towards forges, TLS 1.2 or newer.

The upstream roots are the system's, and what `--upstream-ca` adds. There is no switch that turns verification off.

Not here: what the names mean (`decide.tunnel`), making certificates (`leaf`).
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from pathlib import Path
from typing import Any

import certifi
from cachetools import TTLCache
from cryptography import x509
from mitmproxy.connection import Client, Server
from mitmproxy.tls import TlsData
from OpenSSL import SSL, crypto

from forgewall.errors import StartError
from forgewall.proxy.certificates import CA
from forgewall.proxy.leaf import LeafMaker

HTTP_PROTOCOLS = (b"h2", b"http/1.1")
UPSTREAM_PROTOCOLS = [b"http/1.1"]
"""Never HTTP/2: mitmproxy takes everything while the forge's window is shut, so memory would grow without end."""

MAX_CONTEXTS = 1024
CONTEXT_SECONDS = 7 * 24 * 3600
"""How many hosts' certificates are kept, and how long: wildcards such as *.github.io have names without end."""


class Tls:
    """Makes the OpenSSL connections mitmproxy asks for."""

    def __init__(self, ca: CA, upstream_ca: Path | None) -> None:
        self._leaves = LeafMaker(ca)
        self._chain = ca.chain
        self._contexts: TTLCache[str, SSL.Context] = TTLCache(MAX_CONTEXTS, CONTEXT_SECONDS)
        self._upstream = _upstream_context(upstream_ca)

    def client(self, start: TlsData) -> None:
        """Answer a client's handshake as the host its SNI names; the tunnel has compared that name already."""
        assert isinstance(start.conn, Client)
        host = start.conn.sni or start.conn.sockname[0]
        context = self._client_context(host.lower().removesuffix("."))
        start.ssl_conn = SSL.Connection(context)
        start.ssl_conn.set_accept_state()

    def _client_context(self, host: str) -> SSL.Context:
        context = self._contexts.get(host)
        if context is None:
            context = self._contexts[host] = self._make_context(host)
        return context

    def _make_context(self, host: str) -> SSL.Context:
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE | SSL.OP_NO_RENEGOTIATION)
        context.use_certificate(self._leaves.certificate(host))
        context.use_privatekey(self._leaves.key)
        for certificate in self._chain:
            context.add_extra_chain_cert(certificate)
        context.set_alpn_select_callback(_select_protocol)
        context.set_session_id(os.urandom(16))
        return context

    def server(self, start: TlsData) -> None:
        """Begin a handshake with a forge: SNI and certificate name are the host's, whatever address it is at."""
        assert isinstance(start.conn, Server)
        server = start.conn
        assert server.address is not None
        name = server.sni or server.address[0]
        server.sni = name
        connection = SSL.Connection(self._upstream)
        _verify_name(connection, name)
        connection.set_alpn_protos(UPSTREAM_PROTOCOLS)
        connection.set_connect_state()
        start.ssl_conn = connection


def _select_protocol(_connection: SSL.Connection, offered: list[bytes]) -> Any:
    for protocol in offered:
        if protocol in HTTP_PROTOCOLS:
            return protocol
    return SSL.NO_OVERLAPPING_PROTOCOLS


def _verify_name(connection: SSL.Connection, name: str) -> None:
    """Have OpenSSL compare the certificate with `name` (RFC 9525); an IP address is compared as an address.

    pyOpenSSL has no call for it, so this uses its binding of OpenSSL's X509_VERIFY_PARAM as mitmproxy does.
    """
    lib: Any = SSL._lib  # type: ignore[attr-defined]
    param = lib.SSL_get0_param(connection._ssl)
    lib.X509_VERIFY_PARAM_set_hostflags(param, lib.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
    try:
        packed = ipaddress.ip_address(name).packed
    except ValueError:
        encoded = name.encode("ascii")
        connection.set_tlsext_host_name(encoded)
        accepted = lib.X509_VERIFY_PARAM_set1_host(param, encoded, len(encoded))
    else:
        accepted = lib.X509_VERIFY_PARAM_set1_ip(param, packed, len(packed))
    if accepted != 1:
        raise ValueError("OpenSSL did not take the server's name")


def _upstream_context(extra: Path | None) -> SSL.Context:
    """Raises StartError where the roots can't be read."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION)
    context.set_verify(SSL.VERIFY_PEER)
    file, directory = system_roots()
    context.load_verify_locations(file, directory)
    if extra is not None:
        store = context.get_cert_store()
        assert store is not None
        for certificate in _read_roots(extra):
            store.add_cert(crypto.X509.from_cryptography(certificate))
    return context


def system_roots() -> tuple[str | None, str | None]:
    """The file and directory of the system's trusted roots; certifi's where the system has none."""
    paths = ssl.get_default_verify_paths()
    file = paths.cafile
    directory = paths.capath if paths.capath and any(Path(paths.capath).iterdir()) else None
    return (file, directory) if file or directory else (certifi.where(), None)


def _read_roots(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise StartError(f"cannot read --upstream-ca {path}: {error.strerror or error}.") from None
    except ValueError:
        raise StartError(f"--upstream-ca {path} holds no certificate in PEM form.") from None
