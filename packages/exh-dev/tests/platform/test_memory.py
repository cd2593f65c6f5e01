"""What has ended leaves nothing in memory: a platform, of which a suite may make a thousand, and a request."""

import gc
import socket
import struct
import weakref

import pytest
from local_app import LocalApp
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from waiting import wait_for

from exh_dev.platform.storage import listing, lists
from exh_dev.platform.storage.store import Store
from exh_dev.remote.client import client_of
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.errors import PlatformError


def test_a_platform_that_has_ended_is_gone():
    store = Store()
    app = LocalApp(store)
    assert app.as_user("POST", "/tasks/v1/", json={"functionName": "x"}).status_code < 500
    app.close()
    store.close()
    seen = weakref.ref(store)
    del app, store
    gc.collect()
    assert seen() is None


def ask_for_a_slow_list(platform, exh):
    exh.data.documents.find("lists", "gt(data.n,3)&sort(data.n)")


def create_a_document_twice(platform, exh):
    with pytest.raises(PlatformError):
        exh.data.documents.create("lists", {"n": 1})


def reset_a_connection_within_a_body(platform, exh):
    connection = socket.create_connection(("127.0.0.1", int(platform.url.rpartition(":")[2])))
    connection.sendall(b"POST /users/v1/me HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc")
    assert connection.recv(1_000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("do", [ask_for_a_slow_list, create_a_document_twice, reset_a_connection_within_a_body])
def test_a_request_that_has_ended_is_gone_before_python_looks_for_cycles(tmp_path, monkeypatch, do):
    monkeypatch.setattr(listing, "AT_ONCE", 0)
    monkeypatch.setattr(lists, "SOON", 0)
    with LocalPlatform(data_dir=tmp_path / "data") as platform:
        platform.start()
        exh = client_of(platform.environment())
        schema = exh.data.schemas.create(name="lists", description="x")["id"]
        exh.data.properties.create(schema, name="n", configuration={"type": "number"})
        for number in range(30):
            exh.data.documents.create(schema, {"n": number})
        exh.data.indexes.create(schema, name="unique", fields=[{"name": "n", "type": "asc"}], options={"unique": True})
        do(platform, exh)
        gc.collect()
        gc.disable()
        try:
            for _ in range(10):
                do(platform, exh)
            # The client's connection has its last one.
            wait_for(lambda: sum(isinstance(each, RequestResponseCycle) for each in gc.get_objects()) <= 1, 10)
        finally:
            gc.enable()
