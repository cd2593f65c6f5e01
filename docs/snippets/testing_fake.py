"""Unit tests: nothing is called, nothing is started."""

import pytest
from exh_dev.testing import FakeExtraHorizon, handle, task_event
from extrahorizon.errors import OAuthTokenError

from handlers import whoami


def test_only_the_id_is_returned(fake_exh: FakeExtraHorizon) -> None:
    fake_exh.when(fake_exh.users.me).returns({"id": "57f3a1", "first_name": "Jan", "email": "jan@example.com"})
    assert handle(whoami.handler, task_event(function_name="whoami"), fake_exh) == {"user_id": "57f3a1"}
    assert fake_exh.calls == [("users.me", {})]


def test_refused_credentials_end_the_task(fake_exh: FakeExtraHorizon) -> None:
    fake_exh.when(fake_exh.users.me).raises(OAuthTokenError(status=401, code=108))
    with pytest.raises(OAuthTokenError):
        handle(whoami.handler, task_event(), fake_exh)
