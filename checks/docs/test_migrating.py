"""The page for who comes from JavaScript: its snippets run, what it names exists, here and there."""

import json
import re
import runpy
from datetime import UTC, datetime

import pytest
from doc_blocks import blocks, check_blocks, table_rows
from exh_dev.cli.main import app
from exh_dev.testing import handle, task_event
from extrahorizon import errors
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.errors import IllegalArgumentError, InvalidEventError
from extrahorizon.log import logger
from extrahorizon.query import RQL, rql
from extrahorizon.transport import Headers, Response
from typer.main import get_command

#: Methods of the official SDK that are no operation of a service.
OF_THE_SDK = {"raw.get", "raw.userId"}


@pytest.fixture
def page(project_root):
    return (project_root / "docs" / "migrating-from-javascript.md").read_text()


@pytest.fixture
def snippet(project_root):
    return lambda name: runpy.run_path(str(project_root / "docs" / "snippets" / f"migrating_{name}.py"))


@pytest.fixture
def operations(project_root):
    """The official SDK's operations and its helpers, as `data.documents.findById`."""
    found = set(OF_THE_SDK)
    for entry in json.loads((project_root / "packages/exh-dev/tests/data/endpoints.json").read_text()):
        helpers = (re.split(r"[:(]", text)[0] for text in entry["derived_helpers"])
        for name in (entry["sdk_name"], *helpers):
            found.add(".".join(filter(None, [entry["service"], entry["group"], name])))
    return found


def calls(text):
    return re.findall(r"\bexh\.([\w.]+\w)", text)


def test_each_code_block_is_the_file_it_names(project_root):
    check_blocks(project_root, "migrating-from-javascript.md", "migrating")


def test_what_is_called_there_is_in_the_sdk(page, operations):
    there = [name for cells in table_rows(page, "Calls") for name in calls(cells[0])]
    (example,) = blocks(page, "js")
    assert set(there + calls(example.text)) <= operations


def test_what_is_called_here_is_in_the_client(page):
    exh = ExtraHorizon(Credentials("https://api.acme.io", "key", "secret", "token", "secret"))
    here = [name for cells in table_rows(page, "Calls") for name in calls(cells[1])]
    assert len(here) > 20
    for name in here:
        member = exh
        *groups, method = name.split(".")
        for group in groups:
            member = getattr(member, group)
        assert hasattr(type(member), method), name
    for name in re.findall(r"\brql\.(\w+)\(", "".join(cells[1] for cells in table_rows(page, "Calls"))):
        assert callable(getattr(RQL, name))


class Recorder:
    """A transport that answers every request with one record, in each of the forms that a service may answer in."""

    def __init__(self):
        self.sent = []

    def send(self, request, deadline):
        self.sent.append(request.method)
        record = {"id": "1", "email": "ada@example.com"}
        asked = re.search(r"limit\((\d+)(?:,(\d+))?\)", request.url)
        limit, offset = (int(asked[1]), int(asked[2] or 0)) if asked else (20, 20)
        body = {
            **record,
            "data": [record],
            "page": {"total": 60, "limit": limit, "offset": offset},
            "affectedRecords": 1,
        }
        content = json.dumps(body).encode()
        headers = Headers({"Content-Length": str(len(content))})
        return Response(request, 200, headers, iter([content]), deadline=deadline, close=lambda: None)

    def close(self):
        pass


#: What stands for `…` in the table, by the keyword before it.
VALUES = {
    "content": {"a": 1}, "data": {"a": 1}, "functionName": "greet", "inputs": {"a": 1}, "json": {"a": 1},
    "name": "review", "recipients": {"to": ["ada@example.com"]}, "template_name": "welcome", "type": "visit",
}  # fmt: skip


def test_the_calls_of_the_right_column_can_be_made(page):
    """Each piece of code in it is evaluated, with values for the names it takes as given."""
    transport = Recorder()
    exh = ExtraHorizon(Credentials("https://api.acme.io", "key", "secret", "token", "secret"), transport=transport)
    known = {
        "exh": exh, "rql": rql, "logger": logger, "schema": "visit", "id": "1", "name": "greet", "token": "t",
        "path": "/users/v1/me", "page": exh.users.find(), "a": rql.eq("a", 1), "b": rql.eq("b", 2), "function": str,
    }  # fmt: skip
    evaluated = []
    for cells in table_rows(page, "Calls"):
        for code in re.findall(r"`((?:exh|rql|page|list|logger|a)\b[^`]*[)\]a-z])`", cells[1]):
            text = re.sub(r"(\w+)=…", lambda found: f"{found[1]}={VALUES[found[1]]!r}", code.replace("\\|", "|"))
            text = text.replace("[…]", "['1']")
            names = {**known, "data": b"content" if "files" in text else {"a": 1}}
            if not text.startswith("list("):
                names["list"] = ["new"]
            before = len(transport.sent)
            value = eval(text, names)  # noqa: S307 - the page is our own
            if "find_all" in text:
                list(value)
            if re.match(r"(list\()?exh\.(?!fan_out)", text):
                assert len(transport.sent) > before, code
            evaluated.append(code)
    assert len(evaluated) > 25


def test_the_errors_are_there(page):
    for cells in table_rows(page, "Errors"):
        for name in re.findall(r"`([A-Z]\w+Error)`", cells[1].split(";")[0]):
            assert hasattr(errors, name)


def test_its_commands_take_what_it_gives_them(page):
    commands = [text.split() for text in re.findall(r"`exh-dev ([^`]+)`", page)]
    assert {command[0] for command in commands} >= {"invoke", "new", "build", "check", "serve"}
    for name, *arguments in commands:
        get_command(app).commands[name].make_context(name, arguments)


def test_the_differences_are_as_it_says(snippet, fake_exh):
    functions = snippet("differences")
    documents = fake_exh.data.documents
    documents.update.returns(1, 0)
    assert [functions["affected_records_are_a_number"](fake_exh, "n1") for _ in range(2)] == [True, False]
    fake_exh.users.find_by_id.returns({"id": "u1", "first_name": "Ada", "creation_timestamp": 1_639_179_000_000})
    assert functions["keys_are_the_platforms"](fake_exh, "u1") == "Ada"
    assert functions["timestamps_are_as_sent"](fake_exh, "u1") == datetime(2021, 12, 10, 23, 30, tzinfo=UTC)
    documents.find_by_id.returns({"id": "n1", "data": {"text": "milk"}}, None)
    assert [functions["nothing_found_is_none"](fake_exh, "n1") for _ in range(2)] == ["milk", None]
    notes = [{"id": "n1", "data": {"text": "milk"}}, {"id": "n2", "data": {}}]
    documents.find.returns(notes)
    documents.find_all.returns(notes)
    assert functions["a_page_is_a_page"](fake_exh) == (2, ["n1", "n2"])
    assert functions["all_of_them_one_by_one"](fake_exh) == 1
    assert functions["a_kept_query_never_changes"]("p1") == (
        "eq(data.patient,p1)",
        "eq(data.patient,p1)&sort(-creationTimestamp)&limit(1)",
    )


def test_the_worked_example_archives_what_is_reviewed_and_leaves_what_somebody_else_has(snippet, fake_exh):
    handler = snippet("task")["handler"]
    documents = fake_exh.data.documents
    documents.find_all.returns([{"id": "n1", "data": {}}, {"id": "n2", "data": {}}])

    def transition(document_id, **_):
        if document_id == "n2":
            raise IllegalArgumentError(status=400, code=26)
        return 1

    documents.transition.answers(transition)
    assert handle(handler, task_event({"patientId": "p1"}), fake_exh) == {"archived": 1}
    mine = rql.eq("status", "reviewed").eq("data.patient", "p1").select("id")
    assert documents.find_all.calls == [{"schema": "note", "rql": mine}]
    assert [call["document_id"] for call in documents.transition.calls] == ["n1", "n2"]


def test_a_task_without_a_patient_is_refused_before_any_call(snippet, fake_exh):
    with pytest.raises(InvalidEventError, match="patientId"):
        handle(snippet("task")["handler"], task_event({}), fake_exh)
    assert fake_exh.calls == []
