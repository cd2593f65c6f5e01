"""What may go wrong before a request is sent: then it was not sent, and no wait outlasts the deadline."""

import socket
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest
from http_server import answering, tls
from raw_server import client_of

from extrahorizon.deadline import Deadline
from extrahorizon.errors import ConfigurationError, DeadlineExceededError, PlatformUnreachableError
from extrahorizon.transport.certificates import checked_ca, checked_cert

TIME = 0.3  # seconds


def refused_in_time(host, sends):
    """Call `host` with a deadline of `TIME`; return the error, which has to come by then."""
    session = client_of(host, sends).session
    session.deadline = Deadline(TIME)
    with pytest.raises(DeadlineExceededError) as raised:
        session.post("/x")
    assert session.deadline.remaining() > -TIME
    return raised.value


@contextmanager
def silent():
    """Yield the port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def full():
    """Yield the address of a server that takes no more connections, as a host that drops what is sent to it."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()


def test_a_handshake_that_never_comes_ends_with_the_deadline_and_nothing_was_sent(transport):
    with silent() as port:
        assert not refused_in_time(f"https://localhost:{port}", transport()).sent


@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
def test_a_proxy_that_says_nothing_ends_with_the_deadline_and_nothing_was_sent(transport):
    with silent() as port:
        given = transport(proxies={"https": f"http://127.0.0.1:{port}"})
        assert not refused_in_time("https://api.acme.example", given).sent


@pytest.mark.only_transport("http.client", reason="urllib3 waits anew for each piece of a handshake")
def test_a_handshake_that_drips_ends_with_the_deadline(transport):
    over = threading.Event()

    def drip(listener):
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"\x16\x03\x03\x3f\xff")  # a long handshake record begins
            while not over.wait(TIME / 10):
                try:
                    connection.sendall(b"\x00")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=[listener])
        thread.start()
        refused_in_time(f"https://localhost:{listener.getsockname()[1]}", transport())
        over.set()
        thread.join()


def test_a_handshake_that_is_cut_is_unreachable_and_nothing_was_sent(transport):
    with answering() as server, pytest.raises(PlatformUnreachableError) as raised:  # it speaks no TLS
        client_of(f"https://localhost:{server.server_port}", transport()).session.post("/x")
    assert not raised.value.sent


def test_a_resolver_that_does_not_answer_ends_with_the_deadline(transport, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(10))
    assert not refused_in_time("http://localhost:1", transport()).sent
    over.set()


def _at(monkeypatch, *addresses):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_an_address_that_does_not_answer_leaves_time_for_the_next(transport, monkeypatch):
    with answering() as server, full() as dropping:
        _at(monkeypatch, dropping, server.server_address)
        session = client_of("http://localhost:1", transport()).session
        session.deadline = Deadline(1)
        assert session.call("POST", "/x") == {}


def test_addresses_that_do_not_answer_end_with_the_deadline_together(transport, monkeypatch):
    with full() as dropping:
        _at(monkeypatch, dropping, dropping, dropping)
        assert not refused_in_time("http://localhost:1", transport()).sent


def test_the_last_of_several_addresses_says_what_is_wrong(transport, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()
    _at(monkeypatch, closed, closed)
    with pytest.raises(PlatformUnreachableError, match="connection refused") as raised:
        client_of("http://localhost:1", transport()).session.post("/x")
    assert not raised.value.sent


def test_a_name_that_nobody_knows_is_unreachable(transport, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with pytest.raises(PlatformUnreachableError, match="name or service not known") as raised:
        client_of("https://api.acme.example", transport()).session.post("/x")
    assert not raised.value.sent


def test_a_bundle_that_holds_no_certificate_is_refused_when_the_client_is_made(transport, tmp_path):
    (tmp_path / "ca.pem").write_text("-----BEGIN PRIVATE KEY-----")
    for setting in ({"verify": str(tmp_path / "ca.pem")}, {"cert": str(tmp_path / "ca.pem")}):
        with pytest.raises(ConfigurationError, match=r"ca\.pem, which (holds|are) no certificate"):
            transport(**setting)


def test_a_bundle_that_cannot_be_read_when_it_is_needed_is_told(transport, tmp_path):
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
    with answering() as server, pytest.raises((ConfigurationError, PlatformUnreachableError)):
        client_of(f"https://localhost:{server.server_port}", transport(verify=str(tmp_path / "ca.pem"))).session.post(
            "/x"
        )
    assert not server.seen


def test_a_client_certificate_whose_key_is_encrypted_is_refused_and_no_password_is_asked_for(certificates, tmp_path):
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    pem = (certificates / "client.pem").read_bytes()
    key = load_pem_private_key(pem, None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (tmp_path / "client.pem").write_bytes(pem[: pem.index(b"-----BEGIN PRIVATE")] + locked)
    with pytest.raises(ConfigurationError, match="the key is encrypted"):
        checked_cert(str(tmp_path / "client.pem"))


def test_a_certificate_and_its_key_may_be_two_files(certificates, tmp_path):
    pem = (certificates / "client.pem").read_bytes()
    at = pem.index(b"-----BEGIN PRIVATE")
    (tmp_path / "cert.pem").write_bytes(pem[:at])
    (tmp_path / "key.pem").write_bytes(pem[at:])
    pair = (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    assert checked_cert(pair) == pair
    with pytest.raises(ConfigurationError, match="no certificate and its key"):
        checked_cert((pair[1], pair[0]))


@pytest.mark.parametrize("cert", [(), ("a", "b", "c"), (None, "b"), 5])
def test_a_client_certificate_is_one_path_or_two(cert):
    with pytest.raises(TypeError, match="cert is the path|not iterable"):
        checked_cert(cert)


@pytest.mark.parametrize("verify", [5, ["ca.pem"]])
def test_a_bundle_is_a_path(verify):
    with pytest.raises(TypeError, match="verify is a boolean or the path"):
        checked_ca(verify)


def test_a_folder_of_certificates_is_trusted(transport, certificates, tmp_path):
    import shutil
    import subprocess

    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    shutil.copy(certificates / "ca.pem", tmp_path)
    subprocess.run(["openssl", "rehash", tmp_path], check=True)
    with (
        answering(context=tls(certificates)) as server,
        client_of(f"https://localhost:{server.server_port}", transport(verify=str(tmp_path))) as exh,
    ):
        assert exh.session.call("GET", "/x") == {}
