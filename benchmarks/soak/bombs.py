"""Requests of a hostile client: slow to process, decompression bombs, malformed. No response may be a 5xx."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import ExtraHorizonError
from extrahorizon.query import rql

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    import requests

    from benchmarks.soak.books import Books
    from benchmarks.soak.server import Served

SERVER_ERROR = 500
PATIENCE = 60  # seconds to wait for a response
SLOW_PATTERN = r"^([a-zA-Z0-9]+\s?)+$"
SLOW_VALUE = "Measurementsofthepatientintheevening, left arm"
_MEGABYTE = 1024 * 1024


def prepare(served: Served) -> None:
    """Create the targets of the requests: a schema with a slow pattern, documents with long lists, templates."""
    exh = served.client()
    schema = exh.data.schemas.create(name="bombs", description="Bombs")["id"]
    exh.data.properties.create(schema, name="word", configuration={"type": "string", "pattern": SLOW_PATTERN})
    words = {"type": "array", "items": {"type": "string", "pattern": "^(a+)+c|b$"}}
    exh.data.properties.create(schema, name="words", configuration=words)
    items = {"type": "object", "properties": {"v": {"type": "string"}}}
    exh.data.properties.create(schema, name="list", configuration={"type": "array", "items": items})
    for number in range(60):
        listed = [{"v": f"{number}-{item}"} for item in range(300)]
        exh.data.documents.create(schema, {"list": listed})
    loop = "{{#each @inputs.a}}{{#each @inputs.a}}{{length (join @inputs.a)}}{{/each}}{{/each}}"
    inputs: dict[str, Any] = {"a": {"type": "array", "items": {"type": "number"}}}
    exh.templates_v2.create(name="bomb", inputs=inputs, outputs={"body": loop})
    cells = "<table><tr>{{#each @inputs.a}}<td>cell</td>{{/each}}</tr></table>"
    exh.templates_v2.create(name="paper", inputs=inputs, outputs={"body": cells})
    endless = "#foreach($a in [1..9999])#foreach($b in [1..9999])$a$b#end#end"
    exh.templates.create(name="bomb", description="d", schema={}, fields={"body": endless})


class Bombs:
    """A client that sends one hostile request a round, chosen at random."""

    def __init__(self, served: Served, books: Books, chance: random.Random) -> None:
        """Connect to the server, on which `prepare` was called before."""
        self._exh = served.client()
        self._session = self._exh.oauth1_session()
        self._url = served.url
        self._books = books
        self._chance = chance
        self._document = next(self._exh.data.documents.find_all("bombs"))["id"]
        self._template = str(next(self._exh.templates.find_all(rql.eq("name", "bomb")))["id"])
        self._kinds: dict[str, Callable[[], requests.Response]] = {
            "slow pattern": lambda: self._post("/data/v1/bombs/documents", {"word": SLOW_VALUE}),
            "slow patterns": lambda: self._post("/data/v1/bombs/documents", {"words": ["a" * 18 + "b"] * 20_000}),
            "heavy RQL": self._heavy_rql,
            "sorting RQL": lambda: self._get(f"/data/v1/bombs/documents?sort({','.join(['data.list.v'] * 400)})"),
            "long RQL": lambda: self._get(f"/data/v1/bombs/documents?in(id,{','.join(['a' * 24] * 2_000)})"),
            "nested RQL": lambda: self._get(f"/data/v1/bombs/documents?{'and(' * 500}eq(a,1){')' * 500}"),
            "handlebars bomb": self._handlebars,
            "velocity bomb": self._velocity,
            "deep JSON": lambda: self._raw("/data/v1/bombs/documents", b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
            "deepest JSON": lambda: self._raw("/data/v1/bombs/documents", b"[" * 2_000_000),
            "wide JSON": lambda: self._raw("/data/v1/bombs/documents", b'{"list":[' + b"{}," * 1_000_000 + b"{}]}"),
            "widest JSON": self._widest,
            "heavy guard": lambda: self._guarded(self._document),
            "most numbers": lambda: self._raw("/data/v1/bombs/documents", b'{"words":[' + b"1," * 1_900_000 + b"1]}"),
            "huge number": lambda: self._raw("/data/v1/bombs/documents", b'{"n":' + b"9" * 1_000_000 + b"}"),
            "huge JSON": lambda: self._raw("/data/v1/bombs/documents", b'{"word":"' + b"a" * 11 * _MEGABYTE + b'"}'),
            "gzip bomb": self._gzip,
            "zip bomb": self._zip,
            "zip of many": lambda: self._function({f"{number}": b"" for number in range(6_000)}),
            "no zip": lambda: self._post("/tasks/v1/functions", _function(base64.b64encode(b"none").decode())),
            "multipart without end": lambda: self._multipart(
                b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\na"
            ),
            "multipart of many": lambda: self._multipart(
                b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\na\r\n" * 5_000
            ),
            "multipart of headers": lambda: self._multipart(
                b"--x\r\nX: " + b"a" * 3 * _MEGABYTE + b"\r\n\r\na\r\n--x--"
            ),
            "no multipart": lambda: self._multipart(b"\0" * 10_000),
            "file too large": lambda: self._multipart(
                b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
                + b"a" * 9 * _MEGABYTE
                + b"\r\n--x--"
            ),
            "huge headers": lambda: self._get("/users/v1/me", headers={"X-Huge": "a" * 60_000}),
            "many headers": lambda: self._get("/users/v1/me", headers={f"X-{n}": "a" * 100 for n in range(500)}),
            "long query": lambda: self._get(f"/users/v1/health?{'a' * 60_000}"),
            "half a character": lambda: self._raw("/data/v1/bombs/documents", b'{"word": "\\ud800"}'),
            "not UTF-8": lambda: self._raw("/data/v1/bombs/documents", b'{"word": "\xff\xfe"}'),
            "wrong types": lambda: self._post("/users/v1/register", {"email": [], "password": {}, "first_name": 5}),
            "mail of many": lambda: self._post(
                "/mail/v1", {"recipients": {"to": ["a@example.com"] * 5_000}, "subject": "s", "body": "b"}
            ),
            "task of much": lambda: self._post("/tasks/v1", {"functionName": "echo", "data": {"a": "a" * 300_000}}),
            "PDF of much": self._pdf,
        }

    def __call__(self) -> None:
        name = self._chance.choice(list(self._kinds))
        try:
            answer = self._kinds[name]()
        except OSError:  # the base class of requests' errors: the server has closed the connection
            self._books.count(f"bomb: {name}, cut off")
            return
        except ExtraHorizonError as error:
            self._books.surprise(f"bomb: {name}: {error!r}")
            return
        if answer.status_code >= SERVER_ERROR:
            self._books.server_error(f"bomb: {name}: {answer.status_code} {answer.text[:200]}")
        self._books.count(f"bomb: {name}: {answer.status_code}")

    def _get(self, path: str, **options: Any) -> requests.Response:
        return self._session.get(self._url + path, timeout=PATIENCE, **options)

    def _post(self, path: str, body: object) -> requests.Response:
        return self._session.post(self._url + path, json=body, timeout=PATIENCE)

    def _raw(self, path: str, body: bytes, **headers: str) -> requests.Response:
        headers = {"Content-Type": "application/json"} | {
            key.replace("_", "-"): value for key, value in headers.items()
        }
        return self._session.post(self._url + path, data=body, headers=headers, timeout=PATIENCE)

    def _heavy_rql(self) -> requests.Response:
        return self._get(f"/data/v1/bombs/documents?{self._heavy()}")

    def _guarded(self, document_id: str) -> requests.Response:
        path = f"/data/v1/bombs/documents/{document_id}?{self._heavy()}"
        return self._session.put(self._url + path, json={"list": []}, timeout=PATIENCE)

    def _widest(self) -> requests.Response:
        """Create a document with nearly as many values as a body may have, query it, and delete it again.

        Without the deletion, each later query of the documents would take longer.
        """
        answer = self._raw("/data/v1/bombs/documents", b'{"list":[' + b"{}," * 99_000 + b"{}]}")
        if "id" in (made := answer.json()):
            for ask in (self._heavy_rql, lambda: self._guarded(made["id"])):
                if (response := ask()).status_code >= SERVER_ERROR:
                    return response
            self._exh.data.documents.remove("bombs", made["id"])
        return answer

    def _heavy(self) -> str:
        conditions = ",".join(f"like(data.list.v,x{number})" for number in range(self._chance.randrange(100, 500)))
        return f"or({conditions})"

    def _handlebars(self) -> requests.Response:
        return self._post("/templates/v2/bomb/resolve", {"inputs": {"a": list(range(2_000))}})

    def _velocity(self) -> requests.Response:
        return self._post(f"/templates/v1/{self._template}/resolve", {"content": {}})

    def _gzip(self) -> requests.Response:
        bomb = gzip.compress(b"a" * 200 * _MEGABYTE, compresslevel=9)
        return self._raw("/data/v1/bombs/documents", bomb, Content_Encoding="gzip")

    def _zip(self) -> requests.Response:
        return self._function({"main.py": b"0" * 100 * _MEGABYTE})

    def _function(self, files: dict[str, bytes]) -> requests.Response:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return self._post("/tasks/v1/functions", _function(base64.b64encode(buffer.getvalue()).decode()))

    def _multipart(self, body: bytes) -> requests.Response:
        return self._raw("/files/v1", body, Content_Type="multipart/form-data; boundary=x")

    def _pdf(self) -> requests.Response:
        data = {"templateName": "paper", "inputs": {"a": list(range(self._chance.randrange(100, 20_000)))}}
        return self._post("/tasks/v1/functions/html-to-pdf/execute", {"data": data})


def _function(code: str) -> dict[str, str]:
    return {"name": "bomb", "code": code, "entryPoint": "main.handler", "runtime": "python3.13"}
