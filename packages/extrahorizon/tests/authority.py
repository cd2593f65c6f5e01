"""An authority that certifies the hosts and clients of tests."""

from datetime import UTC, datetime, timedelta

from cryptography import x509  # comes with moto
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def certify(folder):
    """Write `ca.pem` into a folder, and `server.pem`, `client.pem`, `other.pem` signed by it, each with its key."""
    now = datetime.now(UTC)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority of a test")])

    def write(file, key, name, *extensions):
        builder = (
            x509.CertificateBuilder(ca_name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        signed = builder.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / file).write_bytes(signed if file == "ca.pem" else signed + private)

    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    write("ca.pem", ca_key, ca_name, x509.BasicConstraints(ca=True, path_length=None), usage)
    for file, host in (("server.pem", "localhost"), ("client.pem", "client"), ("other.pem", "elsewhere.example")):
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        key = ec.generate_private_key(ec.SECP256R1())
        write(file, key, name, x509.SubjectAlternativeName([x509.DNSName(host)]))
