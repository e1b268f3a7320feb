"""Leaf certificates, as strict readers see them: Python with X509_STRICT, OpenSSL, and the rules for public CAs."""

from __future__ import annotations

import ipaddress
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from forgewall.proxy.certificates import CA, ensure_ca
from forgewall.proxy.leaf import LIFETIME, LeafMaker

PEM = serialization.Encoding.PEM
LONG = ".".join(["a" * 40, "b" * 40, "c" * 40, "example"])
NAMES = ["github.com", "git.acme.example", "xn--bcher-kva.example", LONG]
ADDRESSES = ["192.0.2.7", "2001:db8::7"]


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> CA:
    return ensure_ca(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def leaves(ca: CA) -> LeafMaker:
    return LeafMaker(ca)


def files(directory: Path, leaves: LeafMaker, host: str) -> Path:
    """Certificate and key as a TLS server takes them."""
    key = leaves.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = directory / "leaf.pem"
    path.write_bytes(leaves.certificate(host).public_bytes(PEM) + key)
    return path


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """A TLS handshake in memory; returns the client's end or raises what it raised."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(down, up, server_hostname=name),
        server.wrap_bio(up, down, server_side=True),
    ]
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ends[0]


@pytest.mark.parametrize("host", [*NAMES, *ADDRESSES])
def test_a_strict_client_accepts_the_certificate(tmp_path: Path, ca: CA, leaves: LeafMaker, host: str) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files(tmp_path, leaves, host))
    client = ssl.create_default_context(cafile=str(ca.certificate_path))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    assert shake_hands(server, client, host).version() == "TLSv1.3"


@pytest.mark.parametrize("other", ["gitlab.com", "evil.github.com", "com", "192.0.2.8"])
def test_the_certificate_is_for_its_host_alone(tmp_path: Path, ca: CA, leaves: LeafMaker, other: str) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files(tmp_path, leaves, "github.com"))
    client = ssl.create_default_context(cafile=str(ca.certificate_path))
    with pytest.raises(ssl.SSLCertVerificationError, match=r"mismatch|not valid for"):
        shake_hands(server, client, other)


@pytest.mark.parametrize("host", [*NAMES, *ADDRESSES])
def test_openssl_accepts_the_certificate(tmp_path: Path, ca: CA, leaves: LeafMaker, host: str) -> None:
    name = "-verify_ip" if host in ADDRESSES else "-verify_hostname"
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-no-CAstore"]
    command += ["-CAfile", str(ca.certificate_path), name, host, str(files(tmp_path, leaves, host))]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("host", NAMES)
def test_the_certificate_follows_the_rules_of_the_web(ca: CA, leaves: LeafMaker, host: str) -> None:
    verifier = PolicyBuilder().store(Store([ca.certificate])).build_server_verifier(x509.DNSName(host))
    chain = verifier.verify(leaves.certificate(host), [])
    assert chain[-1] == ca.certificate


def test_what_stands_in_the_certificate(ca: CA, leaves: LeafMaker) -> None:
    certificate = leaves.certificate("github.com")
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["github.com"]
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca) == (True, False)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.digital_signature, usage.value.key_cert_sign) == (True, True, False)
    assert certificate.version is x509.Version.v3
    assert certificate.public_key() == leaves.key.public_key()
    assert certificate.public_key() != ca.certificate.public_key()
    assert isinstance(certificate.signature_hash_algorithm, hashes.SHA256)


def test_an_address_is_certified_as_one(leaves: LeafMaker) -> None:
    names = leaves.certificate("192.0.2.7").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("192.0.2.7")]
    assert names.get_values_for_type(x509.DNSName) == []


def test_a_name_too_long_for_a_common_name_stands_whole_in_the_alternatives(leaves: LeafMaker) -> None:
    certificate = leaves.certificate(LONG)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [LONG]
    assert len(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value) == 64


def test_each_certificate_has_a_serial_number_of_its_own(leaves: LeafMaker) -> None:
    assert len({leaves.certificate("github.com").serial_number for _ in range(8)}) == 8


def test_the_key_is_made_anew_for_each_process(ca: CA) -> None:
    assert LeafMaker(ca).key.public_key() != LeafMaker(ca).key.public_key()


def test_the_certificate_is_valid_now_and_for_slow_clocks(leaves: LeafMaker) -> None:
    certificate = leaves.certificate("github.com")
    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc <= now - timedelta(hours=24)
    assert now + timedelta(days=8) < certificate.not_valid_after_utc <= now + LIFETIME
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=397)


def own_ca(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, *, days: tuple[int, int], identified: bool) -> CA:
    """A company's CA with this validity, and a subjectKeyIdentifier if `identified`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme issuing CA")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )
    if identified:
        builder = builder.add_extension(x509.SubjectKeyIdentifier(b"not a digest of the key"), critical=False)
    made = builder.sign(key, hashes.SHA256())
    return CA(certificate_path=Path("ca.pem"), key_path=Path("ca.key"), certificate=made, chain=(made,), key=key)


@pytest.fixture(scope="module", params=["ec", "rsa"])
def key(request: pytest.FixtureRequest) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    return ec.generate_private_key(ec.SECP384R1()) if request.param == "ec" else rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("identified", [True, False])
def test_a_company_s_own_ca_signs(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, identified: bool) -> None:
    issuer = own_ca(key, days=(-10, 400), identified=identified)
    certificate = LeafMaker(issuer).certificate("github.com")
    certificate.verify_directly_issued_by(issuer.certificate)
    authority = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    if identified:
        assert authority.key_identifier == b"not a digest of the key"
    else:
        assert authority.key_identifier == x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest


def test_no_certificate_outlives_its_ca(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    issuer = own_ca(key, days=(-1, 3), identified=True)
    certificate = LeafMaker(issuer).certificate("github.com")
    assert certificate.not_valid_after_utc == issuer.certificate.not_valid_after_utc
    assert certificate.not_valid_before_utc == issuer.certificate.not_valid_before_utc
