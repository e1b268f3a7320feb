"""TLS on both sides, by handshakes in memory: what clients are shown, and what of a forge is not accepted."""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from mitmproxy.connection import Client, Server
from mitmproxy.tls import TlsData
from OpenSSL import SSL

from forgewall.errors import StartError
from forgewall.proxy import tls as room
from forgewall.proxy.certificates import CA, ensure_ca
from forgewall.proxy.tls import Tls

PEM = serialization.Encoding.PEM


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> CA:
    return ensure_ca(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def forge_ca(tmp_path_factory: pytest.TempPathFactory) -> CA:
    return ensure_ca(tmp_path_factory.mktemp("forge"))


@pytest.fixture(scope="module")
def tls(ca: CA, forge_ca: CA) -> Tls:
    return Tls(ca, forge_ca.certificate_path)


class StandardEnd:
    """One end in the standard library."""

    def __init__(self, context: ssl.SSLContext, *, server: bool, name: str | None = None) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_side=server, server_hostname=name)

    def step(self, data: bytes) -> bytes:
        self._in.write(data)
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self._out.read()


class OurEnd:
    """One end in pyOpenSSL, as mitmproxy drives it."""

    def __init__(self, connection: SSL.Connection) -> None:
        self.tls = connection

    def step(self, data: bytes) -> bytes:
        if data:
            self.tls.bio_write(data)
        with contextlib.suppress(SSL.WantReadError):
            self.tls.do_handshake()
        try:
            return self.tls.bio_read(65536)
        except SSL.WantReadError:
            return b""


def shake_hands(client: StandardEnd | OurEnd, server: StandardEnd | OurEnd) -> None:
    """Until both have finished; raises what an end raises."""
    data = b""
    for _ in range(6):
        data = server.step(client.step(data))


# -- towards clients ---------------------------------------------------------------------------------------------------


def answering(tls: Tls, sni: str | None, address: str = "127.0.0.1") -> OurEnd:
    client = Client(peername=("127.0.0.1", 1), sockname=(address, 8080))
    client.sni = sni
    start = TlsData(client, cast(Any, SimpleNamespace()))
    tls.client(start)
    assert start.ssl_conn is not None
    return OurEnd(start.ssl_conn)


def asking(ca: CA, name: str, *protocols: str, newest: ssl.TLSVersion | None = None) -> StandardEnd:
    context = ssl.create_default_context(cafile=str(ca.certificate_path))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if protocols:
        context.set_alpn_protocols(list(protocols))
    if newest is not None:
        context.minimum_version = min(newest, context.minimum_version)
        context.maximum_version = newest
        context.set_ciphers("ALL:@SECLEVEL=0")
    return StandardEnd(context, server=False, name=name)


@pytest.mark.parametrize(("sni", "name"), [("github.com", "github.com"), ("GitHub.com.", "github.com")])
def test_a_client_is_shown_a_certificate_for_the_name_it_asked_for(tls: Tls, ca: CA, sni: str, name: str) -> None:
    client = asking(ca, name, "h2", "http/1.1")
    shake_hands(client, answering(tls, sni))
    certificate = x509.load_der_x509_certificate(cast(bytes, client.tls.getpeercert(binary_form=True)))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [name]


def test_a_client_that_names_nobody_is_shown_the_address(tls: Tls, ca: CA) -> None:
    shake_hands(asking(ca, "192.0.2.7"), answering(tls, None, "192.0.2.7"))


def test_a_client_that_does_not_trust_our_ca_refuses(tls: Tls, forge_ca: CA) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(asking(forge_ca, "github.com"), answering(tls, "github.com"))


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (("h2", "http/1.1"), "h2"),
        (("http/1.1", "h2"), "http/1.1"),
        (("spdy/3", "http/1.1"), "http/1.1"),
        ((), None),
    ],
)
def test_the_client_s_first_choice_is_taken(tls: Tls, ca: CA, offered: tuple[str, ...], chosen: str | None) -> None:
    client = asking(ca, "github.com", *offered)
    shake_hands(client, answering(tls, "github.com"))
    assert client.tls.selected_alpn_protocol() == chosen


def test_a_client_that_offers_nothing_we_speak_is_refused_or_gets_no_protocol(tls: Tls, ca: CA) -> None:
    client = asking(ca, "github.com", "spdy/3")
    try:
        shake_hands(client, answering(tls, "github.com"))
    except (ssl.SSLError, SSL.Error):
        return
    assert client.tls.selected_alpn_protocol() is None


def test_tls_1_2_is_accepted(tls: Tls, ca: CA) -> None:
    client = asking(ca, "github.com", newest=ssl.TLSVersion.TLSv1_2)
    shake_hands(client, answering(tls, "github.com"))
    assert client.tls.version() == "TLSv1.2"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_what_is_older_is_refused(tls: Tls, ca: CA) -> None:
    client = asking(ca, "github.com", newest=ssl.TLSVersion.TLSv1_1)
    with pytest.raises((ssl.SSLError, SSL.Error)):
        shake_hands(client, answering(tls, "github.com"))


def test_certificates_are_made_once_per_host(tls: Tls) -> None:
    first = tls._client_context("github.com")
    assert tls._client_context("github.com") is first
    assert tls._client_context("gitlab.com") is not first
    assert answering(tls, "GITHUB.com.").tls.get_context() is first


def test_certificates_that_are_kept_are_bounded(ca: CA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_CONTEXTS", 3)
    ours = Tls(ca, None)
    for number in range(8):
        answering(ours, f"a{number}.github.io")
    assert len(ours._contexts) == 3


# -- towards forges ----------------------------------------------------------------------------------------------------


def connecting(tls: Tls, host: str, sni: str | None = None) -> tuple[OurEnd, Server]:
    server = Server(address=(host, 443))
    server.sni = sni
    start = TlsData(server, cast(Any, SimpleNamespace()))
    tls.server(start)
    assert start.ssl_conn is not None
    return OurEnd(start.ssl_conn), server


def forge(
    directory: Path,
    issuer: CA,
    *names: x509.GeneralName,
    days: tuple[int, int] = (-1, 30),
    common_name: str = "forge",
    protocols: tuple[str, ...] = ("h2", "http/1.1"),
    newest: ssl.TLSVersion | None = None,
) -> StandardEnd:
    """A forge with a certificate as given."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    file = directory / "forge.pem"
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(builder.sign(issuer.key, hashes.SHA256()).public_bytes(PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.set_alpn_protocols(list(protocols))
    if newest is not None:
        context.minimum_version = newest
        context.maximum_version = newest
        context.set_ciphers("ALL:@SECLEVEL=0")
    return StandardEnd(context, server=True)


DNS = x509.DNSName


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("github.com", [DNS("github.com")]),
        ("api.github.com", [DNS("*.github.com")]),
        ("github.com", [DNS("gitlab.com"), DNS("github.com")]),
        ("192.0.2.7", [x509.IPAddress(ipaddress.ip_address("192.0.2.7"))]),
    ],
)
def test_a_forge_with_its_own_certificate_is_accepted(
    tmp_path: Path, tls: Tls, forge_ca: CA, host: str, names: list[x509.GeneralName]
) -> None:
    ours, _ = connecting(tls, host)
    shake_hands(ours, forge(tmp_path, forge_ca, *names))
    assert ours.tls.get_peer_certificate() is not None
    assert ours.tls.get_alpn_proto_negotiated() == b"http/1.1"  # never HTTP/2, though the forge would


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("github.com", [DNS("gitlab.com")]),
        ("github.com", [DNS("*.github.com")]),
        ("a.b.github.com", [DNS("*.github.com")]),
        ("github.com", [DNS("git*.com")]),
        ("github.com", [DNS("github.com.evil.example")]),
        ("192.0.2.7", [DNS("192.0.2.7")]),
        ("192.0.2.7", [DNS("github.com")]),
    ],
)
def test_a_certificate_for_another_name_is_refused(
    tmp_path: Path, tls: Tls, forge_ca: CA, host: str, names: list[x509.GeneralName]
) -> None:
    ours, _ = connecting(tls, host)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake_hands(ours, forge(tmp_path, forge_ca, *names))


@pytest.mark.parametrize("days", [(-10, -1), (1, 10)])
def test_a_certificate_out_of_its_time_is_refused(
    tmp_path: Path, tls: Tls, forge_ca: CA, days: tuple[int, int]
) -> None:
    ours, _ = connecting(tls, "github.com")
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake_hands(ours, forge(tmp_path, forge_ca, DNS("github.com"), days=days))


@pytest.mark.parametrize("own", [True, False])
def test_an_issuer_nobody_trusts_is_refused(tmp_path: Path, tls: Tls, ca: CA, forge_ca: CA, own: bool) -> None:
    """Not even our own CA is trusted upstream, and the forge's only where it was named."""
    trusting = tls if own else Tls(ca, None)
    ours, _ = connecting(trusting, "github.com")
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake_hands(ours, forge(tmp_path, ca if own else forge_ca, DNS("github.com")))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_an_old_forge_is_refused(tmp_path: Path, tls: Tls, forge_ca: CA) -> None:
    server = forge(tmp_path, forge_ca, DNS("github.com"), newest=ssl.TLSVersion.TLSv1_1)
    ours, _ = connecting(tls, "github.com")
    with pytest.raises((SSL.Error, ssl.SSLError)):
        shake_hands(ours, server)


@pytest.mark.parametrize(
    ("host", "sni", "said"),
    [("github.com", None, "github.com"), ("140.82.121.4", "github.com", "github.com"), ("192.0.2.7", None, None)],
)
def test_the_forge_is_told_whom_we_want(
    tmp_path: Path, tls: Tls, forge_ca: CA, host: str, sni: str | None, said: str | None
) -> None:
    ours, server = connecting(tls, host, sni)
    assert server.sni == (sni or host)
    heard: list[str | None] = []
    origin = forge(tmp_path, forge_ca, DNS("github.com"))
    origin.tls.context.sni_callback = lambda _tls, name, _context: heard.append(name)
    try:
        shake_hands(ours, origin)
    except SSL.Error:
        assert host == "192.0.2.7"
    assert heard[:1] == [said]


# -- roots -------------------------------------------------------------------------------------------------------------


def test_roots_that_are_not_there_stop_the_start(ca: CA, tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"cannot read --upstream-ca .*missing\.pem"):
        Tls(ca, tmp_path / "missing.pem")


@pytest.mark.parametrize(
    "text", ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_roots_that_are_none_stop_the_start(ca: CA, tmp_path: Path, text: str) -> None:
    (tmp_path / "roots.pem").write_text(text)
    with pytest.raises(StartError, match=r"roots\.pem holds no certificate"):
        Tls(ca, tmp_path / "roots.pem")


def test_several_roots_in_one_file(tmp_path: Path, ca: CA, forge_ca: CA) -> None:
    (tmp_path / "roots.pem").write_bytes(ca.certificate_pem + forge_ca.certificate_pem)
    ours, _ = connecting(Tls(ca, tmp_path / "roots.pem"), "github.com")
    shake_hands(ours, forge(tmp_path, forge_ca, DNS("github.com")))


def test_where_the_system_s_roots_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def system(file: str | None, directory: str | None) -> tuple[str | None, str | None]:
        paths = SimpleNamespace(cafile=file, capath=directory)
        monkeypatch.setattr(room.ssl, "get_default_verify_paths", lambda: paths)
        return room.system_roots()

    assert system("/etc/roots.pem", None) == ("/etc/roots.pem", None)
    full, empty = tmp_path / "full", tmp_path / "empty"
    full.mkdir()
    empty.mkdir()
    (full / "x.0").touch()
    assert system(None, str(full)) == (None, str(full))
    file, directory = system(None, str(empty))
    assert file is not None
    assert "certifi" in file
    assert directory is None
