"""The throw-away certificate authority of the local forge: one certificate per name, made when a client asks for it.

It is not Forgewall's own CA (clients trust that one); this is what the proxy sees upstream.
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Flaw(StrEnum):
    """What is wrong with a certificate on purpose."""

    NONE = "none"
    UNTRUSTED = "untrusted"  # signed by a CA nobody was told of
    WRONG_NAME = "wrong-name"
    EXPIRED = "expired"


class Authority:
    """A CA in memory; leaf certificates are written below `directory`, since `ssl` loads them from files only."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._contexts: dict[tuple[str, Flaw], ssl.SSLContext] = {}
        self._key, self._certificate = make_root("Throw-away forge CA")
        self._stranger = make_root("A CA nobody trusts")
        directory.mkdir(parents=True, exist_ok=True)
        self.file = directory / "forge-ca.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, name: str, flaw: Flaw = Flaw.NONE) -> ssl.SSLContext:
        """The TLS server context that shows a certificate for `name` with `flaw`."""
        with self._lock:
            if (name, flaw) not in self._contexts:
                self._contexts[name, flaw] = self._make_context(name, flaw)
            return self._contexts[name, flaw]

    def _make_context(self, name: str, flaw: Flaw) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        shown = "someone-else.example" if flaw is Flaw.WRONG_NAME else name
        issuer_key, issuer = self._stranger if flaw is Flaw.UNTRUSTED else (self._key, self._certificate)
        now = datetime.datetime.now(datetime.UTC)
        until = now - datetime.timedelta(hours=1) if flaw is Flaw.EXPIRED else now + datetime.timedelta(days=2)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, shown[:64])]))
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(until)
            .add_extension(x509.SubjectAlternativeName([_general_name(shown)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
            .sign(issuer_key, hashes.SHA256())
        )
        path = self._directory / f"{len(self._contexts)}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        context.set_alpn_protocols(["http/1.1"])
        return context


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def make_root(common_name: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A new CA: its key and its certificate, good for two days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key, certificate
