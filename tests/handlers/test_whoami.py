import io
import json

import pytest
import responses
from extrahorizon.errors import OAuthSignatureError
from extrahorizon.log import logger

from handlers.whoami import handler

USER = {"id": "user-1", "first_name": "Jan", "email": "jan@example.com", "phone_number": "0470", "roles": []}


@pytest.fixture(autouse=True)
def _credentials(monkeypatch):
    monkeypatch.setenv("API_HOST", "https://api.acme.io")
    for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN", "TOKEN_SECRET"):
        monkeypatch.setenv(f"API_OAUTH_{name}", name)


@responses.activate
def test_only_the_id_leaves_the_function(project_root, monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(logger.logger_handler, "stream", log)
    responses.get("https://api.acme.io/users/v1/me", json=USER)
    event = json.loads((project_root / "events" / "whoami.json").read_text())
    assert handler(event, None) == {"user_id": "user-1"}
    assert json.loads(log.getvalue())["user_id"] == "user-1"
    for private in ("Jan", "jan@example.com", "0470"):
        assert private not in log.getvalue()


@responses.activate
def test_refused_credentials_end_the_task_with_an_error_it_can_be_retried_for():
    responses.get(
        "https://api.acme.io/users/v1/me", status=401, json={"code": 109, "name": "OAUTH_SIGNATURE_EXCEPTION"}
    )
    with pytest.raises(OAuthSignatureError):
        handler({}, None)
