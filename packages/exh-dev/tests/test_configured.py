"""The image of a project's configuration that an empty platform begins with: the same results, and never an old one."""

import json

import pytest

from exh_dev.project.project import Project
from exh_dev.serve import execution
from exh_dev.serve.configured import configured
from exh_dev.serve.execution import Case

pytestmark = pytest.mark.slow

SCHEMA = {
    "description": "what the project has",
    "statuses": {"new": {}},
    "creationTransition": {"type": "manual", "toStatus": "new"},
    "properties": {},
}
TEMPLATE = """
Resources:
  Names:
    Type: AWS::Serverless::Function
    Metadata:
      ExtraHorizon:
        name: names
        targets: [exh]
        executionCredentials: {permissions: [VIEW_SCHEMAS, CREATE_SCHEMAS, DELETE_SCHEMAS]}
    Properties: {Handler: handlers.names.handler, Runtime: python3.13, Timeout: 30}
"""
HANDLER = """
from extrahorizon import ExtraHorizon


def handler(event, context):
    with ExtraHorizon() as exh:
        names = [each["name"] for each in exh.data.schemas.find_all()]
        exh.data.schemas.create(name="made", description="by the function")
        return sorted(names)
"""


@pytest.fixture
def project(tmp_path):
    for name, text in {
        "template.yaml": TEMPLATE,
        "handlers/__init__.py": "",
        "handlers/names.py": HANDLER,
        "schemas/first.json": json.dumps({**SCHEMA, "name": "first"}),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return Project(tmp_path)


def names(project):
    """The schemas that a function finds on an empty platform."""
    case = Case.of(project.manifest.function("names"), "event", {}, "env")
    (outcome,) = execution.execute(Project(project.root), [case], overrides={}, on_log=lambda *_: None)
    assert outcome.ok, outcome.failures()
    return outcome.invocation.result


def images(project):
    return sorted((project.data_dir / "configured").glob("*"))


def test_a_platform_begins_with_the_configuration_and_with_nothing_that_ran_before(project):
    assert not configured(project).is_known
    assert [names(project) for _ in range(3)] == [["first"]] * 3
    assert configured(project).is_known
    assert [path.stat().st_mode & 0o777 for path in images(project)] == [0o600]


def test_another_configuration_is_not_taken_for_the_one_before(project):
    assert names(project) == ["first"]
    (project.root / "schemas" / "second.json").write_text(json.dumps({**SCHEMA, "name": "second"}))
    assert names(project) == ["first", "second"]
    (project.root / "schemas" / "first.json").unlink()
    assert names(project) == ["second"]


@pytest.mark.parametrize("damage", [b"", b"no image", None])
def test_a_damaged_image_is_not_used(project, damage):
    assert names(project) == ["first"]
    (image,) = images(project)
    image.write_bytes(image.read_bytes()[:-100] if damage is None else damage)
    assert not configured(project).is_known
    assert names(project) == ["first"]


def test_only_the_latest_images_are_kept(project):
    for number in range(6):
        (project.root / "schemas" / "first.json").write_text(json.dumps({**SCHEMA, "name": f"name{number}"}))
        configured(Project(project.root)).keep(b"image")
    assert len(images(project)) == 4


def test_a_mistake_in_the_configuration_is_reported_each_time(project):
    assert names(project) == ["first"]
    (project.root / "schemas" / "first.json").write_text("{")
    for _ in range(2):
        with pytest.raises(Exception, match=r"first\.json"):
            names(project)
