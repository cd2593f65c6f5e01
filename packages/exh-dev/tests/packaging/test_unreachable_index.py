"""`exh-dev build` with an empty cache and no network: told as that, and not as a package without a wheel."""

import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.slow

UNREACHABLE = "the package index cannot be reached, so polite==1.0 could not be downloaded"


@pytest.fixture
def offline(small, wheelhouse, monkeypatch):
    """The small project, whose package lies nowhere; `PIP_INDEX_URL` says where it is looked for."""
    for path in [*wheelhouse.folder.glob("*.whl"), *(small.root / ".exh-dev" / "wheels").rglob("*.whl")]:
        path.unlink()
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")  # where nothing listens
    return small


@contextmanager
def index(status):
    """An index that answers everything with a status."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><html><body></body></html>")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://somebody:a-password@127.0.0.1:{server.server_port}/simple/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_index_that_does_not_answer_is_named(offline):
    done = offline.build()
    assert done.code == 1
    assert UNREACHABLE in done.message
    assert "efused" in done.message  # as the system says it
    assert "the proxy, and the index that pip is set up for" in done.message
    assert "Choose a version" not in done.message


@pytest.mark.parametrize(("status", "reason"), [(503, "503"), (403, "403 Client Error: Forbidden. Look")])
def test_an_index_that_refuses_is_named(offline, monkeypatch, status, reason):
    with index(status) as url:
        monkeypatch.setenv("PIP_INDEX_URL", url)
        done = offline.build()
    assert UNREACHABLE in done.message
    assert reason in done.message
    assert "a-password" not in done.message


def test_an_index_that_pip_does_not_trust_is_named(offline, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://index.invalid/simple/")
    done = offline.build()
    assert UNREACHABLE in done.message
    assert "index.invalid is not a trusted or secure host" in done.message


@pytest.mark.parametrize("status", [200, 404])
def test_an_index_that_has_no_such_wheel_is_not_blamed(offline, monkeypatch, status):
    with index(status) as url:
        monkeypatch.setenv("PIP_INDEX_URL", url)
        done = offline.build()
    assert done.code == 1
    assert "no wheel of polite==1.0" in done.message
    assert "Choose a version that has one" in done.message
