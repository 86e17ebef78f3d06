"""A self-signed certificate for 127.0.0.1, made on the spot so that clients can speak HTTPS to the sandbox."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=90)
RENEW_BEFORE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files: the certificate (also the bundle that clients trust) and its private key (mode 0600)."""

    certificate: Path
    key: Path


def certificate_in(folder: Path) -> Certificate:
    """The certificate of a data folder; made anew where none is there or the old one is about to expire."""
    files = Certificate(folder / "sandbox-ca.pem", folder / "sandbox-key.pem")
    if not _is_fresh(files):
        _write(files)
    return files


def _is_fresh(files: Certificate) -> bool:
    try:
        loaded = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    except (OSError, ValueError):
        return False
    return files.key.exists() and loaded.not_valid_after_utc - RENEW_BEFORE > datetime.now(UTC)


def _write(files: Certificate) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    signed = _signed(key)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_private(files.key, pem)
    files.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def _signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    # Strict verifiers (OpenSSL with VERIFY_X509_STRICT, the default of newer Pythons) want the key identifiers and,
    # as the certificate is its own authority, the right to sign.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kevasync sandbox")])
    now = datetime.now(UTC)
    public = key.public_key()
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    hosts = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .add_extension(hosts, critical=False)
        .sign(key, hashes.SHA256())
    )


def _write_private(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
