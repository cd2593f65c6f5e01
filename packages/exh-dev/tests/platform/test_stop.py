"""The end of a local platform that has much to write."""

import threading

import pytest

from exh_dev.platform.access_log.service import AccessLogService
from exh_dev.platform.storage.store import Store
from exh_dev.remote.client import client_of
from exh_dev.serve import server
from exh_dev.serve.local_platform import LocalPlatform


@pytest.mark.slow
def test_the_store_is_closed_when_nothing_uses_it_any_more(tmp_path, monkeypatch):
    """SQLite crashes the process where a connection is closed while another thread uses it."""
    monkeypatch.setattr(server, "_STOP_TIMEOUT", 0.05)
    events, may_go_on, is_closed = [], threading.Event(), threading.Event()
    flush, close = AccessLogService.flush, Store.close

    def slow_flush(self):
        assert may_go_on.wait(60)
        flush(self)
        events.append("flushed")

    def noted_close(self):
        close(self)
        events.append("closed")
        is_closed.set()

    monkeypatch.setattr(AccessLogService, "flush", slow_flush)
    monkeypatch.setattr(Store, "close", noted_close)
    with LocalPlatform(data_dir=tmp_path / "data") as platform:
        platform.start()
        assert client_of(platform.environment()).users.me()["id"]
    assert events == []
    may_go_on.set()
    assert is_closed.wait(60)
    assert events == ["flushed", "closed"]
    with LocalPlatform(data_dir=tmp_path / "data") as platform:
        platform.start()
        assert any(
            " /users/v1/me " in each["request"] for each in client_of(platform.environment()).logs.access.find_all()
        )


def test_a_platform_that_never_started_closes_its_store(tmp_path, monkeypatch):
    closed, close = [], Store.close
    monkeypatch.setattr(Store, "close", lambda self: closed.append(close(self)))
    with LocalPlatform(data_dir=tmp_path / "data"):
        pass
    assert closed == [None]
