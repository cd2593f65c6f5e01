from __future__ import annotations

import pytest
from local_app import LocalApp
from shops import Apple, Google
from signed_requests import NOW

from exh_dev.platform.dev.first_start import first_credentials
from exh_dev.platform.http.oauth1 import OAuth1Verifier
from exh_dev.platform.storage.store import Store
from extrahorizon.client import ExtraHorizon
from extrahorizon.login import OAuth2Authentication


@pytest.fixture
def app():
    store = Store()
    yield LocalApp(store)
    store.close()


@pytest.fixture
def application(platform):
    """A client that is signed by the first OAuth2 application alone."""
    details = platform.details()
    client = details["oauth2_client_id"], details["oauth2_client_secret"]
    return ExtraHorizon(OAuth2Authentication(platform.url, *client))


@pytest.fixture
def refused():
    """Checks an error of the usual shape, and answers its body."""

    def check(answer, status, code, name):
        body = answer.json()
        assert (answer.status_code, body["code"], body["name"]) == (status, code, name)
        assert isinstance(body["message"], str)
        return body

    return check


@pytest.fixture
def apple(app):
    return Apple(app)


@pytest.fixture
def google(app):
    return Google(app)


@pytest.fixture(params=[Apple, Google])
def shop(request, app):
    """Both stores, where they do the same."""
    return request.param(app)


@pytest.fixture(scope="module")
def store():
    """A store that the tests of signatures share."""
    store = Store()
    yield store
    store.close()


@pytest.fixture(scope="module")
def known(store):
    """The credentials that requests are signed with."""
    return first_credentials(store)


@pytest.fixture
def verifier(store):
    """Verifies signed requests at the time that they are signed at."""
    return OAuth1Verifier(store, clock=lambda: NOW)
