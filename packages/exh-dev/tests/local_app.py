"""The platform in this process, called without a socket, at a time that a test moves."""

from __future__ import annotations

import asyncio
from contextlib import closing, contextmanager

import httpx

from exh_dev.platform.dev.first_start import first_credentials
from exh_dev.platform.storage.store import Store
from exh_dev.serve.app import create_app
from extrahorizon.oauth1 import OAuth1Signer

HOST = "http://localhost:8420"


@contextmanager
def local_app(**options):
    """Return a platform with an in-memory store of its own, which ends with the block, as do its functions."""
    with closing(Store()) as store, closing(LocalApp(store, **options)) as app:
        yield app


class LocalApp:
    """The platform in this process, called without a socket, at a time that stands still."""

    def __init__(self, store, **options):
        self.now = 1_700_000_000.0
        self.store = store
        self.first = first_credentials(store)
        self._app = create_app(store, clock=lambda: self.now, **options)
        self._transport = httpx.ASGITransport(self._app)

    def signer(self, token="", token_secret="", consumer_key=None, consumer_secret=None):
        return OAuth1Signer(
            consumer_key or self.first.consumer_key,
            consumer_secret or self.first.consumer_secret,
            token,
            token_secret,
            clock=lambda: self.now,
        )

    def as_application(self, method, path, **options):
        """Signed by the consumer alone."""
        return self.send(self.signer().authorization(method, HOST + path), method, path, **options)

    def as_user(self, method, path, *, token=None, **options):
        """Signed with the first user's token, or with one the platform answered."""
        token = token or {"token": self.first.token, "tokenSecret": self.first.token_secret}
        signer = self.signer(token["token"], token["tokenSecret"])
        return self.send(signer.authorization(method, HOST + path), method, path, **options)

    def as_bearer(self, access_token, method, path, **options):
        return self.send(f"Bearer {access_token}", method, path, **options)

    def send(self, authorization, method, path, **options):
        headers = {**options.pop("headers", {}), **({"Authorization": authorization} if authorization else {})}
        return asyncio.run(self._send(method, path, headers=headers, **options))

    async def _send(self, method, path, **options):
        async with httpx.AsyncClient(transport=self._transport, base_url=HOST) as client:
            return await client.request(method, path, **options)

    def settle(self):
        """Run the tasks that are due, until none is left."""
        assert self.send(None, "POST", "/_dev/tasks/settle").status_code == 200

    def close(self):
        """End what runs functions, as a server does when it stops."""
        asyncio.run(self._close())

    async def _close(self):
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive():
            return next(messages)

        async def send(message):
            assert not message["type"].endswith("failed"), message

        await self._app({"type": "lifespan", "state": {}}, receive, send)


def call(app, method, path, body=None, token=None, status=200):
    """Return the JSON that the platform answers to a user, or None; the status has to be this one."""
    answer = app.as_user(method, path, token=token, **({} if body is None else {"json": body}))
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None
