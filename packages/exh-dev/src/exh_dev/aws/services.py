"""Local AWS: moto's server on loopback, so that functions reach it over real HTTP through boto3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Self

from exh_dev.extras import needs_extra
from exh_dev.runtime.environment import REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from exh_dev.project.function_spec import FunctionSpec

TIMEOUTS_UNTIL_VISIBLE = 6
"""Visibility timeout as a multiple of the function's timeout, as AWS advises:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
MOST_RECEIVES = 5
"""Receives of a message before it moves to the dead-letter queue; AWS advises at least five."""

_WHAT = "a local AWS, for functions that read a secret or a queue,"
STOPS_WITHIN = 0.05  # seconds

WORK_QUEUE_URL, DEAD_LETTER_QUEUE_URL = "WORK_QUEUE_URL", "DEAD_LETTER_QUEUE_URL"
IDEMPOTENCY_TABLE = "IDEMPOTENCY_TABLE"
QUEUE_VARIABLES = frozenset({WORK_QUEUE_URL, DEAD_LETTER_QUEUE_URL, IDEMPOTENCY_TABLE})


@dataclass(frozen=True)
class WorkQueue:
    """The queue, dead-letter queue and idempotency table that `template.yaml` describes."""

    url: str
    dead_letters: str
    """URL of the dead-letter queue."""
    table: str
    """Name of the table."""

    def environment(self) -> dict[str, str]:
        """Return the environment variables that name these resources for functions."""
        return {WORK_QUEUE_URL: self.url, DEAD_LETTER_QUEUE_URL: self.dead_letters, IDEMPOTENCY_TABLE: self.table}


class AwsEndpoint:
    """The endpoint of AWS services on this machine: moto, or another emulator."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._clients: dict[str, Any] = {}
        self._lock = Lock()

    def environment(self) -> dict[str, str]:
        """Return the variables that send a function's boto3 here."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service, such as `sqs`."""
        import boto3

        with self._lock:
            if service not in self._clients:
                self._clients[service] = boto3.client(
                    service,
                    endpoint_url=self.url,
                    region_name=REGION,
                    aws_access_key_id="local",
                    aws_secret_access_key="local",  # noqa: S106 - emulators take any
                )
            return self._clients[service]

    def put_secret(self, name: str, members: Mapping[str, str]) -> None:
        """Create or replace the Secrets Manager secret `name` with a JSON object."""
        manager, value = self.client("secretsmanager"), json.dumps(dict(members))
        try:
            manager.create_secret(Name=name, SecretString=value)
        except manager.exceptions.ResourceExistsException:
            manager.put_secret_value(SecretId=name, SecretString=value)

    def create_work_queue(self, *, hidden: int = 30, most_receives: int = MOST_RECEIVES) -> WorkQueue:
        """Create the work queue.

        Args:
            hidden: visibility timeout in seconds.
            most_receives: how often a message is received before it goes to the dead-letter queue.
        """
        sqs = self.client("sqs")
        dead_letters = sqs.create_queue(QueueName="dead-letter-queue")["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])
        redrive = {"deadLetterTargetArn": found["Attributes"]["QueueArn"], "maxReceiveCount": most_receives}
        attributes = {"VisibilityTimeout": str(hidden), "RedrivePolicy": json.dumps(redrive)}
        url = sqs.create_queue(QueueName="work-queue", Attributes=attributes)["QueueUrl"]
        dynamodb = self.client("dynamodb")
        dynamodb.create_table(
            TableName="idempotency",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        expiry = {"Enabled": True, "AttributeName": "expiration"}
        dynamodb.get_waiter("table_exists").wait(TableName="idempotency", WaiterConfig={"Delay": 1})
        dynamodb.update_time_to_live(TableName="idempotency", TimeToLiveSpecification=expiry)
        return WorkQueue(url, dead_letters, "idempotency")


class LocalAws(AwsEndpoint):
    """AWS services in this process, empty at the start and gone at the end of the `with` block.

    Requests are handled one at a time because moto has no locks: two concurrent conditional writes could both succeed,
    and two receivers could get the same message.
    """

    def __init__(self) -> None:
        """Start nothing yet."""

    def __enter__(self) -> Self:
        """Start answering.

        Raises:
            DevkitError: `exh-dev[aws]` is not installed.
        """
        with needs_extra(_WHAT, "aws"):
            import flask_cors  # noqa: F401 - without it the next import prints a warning of moto's before it fails
            from moto.moto_server.werkzeug_app import (
                DomainDispatcherApplication,
                MotoRequestHandler,
                create_backend_app,
            )
            from werkzeug.serving import make_server

        app = _one_at_a_time(DomainDispatcherApplication(create_backend_app))
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=MotoRequestHandler)
        self._thread = Thread(target=self._server.serve_forever, args=(STOPS_WITHIN,), name="local-aws", daemon=True)
        self._thread.start()
        super().__init__(f"http://127.0.0.1:{self._server.server_port}")
        # moto keeps its state per process: another server's may still be there.
        self.reset()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and forget everything."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reset(self) -> None:
        """Forget everything."""
        import requests

        requests.post(f"{self.url}/moto-api/reset", timeout=10).raise_for_status()


def uses_work_queue(spec: FunctionSpec) -> bool:
    """Return whether a function has a variable that names the queue, its dead-letter queue or the table."""
    return any(variable.name in QUEUE_VARIABLES for variable in spec.template_variables)


def hidden_for(specs: Iterable[FunctionSpec]) -> int:
    """Return how many seconds messages stay hidden, so that each of these functions can finish."""
    return TIMEOUTS_UNTIL_VISIBLE * max(spec.timeout for spec in specs)


def _one_at_a_time(app: Callable[..., Any]) -> Callable[..., Any]:
    lock = Lock()

    def locked(environ: Any, start_response: Any) -> Any:
        with lock:
            return app(environ, start_response)

    return locked
