"""Connections: kept, dropped, refused, encrypted, through proxies; and answers that are none."""

import base64
import os
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509  # comes with moto
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from raw_server import client_of, head_of

from extrahorizon.authentication import Authorization
from extrahorizon.client import ExtraHorizon
from extrahorizon.deadline import Deadline
from extrahorizon.errors import DeadlineExceededError, InvalidResponseError, PlatformUnreachableError
from extrahorizon.fan_out import fan_out
from extrahorizon.multipart import Multipart


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def setup(self):
        super().setup()
        self.server.connections.append(self.client_address)

    def do_GET(self):
        self.server.seen.append(self.path)
        if self.server.gate:
            self.server.gate.wait()
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET  # noqa: N815 - the name is http.server's

    def do_CONNECT(self):
        self.server.seen.append((self.path, self.headers.get("Proxy-Authorization")))
        if self.server.refuses:
            self.send_error(407)
            return
        self.send_response(200)
        self.end_headers()
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port))) as target:
            back = threading.Thread(target=_copy, args=(target, self.connection))
            back.start()
            _copy(self.connection, target)
            back.join()
        self.close_connection = True

    def log_message(self, *_):
        pass


def _copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context=None, gate=None):
        self.seen, self.connections, self.refuses, self.gate = [], [], False, gate
        super().__init__(("127.0.0.1", 0), Answering)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_):
        pass  # a client that does not trust the certificate hangs up


@contextmanager
def answering(**options):
    """Answers every request with an object; `seen` lists the paths that were asked for, `connections` the clients."""
    with Server(**options) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Unsigned:
    """As a host that is none of a platform, which `Credentials` would not take."""

    def __init__(self, host):
        self.authorization = Authorization(host, lambda request: None)

    def current(self, deadline):
        return self.authorization


def unsigned(host, transport):
    return ExtraHorizon(Unsigned(host), transport=transport).session


def test_a_connection_is_kept_for_the_next_call(transport):
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        for _ in range(3):
            assert exh.session.call("GET", "/x") == {}
    assert len(server.connections) == 1


def test_closing_an_answer_that_was_read_leaves_the_connection_to_the_next_call(transport):
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        with exh.session.get("/x", stream=True) as read:
            assert b"".join(read.chunks()) == b"{}"
            other = exh.session.get("/x", stream=True)
        assert other.content == b"{}"
        assert len(server.connections) == 1
        exh.session.get("/x", stream=True).close()
        exh.session.call("GET", "/x")
    assert len(server.connections) == 2


@pytest.mark.parametrize(("idle", "connections"), [(49, 1), (51, 2)])  # seconds
def test_a_connection_that_was_idle_for_long_is_not_used_again(idle, connections, transport, monkeypatch):
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        exh.session.call("POST", "/x")
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + idle)
        exh.session.call("POST", "/x")
    assert len(server.connections) == connections


def test_a_write_is_not_sent_on_a_connection_that_the_platform_has_closed_meanwhile(serving):
    kept = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"  # and then it is closed, without a word before
    with serving(lambda connection, *_: connection.sendall(kept)) as server:
        assert server.session.call("POST", "/x") == {}
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                assert server.session.call("POST", "/x") == {}
                break
            except PlatformUnreachableError:  # the end of the connection had not arrived yet
                continue
        assert server.session.call("GET", "/x") == {}


def test_as_many_connections_as_a_fan_out_has_threads_are_kept_open(transport):
    gate = threading.Barrier(16)
    with answering(gate=gate) as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        for _ in range(2):
            fan_out(lambda _: exh.session.call("GET", "/x"), range(16), workers=16)
    assert len(server.connections) == 16


def test_a_closed_port_is_unreachable_with_the_host(transport):
    listener = socket.create_server(("127.0.0.1", 0))
    host = f"http://localhost:{listener.getsockname()[1]}"
    listener.close()
    with pytest.raises(PlatformUnreachableError) as raised:
        client_of(host, transport()).session.get("/users/v1/me")
    told = f"{host} could not be reached: connection refused (GET /users/v1/me, after 5 attempts)"
    assert str(raised.value) == told
    assert not raised.value.sent


def test_a_connection_that_is_cut_is_unreachable(serving):
    with (
        serving(lambda *_: None) as server,
        pytest.raises(PlatformUnreachableError, match="It may have been done all the same"),
    ):
        server.session.post("/users/v1/me")


@pytest.mark.parametrize("host", ["https://api.a..b.io", f"https://api.{'x' * 64}.io"])
def test_a_host_that_no_resolver_takes_is_unreachable(host, transport):
    with pytest.raises(PlatformUnreachableError, match="after 1 attempts|could not be reached"):
        client_of(host, transport()).session.post("/users/v1/me")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\x16\x03\x01\x00\xff\x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5_000 + b"Content-Length: 0\r\n\r\n",
    ],
)
def test_what_is_no_answer_of_http_is_unreachable(answer, serving):
    with serving(lambda connection, *_: connection.sendall(answer)) as server:
        with pytest.raises(PlatformUnreachableError) as raised:
            server.session.post("/x")
        assert raised.value.sent
        assert len(server.requests) == 1


def test_a_redirect_is_followed_within_the_host_alone(serving):
    places = ["/moved", "http://elsewhere.example/x"]

    def answer(connection, *_):
        location = places.pop(0)
        head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())

    with serving(answer) as server:
        with pytest.raises(PlatformUnreachableError, match="redirects to http://elsewhere.example"):
            server.session.get("/x?select(id)")
        first, second = (request.split(b"\r\n")[0] for request in server.requests)
    assert (first, second) == (b"GET /x?select(id) HTTP/1.1", b"GET /moved HTTP/1.1")


def test_an_answer_to_head_has_no_body(serving):
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n", head_of(2) + b"{}"]
    with serving(lambda connection, *_: connection.sendall(answers.pop(0))) as server:
        head = server.session.head("/x")
        assert (head.content, head.headers["content-length"]) == (b"", "100")
        assert server.session.call("GET", "/x") == {}


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_and_chunked_answer_is_read_as_it_was_meant(coding, serving):
    import gzip
    import zlib

    body = b'{"name": "' + b"x" * 100_000 + b'"}'
    packed = gzip.compress(body) if coding == "gzip" else zlib.compress(body)

    def answer(connection, *_):
        connection.sendall(
            f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        for at in range(0, len(packed), 7):
            piece = packed[at : at + 7]
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")

    with serving(answer) as server:
        assert server.session.get("/x").content == body


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 196_808])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "bare deflate"])
def test_a_compressed_body_of_any_size_is_whole(size, coding, serving):
    import gzip
    import zlib

    body = b"0" * size
    bare = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = {"gzip": gzip.compress(body), "deflate": zlib.compress(body)}.get(coding) or bare.compress(
        body
    ) + bare.flush()
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding.split()[-1]}\r\nContent-Length: {len(packed)}\r\n"
    with serving(
        lambda connection, *_: connection.sendall(f"{head}Connection: close\r\n\r\n".encode() + packed)
    ) as server:
        assert server.session.get("/x").content == body


def test_a_body_of_several_gzip_members_is_whole(serving):
    import gzip

    packed = gzip.compress(b"a" * 10) + gzip.compress(b"b" * 100_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\nConnection: close\r\n\r\n"
    with serving(lambda connection, *_: connection.sendall(head.encode() + packed)) as server:
        assert server.session.get("/x").content == b"a" * 10 + b"b" * 100_000


@pytest.mark.parametrize("lengths", ["Content-Length: 100, 100", "Content-Length: 4\r\nContent-Length: 100"])
def test_an_answer_whose_end_cannot_be_known_is_none(lengths, serving):
    head = f"HTTP/1.1 200 OK\r\n{lengths}\r\nConnection: close\r\n\r\nhalf"
    answer = lambda connection, *_: connection.sendall(head.encode())  # noqa: E731
    with serving(answer) as server, pytest.raises((PlatformUnreachableError, InvalidResponseError)):
        server.session.post("/x")


def test_a_redirect_without_a_path_goes_to_the_same_place(serving):
    answers = []

    def answer(connection, *_):
        if answers:
            connection.sendall(head_of(2) + b"{}")
        else:
            answers.append(1)
            location = f"Location: {server.host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            connection.sendall(b"HTTP/1.1 302 Found\r\n" + location.encode())

    with serving(answer) as server:
        assert server.session.call("GET", "/x") == {}
    assert server.requests[1].startswith(b"GET / HTTP/1.1")


def test_reading_an_answer_after_it_was_closed_leaves_nothing_behind(transport):
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        with exh.session.get("/x", stream=True) as closed:
            pass
        with suppress(PlatformUnreachableError, ValueError):
            closed.content  # noqa: B018 - it may be there, or not
        assert exh.session.call("GET", "/x") == {}


def test_a_process_that_was_forked_has_connections_of_its_own(transport):
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        exh.session.call("GET", "/x")
        child = os.fork()
        if child == 0:
            answered = exh.session.call("GET", "/x") == {}
            os._exit(0 if answered else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(server.connections) == 2
        assert exh.session.call("GET", "/x") == {}
    assert len(server.connections) == 2


@pytest.mark.parametrize("raised", [TimeoutError, BrokenPipeError, ConnectionResetError])
def test_what_the_body_itself_raises_reaches_the_caller(raised, serving):
    def broken(sent, size):
        raise raised("of the body")

    upload = Multipart(b"x" * 200_000, filename="f", on_progress=broken)
    with serving(lambda connection, reader, head: reader.read()) as server:
        with pytest.raises(raised, match="of the body"):
            server.session.post("/files/v1/", data=upload)
        server.session.close()


def test_a_body_that_broke_is_not_an_empty_one_the_second_time(serving):
    with serving(lambda connection, *_: connection.sendall(head_of(100) + b"half")) as server:
        response = server.session.post("/x", stream=True)
        with pytest.raises(PlatformUnreachableError):
            response.content  # noqa: B018 - read
        with pytest.raises(InvalidResponseError, match="could not be read"):
            response.json()


def test_a_body_that_is_not_compressed_as_it_says_is_unreachable(serving):
    broken = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\nConnection: close\r\n\r\nplain"
    answer = lambda connection, *_: connection.sendall(broken)  # noqa: E731
    with serving(answer) as server, pytest.raises(PlatformUnreachableError):
        server.session.post("/x")


@pytest.mark.only_transport("http.client", reason="urllib3 waits anew for each byte of the headers")
def test_headers_that_drip_end_with_the_deadline(serving):
    over = threading.Event()

    def answer(connection, *_):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.02):
            connection.sendall(b"x")

    with serving(answer) as server:
        server.session.deadline = Deadline(0.3)
        with pytest.raises(DeadlineExceededError):
            server.session.post("/x")
        over.set()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A folder with `ca.pem`, and `server.pem`, `client.pem`, `other.pem` signed by it, each with its key."""
    folder = tmp_path_factory.mktemp("certificates")
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
    return folder


def tls(certificates, file="server.pem"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / file)
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(transport, certificates):
    with answering(context=tls(certificates)) as server:
        host = f"https://localhost:{server.server_port}"
        with pytest.raises(PlatformUnreachableError) as raised:
            client_of(host, transport()).session.post("/users/v1/me")
    told = f"{host} could not be reached: its TLS certificate was not accepted (POST /users/v1/me)"
    assert str(raised.value) == told
    assert not server.seen


def test_a_certificate_of_another_host_is_refused(transport, certificates):
    with answering(context=tls(certificates, "other.pem")) as server:
        exh = client_of(f"https://localhost:{server.server_port}", transport(verify=str(certificates / "ca.pem")))
        with pytest.raises(PlatformUnreachableError, match="its TLS certificate was not accepted"):
            exh.session.post("/users/v1/me")
    assert not server.seen


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("source", ["verify", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "trusts anybody"])
def test_a_certificate_of_the_given_bundle_is_accepted(source, transport, certificates, monkeypatch):
    bundle = str(certificates / "ca.pem")
    if source.isupper():
        monkeypatch.setenv(source, bundle)
        sends = transport()
    else:
        sends = transport(verify=bundle if source == "verify" else False)
    with (
        answering(context=tls(certificates)) as server,
        client_of(f"https://localhost:{server.server_port}", sends) as exh,
    ):
        assert exh.session.call("GET", "/users/v1/me") == {}


def test_a_client_certificate_is_shown_to_who_asks_for_one(transport, certificates):
    context = tls(certificates)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificates / "ca.pem")
    bundle, client = str(certificates / "ca.pem"), str(certificates / "client.pem")
    with answering(context=context) as server:
        host = f"https://localhost:{server.server_port}"
        with client_of(host, transport(verify=bundle, cert=client)) as exh:
            assert exh.session.call("GET", "/x") == {}
        with pytest.raises(PlatformUnreachableError):
            client_of(host, transport(verify=bundle)).session.post("/x")
    assert server.seen == ["/x"]


@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
def test_a_plain_call_goes_through_the_proxy_of_the_environment_but_for_this_machine(transport, monkeypatch):
    with answering() as proxy, answering() as local:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.server_port}")
        monkeypatch.setenv("NO_PROXY", "direct.example")
        assert unsigned("http://api.acme.example", transport()).call("GET", "/users/v1/me") == {}
        assert unsigned(f"http://localhost:{local.server_port}", transport()).call("GET", "/here") == {}
        with pytest.raises(PlatformUnreachableError):
            unsigned("http://direct.example", transport()).call("POST", "/direct")
    assert proxy.seen == ["http://api.acme.example/users/v1/me"]
    assert local.seen == ["/here"]


@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
def test_given_proxies_count_before_those_of_the_environment(transport, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with answering() as proxy:
        given = transport(proxies={"http": f"http://127.0.0.1:{proxy.server_port}"})
        assert unsigned("http://api.acme.example", given).call("GET", "/x") == {}
    assert proxy.seen == ["http://api.acme.example/x"]


@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
def test_an_encrypted_call_goes_through_a_tunnel_of_the_proxy(transport, certificates):
    with answering(context=tls(certificates)) as server, answering() as proxy:
        given = transport(
            proxies={"https": f"http://user:pass%20word@127.0.0.1:{proxy.server_port}"},
            verify=str(certificates / "ca.pem"),
        )
        with client_of(f"https://localhost:{server.server_port}", given) as exh:
            assert exh.session.call("GET", "/x") == {}
    authorization = "Basic " + base64.b64encode(b"user:pass word").decode()
    assert proxy.seen == [(f"localhost:{server.server_port}", authorization)]
    assert server.seen == ["/x"]


@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
def test_a_proxy_that_refuses_is_told_and_nothing_was_sent(transport):
    with answering() as proxy:
        proxy.refuses = True
        given = transport(proxies={"https": f"http://127.0.0.1:{proxy.server_port}"})
        with pytest.raises(PlatformUnreachableError) as raised:
            client_of("https://api.acme.example", given).session.post("/x")
    assert not raised.value.sent
