import pytest
import responses

from exh_dev.serve.server import Server, listen
from exh_dev.sidefx import LocalSideFX, standalone_app
from extrahorizon.sidefx import service, tokens

CLIENT_ID = "client-id-Zq81"
CLIENT_SECRET = "client/secret+é:Xy27"


class Clock:
    """Epoch seconds that stand still until a test moves them."""

    def __init__(self):
        self.now = 1_750_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(tokens, "clock", clock)
    return clock


@pytest.fixture(autouse=True)
def _no_tokens_of_other_tests():
    tokens.TOKENS._slots.clear()


@pytest.fixture
def sidefx(clock):
    return LocalSideFX(CLIENT_ID, CLIENT_SECRET, clock)


@pytest.fixture
def url(sidefx):
    sockets = listen()
    with Server(standalone_app(sidefx), sockets):
        yield f"http://localhost:{sockets[0].getsockname()[1]}"


@pytest.fixture
def urls(url):
    return {
        "access_token_url": f"{url}/_sidefx/oauth2/application_token",
        "endpoint_url": f"{url}/_sidefx/api/",
    }


@pytest.fixture
def make(urls):
    """Makes services of the local SideFX."""

    def make(**kwargs):
        return service(**{"client_id": CLIENT_ID, "client_secret_key": CLIENT_SECRET, **urls, **kwargs})

    return make


@pytest.fixture
def api(make):
    return make()


@pytest.fixture
def issue():
    """Arguments of bugs.submit_issue that it accepts."""
    return {
        "priority": "SEV3",
        "product": "Houdini FX",
        "type": "bug",
        "category": "general",
        "os": "Linux",
        "version": "20.5.613",
        "summary": "It crashes",
        "description": "When I open it.",
    }


@pytest.fixture
def http():
    """Answers of SideFX that a test makes up."""
    with responses.RequestsMock() as mock:
        yield mock
