"""A developer's own OpenID Connect provider on loopback, which answers what a test tells it to."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

# An implementation that is not ours signs what ours verifies.
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

SECRET = "secret of the developer's own provider"


def encoded(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def number(value):
    return encoded(value.to_bytes((value.bit_length() + 7) // 8))


def hs256(signed):
    return hmac.digest(SECRET.encode(), signed, "sha256")


def token(header, claims, sign):
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{encoded(sign(signed.encode()))}"


class OwnProvider:
    """What it answers can be changed while it runs.

    Attributes:
        url: where it is; its issuer too.
        claims: of the next ID token; a test changes some.
        id_token: the next ID token, whole, in place of one of the claims.
        answers: path -> (status, body) in place of the usual answer.
        asked: what came: (path, Authorization header, form).
    """

    def __init__(self, url):
        self.url = url
        self.claims = {"iss": url, "aud": "own client", "sub": "s-1", "exp": int(time.time()) + 60}
        self.id_token = None
        self.person = {"sub": "s-1", "email": "ada@example.com", "given_name": "Ada", "family_name": "Lovelace"}
        self.answers = {}
        self.asked = []
        self.private_key = rsa.generate_private_key(65537, 2048)

    def record(self, **members):
        """What registers it."""
        return {
            "name": "own",
            "description": "A developer's own",
            "clientId": "own client",
            "clientSecret": SECRET,
            "issuerId": self.url,
            "authorizationEndpoint": f"{self.url}/authorize",
            "tokenEndpoint": f"{self.url}/token",
            "userinfoEndpoint": f"{self.url}/userinfo",
            "redirectUri": "http://localhost:3000/callback",
            **members,
        }

    def rs256(self, signed):
        return self.private_key.sign(signed, padding.PKCS1v15(), SHA256())

    def key(self, **members):
        """The public key as a JSON Web Key."""
        numbers = self.private_key.public_key().public_numbers()
        return {"kty": "RSA", "use": "sig", "kid": "k", "n": number(numbers.n), "e": number(numbers.e), **members}

    def answer(self, path):
        """Status and body."""
        usual = {
            "/token": {
                "access_token": "access",
                "id_token": self.id_token or token({"alg": "HS256"}, self.claims, hs256),
            },
            "/userinfo": self.person,
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": [self.key()]},
        }
        return self.answers.get(path) or (200, usual[path])


@contextmanager
def own_provider():
    """It answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            path = urlsplit(self.path).path
            provider.asked.append((path, self.headers.get("Authorization"), form))
            status, body = provider.answer(path)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if status == 302:
                self.send_header("Location", f"{provider.url}/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self):
            self.answer()

        def do_POST(self):
            self.answer()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = OwnProvider(f"http://localhost:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
