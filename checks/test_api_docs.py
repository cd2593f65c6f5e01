"""The page about functions: its example of an API function works, and its parts for AWS fit into the template."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from exh_dev.project.new.function import make
from exh_dev.project.project import Project
from exh_dev.runtime.events import USER_ID, api_event

NOTE = "68498c63b1b0b8de8a622801"


@pytest.fixture
def app(project_root):
    return runpy.run_path(str(project_root / "docs" / "snippets" / "api_function.py"))["app"]


@pytest.mark.parametrize(("name", "kind"), [("api_function.py", "python"), ("api_on_aws.yaml", "yaml")])
def test_the_page_shows_the_snippet(project_root, name, kind):
    docs = project_root / "docs"
    shown = f"[`snippets/{name}`](snippets/{name}):\n\n```{kind}\n{(docs / 'snippets' / name).read_text()}```\n"
    assert shown in (docs / "functions.md").read_text()


def test_the_example_lists_and_stores_the_callers_notes(app, fake_exh):
    fake_exh.data.documents.find.returns([{"id": NOTE, "data": {"text": "milk"}}])
    answer = app.answer(api_event("GET", "/notes"), fake_exh)
    assert json.loads(answer["body"]) == {"items": [{"id": NOTE, "text": "milk"}]}
    fake_exh.data.documents.create.returns({"id": NOTE, "data": {}})
    stored = app.answer(api_event("POST", "/notes", json={"text": "milk"}), fake_exh)
    assert (stored["statusCode"], json.loads(stored["body"])) == (201, {"id": NOTE})
    assert fake_exh.data.documents.create.calls == [{"schema": "note", "data": {"owner": USER_ID, "text": "milk"}}]


@pytest.mark.parametrize(("path", "user_id", "status"), [("/health", None, 204), ("/notes", None, 401)])
def test_only_its_public_route_answers_anybody(app, fake_exh, path, user_id, status):
    assert app.answer(api_event("GET", path, user_id=user_id), fake_exh)["statusCode"] == status


def test_the_example_sends_bytes_and_refuses_with_reasons(app, fake_exh):
    fake_exh.data.documents.find_by_id.returns({"id": NOTE, "data": {"picture": "token"}}, None)
    fake_exh.files.retrieve.returns(b"\x89PNG")
    sent, unknown = (app.answer(api_event("GET", f"/notes/{NOTE}/picture"), fake_exh) for _ in range(2))
    assert (sent["isBase64Encoded"], unknown["statusCode"]) == (True, 404)
    refused = app.answer(api_event("POST", "/notes", json=[]), fake_exh)
    assert json.loads(refused["body"])["reasons"] == [{"field": "text", "reason": "expected a text"}]


class Intrinsic(yaml.YAMLObject):
    """`!Ref`, `!GetAtt` and the like, kept as they are."""

    def __init__(self, tag, node):
        self.tag, self.node = tag, node


class Loader(yaml.SafeLoader):
    pass


class Dumper(yaml.SafeDumper):
    pass


Loader.add_multi_constructor("!", lambda loader, tag, node: Intrinsic(f"!{tag}", node))
Dumper.add_representer(Intrinsic, lambda dumper, value: value.node)


def merged(whole, part):
    if not isinstance(whole, dict):
        return part
    return {**whole, **{name: merged(whole.get(name), each) for name, each in part.items()}}


@pytest.mark.slow
def test_the_parts_for_aws_fit_into_the_template(project_root, tmp_path):
    path = tmp_path / "template.yaml"
    path.write_bytes((project_root / path.name).read_bytes())
    make(Project(tmp_path), "notes", "api")
    template, parts = (
        yaml.load(each.read_text(), Loader)  # noqa: S506 - a safe loader that knows more tags
        for each in (path, project_root / "docs" / "snippets" / "api_on_aws.yaml")
    )
    path.write_text(yaml.dump(merged(template, parts), Dumper=Dumper, sort_keys=False))
    assert "ApiId: !Ref 'HttpApi'" in path.read_text()
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
