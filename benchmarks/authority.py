"""An authority that functions trust as they trust those of certifi, and the certificate of a host on loopback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from exh_dev.packaging.authorities import FOLDER, SOURCE, subject_hash

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

_USAGE = x509.KeyUsage(
    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip


class Authority:
    """One authority; `host` is the certificate of localhost that it has signed, with its key, as PEM."""

    def __init__(self, folder: Path) -> None:
        """Make it, and put the host's certificate into a folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _named("Authority of a benchmark")
        self._certificate = _signed(name, key, name, key, x509.BasicConstraints(ca=True, path_length=None), _USAGE)
        # As clusters have it: an RSA key of 2048 bits.
        own = rsa.generate_private_key(65_537, 2048)
        alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        signed = _signed(_named("localhost"), own, name, key, alternative)
        self.host = folder / "localhost.pem"
        private = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.host.write_bytes(signed.public_bytes(Encoding.PEM) + private)

    def join(self, task_root: Path) -> None:
        """Let what is in a bundle trust it: one more among those of certifi, wherever the bundle has them."""
        pem = self._certificate.public_bytes(Encoding.PEM)
        with (task_root / SOURCE).open("ab") as bundle:
            bundle.write(b"\n" + pem)
        if (task_root / FOLDER).is_dir():
            name = subject_hash(self._certificate.public_bytes(Encoding.DER))
            (task_root / FOLDER / f"{name}.0").write_bytes(pem)


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _signed(
    name: x509.Name,
    key: CertificateIssuerPrivateKeyTypes,
    issuer: x509.Name,
    by: ec.EllipticCurvePrivateKey,
    *extensions: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    for each in extensions:
        builder = builder.add_extension(each, critical=isinstance(each, x509.BasicConstraints))
    return builder.sign(by, hashes.SHA256())
