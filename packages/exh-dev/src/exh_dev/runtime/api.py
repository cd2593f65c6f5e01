"""The Lambda Runtime API for one worker: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.

The HTTP is done by hand. `http.server` costs 50 ms to import and refuses header lines over 64 KB, while the runtime
client sends the cause of an error in one header of up to 1 MB.
"""

from __future__ import annotations

import json
import os
import re
import socket
import socketserver
from dataclasses import dataclass, field
from http import HTTPStatus
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from exh_dev.runtime.failures import MAX_PAYLOAD
from exh_dev.runtime.invocation import trace_root
from exh_dev.runtime.reports import InitFailed, Raised, Ready, Report, Returned, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BASE = "/2018-06-01/runtime"
_OUTCOME = re.compile(rf"{_BASE}/invocation/([^/]+)/(response|error)")


@dataclass(frozen=True)
class Work:
    """An invocation as a worker gets it."""

    request_id: str
    event: bytes
    function_arn: str
    deadline: float
    """The invocation's deadline, as a POSIX timestamp."""

    def headers(self) -> dict[str, str]:
        """Return all headers that awslambdaric's native client reads: it crashes when one is missing."""
        trace = f"Root={trace_root(self.request_id)};Parent={os.urandom(8).hex()};Sampled=0"
        return {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(self.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": trace,
        }


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: HTTPStatus
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the bytes of it, to be sent in one write: two would wait for each other (Nagle's algorithm)."""
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class RuntimeApi:
    """Hands events to a worker and reports its answers."""

    def __init__(self, report: Callable[[Report], None]) -> None:
        """Serve from now on, on a free port; `report` is called on the server's threads."""
        self._report = report
        self._offers: SimpleQueue[Work | None] = SimpleQueue()
        self._current: Work | None = None
        self._closed = Event()
        self._server = _Server(self)
        self._host, self._port = self._server.socket.getsockname()
        Thread(target=self._serve, name="worker-api", daemon=True).start()

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    @property
    def address(self) -> str:
        """The value of `AWS_LAMBDA_RUNTIME_API`."""
        return f"{self._host}:{self._port}"

    def offer(self, work: Work) -> None:
        """Queue an event for the worker."""
        self._offers.put(work)

    def close(self) -> None:
        """Stop serving."""
        self._closed.set()
        self._offers.put(None)
        # Connect to our own server so that it stops waiting in accept().
        socket.create_connection((self._host, self._port)).close()

    def answer(self, method: str, path: str, body: bytes) -> Answer | None:
        """Return what a request gets; None when the server closes while the request waits for work."""
        if (method, path) == ("GET", f"{_BASE}/invocation/next"):
            return self._next()
        if (method, path) == ("POST", f"{_BASE}/init/error"):
            self._report(InitFailed(_error_object(body)))
            return Answer(HTTPStatus.ACCEPTED)
        outcome = _OUTCOME.fullmatch(path)
        if method == "POST" and outcome:
            return self._take_outcome(outcome[1], outcome[2], body)
        return _refusal(HTTPStatus.NOT_FOUND, "NotFound", f"There is no {method} {path}")

    def _next(self) -> Answer | None:
        self._report(Ready())
        self._current = work = self._offers.get()
        return Answer(HTTPStatus.OK, work.event, work.headers()) if work else None

    def _take_outcome(self, request_id: str, kind: str, body: bytes) -> Answer:
        if self._current is None or self._current.request_id != request_id:
            return _refusal(HTTPStatus.BAD_REQUEST, "InvalidRequestID", f"{request_id} is not being handled")
        self._current = None
        if len(body) > MAX_PAYLOAD:
            self._report(TooLarge())
            return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestEntityTooLarge", "The body is too large")
        self._report(Returned(body) if kind == "response" else Raised(_error_object(body)))
        return Answer(HTTPStatus.ACCEPTED)

    def _serve(self) -> None:
        with self._server:
            while not self.closed:
                self._server.handle_request()


class _Connection(socketserver.StreamRequestHandler):
    """Requests that follow each other on one connection."""

    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] - always one of those

    def handle(self) -> None:
        try:
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while request_line := self.rfile.readline():
                method, path, _ = request_line.decode("latin-1").split(" ", 2)
                answer = self.server.api.answer(method, path, self._body())
                if answer is None:
                    return
                self.wfile.write(answer.encode())
        except OSError:
            return  # the worker was killed, which its process reports

    def _body(self) -> bytes:
        length = 0
        while (line := self.rfile.readline()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return self.rfile.read(length)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Connection)

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002 - socketserver's own
        return not self.api.closed


def _error_object(body: bytes) -> dict[str, Any]:
    # awslambdaric posts an init error through http.client as a string, which encodes it as Latin-1.
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    try:
        error = json.loads(text)
    except (ValueError, RecursionError):
        error = None
    return error if isinstance(error, dict) else {"errorMessage": text}


def _refusal(status: HTTPStatus, error_type: str, message: str) -> Answer:
    body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
    return Answer(status, body, {"Content-Type": "application/json"})
