"""One suite for every transport: `transport` makes one of the sort that is tried."""

import functools

import pytest
from raw_server import RawServer

from extrahorizon.transport.over_requests import RequestsTransport
from extrahorizon.transport.over_sockets import SocketTransport

TRANSPORTS = {"requests": RequestsTransport, "sockets": SocketTransport}


@pytest.fixture(autouse=True)
def _no_proxy_and_no_ca_of_the_machine(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    only = request.node.get_closest_marker("only_transport")
    if only and request.param != only.args[0]:
        pytest.skip(only.kwargs["reason"])
    return TRANSPORTS[request.param]


@pytest.fixture
def serving(transport):
    """`with serving(answer) as server`: a server of the test's own bytes, and `server.session` that calls it."""
    return functools.partial(RawServer, transport=transport())
