"""The folder of CA certificates in a bundle: each is found by OpenSSL, by the name that OpenSSL computes."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import pytest
from cryptography import x509  # comes with moto
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from exh_dev.errors import DevkitError
from exh_dev.packaging.authorities import FOLDER, SOURCE, authorities, subject_hash

KEY = ec.generate_private_key(ec.SECP256R1())


def text(value, oid=NameOID.COMMON_NAME, kind=None):
    return x509.NameAttribute(oid, value, _type=kind)


def certificate(*names):
    """Return a certificate that vouches for itself, of a name that is a list of sets of texts."""
    name = x509.Name([x509.RelativeDistinguishedName(each) for each in names])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(name, name, KEY.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(KEY.public_key()), critical=False)
    )
    return builder.sign(KEY, hashes.SHA256())


def add_authorities(bundle):
    """Write the folder beside certifi's file; return what was written."""
    (bundle / FOLDER).mkdir()
    found = authorities((bundle / SOURCE).read_text(encoding="utf-8"))
    for name, content in found.items():
        (bundle / FOLDER / name).write_bytes(content)
    return [bundle / FOLDER / name for name in found]


@pytest.fixture
def bundle(tmp_path):
    (tmp_path / SOURCE).parent.mkdir()
    (tmp_path / FOLDER).parent.mkdir(parents=True)
    shutil.copyfile(certifi.where(), tmp_path / SOURCE)
    return tmp_path


# The numbers are those of `openssl x509 -subject_hash`, OpenSSL 3.0.19.
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([[text("BE", NameOID.COUNTRY_NAME)], [text("  ACME   Trust\tCo ", NameOID.ORGANIZATION_NAME)]], "60c8256a"),
        ([[text("Főtanúsítvány ÉÀ  Root")]], "d01a2d5b"),
        ([[text("Tanúsítvány ROOT", kind=_ASN1Type.BMPString)]], "4761b2d3"),
        ([[text("Entrust.net CA", kind=_ASN1Type.T61String)]], "ac114d19"),
        ([[text("Zeta", NameOID.ORGANIZATION_NAME), text("alpha")], [text("FR", NameOID.COUNTRY_NAME)]], "8733f859"),
        (
            [[text("x" * 64)], *([text(f"Unit {n} " + "y" * 40, NameOID.ORGANIZATIONAL_UNIT_NAME)] for n in range(6))],
            "ccd70972",
        ),
    ],
    ids=["spaces", "accents", "two bytes a character", "T.61", "two in a set", "long"],
)  # fmt: skip
def test_the_name_is_that_of_openssl(names, expected):
    assert subject_hash(certificate(*names).public_bytes(Encoding.DER)) == expected


def test_each_certificate_of_certifi_is_there(bundle):
    written = add_authorities(bundle)
    pems = Path(certifi.where()).read_text().count("BEGIN CERTIFICATE")
    assert len(written) == len({path.read_bytes() for path in written}) == pems > 100
    assert all(re.fullmatch(r"[0-9a-f]{8}\.\d", path.name) for path in written)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_gives_each_of_them_the_same_name(bundle):
    for path in add_authorities(bundle):
        command = ["openssl", "x509", "-noout", "-subject_hash", "-in", path]
        assert subprocess.check_output(command, text=True).strip() == path.stem


def test_two_of_one_name_are_both_there(bundle):
    pems = [certificate([text("Twice")]).public_bytes(Encoding.PEM) for _ in range(2)]
    (bundle / SOURCE).write_bytes(b"# a comment\n".join(pems))
    assert [path.suffix for path in add_authorities(bundle)] == [".0", ".1"]


def test_a_host_is_trusted_by_what_is_there_and_by_nothing_else(bundle, tmp_path):
    known, other = certificate([text("Known")]), certificate([text("Other")])
    (bundle / SOURCE).write_bytes(known.public_bytes(Encoding.PEM))
    add_authorities(bundle)
    assert handshake(tmp_path, known, bundle / FOLDER)
    assert not handshake(tmp_path, other, bundle / FOLDER)


def handshake(folder, shown, trusted):
    private = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(shown.public_bytes(Encoding.PEM) + private)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "server.pem")
    client, server = socket.socketpair()

    def serve():
        try:
            serving.wrap_socket(server, server_side=True).close()
        except ssl.SSLError:
            server.close()

    thread = threading.Thread(target=serve)
    thread.start()
    context = ssl.create_default_context(capath=trusted)
    try:
        context.wrap_socket(client, server_hostname="localhost").close()
    except ssl.SSLCertVerificationError:
        client.close()
        return False
    finally:
        thread.join()
    return True


@pytest.mark.parametrize("content", ["AAAA", "MIIB", "!", ""])
def test_what_is_not_a_certificate_is_refused(bundle, content):
    (bundle / SOURCE).write_text(f"-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n")
    with pytest.raises(DevkitError, match="not a certificate"):
        add_authorities(bundle)
