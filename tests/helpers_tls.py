"""Certificates of every kind, made by authorities that live as long as a test."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@dataclass
class Authority:
    """Signs certificates; `certificate` is its own, for those who trust it."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def certificate(self) -> bytes:
        """PEM."""
        usage = x509.BasicConstraints(ca=True, path_length=None)
        made = _dated(self.name, self.key, -_DAY, 30 * _DAY).issuer_name(_named(self.name))
        return _pem(made.add_extension(usage, critical=True).sign(self.key, hashes.SHA256()))

    def sign(
        self, host: str | None, begins: timedelta = -_DAY, ends: timedelta = 30 * _DAY
    ) -> tuple[bytes, bytes]:
        """Certificate and key (PEM) of a host; without subjectAltName for None. Times count from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _dated(host or "nobody", key, begins, ends).issuer_name(_named(self.name))
        if host:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return _pem(made.sign(self.key, hashes.SHA256())), _key(key)


def self_signed(host: str) -> tuple[bytes, bytes]:
    """Certificate and key of a host that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    made = _dated(host, key, -_DAY, 30 * _DAY).issuer_name(_named(host))
    return _pem(made.add_extension(names, critical=False).sign(key, hashes.SHA256())), _key(key)


def context(folder: Path, name: str, signed: tuple[bytes, bytes]) -> ssl.SSLContext:
    """A server's side; `ssl` reads certificates from files only."""
    file = folder / f"{name}.pem"
    file.write_bytes(b"".join(signed))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(file)
    return made


def _dated(
    subject: str, key: ec.EllipticCurvePrivateKey, begins: timedelta, ends: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
