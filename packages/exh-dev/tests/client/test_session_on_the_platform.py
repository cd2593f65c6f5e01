"""The client's connections to a real server: the local platform."""

import socket

import pytest

from extrahorizon import ExtraHorizon
from extrahorizon.authentication import OAuth1Authentication
from extrahorizon.credentials import CredentialChain
from extrahorizon.session import PlatformSession


def session(credentials):
    return PlatformSession(OAuth1Authentication(CredentialChain(given=credentials)))


@pytest.fixture
def opened(monkeypatch):
    """The addresses that sockets connect to."""
    addresses = []
    connect = socket.socket.connect
    monkeypatch.setattr(
        socket.socket, "connect", lambda self, address: (addresses.append(address), connect(self, address))
    )
    return addresses


def test_neither_netrc_nor_a_proxy_stands_before_localhost(platform_credentials, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert session(platform_credentials).get("/users/v1/me").json()["id"]


def test_connections_are_kept_open_between_calls(platform_credentials, opened):
    calls = session(platform_credentials)
    for _ in range(5):
        calls.get("/users/v1/me")
    assert len(opened) <= 2  # ::1 may be tried before 127.0.0.1


def test_connections_that_were_idle_too_long_are_not_used_again(platform_credentials, opened):
    session = ExtraHorizon(platform_credentials).session
    session.get("/users/v1/health")
    session.get("/users/v1/health")
    before = len(opened)
    session._last_used -= 49
    session.get("/users/v1/health")
    assert len(opened) == before
    session._last_used -= 50.1
    session.get("/users/v1/health")
    assert len(opened) > before
