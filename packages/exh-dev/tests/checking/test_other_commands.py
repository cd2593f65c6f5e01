"""The commands that build, serve and run functions tell the same findings as `exh-dev check`, each once."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import wait_for

from exh_dev.remote.client import client_of
from exh_dev.remote.dev_api import BASE, DevApi

pytestmark = pytest.mark.slow

ANSWER, GREET = "handlers/answer.py", "handlers/greet_patient.py"
ASYNC = "async def handler(event, context):\n    return {}\n"


def findings_of(project, severity="error"):
    """What check says, as other commands say it: a line each."""
    _, problems = project.check()
    return [
        f"{each['file']}:{each['line']}: {each['message']}" + (f"; {each['hint']}" if each["hint"] else "")
        for each in problems
        if each["severity"] == severity
    ]


# build


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (ANSWER, ASYNC),
        (ANSWER, "def handler(event:\n"),
        (ANSWER, "import hypothesis\n\n\ndef handler(event, context):\n    return {}\n"),
        ("events/answer.json", "{"),
    ],
)
def test_build_refuses_what_is_an_error_of_a_function_that_it_builds(project, file, text):
    project.write(file, text)
    (told,) = findings_of(project) or [None]
    done = project.run("build", "answer")
    assert done.code in {1, 2}
    assert json.loads(done.err.splitlines()[-1])["message"].replace(":1:2:", ":1:") == told.replace(":1:2:", ":1:")
    assert not (project.root / "build").exists()


def test_build_ignores_errors_of_other_functions(project):
    project.write(GREET, "def handler(:\n")
    project.write("requirements.txt", "")
    project.write("pyproject.toml", '[project]\nname = "clinic"\nversion = "1"\n')
    assert project.run("build", "answer", "--no-bytecode").code == 0


def test_build_for_another_runtime_ignores_that_of_the_manifest(project):
    template = project.read("template.yaml").replace("Timeout: 10\n", "Timeout: 10\n      Runtime: python3.8\n")
    project.write("template.yaml", template)
    project.write("requirements.txt", "")
    project.write("pyproject.toml", '[project]\nname = "clinic"\nversion = "1"\n')
    assert "not for python3.8" in project.run("build", "answer").err
    assert project.run("build", "answer", "--runtime", "python3.13", "--no-bytecode").code == 0


# invoke and run

UNLOADABLE = {
    "syntax": ("def handler(:\n", "Runtime.UserCodeSyntaxError"),
    "package": ("import neverheard\n\n\ndef handler(event, context): ...\n", "Runtime.ImportModuleError"),
    "import": ("from shared.wrods import HELLO\n\n\ndef handler(event, context): ...\n", "Runtime.ImportModuleError"),
    "handler": ("def handle(event, context): ...\n", "Runtime.HandlerNotFound"),
}


@pytest.mark.parametrize("case", UNLOADABLE)
def test_people_see_why_a_function_cannot_be_loaded_and_no_traceback(project, case):
    project.write(ANSWER, UNLOADABLE[case][0])
    (told,) = findings_of(project)
    done = project.run("invoke", "answer", "--table")
    assert (done.code, done.out) == (1, "")
    assert " ".join(done.err.split()) == f"error: {told}"


@pytest.mark.parametrize("case", UNLOADABLE)
def test_programs_get_the_runtimes_error_and_the_finding(project, case):
    text, error_type = UNLOADABLE[case]
    project.write(ANSWER, text)
    (told,) = findings_of(project)
    done = project.run("invoke", "answer", traces=True)
    assert (done.code, json.loads(done.out)["errorType"]) == (1, error_type)
    assert [line for line in done.err.splitlines() if json.loads(line).get("message") == told]


def test_run_counts_what_cannot_be_loaded_as_failed_and_runs_the_rest(project):
    project.write(ANSWER, "def handler(:\n")
    (told,) = findings_of(project)
    done = project.run("run", "answer", "sweep", "--table")
    assert done.code == 1
    assert told in " ".join(done.out.split())
    assert "1 of 2 invocations failed" in done.out
    assert "Traceback" not in done.out


# serve


class Serving:
    """`exh-dev serve` in a process, and what it has said so far."""

    def __init__(self, root):
        command = [sys.executable, "-m", "exh_dev", "serve", "--port", "0", "--ephemeral"]
        self._process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started = json.loads(self._process.stdout.readline())
        self.url = started["url"]
        keys = dict(line.split("=", 1) for line in Path(started["credentials_file"]).read_text().split())
        self.exh = client_of(keys)

    def until(self, words):
        """The messages up to one that has these words."""
        said = []
        for line in self._process.stderr:
            said.append(json.loads(line)["message"])
            if words in said[-1]:
                return said
        raise AssertionError(said)

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=20)


@pytest.fixture
def serving(project):
    started = []

    def start():
        started.append(Serving(project.root))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def problems_at(url):
    with DevApi(url) as api:
        return api.get(BASE)["problems"]


def test_serve_reports_a_broken_schema_and_serves_the_rest(project, serving):
    whole = project.read("schemas/pulse.json")
    project.write("schemas/other.json", whole.replace('"pulse"', '"other"'))
    project.write("schemas/pulse.json", whole.replace('"toStatus": "done"', '"toStatus": "doen"'))
    line = project.line_of("schemas/pulse.json", "doen")
    project.write(ANSWER, ASYNC)
    server = serving()
    said = server.until("schemas/pulse.json")
    said += server.until("no transition leads") if "no transition leads" not in said[-1] else []
    told = [each for each in said if f"schemas/pulse.json:{line}:" in each]
    assert len(told) == 1
    assert len([each for each in said if each.startswith(f"{ANSWER}:1: handler is asynchronous")]) == 1
    found = problems_at(server.url)
    assert {(each["file"], each["line"]) for each in found} >= {("schemas/pulse.json", line), (ANSWER, 1)}
    (of_code,) = (each for each in found if each["file"] == ANSWER)
    assert of_code["functions"] == ["answer"]
    assert {each["name"] for each in server.exh.data.schemas.find()} == {"other"}
    project.write("schemas/pulse.json", whole)
    project.write(ANSWER, "def handler(event, context):\n    return {}\n")
    server.until("configuration loaded")
    wait_for(lambda: problems_at(server.url) == [])
    assert {each["name"] for each in server.exh.data.schemas.find()} == {"other", "pulse"}


def test_serve_reports_a_broken_template_once(project, serving):
    project.write("template.yaml", project.read("template.yaml").replace("kind: api", "knd: api"))
    line = project.line_of("template.yaml", "knd: api")
    server = serving()
    said = server.until("knd")
    server.stop()
    assert len([each for each in said if "`knd`" in each]) == 1
    assert said[-1].startswith(f"template.yaml:{line}: ")
