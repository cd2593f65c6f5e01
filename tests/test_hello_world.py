"""The logic of a function, tested with a client that calls nothing, and with mocked HTTP where it calls."""

import pytest
import responses
from exh_dev.testing import handle, task_event
from requests_oauthlib import OAuth1Session

from handlers.hello_world import first_name, handler

HOST = "https://api.sandbox.acme.extrahorizon.io"


@pytest.mark.parametrize("name", ["Ada", "Zoë"])
def test_it_greets_by_the_name_in_the_task(fake_exh, name):
    assert handle(handler, task_event({"name": name}), fake_exh) == {"greeting": f"Hello, {name}!"}
    assert fake_exh.calls == []


@responses.activate
def test_it_asks_for_the_name_of_its_user():
    responses.get(f"{HOST}/users/v1/me", json={"id": "57f3a1", "first_name": "Jan"})
    assert first_name(OAuth1Session("key", "consumer secret", "token", "token secret"), HOST) == "Jan"
