"""Certificates and proxies: whom a transport trusts, what it shows, and through whom it goes."""

import base64
import socket
import ssl
import threading

import pytest
from http_server import answering, tls
from raw_server import Unsigned, client_of

from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import PlatformUnreachableError


def unsigned(host, transport):
    return ExtraHorizon(Unsigned(host), transport=transport).session


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


@pytest.mark.only_transport("sockets", reason="requests reads the file of certifi")
def test_the_folder_that_a_bundle_has_is_trusted_instead_of_certifi(transport, certificates, monkeypatch, tmp_path):
    monkeypatch.setattr("extrahorizon.transport.certificates.AUTHORITIES", str(tmp_path))
    with answering(context=tls(certificates)) as server:
        host = f"https://localhost:{server.server_port}"
        with pytest.raises(PlatformUnreachableError, match="certificate"):
            client_of(host, transport()).session.post("/x")
        (tmp_path / "6cc82fbe.0").write_bytes((certificates / "ca.pem").read_bytes())  # `openssl x509 -subject_hash`
        with client_of(host, transport()) as exh:
            assert exh.session.call("GET", "/x") == {}
    assert server.seen == ["/x"]


def test_an_answer_that_is_cut_below_its_encryption_is_no_answer(transport, certificates):
    """Without a length it ends with the connection, whose end TLS signs: anybody on the way can cut it."""
    context = tls(certificates)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _ = listener.accept()
            secured = context.wrap_socket(connection, server_side=True)
            while b"\r\n\r\n" not in secured.recv(65_536):
                pass
            secured.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[1, 2]")
            socket.socket(fileno=secured.detach()).close()  # without the end that TLS has

        thread = threading.Thread(target=serve)
        thread.start()
        bundle = str(certificates / "ca.pem")
        host = f"https://localhost:{listener.getsockname()[1]}"
        with client_of(host, transport(verify=bundle)) as exh, pytest.raises(PlatformUnreachableError):
            exh.session.post("/x")
        thread.join()


def test_what_follows_an_answer_in_its_record_is_no_answer_to_the_next_request(transport, certificates):
    """TLS decrypts a record at once: what nobody has taken of it is not on the socket any more."""
    context = tls(certificates)
    forged = b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"forged"'
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            for _ in range(2):
                connection, _ = listener.accept()
                secured = context.wrap_socket(connection, server_side=True)
                opened.append(secured)
                while b"\r\n\r\n" not in secured.recv(65_536):
                    pass
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")
                sent.wait()  # the body comes in a record of its own
                secured.sendall(b'"true"' + forged)

        opened, sent = [], threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        host = f"https://localhost:{listener.getsockname()[1]}"
        with client_of(host, transport(verify=str(certificates / "ca.pem"))) as exh:
            with exh.session.get("/x", stream=True) as response:
                sent.set()
                assert response.json() == "true"
            assert exh.session.call("GET", "/x") == "true"
        thread.join()
        for each in opened:
            each.close()


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
def test_a_proxy_that_refuses_is_named_and_nothing_was_sent(transport):
    with answering() as proxy:
        proxy.refuses = True
        given = transport(proxies={"https": f"http://127.0.0.1:{proxy.server_port}"})
        with pytest.raises(PlatformUnreachableError) as raised:
            client_of("https://api.acme.example", given).session.post("/x")
    assert not raised.value.sent
