"""What the platform has in the place of what the project's files say: told at the start, at each save, on the page."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from folder_projects import SCHEMA
from uploads import body

from exh_dev.project.project import Project
from exh_dev.remote.client import client_of
from exh_dev.serve import deploy
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.serve.reload import Reloader
from extrahorizon.credentials import parse_credentials

UPLOADED = "other: an uploaded bundle runs instead of this project's code"
WAY_OUT = "`exh tasks delete --name other`"


@pytest.fixture
def center(serve):
    center = serve()
    center.warned = []
    reloader = Reloader(center.platform, center.project, center.told.append, center.warned.append)
    center.save = lambda name, text: (center.write(name, text), reloader.apply([center.folder / name]))
    return center


def upload(exh, name="other"):
    exh.tasks.functions.create(**body(name))


def function(center, name="other"):
    return next(each for each in center.get("/functions")["data"] if each["name"] == name)


@pytest.mark.slow
def test_each_save_of_a_function_that_an_uploaded_bundle_hides_warns(center):
    upload(center.exh)
    center.save("handlers/other.py", 'def handler(event, context):\n    return "anew"\n')
    (warning,) = center.warned
    assert warning.startswith(UPLOADED)
    assert WAY_OUT in warning
    assert not [each for each in center.told if each.startswith("reloaded")]
    assert center.exh.tasks.functions.execute("other").get("result") != "anew"
    center.exh.tasks.functions.remove("other")
    center.save("handlers/other.py", 'def handler(event, context):\n    return "again"\n')
    assert (center.told[-1], len(center.warned)) == ("reloaded other", 1)
    assert center.exh.tasks.functions.execute("other").get("result") == "again"


def test_a_save_that_concerns_another_function_warns_of_nothing(center):
    upload(center.exh)
    center.save("handlers/helping.py", 'def word():\n    return "second"\n')
    assert (center.told, center.warned) == (["reloaded analyze"], [])


def test_the_list_of_functions_says_which_is_hidden(center):
    assert function(center)["hides_project"] is False
    upload(center.exh)
    upload(center.exh, "new-one")
    assert (function(center)["source"], function(center)["hides_project"]) == ("uploaded", True)
    assert function(center, "new-one")["hides_project"] is False
    assert function(center, "html-to-pdf")["hides_project"] is False


def test_a_schema_that_is_changed_through_the_api_is_a_problem_until_its_file_wins(center):
    assert center.get("")["problems"] == []
    center.exh.data.properties.create("pulse", name="extra", configuration={"type": "string"})
    (index,) = center.exh.data.schemas.find_by_name("pulse")["indexes"]
    center.exh.data.indexes.remove("pulse", index["id"])
    (problem,) = center.get("")["problems"]
    assert problem["file"] == "schemas/pulse.json"
    assert "in properties, indexes: save the file" in problem["message"]
    center.save("schemas/pulse.json", json.dumps(SCHEMA))
    assert center.get("")["problems"] == []


def test_a_schema_that_is_none_of_the_projects_is_no_problem(center):
    center.exh.data.schemas.create(name="another", description="Of nobody's")
    assert center.get("")["problems"] == []


@pytest.mark.slow
def test_a_start_says_which_schema_was_another_than_its_file(center, tmp_path):
    project, told = Project(center.folder), []

    def start():
        return LocalPlatform(data_dir=tmp_path / "data")

    with start() as first:
        deploy.start(first, project, told.append)
        client_of(first.environment()).data.properties.remove("pulse", "category")
    assert told == []
    with start() as second:
        deploy.start(second, project, told.append)
    expected = ["the schema pulse of the platform is another than schemas/pulse.json in properties; the file wins"]
    assert told == expected
    with start() as third:
        deploy.start(third, project, told.append)
    assert told == expected


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_serve_warns_of_a_hidden_function_when_it_starts(center, tmp_path):
    command = [sys.executable, "-m", "exh_dev", "serve", "--port", "0", "--data-dir", str(tmp_path / "data")]

    def warnings(do=lambda _: None):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, cwd=center.folder, env={**os.environ}, **pipes) as process:
            do(json.loads(process.stdout.readline()))
            process.send_signal(signal.SIGTERM)
            lines = [json.loads(line) for line in process.communicate(timeout=30)[1].splitlines()]
        return [line["message"] for line in lines if line["level"] == "WARNING"]

    def uploading(announced):
        upload(client_of(parse_credentials(Path(announced["credentials_file"]).read_text())))

    assert warnings(uploading) == []
    (warning,) = warnings()
    assert warning.startswith(UPLOADED)
    assert WAY_OUT in warning
