"""A read, a write and a query, by 1, 8 and 64 clients: of the local platform, signed, and of moto's DynamoDB.

On both sides the same kind of work is done by a server in a process of its own: a record is read, one with the same
members is stored, 20 of many are found by a value. The platform verifies a signature, checks permissions and writes to
its file; moto does none of that. The targets hold for 8 clients.
"""

from __future__ import annotations

import itertools
import json
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from extrahorizon.oauth1 import OAuth1Signer

from benchmarks.load import Clients, request
from benchmarks.servers import moto, platform
from benchmarks.timing import comparison, interleaved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.timing import Spread

CLIENTS = (1, 8, 64)
HELD = 8  # clients for whom the targets are
CALLS = 128  # requests of one kind in a round
ROUNDS = 10
TARGETS = {"read": 0.25, "write": 0.6, "query": 0.25}
PATIENTS, EACH = 20, 30  # documents are filed of so many patients, of each so many
QUERIED, WRITTEN = "queried", "written"  # schemas, and tables: what is stored in one does not slow the other down


def measure() -> dict[str, Any]:
    """Seconds per request, by kind, clients and server."""
    with ExitStack() as stack:
        sides = {
            "local platform": _Platform(stack.enter_context(platform())).kinds(),
            "moto": _Moto(stack.enter_context(moto())).kinds(),
        }
        measured: dict[str, Callable[[], float]] = {}
        for side, number in itertools.product(sides, CLIENTS):
            url, kinds = sides[side]
            clients = Clients(url, number)
            stack.callback(clients.close)
            for kind, requests in kinds.items():
                measured[f"{side}, {kind}, {number}"] = partial(_per_request, clients, requests)
        times = interleaved(measured, rounds=ROUNDS)
    found = {
        kind: {
            **comparison(times[f"local platform, {kind}, {HELD}"], times[f"moto, {kind}, {HELD}"], target=target),
            "what": f"A {kind} of the local platform, signed, against one of moto's DynamoDB, by {HELD} clients",
        }
        for kind, target in TARGETS.items()
    }
    found["read"]["series"] = [_per_second(name, times[name]) for name in sorted(times, key=_by_kind)]
    return found


def _per_request(clients: Clients, requests: Callable[[], Iterator[bytes]]) -> float:
    return clients.answers(list(itertools.islice(requests(), CALLS))).per_request


def _by_kind(name: str) -> tuple[int, int, str]:
    side, kind, clients = name.split(", ")
    return list(TARGETS).index(kind), int(clients), side


def _per_second(name: str, times: list[float]) -> dict[str, Any]:
    side, kind, number = name.split(", ")
    ordered = sorted(1 / each for each in times)
    clients = "1 client" if number == "1" else f"{number} clients"
    spread: Spread = {"median": ordered[len(ordered) // 2], "least": ordered[0], "most": ordered[-1]}
    rounded = {part: round(value) for part, value in spread.items()}
    return {"label": f"{kind}, {clients}, {side}", "unit": "requests/s", **rounded}


def _record(number: int) -> dict[str, Any]:
    return {"patient": f"p{number % PATIENTS:02}", "pulse": number % 200, "note": "x" * 200}


class _Platform:
    def __init__(self, details: dict[str, str]) -> None:
        names = ("consumer_key", "consumer_secret", "token", "token_secret")
        self._signer = OAuth1Signer(*(details[name] for name in names))
        self._url = details["host"]
        types = {"patient": "string", "pulse": "number", "note": "string"}
        for schema in (QUERIED, WRITTEN):
            self._send("POST", "/data/v1", {"name": schema, "description": "Measured"})
            for name, kind in types.items():
                self._send("POST", f"/data/v1/{schema}/properties", {"name": name, "configuration": {"type": kind}})
            index = {"fields": [{"name": "patient", "type": "asc"}]}
            self._send("POST", f"/data/v1/{schema}/indexes", index)
        for number in range(PATIENTS * EACH):
            self._send("POST", f"/data/v1/{QUERIED}/documents", _record(number))

    def kinds(self) -> tuple[str, dict[str, Callable[[], Iterator[bytes]]]]:
        documents, written = (f"/data/v1/{schema}/documents" for schema in (QUERIED, WRITTEN))
        numbers = itertools.count()
        return self._url, {
            "read": lambda: (self._request("GET", "/users/v1/me") for _ in itertools.count()),
            "write": lambda: (self._request("POST", written, _record(next(numbers))) for _ in itertools.count()),
            "query": lambda: (
                self._request("GET", f"{documents}?eq(data.patient,p{number % PATIENTS:02})&limit(20)&skipCount()")
                for number in itertools.count()
            ),
        }

    def _request(self, method: str, path: str, body: object = None) -> bytes:
        signed = self._signer.authorization(method, self._url + path)
        return request(self._url, method, path, {"Authorization": signed, "Content-Type": "application/json"}, body)

    def _send(self, method: str, path: str, body: object) -> Any:
        client = Clients(self._url, 1)
        (answer,) = client.answers([self._request(method, path, body)]).bodies
        client.close()
        return json.loads(answer)


class _Moto:
    def __init__(self, url: str) -> None:
        self._url = url
        keys = [{"AttributeName": "patient", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}]
        types = [{"AttributeName": name, "AttributeType": "S"} for name in ("patient", "id")]
        table = {"KeySchema": keys, "AttributeDefinitions": types, "BillingMode": "PAY_PER_REQUEST"}
        client = Clients(url, 1)
        client.answers([self._request("CreateTable", {"TableName": name, **table}) for name in (QUERIED, WRITTEN)])
        client.answers([self._request("PutItem", self._item(QUERIED, number)) for number in range(PATIENTS * EACH)])
        client.close()

    def kinds(self) -> tuple[str, dict[str, Callable[[], Iterator[bytes]]]]:
        numbers = itertools.count(PATIENTS * EACH)
        key = {name: self._item(QUERIED, 0)["Item"][name] for name in ("patient", "id")}
        return self._url, {
            "read": lambda: (self._request("GetItem", {"TableName": QUERIED, "Key": key}) for _ in itertools.count()),
            "write": lambda: (self._request("PutItem", self._item(WRITTEN, next(numbers))) for _ in itertools.count()),
            "query": lambda: (self._request("Query", self._query(number)) for number in itertools.count()),
        }

    def _request(self, operation: str, body: object) -> bytes:
        scope = "local/20260101/eu-central-1/dynamodb/aws4_request"
        headers = {
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
        }
        return request(self._url, "POST", "/", headers, body)

    @staticmethod
    def _item(table: str, number: int) -> dict[str, Any]:
        record = {name: {"N" if name == "pulse" else "S": str(value)} for name, value in _record(number).items()}
        return {"TableName": table, "Item": {"id": {"S": f"{number:024x}"}, **record}}

    @staticmethod
    def _query(number: int) -> dict[str, Any]:
        values = {":patient": {"S": f"p{number % PATIENTS:02}"}}
        condition = {"KeyConditionExpression": "patient = :patient", "ExpressionAttributeValues": values}
        return {"TableName": QUERIED, "Limit": 20, **condition}
