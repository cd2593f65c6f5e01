"""Local AWS: moto's server on loopback, so that functions reach it over real HTTP through boto3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

REGION = "eu-central-1"


class LocalAws:
    """AWS services in this process, empty at the start and gone at the end of the `with` block."""

    def __enter__(self) -> Self:
        """Start answering."""
        import requests
        from moto.server import ThreadedMotoServer

        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        _, port = self._server.get_host_and_port()
        self.url = f"http://127.0.0.1:{port}"
        # moto keeps its state per process: another server's may still be there.
        requests.post(f"{self.url}/moto-api/reset", timeout=10).raise_for_status()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and forget everything."""
        self._server.stop()

    def environment(self) -> dict[str, str]:
        """The variables that send a function's boto3 here."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    def put_secret(self, name: str, members: Mapping[str, str]) -> None:
        """Create the Secrets Manager secret `name` with a JSON object as its value."""
        import boto3

        client = boto3.client(
            "secretsmanager",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - moto takes any
        )
        client.create_secret(Name=name, SecretString=json.dumps(dict(members)))
