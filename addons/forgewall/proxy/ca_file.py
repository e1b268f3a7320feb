"""Reading a CA's two files and judging whether the CA can serve: each complaint says which file and what to do.

Not here: making a CA (`certificates`). This module doesn't import mitmproxy.
"""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from forgewall.errors import StartError

EXPIRY_WARNING = timedelta(days=30)
FILE_BYTES = 1 << 20  # no sane certificate or key file is longer

type Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def read_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates in a PEM file, in its order; StartError if there are none, or if a private key is among them."""
    content = _read(path, "CA certificate", private=False)
    if b"PRIVATE KEY" in content:
        raise StartError(
            f"{path} holds a private key, but it is the file that clients are given. "
            f"Keep only certificates in it and the key in forgewall-ca.key."
        )
    try:
        return tuple(x509.load_pem_x509_certificates(content))
    except ValueError:
        raise StartError(f"{path} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).") from None


def read_key(path: Path) -> Key:
    """The private key in a PEM file that only its owner may open; StartError for any other."""
    content = _read(path, "CA key", private=True)
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except TypeError:
        raise StartError(
            f"{path} is protected by a passphrase, which nobody can type at a proxy's start. Store it decrypted "
            "(openssl pkey -in … -out …) with mode 600, or use a secret mount."
        ) from None
    except Exception:  # ValueError, UnsupportedAlgorithm, and what else a damaged key may raise
        raise StartError(f"{path} holds no private key in PEM form that can be read.") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size >= 256:
        return key
    raise StartError(f"{path} is no key that clients accept for a CA: use RSA of 2048 bits or more, or EC P-256.")


def check_fitness(certificate: x509.Certificate, path: Path) -> tuple[str, ...]:
    """Warnings about a CA that can be used; StartError for one that can't (RFC 5280 sections 4.1.2.5, 4.2.1)."""
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        raise StartError(f"the CA in {path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}. Renew it.")
    if now < certificate.not_valid_before_utc:
        raise StartError(
            f"the CA in {path} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC. "
            "Check this machine's clock."
        )
    try:
        extensions = certificate.extensions
    except (ValueError, x509.DuplicateExtension):
        raise StartError(f"the CA in {path} has extensions that can't be read.") from None
    warnings = []
    constraints = _extension(extensions, x509.BasicConstraints)
    if constraints is None or not constraints.value.ca:
        raise StartError(f"the first certificate in {path} is not a CA (basicConstraints CA:TRUE is missing).")
    usage = _extension(extensions, x509.KeyUsage)
    if usage is not None and not usage.value.key_cert_sign:
        raise StartError(f"the CA in {path} may not sign certificates (keyUsage lacks keyCertSign).")
    strict = "Python 3.13 and other strict clients will reject it"
    if not constraints.critical:
        warnings.append(f"the CA in {path} has basicConstraints that are not critical; {strict}.")
    if usage is None:
        warnings.append(f"the CA in {path} has no keyUsage; {strict}.")
    if _extension(extensions, x509.SubjectKeyIdentifier) is None:
        warnings.append(f"the CA in {path} has no subjectKeyIdentifier; {strict}.")
    if certificate.not_valid_after_utc - now < EXPIRY_WARNING:
        warnings.append(f"the CA in {path} expires on {certificate.not_valid_after_utc:%Y-%m-%d}; renew it in time.")
    return tuple(warnings)


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 in upper-case hex pairs, as browsers and `openssl x509 -fingerprint` show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _read(path: Path, what: str, *, private: bool) -> bytes:
    """The file's bytes; where `private`, only if nobody but its owner may open it."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if private and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise StartError(
                    f"{path} can be opened by others than its owner (mode {stat.S_IMODE(mode):04o}), and whoever "
                    f"reads it can impersonate every site. Run: chmod 600 {path}"
                )
            content = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise StartError(f"cannot read the {what} {path}: {error.strerror or error}.") from None
    if len(content) > FILE_BYTES:
        raise StartError(f"the {what} {path} is larger than {FILE_BYTES} bytes; is it the right file?")
    return content


def _extension[T: x509.ExtensionType](extensions: x509.Extensions, kind: type[T]) -> x509.Extension[T] | None:
    try:
        return extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None
