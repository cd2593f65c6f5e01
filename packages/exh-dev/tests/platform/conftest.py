from __future__ import annotations

import pytest
from local_app import LocalApp

from exh_dev.platform.storage.store import Store


@pytest.fixture
def app():
    store = Store()
    yield LocalApp(store)
    store.close()


@pytest.fixture
def refused():
    """Checks an error of the usual shape, and answers its body."""

    def check(answer, status, code, name):
        body = answer.json()
        assert (answer.status_code, body["code"], body["name"]) == (status, code, name)
        assert isinstance(body["message"], str)
        return body

    return check
