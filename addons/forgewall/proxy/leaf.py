"""Server certificates in the CA's name, made when a forge host is first asked for.

One key serves all of them: it never leaves the process, and it isn't the CA's. Not here: the CA (`certificates`), TLS.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from forgewall.proxy.certificates import BACKDATE, CA, key_usage

LIFETIME = timedelta(days=30)
"""Within what clients accept (397 days); whoever keeps a certificate asks for a new one well before its end."""


class LeafMaker:
    """Makes leaf certificates by host name."""

    def __init__(self, ca: CA) -> None:
        self._ca = ca
        self.key = ec.generate_private_key(ec.SECP256R1())

    def certificate(self, host: str) -> x509.Certificate:
        """A certificate for `host`, a lower-case ASCII host name or an IP address.

        By RFC 5280 and the CA/Browser baseline: name in subjectAltName, serverAuth, key identifiers.
        """
        now = datetime.now(UTC)
        issuer = self._ca.certificate
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]))
            .issuer_name(issuer.subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(now - BACKDATE, issuer.not_valid_before_utc))
            .not_valid_after(min(now + LIFETIME, issuer.not_valid_after_utc))
            .add_extension(x509.SubjectAlternativeName([_name(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .add_extension(_authority(issuer), critical=False)
            .sign(self._ca.key, hashes.SHA256())
        )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _authority(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())  # type: ignore[arg-type]
