"""A function without `executionCredentials` has no credentials: on a cluster, and served, run or in a test here."""

import pytest
from folder_projects import MANIFEST, write

from exh_dev.project.project import Project
from exh_dev.remote.client import client_of
from exh_dev.serve import deploy
from exh_dev.serve.local_platform import LocalPlatform

FUNCTION = MANIFEST.partition("Resources:\n")[2]
ASKS = """\
from extrahorizon.task import task_handler


@task_handler
def handler(task, exh):
    return exh.users.me()["email"]
"""
LISTS = """\
import os


def handler(event, context):
    return sorted(name for name in os.environ if name.startswith(("API_", "SIDEFX_", "PARAMETERS_")))
"""
READS = """\
import os


def handler(event, context):
    return os.environ["API_OAUTH_TOKEN"]
"""
SECRET = "Globals: {Function: {Environment: {Variables: {API_SECRET_ID: exh/tasks}}}}\nResources:\n"
HINT = "write `executionCredentials: {permissions: []}` into Metadata: ExtraHorizon: of Asks (template.yaml:"
FOUR = ["SIDEFX_API_URL", "SIDEFX_CLIENT_ID", "SIDEFX_CLIENT_SECRET", "SIDEFX_TOKEN_URL"]


def resource(name, more=""):
    text = FUNCTION.replace("Analyze", name.title()).replace("handlers.analyze", f"handlers.{name}")
    return text.replace("name: analyze", f"name: {name}") + "".join(f"        {line}\n" for line in more.splitlines())


@pytest.fixture
def folder(tmp_path):
    """Functions without credentials, and with."""
    manifest = MANIFEST.partition("Resources:\n")[0] + SECRET
    manifest += resource("asks") + resource("lists") + resource("reads")
    manifest += resource("granted", "executionCredentials: {permissions: []}").replace("granted.h", "asks.h")
    manifest += resource("copies", "environment: {SIDEFX_CLIENT_ID: $SIDEFX_CLIENT_ID}").replace("copies.h", "lists.h")
    manifest += resource("own", "environment: {API_OAUTH_TOKEN: $TOKEN}").replace("own.h", "asks.h")
    files = {
        "handlers/asks.py": ASKS,
        "handlers/lists.py": LISTS,
        "handlers/reads.py": READS,
        "handlers/__init__.py": "",
        "template.yaml": manifest,
        ".env": "TOKEN=cluster\n",
    }
    events = {f"events/{name}.json": {} for name in ("asks", "lists", "reads", "granted", "copies", "own")}
    return write(tmp_path / "project", files={**files, **events})


@pytest.fixture
def served(folder):
    with LocalPlatform(pace=60) as platform:
        told = []
        deploy.start(platform, Project(folder), told.append)
        assert told == []
        yield client_of(platform.environment())


@pytest.mark.slow
def test_a_served_function_has_no_credentials_and_its_log_says_how_to_get_some(served):
    task = served.tasks.create(functionName="asks")
    ended = wait_for_task(served, task["id"])
    assert (ended["status"], ended["error"]["name"]) == ("failed", "ConfigurationError")
    assert "executionCredentials" in ended["error"]["message"]
    lines = [line["message"] for line in served.tasks.logs.find(task["id"])]
    assert [line for line in lines if HINT in line], lines


def test_a_function_without_credentials_has_no_variables_of_the_platform(served):
    assert served.tasks.functions.execute("lists").get("result") == []


def test_only_a_function_that_names_sidefx_is_given_the_local_one(served):
    assert served.tasks.functions.execute("copies").get("result") == FOUR


@pytest.mark.slow
def test_a_function_with_an_empty_list_of_permissions_has_a_user_without_permissions(served):
    assert served.tasks.functions.execute("granted").get("result") == "exh.tasks+granted@extrahorizon.com"


def test_credentials_in_the_manifest_are_replaced(served):
    assert served.tasks.functions.execute("own").get("result") == "developer@localhost.example"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["asks", "reads"])
def test_an_invoked_function_without_credentials_says_how_to_get_some(folder, monkeypatch, exh_dev, name):
    monkeypatch.chdir(folder)
    code, _, lines = exh_dev("invoke", name)
    assert code == 1
    assert [line for line in lines if HINT.replace("Asks", name.title()) in str(line)], lines


def test_an_error_of_another_kind_says_nothing_of_credentials(folder, monkeypatch, exh_dev):
    (folder / "handlers/asks.py").write_text("def handler(event, context):\n    raise LookupError('no')\n")
    monkeypatch.chdir(folder)
    code, _, lines = exh_dev("invoke", "asks")
    assert code == 1
    assert "executionCredentials" not in str(lines)


def wait_for_task(exh, task_id):
    from waiting import wait_for

    def ended():
        found = exh.tasks.find_by_id(task_id)
        return found if found and found.get("status") in {"failed", "complete"} else None

    return wait_for(ended)
