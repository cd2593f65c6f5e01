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
from extrahorizon.transport.connecting import connected
from extrahorizon.transport.protocol import Request

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


@pytest.mark.slow
def test_a_handshake_that_never_comes_ends_with_the_deadline_and_nothing_was_sent(transport):
    with silent() as port:
        assert not refused_in_time(f"https://localhost:{port}", transport()).sent


@pytest.mark.slow
@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
def test_a_proxy_that_says_nothing_ends_with_the_deadline_and_nothing_was_sent(transport):
    with silent() as port:
        given = transport(proxies={"https": f"http://127.0.0.1:{port}"})
        assert not refused_in_time("https://api.acme.example", given).sent


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_resolver_that_does_not_answer_ends_with_the_deadline(transport, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(10))
    assert not refused_in_time("http://localhost:1", transport()).sent
    over.set()


def _at(monkeypatch, *addresses):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


@pytest.mark.slow
def test_an_address_that_does_not_answer_leaves_time_for_the_next(transport, monkeypatch):
    with answering() as server, full() as dropping:
        _at(monkeypatch, dropping, server.server_address)
        session = client_of("http://localhost:1", transport()).session
        session.deadline = Deadline(1)
        assert session.call("POST", "/x") == {}


@pytest.mark.slow
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


def test_a_host_name_that_cannot_be_resolved_is_unreachable(transport, monkeypatch):
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
        with pytest.raises(ConfigurationError, match=r"ca\.pem, which (holds no|are not a) certificate"):
            transport(**setting)


def test_a_ca_bundle_that_cannot_be_read_when_it_is_needed_raises(transport, tmp_path):
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
    with pytest.raises(ConfigurationError, match="not a certificate and its key"):
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


class Slow:
    """Stands between a client and a server, and lets it wait for the server's first bytes."""

    def __init__(self, target, pause):
        self._target, self._pause = target, pause
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self._threads = [threading.Thread(target=self._serve)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket()
            server.connect(self._target)  # without the resolver, which a test has replaced
            for pair in ((client, server, 0), (server, client, self._pause)):
                self._threads.append(threading.Thread(target=self._copy, args=pair))
                self._threads[-1].start()

    def _copy(self, source, target, pause):
        try:
            data = source.recv(65536)
            threading.Event().wait(pause)
            while data:
                target.sendall(data)
                data = source.recv(65536)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        finally:
            if pause:
                source.close()
                target.close()


@pytest.mark.slow
def test_a_host_of_many_addresses_has_as_much_time_for_its_handshake_and_its_body(transport, certificates, monkeypatch):
    """The first address had a part of the time to connect, and no less for what comes after."""
    with answering(context=tls(certificates)) as server, Slow(server.server_address, 0.5) as slow:
        _at(monkeypatch, *[slow.address] * 8)
        monkeypatch.setattr("extrahorizon.transport.over_requests.CONNECT_TIMEOUT", 2.0)
        monkeypatch.setattr("extrahorizon.transport.over_sockets.CONNECT_TIMEOUT", 2.0)
        sends = transport(verify=str(certificates / "ca.pem"))
        with client_of(f"https://localhost:{slow.address[1]}", sends) as exh:
            assert exh.session.call("POST", "/x") == {}


@pytest.mark.slow
@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
def test_a_proxy_that_is_slow_and_a_host_that_is_silent_end_with_one_deadline(transport):
    def answer(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            over.wait(TIME * 0.8)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            over.wait(10)

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=[listener])
        thread.start()
        proxies = {"https": f"http://127.0.0.1:{listener.getsockname()[1]}"}
        session = client_of("https://api.acme.example", transport(proxies=proxies)).session
        session.deadline = Deadline(TIME)
        with pytest.raises(DeadlineExceededError) as raised:
            session.post("/x")
        assert session.deadline.remaining() > -TIME * 0.5
        assert not raised.value.sent
        over.set()
        thread.join()


def test_an_address_of_a_family_that_the_system_lacks_is_passed_over(transport, monkeypatch):
    made = socket.socket

    def without_ipv6(family=-1, *rest, **options):
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return made(family, *rest, **options)

    with answering() as server:
        found = [
            (socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("::1", server.server_port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", server.server_address),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)  # as people patch it: without names
        monkeypatch.setattr("extrahorizon.transport.connecting.socket.socket", without_ipv6)
        with client_of(f"http://localhost:{server.server_port}", transport()) as exh:
            assert exh.session.call("GET", "/x") == {}


def test_what_a_test_lets_the_resolver_raise_reaches_it(transport, monkeypatch):
    def no_network(*_, **__):
        raise RuntimeError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    with pytest.raises(RuntimeError, match="no network in this test"):
        client_of("https://api.acme.example", transport()).session.get("/x")


def test_where_no_thread_can_be_started_the_resolver_is_asked_all_the_same(monkeypatch):
    """As when the interpreter shuts down."""

    def none_left(_):
        raise RuntimeError("can't start new thread")

    with answering() as server, monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_left)
        connected("localhost", server.server_port, 5).close()


@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
@pytest.mark.parametrize(
    "answer", [b"garbage\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300, b"HTTP/1.1 " + b"2" * 70_000]
)
def test_a_proxy_that_speaks_no_http_was_sent_nothing(answer, transport):
    def refuse(listener):
        for _ in range(5):  # attempts
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse, args=[listener])
        thread.start()
        proxies = {"https": f"http://127.0.0.1:{listener.getsockname()[1]}"}
        with pytest.raises(PlatformUnreachableError) as raised:
            client_of("https://api.acme.example", transport(proxies=proxies)).session.post("/x")
        assert not raised.value.sent
        thread.join()


@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
def test_a_proxy_over_socks_says_which_package_it_needs(transport):
    with pytest.raises(PlatformUnreachableError, match="needs the package PySocks") as raised:
        client_of("https://api.acme.example", transport(proxies={"https": "socks5://127.0.0.1:9"})).session.post("/x")
    assert (raised.value.sent, raised.value.permanent) == (False, True)


def test_a_client_certificate_that_was_deleted_meanwhile_is_a_configuration_error(transport, certificates, tmp_path):
    copy = tmp_path / "client.pem"
    copy.write_bytes((certificates / "client.pem").read_bytes())
    sends = transport(verify=str(certificates / "ca.pem"), cert=str(copy))
    copy.unlink()
    with answering(context=tls(certificates)) as server, pytest.raises(ConfigurationError, match=r"client\.pem"):
        client_of(f"https://localhost:{server.server_port}", sends).session.post("/x")
    assert not server.seen


def test_a_host_with_a_null_character_is_refused(transport):
    with pytest.raises(PlatformUnreachableError, match="not the name of a host|name or service not known"):
        transport().send(Request("GET", "http://local\0host/x"), Deadline(1))
