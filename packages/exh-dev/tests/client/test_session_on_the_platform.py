"""The client's connections to a real server: the local platform."""

from extrahorizon.authentication import OAuth1Authentication
from extrahorizon.credentials import CredentialChain
from extrahorizon.session import PlatformSession


def session(credentials):
    return PlatformSession(OAuth1Authentication(CredentialChain(given=credentials)))


def test_calls_of_localhost_use_neither_netrc_nor_a_proxy(platform_credentials, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert session(platform_credentials).get("/users/v1/me").json()["id"]
