"""The AWS Parameters and Secrets Lambda Extension on loopback: how functions read a secret where moto is not installed.

Only what functions ask of it: https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
"""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

from exh_dev.runtime.environment import REGION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_PATH = "/secretsmanager/get"
_STOPS_WITHIN = 0.05  # seconds; by default half a second
_TOKEN = "X-Aws-Parameters-Secrets-Token"  # noqa: S105 - the name of a header


class SecretsExtension:
    """Secrets by name, for functions that know the token, until the `with` block ends."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}
        self._token = secrets.token_urlsafe()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        Thread(target=self._server.serve_forever, args=(_STOPS_WITHIN,), name="secrets-extension", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put_secret(self, name: str, members: Mapping[str, str]) -> None:
        """Set a secret's value to a JSON object."""
        self._secrets[name] = json.dumps(dict(members))

    def environment(self) -> dict[str, str]:
        """Return the variables by which a function finds the extension."""
        return {
            "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": str(self._server.server_port),
            "AWS_SESSION_TOKEN": self._token,
            "AWS_REGION": REGION,
        }

    def answer(self, path: str, token: str | None) -> tuple[HTTPStatus, str]:
        """Return status and body for a request, as the extension answers it."""
        url = urlsplit(path)
        name = parse_qs(url.query).get("secretId", [""])[0]
        if url.path != _PATH:
            return HTTPStatus.NOT_FOUND, "page not found"
        if token != self._token:
            return HTTPStatus.UNAUTHORIZED, "the token is not the function's AWS_SESSION_TOKEN"
        if name not in self._secrets:
            return HTTPStatus.BAD_REQUEST, "ResourceNotFoundException: Secrets Manager can't find the specified secret."
        return HTTPStatus.OK, json.dumps({"Name": name, "SecretString": self._secrets[name]})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, text = answer(self.path, self.headers.get(_TOKEN))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
                """Write nothing: request paths contain secret names."""

        return Handler
