"""`exh-dev editor`: what its schemas take and refuse is what the commands do, and nobody's files are overwritten."""

import json

import pytest
import yaml
from folder_projects import GREETING, MANIFEST, write
from jsonschema import Draft7Validator

from exh_dev.errors import ManifestError
from exh_dev.platform.dev import seeding
from exh_dev.project.editor.schemas import dispatchers_schema, seed_schema, template_schema
from exh_dev.project.manifest import load_manifest

META = {"name": "analyze", "targets": ["exh"], "kind": "task"}
SCHEDULED = {"name": "analyze", "targets": ["exh"], "kind": "schedule", "schedule": {"interval": 60}}


@pytest.mark.parametrize("schema", [template_schema, seed_schema, dispatchers_schema])
def test_the_json_schemas_for_editors_are_valid(schema):
    Draft7Validator.check_schema(schema())


@pytest.mark.parametrize(
    ("metadata", "is_right"),
    [
        (META, True),
        ({**META, "targets": ["exh", "aws"], "executionPermission": "allUsers", "defaultPriority": 5}, True),
        ({**META, "retryPolicy": {"enabled": True, "errorsToRetry": ["KeyError"]}}, True),
        (
            {**META, "executionCredentials": {"permissions": ["VIEW_DOCUMENTS:pulse"], "email": "a@b"}},
            True,
        ),
        ({**META, "executionCredentials": {"permissions": []}}, True),
        ({**META, "environment": {"A": "1"}, "events": ["events/other.json"]}, True),
        (SCHEDULED, True),
        ({**SCHEDULED, "schedule": {"interval": 60, "start": "2026-01-15T05:00:00Z"}}, True),
        ({**META, "knd": "task"}, False),
        ({**META, "kind": "cron"}, False),
        ({**META, "name": "Analyze"}, False),
        ({**META, "name": "a" * 65}, False),
        ({**META, "targets": []}, False),
        ({**META, "targets": ["gcp"]}, False),
        ({**META, "executionPermission": "everybody"}, False),
        ({**META, "defaultPriority": "high"}, False),
        ({**META, "retryPolicy": {}}, False),
        ({**META, "retryPolicy": {"enabled": True, "errors": []}}, False),
        ({**META, "executionCredentials": {}}, False),
        ({**META, "executionCredentials": {"permissions": [], "user": "x"}}, False),
        ({**SCHEDULED, "schedule": {"interval": 59}}, False),
        ({**SCHEDULED, "schedule": {}}, False),
        ({"kind": "task", "targets": ["exh"]}, False),
        ({"name": "analyze"}, False),
    ],
)
def test_what_an_editor_says_of_the_metadata_is_what_the_manifest_says(metadata, is_right, tmp_path):
    template = yaml.safe_load(MANIFEST)
    template["Resources"]["Analyze"]["Metadata"]["ExtraHorizon"] = metadata
    assert Draft7Validator(template_schema()).is_valid(template) is is_right
    (tmp_path / "template.yaml").write_text(yaml.safe_dump(template))
    if is_right:
        load_manifest(tmp_path / "template.yaml")
    else:
        with pytest.raises(ManifestError):
            load_manifest(tmp_path / "template.yaml")


def test_what_is_sams_is_left_to_sam():
    other = {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Metadata": {"ExtraHorizon": 1}, "X": []}}, "A": 1}
    assert Draft7Validator(template_schema()).is_valid(other)


ID = "6968c1b48ab34b7d6e654701"
SEED = {
    "users": [{"id": ID, "first_name": "Ada", "permissions": ["VIEW_DOCUMENTS"], "patient_of": [ID], "staff_of": [ID]}],
    "documents": {"pulse": [{"id": ID, "creatorId": ID, "status": "new", "data": {"pulse": 60}}]},
    "files": [{"token": f"{ID}-3f0e5dd7-1ebd-4b1f-9a26-0d3b1a0c2d4e", "base64": "MCAg", "name": "a.txt"}],
    "profiles": [{"id": ID}],
    "mails": [{"id": ID, "recipients": {"to": ["ada@example.com"]}, "subject": "Hello"}],
}


def test_a_seed_that_the_platform_takes_is_right():
    validator = Draft7Validator(seed_schema())
    assert validator.is_valid(SEED)
    assert set(seed_schema()["properties"]) == set(seeding.PARTS)
    for wrong in ({"usrs": []}, {"users": {}}, {"users": [{"id": "ada"}]}, {"documents": {"pulse": [{"id": ID}]}}):
        assert not validator.is_valid(wrong)


DISPATCHER = {
    "eventType": "user_deleted",
    "name": "clean",
    "actions": [{"type": "task", "name": "delete", "functionName": "delete-data"}],
}
MAIL = {"type": "mail", "name": "tell", "recipients": {"to": ["a@example.com"]}, "templateName": "gone"}


@pytest.mark.parametrize(
    ("dispatchers", "is_right"),
    [
        ([DISPATCHER], True),
        ({"$schema": "x", "dispatchers": [{**DISPATCHER, "actions": [MAIL], "tags": ["a"]}]}, True),
        ([{**DISPATCHER, "actions": []}], False),
        ([{**DISPATCHER, "event": "x"}], False),
        ([{**DISPATCHER, "actions": [{**MAIL, "recipients": {}}]}], False),
        ([{**DISPATCHER, "actions": [{"type": "task", "name": "a"}]}], False),
    ],
)
def test_what_an_editor_says_of_dispatchers(dispatchers, is_right):
    assert Draft7Validator(dispatchers_schema()).is_valid(dispatchers) is is_right


def test_the_files_are_written_once_and_what_is_the_users_stays(tmp_path, exh_dev, monkeypatch):
    folder = write(tmp_path / "project", {}, GREETING)
    monkeypatch.chdir(folder)
    code, out, _ = exh_dev("editor")
    made = json.loads(out)["made"]
    assert (code, len(made)) == (0, 5)
    settings = json.loads((folder / ".vscode/settings.json").read_text())
    for name in settings["yaml.schemas"]:
        json.loads((folder / name).read_text())
    for each in settings["json.schemas"]:
        json.loads((folder / each["url"]).read_text())
    assert json.loads(exh_dev("editor")[1]) == {"made": [], "kept": []}
    (folder / ".vscode/settings.json").write_text('{"editor.tabSize": 2} // mine')
    (folder / ".vscode/schemas/seed.json").write_text("{}")
    assert json.loads(exh_dev("editor")[1]) == {
        "made": [".vscode/schemas/seed.json"],
        "kept": [".vscode/settings.json"],
    }
    assert "mine" in (folder / ".vscode/settings.json").read_text()
    assert '"yaml.schemas"' in exh_dev("editor", "--table")[1]
