"""Which transport a client has when none is given to it."""

import pytest

from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import ConfigurationError
from extrahorizon.transport.default import default_transport
from extrahorizon.transport.over_requests import RequestsTransport
from extrahorizon.transport.over_sockets import SocketTransport

PROXY = "http://proxy.acme.io:3128"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("environment", "arguments", "expected"),
    [
        ({}, {}, SocketTransport),
        ({"EXH_TRANSPORT": ""}, {}, SocketTransport),
        ({"EXH_TRANSPORT": "requests"}, {}, RequestsTransport),
        ({"EXH_TRANSPORT": "sockets"}, {}, SocketTransport),
        ({}, {"proxies": {"https": PROXY}}, RequestsTransport),
        ({"https_proxy": PROXY}, {}, RequestsTransport),
        ({"HTTP_PROXY": PROXY}, {}, RequestsTransport),
        ({"ALL_PROXY": PROXY}, {}, RequestsTransport),
        ({"HTTPS_PROXY": ""}, {}, SocketTransport),
        ({"NO_PROXY": "acme.io"}, {}, SocketTransport),
        ({"HTTPS_PROXY": PROXY, "EXH_TRANSPORT": "sockets"}, {}, SocketTransport),
    ],
)
def test_requests_is_used_where_a_proxy_is_set_or_the_environment_names_it(
    monkeypatch, environment, arguments, expected
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert type(default_transport(**arguments)) is expected


def test_an_unknown_name_of_a_transport_is_refused(monkeypatch):
    monkeypatch.setenv("EXH_TRANSPORT", "httpx")
    with pytest.raises(ConfigurationError, match=r"EXH_TRANSPORT is 'httpx'; expected requests or sockets"):
        ExtraHorizon()


def test_proxies_are_not_ignored(monkeypatch):
    monkeypatch.setenv("EXH_TRANSPORT", "sockets")
    with pytest.raises(ConfigurationError, match="uses no proxy"):
        ExtraHorizon(proxies={"https": PROXY})
