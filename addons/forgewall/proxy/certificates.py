"""The certificate authority in whose name Forgewall answers for forge hosts: made once, or the company's own.

`forgewall-ca.pem` is the certificate alone, which clients trust; `forgewall-ca.key` is the key, for the owner only.
Nothing is ever overwritten, and anything half made or unfit stops the start with a sentence.

Not here: reading the files (`ca_file`), leaf certificates (mitmproxy makes them), upstream verification.
This module doesn't import mitmproxy.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from forgewall.errors import StartError
from forgewall.proxy.ca_file import Key, check_fitness, fingerprint_of, read_certificates, read_key

CERTIFICATE_NAME = "forgewall-ca.pem"
KEY_NAME = "forgewall-ca.key"
LIFETIME = timedelta(days=3650)
BACKDATE = timedelta(days=2)  # clients' clocks may be slow; leaf certificates are backdated as much


@dataclass(frozen=True, slots=True, kw_only=True)
class CA:
    """A usable CA: `certificate` signs leaves with `key`; `chain` is it and the certificates above it, as given.

    `warnings` are sentences for the operator about what works but will bite. The key never shows in a repr.
    """

    certificate_path: Path
    key_path: Path
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: Key = field(repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def certificate_pem(self) -> bytes:
        """What clients are given: certificates only, PEM, the issuing CA first."""
        return b"".join(cert.public_bytes(serialization.Encoding.PEM) for cert in self.chain)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate in upper-case hex pairs, as browsers and `openssl x509 -fingerprint` show it."""
        return fingerprint_of(self.certificate)


def ensure_ca(directory: Path) -> CA:
    """The CA in `directory`, made there at the first start.

    An administrator may place the company's own two files there beforehand. Several processes may start at once.
    Raises StartError with what is wrong, where, and what to do.
    """
    certificate, key = directory / CERTIFICATE_NAME, directory / KEY_NAME
    try:
        if not (certificate.exists() and key.exists()):  # the common case asks for nothing, not even write access
            directory.mkdir(mode=0o755, parents=True, exist_ok=True)
            with _locked(directory):
                _complete(certificate, key)
    except OSError as error:
        raise StartError(
            f"cannot make a CA in {directory}: {error.strerror or error}. "
            "Choose a writable directory with --certs, or place forgewall-ca.pem and forgewall-ca.key there."
        ) from None
    return load_ca(certificate, key)


def load_ca(certificate: Path, key: Path) -> CA:
    """Read a CA from two PEM files; the first certificate is the one that signs, others are the chain above it.

    Raises StartError if either can't be read or used.
    """
    chain = read_certificates(certificate)
    issuer = chain[0]
    private = read_key(key)
    if private.public_key() != issuer.public_key():
        raise StartError(
            f"{key} is not the key of the first certificate in {certificate}. Put the matching pair there "
            "(the signing CA first, the certificates above it after)."
        )
    warnings = check_fitness(issuer, certificate)
    return CA(
        certificate_path=certificate, key_path=key, certificate=issuer, chain=chain, key=private, warnings=warnings
    )


def describe(certificate: Path) -> str:
    """Fingerprint and expiry of the CA in a certificate file, for people; the key isn't touched.

    Raises StartError if the file holds no certificate.
    """
    issuer = read_certificates(certificate)[0]
    return f"SHA-256 {fingerprint_of(issuer)}, valid until {issuer.not_valid_after_utc:%Y-%m-%d}"


def _complete(certificate: Path, key: Path) -> None:
    """Make both files where neither is; leave both where both are; refuse one without the other."""
    have_certificate, have_key = os.path.lexists(certificate), os.path.lexists(key)
    if have_certificate and have_key:
        return
    if have_certificate or have_key:
        here, missing = (certificate, key) if have_certificate else (key, certificate)
        raise StartError(
            f"{here} is there but {missing} is not, so the CA is incomplete. Put {missing.name} back; or, if no "
            f"client trusts this CA yet, remove {here} and start again to make a new one."
        )
    private, made = _make()
    _place(
        key,
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        0o600,
    )
    _place(certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)


def _make() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A new P-256 CA by RFC 5280 section 4.2.1, as Python's VERIFY_X509_STRICT wants it.

    Path length 0: it signs servers, never another CA. No extended key usage: not all clients expect one on a root.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # The serial in the name keeps two installations' CAs apart in a client's store.
    serial = x509.random_serial_number()
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Forgewall"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Forgewall CA {serial:x}"[:25]),
        ]
    )
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .serial_number(serial)
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now - BACKDATE + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(ca=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    return key, builder.sign(key, hashes.SHA256())


def key_usage(*, ca: bool) -> x509.KeyUsage:
    """What a key is for, RFC 5280 section 4.2.1.3: a CA's signs certificates and CRLs, a server's signs handshakes."""
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _place(path: Path, content: bytes, mode: int) -> None:
    """Write `path` whole or not at all, and never over anything: a hard link fails where a name exists.

    Where there are no hard links (FAT, some shared folders), the lock alone keeps two first starts apart.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:
            temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One process at a time looks whether the CA is there and makes it; the lock leaves no file behind."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: creation is exclusive all the same
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)
