"""Well-behaved clients, over the real client library. Each call of a class's instance is one round of requests.

Fault rules apply to requests for documents only; a 5xx response to any other request is a failure.
"""

from __future__ import annotations

import hashlib
import itertools
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import (
    ExtraHorizonError,
    LambdaRuntimeError,
    LockedDocumentError,
    NoTaskLogsFoundError,
    PlatformError,
)
from extrahorizon.login import OAuth1Application, OAuth2Authentication
from extrahorizon.query import rql

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from benchmarks.soak.books import Books, Document, State
    from benchmarks.soak.server import Served

READINGS = "readings"
#: Fault rules for requests for documents.
FAULTS = [
    f"* /data/v1/{READINGS}/*:{fault}"
    for fault in (
        "503:0.02",
        "429+0:0.02",
        "html:0.01",
        "reset:0.02",
        "reset-after:0.02",
        "truncate:0.02",
        "truncate-json:0.01",
        "latency=0.3:0.02",
        "slow=0.5:0.02",
        "duplicate:0.02",
    )
]
MOST_DOCUMENTS = 150  # of one client; with more, it deletes the oldest
MOST_FILES = 20
SERVER_ERROR = 500
PASSWORD = "Secret-of-a-made-up-user-1"  # noqa: S105 - of a user on the local platform
_number = itertools.count(1)


def prepare(served: Served) -> None:
    """Create the schemas and templates that all rounds use."""
    exh = served.client()
    schema = exh.data.schemas.create(
        name=READINGS, description="Readings", createMode="allUsers", readMode="allUsers", updateMode="default"
    )["id"]
    exh.data.properties.create(schema, name="n", configuration={"type": "number"})
    exh.data.properties.create(schema, name="text", configuration={"type": "string", "maxLength": 5_000})
    exh.data.statuses.create(schema, name="seen")
    exh.data.transitions.create(schema, name="see", type="manual", fromStatuses=["new"], toStatus="seen")
    exh.data.transitions.create(schema, name="back", type="manual", fromStatuses=["seen"], toStatus="new")
    notes = exh.data.schemas.create(name="notes", description="Notes", createMode="allUsers", readMode="allUsers")
    exh.data.properties.create(notes["id"], name="text", configuration={"type": "string"})
    exh.templates_v2.create(
        name="greeting", inputs={"name": {"type": "string"}}, outputs={"subject": "s", "body": "Hello {{@inputs.name}}"}
    )


@contextmanager
def counted(books: Books, what: str, *, disturbed: bool = False) -> Iterator[None]:
    """Count the block under `what`; record an error in it as unexpected, unless fault rules may have caused it."""
    try:
        yield
        books.count(what)
    except PlatformError as error:
        if disturbed:
            books.count(f"{what}, disturbed")
        elif error.status >= SERVER_ERROR:
            books.server_error(f"{what}: {error!r}")
        else:
            books.surprise(f"{what}: {error!r}")
    except ExtraHorizonError as error:
        if disturbed:
            books.count(f"{what}, disturbed")
        else:
            books.surprise(f"{what}: {error!r}")


class Documents:
    """Creates, reads, updates, transitions and deletes documents, while fault rules disturb the requests."""

    def __init__(self, served: Served, books: Books, chance: random.Random) -> None:
        self._exh = served.client()
        self._books = books
        self._chance = chance
        self._mine: list[Document] = []

    def __call__(self) -> None:
        if len(self._mine) > MOST_DOCUMENTS:
            self._delete(self._mine[0])
        elif not self._mine or self._chance.random() < 0.3:
            self._make()
        else:
            self._change(self._chance.choice(self._mine))

    def _make(self) -> None:
        number = next(_number)
        data = {"n": number, "text": "x" * self._chance.randrange(2_000)}
        with counted(self._books, "document made", disturbed=True):
            made = self._exh.data.documents.create(READINGS, data, gzip=self._chance.random() < 0.2)
            self._mine.append(self._books.made(made["id"], (number, made["status"])))

    def _change(self, document: Document) -> None:
        state = self._read(document)
        if state is None:
            return
        number, status = state
        documents = self._exh.data.documents
        with counted(self._books, "document changed", disturbed=True), suppress(LockedDocumentError):
            if self._chance.random() < 0.5:
                after = (next(_number), status)
                document.may_become(after)
                documents.update(READINGS, document.id, {"n": after[0]})
            else:
                after = (number, "seen" if status == "new" else "new")
                document.may_become(after)
                documents.transition(READINGS, document.id, name="see" if status == "new" else "back")
            document.is_now(after)

    def _read(self, document: Document) -> State:
        """Return the document's state on the platform, and record a surprise if it is not a possible one."""
        state: State = None
        with counted(self._books, "document read", disturbed=True):
            state = state_of(self._exh.data.documents.find_by_id(READINGS, document.id))
            if state not in document.states:
                self._books.surprise(f"a document is {state}, but was acknowledged as {document.known}")
            document.is_now(state)
        return state

    def _delete(self, document: Document) -> None:
        if self._read(document) is None:
            if document.known is None:
                self._mine.remove(document)
            return
        document.may_become(None)
        with counted(self._books, "document deleted", disturbed=True):
            self._exh.data.documents.remove(READINGS, document.id)
            document.is_now(None)
            self._mine.remove(document)


def state_of(found: Any) -> State:
    """Return the state of a document that the platform has returned."""
    return None if found is None else (found["data"]["n"], found["status"])


class Queries:
    """Queries lists of several services, and pages of the control center."""

    def __init__(self, served: Served, books: Books, chance: random.Random) -> None:
        self._exh = served.client()
        self._books = books
        self._chance = chance

    def __call__(self) -> None:
        with counted(self._books, "documents found", disturbed=True):
            least = self._chance.randrange(10_000)
            self._exh.data.documents.find(READINGS, rql.gt("data.n", least).sort("-data.n").limit(30))
        with counted(self._books, "lists read"):
            self._exh.users.find(rql.limit(10))
            self._exh.logs.access.find(rql.limit(10))
            self._exh.tasks.find(rql.eq("status", "complete").limit(10))
        for page in ("overview", "runs", "queue", "functions", "search?q=echo", "mails"):
            with counted(self._books, "control center read"):
                self._exh.session.call("GET", f"/_dev/api/{page}")


class Files:
    """Uploads, downloads and deletes files."""

    def __init__(self, served: Served, books: Books, chance: random.Random) -> None:
        self._exh = served.client()
        self._books = books
        self._chance = chance
        self._mine: list[str] = []

    def __call__(self) -> None:
        content = self._chance.randbytes(self._chance.randrange(1, 600_000))
        with counted(self._books, "file up and down"):
            token = self._exh.files.create(name="a.bin", file=content)["tokens"][0]["token"]
            self._books.files[token] = hashlib.sha256(content).hexdigest()
            self._mine.append(token)
            if self._exh.files.retrieve(token) != content:
                self._books.surprise("a file was returned with another content")
            self._exh.files.get_details(token)
            while len(self._mine) > MOST_FILES:
                oldest = self._mine.pop(0)
                self._exh.files.remove(oldest)
                del self._books.files[oldest]


class Mails:
    """Resolves templates and sends mails."""

    def __init__(self, served: Served, books: Books) -> None:
        self._exh = served.client()
        self._books = books

    def __call__(self) -> None:
        name = f"Ada {next(_number)}"
        with counted(self._books, "template and mail"):
            if name not in self._exh.templates_v2.resolve("greeting", inputs={"name": name})["body"]:
                self._books.surprise("a template was resolved without its input")
            mail = self._exh.mails.send(
                template_name="greeting", recipients={"to": ["ada@example.com"]}, content={"name": name}
            )
            self._books.mails.add(mail["id"])
            template = self._exh.templates.create(
                name=name, description="d", schema={}, fields={"body": "<p>$content.x"}
            )
            self._exh.templates.resolve_as_json(template["id"], content={"x": "y"})
            self._exh.templates.remove(template["id"])


class Tasks:
    """Runs functions, both as queued tasks and by executing them directly."""

    def __init__(self, served: Served, books: Books, chance: random.Random) -> None:
        self._exh = served.client()
        self._books = books
        self._chance = chance
        self._before: str | None = None

    def __call__(self) -> None:
        with counted(self._books, "task queued"):
            name = self._chance.choice(["echo", "note", "hold"])
            task = self._exh.tasks.create(functionName=name, data={"text": str(next(_number))})
            if self._before and self._exh.tasks.find_by_id(self._before) is None:
                self._books.surprise("a queued task is missing")
            self._before = task["id"]
            with suppress(NoTaskLogsFoundError):
                self._exh.tasks.logs.find(task["id"])
        with counted(self._books, "function executed"):
            try:
                self._exh.tasks.functions.execute("echo", data={"n": 1})
            except LambdaRuntimeError:  # the soak kills workers while they run, too
                self._books.count("function executed, its worker killed")


class Users:
    """Registers a user, logs in over OAuth1 and OAuth2, sends requests as that user, and deletes it."""

    def __init__(self, served: Served, books: Books) -> None:
        self._details = served.details
        self._admin = served.client()
        self._books = books

    def __call__(self) -> None:
        details = self._details
        email = f"ada.{next(_number)}@example.com"
        with counted(self._books, "user in and out"):
            user = self._admin.users.create_account(
                first_name="Ada",
                last_name="L",
                email=email,
                password=PASSWORD,
                phone_number="+32 1",
                language="EN",
            )
            host = details["host"]
            application = OAuth1Application(host, details["consumer_key"], details["consumer_secret"])
            ExtraHorizon(application.log_in(email, PASSWORD)).users.me()
            login = OAuth2Authentication(host, details["oauth2_client_id"], details["oauth2_client_secret"])
            login.log_in(email, PASSWORD)
            login.refresh()
            ExtraHorizon(login).users.me()
            self._admin.users.remove(user["id"])
