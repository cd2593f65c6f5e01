"""Clients of the benchmarks: each request is sent once, and its complete answer read."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load import Clients, request


class Echo(BaseHTTPRequestHandler):
    """Answers the body of each POST, in pieces; of a path that says so it closes the connection, or refuses."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400 if self.path == "/refuse" else 200)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/close":
            self.send_header("Connection", "close")
        self.end_headers()
        for start in range(0, len(body), 20_000):
            self.wfile.write(body[start : start + 20_000])
            self.wfile.flush()

    def log_message(self, *_):
        pass


@contextmanager
def clients(number):
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        many = Clients(url, number)
        try:
            yield url, many
        finally:
            many.close()
            server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/", "/close"])
@pytest.mark.parametrize("number", [1, 8])
def test_each_request_is_answered_once_and_whole(number, path):
    with clients(number) as (url, many):
        for _ in range(2):
            sent = [request(url, "POST", path, {}, {"n": n, "x": "x" * 50_000}) for n in range(20)]
            answers = many.answers(sent)
            assert sorted(answers.bodies) == sorted(each.partition(b"\r\n\r\n")[2] for each in sent)
            assert len(answers.latencies) == 20
            assert max(answers.latencies) <= answers.seconds
            assert min(answers.latencies) <= answers.slowest(50) <= answers.slowest(99) <= max(answers.latencies)


def test_a_refusal_is_no_figure():
    with clients(1) as (url, many), pytest.raises(RuntimeError, match="400"):
        many.answers([request(url, "POST", "/refuse", {}, {})])
