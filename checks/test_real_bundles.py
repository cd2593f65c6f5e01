"""Bundles of the template and of an example, from their own locks: pip downloads what they need."""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from zipfile import ZipFile

import awslambdaric
import pytest
import requests
import simplejson
import snapshot_restore_py
from exh_dev.errors import DevkitError
from exh_dev.packaging.interpreter import find_python
from exh_dev.project.project import Project, read_event
from exh_dev.project.runtime_function import function_of
from exh_dev.remote.client import client_of
from exh_dev.runtime.api import RuntimeApi, Work
from exh_dev.runtime.environment import STANDIN
from exh_dev.runtime.reports import Ready, Returned
from exh_dev.serve import deploy, execution
from exh_dev.serve.execution import Case
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.errors import LambdaRuntimeError
from extrahorizon.login import OAuth1Application

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

RUNTIME = f"python3.{sys.version_info.minor}"
MOST_BYTES = int(1.8 * 1024 * 1024)
#: Of the examples: what a developer would have in `.env`.
OVERRIDES: dict[str, str] = {}
#: Where each function is: the template, and the examples.
PROJECTS = {"whoami": ".", "schedule-many": "examples"}
#: Runs the runtime client, and when it is ended writes down the files of all modules.
LISTING = """
import json, runpy, signal, sys

def end(*_):
    files = [module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
    with open(listed, "w") as file:
        json.dump(files, file)
    sys.exit(0)

listed = sys.argv.pop()
signal.signal(signal.SIGTERM, end)
runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A function that makes a clone, as another developer has it, and builds there."""
    root = Path(__file__).parents[1]

    def clone(*names, runtime=RUNTIME):
        folder, bundles = tmp_path_factory.mktemp("clone") / "project", {}
        subprocess.run(["git", "clone", "-q", root, folder], check=True)
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        for name in names:
            done = subprocess.run(
                [sys.executable, "-m", "exh_dev", "build", name, "--runtime", runtime],
                cwd=folder / PROJECTS[name], env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            bundles |= {each["function"]: each for each in json.loads(done.stdout)["bundles"]}
        return folder, bundles

    return clone


def version_of(runtime):
    major, minor = runtime.removeprefix("python").split(".")
    return int(major), int(minor)


@pytest.fixture(scope="module")
def built(clone):
    return clone("whoami", "schedule-many")


def test_two_clones_give_the_same_bytes_and_whoami_is_small(clone, built):
    _, first = built
    _, second = clone("whoami", "schedule-many")
    assert {name: each["sha256"] for name, each in first.items()} == {
        name: each["sha256"] for name, each in second.items()
    }
    assert first["whoami"]["bytes"] <= MOST_BYTES


@pytest.mark.parametrize("runtime", [pytest.param("python3.11", marks=pytest.mark.rare), "python3.13"])
def test_unpacked_elsewhere_whoami_runs_under_lambdas_runtime_client(clone, built, runtime, platform, tmp_path):
    try:
        python = find_python(version_of(runtime))
    except DevkitError:
        pytest.skip(f"{runtime} is not on this machine")
    folder, _ = built if runtime == RUNTIME else clone("whoami", runtime=runtime)
    task_root = tmp_path / "task"
    with ZipFile(folder / "build" / "whoami.zip") as archive:
        archive.extractall(task_root)
    report, modules = invoked(python, task_root, "handlers.whoami.handler", platform.environment(), tmp_path)
    assert json.loads(report.body) == {"user_id": platform.credentials.user_id}
    assert modules
    outside = [each for each in modules if not each.startswith((str(task_root), *allowed(python, tmp_path)))]
    assert outside == []


def allowed(python, tmp_path):
    """Where modules may come from beside the bundle: Python's own library and the runtime client."""
    code = "import sysconfig; print(sysconfig.get_path('stdlib'))"
    library = subprocess.run([python, "-S", "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    return library, str(tmp_path / "runtime"), str(STANDIN)


def invoked(python, task_root, handler, environment, tmp_path):
    """The report of one invocation, and the files of all modules that were imported for it."""
    runtime = tmp_path / "runtime"
    for package in (awslambdaric, simplejson, snapshot_restore_py):
        source = Path(package.__file__).parent
        shutil.copytree(source, runtime / source.name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    listed = tmp_path / "modules.json"
    started = runtime / "started.py"
    started.write_text(LISTING)
    reports = SimpleQueue()
    api = RuntimeApi(reports.put)
    process = subprocess.Popen(
        [python, "-S", started, handler, listed],
        cwd=task_root,
        env={
            **environment,
            "AWS_LAMBDA_FUNCTION_NAME": "whoami",
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_REGION": "eu-central-1",
            "LAMBDA_TASK_ROOT": str(task_root),
            "PYTHONPATH": os.pathsep.join(map(str, (task_root, runtime, STANDIN))),
            "_HANDLER": handler,
        },
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert isinstance(reports.get(timeout=30), Ready)
        api.offer(
            Work("8f5ba9d2-2e0c-4f0c-9f0e-2a1a9a6c0b11", b"{}", "arn:aws:lambda:x:0:function:whoami", time.time() + 30)
        )
        report = reports.get(timeout=30)
        assert isinstance(report, Returned), report
        process.terminate()
        process.wait(timeout=10)
    finally:
        process.kill()
        process.communicate()
        api.close()
    return report, json.loads(listed.read_text())


@pytest.fixture
def cluster(tmp_path):
    """A platform without this project."""
    with LocalPlatform(data_dir=tmp_path / "cluster", ephemeral=True) as platform:
        platform.start()
        yield platform


def synchronized(cluster, folder):
    """Send what `exh tasks sync` sends for a built function, in its order."""
    task = json.loads((folder / "task-config.json").read_text())
    administrator = cluster.environment()
    send = client_of(administrator).session.request
    name, role = task["name"], f"exh.tasks.{task['name']}"
    assert send("GET", f"/users/v1/roles?eq(name,{role})").json()["data"] == []
    made = send("POST", "/users/v1/roles", json={"name": role, "description": name}).json()
    permissions = task["executionCredentials"]["permissions"]
    if permissions:
        send("POST", f"/users/v1/roles/add_permissions?eq(name,{role})", json={"permissions": permissions})
    account = {"email": f"exh.tasks+{name}@extrahorizon.com", "password": "0Oo-3d5f7a9b1c3e5f7a9b1c3e5f7a9b1c3e"}
    person = {"first_name": name, "last_name": "exh.tasks", "phone_number": "0000000000", "language": "EN"}
    registered = requests.post(
        f"{cluster.url}/users/v1/register", json={**account, **person, "activation_mode": "manual"}, timeout=10
    ).json()
    send("POST", f"/users/v1/add_roles?eq(id,{registered['id']})", json={"roles": [made["id"]]})
    application = OAuth1Application(
        cluster.url, administrator["API_OAUTH_CONSUMER_KEY"], administrator["API_OAUTH_CONSUMER_SECRET"]
    )
    token = application.log_in(account["email"], account["password"])
    environment = {**administrator, "API_OAUTH_TOKEN": token.token, "API_OAUTH_TOKEN_SECRET": token.token_secret}
    body = {
        **{each: task[each] for each in ("name", "description", "entryPoint", "runtime", "timeLimit", "memoryLimit")},
        "code": base64.b64encode(folder.with_suffix(".zip").read_bytes()).decode(),
        "executionOptions": {"permissionMode": task["executionPermission"]},
        "retryPolicy": task["retryPolicy"],
        "environmentVariables": {
            each: {"value": value} for each, value in {**task["environment"], **environment}.items()
        },
    }
    created = send("POST", "/tasks/v1/functions/", json=body).json()
    assert created["entryPoint"] == task["entryPoint"]
    return registered


def test_the_zip_works_when_it_is_uploaded_with_a_user_of_its_own(built, cluster):
    folder, _ = built
    user = synchronized(cluster, folder / "build" / "whoami")
    exh = client_of(cluster.environment())
    assert exh.tasks.functions.execute("whoami")["result"] == {"user_id": user["id"]}


def test_a_bundle_with_a_package_and_wheels_of_its_own_works_when_it_is_uploaded(built, cluster):
    folder, bundles = built
    assert "tzdata/" in [part["part"] for part in bundles["schedule-many"]["largest"]]
    synchronized(cluster, folder / "examples" / "build" / "schedule-many")
    exh = client_of(cluster.environment())
    clinics = [{"clinic": "67c81290fe7042cb74a5576f", "timeZone": "Europe/Brussels"}]
    done = exh.tasks.functions.execute("schedule-many", data={"clinics": clinics, "days": 0})
    assert done["result"]["schedules"] == 1
    with pytest.raises(LambdaRuntimeError) as error:
        exh.tasks.functions.execute("schedule-many", data={})
    assert error.value.body["runtimeError"]["name"] == "InvalidEventError"


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """A copy of both projects, each with all its functions built for the Python that runs this, and unpacked."""
    root, copy = Path(__file__).parents[1], tmp_path_factory.mktemp("all") / "project"
    subprocess.run(["git", "clone", "-q", root, copy], check=True)
    for folder in dict.fromkeys(copy / place for place in PROJECTS.values()):
        command = [sys.executable, "-m", "exh_dev", "build", "--runtime", RUNTIME]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for archive in (folder / "build").glob("*.zip"):
            with ZipFile(archive) as opened:
                opened.extractall(folder / "unpacked" / archive.stem)
    return copy


def cases_of(project):
    """Each sample event of each function, with the credentials of a task and those of a secret."""
    return [
        Case.of(spec, path.name, read_event(path), source)
        for spec in project.manifest.functions
        for source in ("env", "secret")
        if source != "secret" or "aws" in spec.targets
        if source != "env" or "exh" in spec.targets
        for path in project.sample_events(spec)
    ]


@pytest.mark.parametrize("place", list(PROJECTS.values()))
def test_every_sample_event_works_from_the_bundle(everything, place, monkeypatch):
    """Modules of a bundle come before all others, and where one was left out something says so in its place."""
    project = Project(everything / place)

    def from_bundle(project, spec, *arguments):
        return replace(function_of(project, spec, *arguments), task_root=project.root / "unpacked" / spec.name)

    monkeypatch.setattr(execution, "function_of", from_bundle)
    monkeypatch.setattr(deploy, "function_of", from_bundle)
    cases = cases_of(project)
    assert {case.function for case in cases} == {spec.name for spec in project.manifest.functions}
    outcomes = execution.execute(project, cases, overrides=OVERRIDES, on_log=lambda *_: None)
    failed = [f"{each.case.function} {each.case.event_name}: {each.failures()}" for each in outcomes if not each.ok]
    assert failed == []
