"""Functions for Python and Node.js side by side in one project: served, called from each other, built."""

import hashlib
import json
import os
import shutil
import zipfile
from contextlib import ExitStack, closing

import pytest
from folder_projects import GREETING, write
from uploads import body, code
from waiting import wait_for

from exh_dev.project.project import Project
from exh_dev.remote.client import client_of
from exh_dev.remote.dev_api import BASE, DevApi
from exh_dev.serve import deploy
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.serve.project import ServedProject
from exh_dev.serve.reload import Reloader
from extrahorizon.errors import LambdaRuntimeError, NoPermissionError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("node") is None, reason="no `node` on the PATH: Node.js is NOT TESTED"),
]

FUNCTION = """\
  {logical}:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: {code}, Handler: {handler}, Runtime: {runtime}, Timeout: 30, MemorySize: 256}}
    Metadata:
      ExtraHorizon:
        name: {name}
        targets: [exh]
        executionCredentials: {{permissions: [{permissions}]}}
        retryPolicy: {{enabled: true, errorsToRetry: [{errors}]}}
"""


def entry(name, handler, runtime, permissions, *, code=".", errors=""):
    about = {"handler": handler, "runtime": runtime, "name": name, "permissions": permissions}
    return FUNCTION.format(logical=name.title(), code=code, errors=errors, **about)


PLATFORM = """\
// A signed request to Extra Horizon, by nothing but what Node.js has.
import { createHmac, randomBytes } from "node:crypto";

const hex = (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
const encoded = (text) => encodeURIComponent(text).replace(/[!'()*]/g, hex);

export async function call(method, path, body) {
  const env = process.env;
  const url = new URL(path, env.API_HOST);
  const oauth = {
    oauth_consumer_key: env.API_OAUTH_CONSUMER_KEY,
    oauth_nonce: randomBytes(16).toString("hex"),
    oauth_signature_method: "HMAC-SHA1",
    oauth_timestamp: String(Math.floor(Date.now() / 1000)),
    oauth_token: env.API_OAUTH_TOKEN,
    oauth_version: "1.0",
  };
  const pairs = [...Object.entries(oauth), ...url.searchParams].map((pair) => pair.map(encoded).join("=")).sort();
  const base = [method, url.origin + url.pathname, pairs.join("&")].map(encoded).join("&");
  const key = [env.API_OAUTH_CONSUMER_SECRET, env.API_OAUTH_TOKEN_SECRET].map(encoded).join("&");
  const signed = { ...oauth, oauth_signature: createHmac("sha1", key).update(base).digest("base64") };
  const members = Object.entries(signed).map(([name, value]) => `${name}="${encoded(value)}"`);
  const headers = { authorization: `OAuth ${members.join(", ")}`, "content-type": "application/json" };
  headers["x-amzn-trace-id"] = env._X_AMZN_TRACE_ID; // so that the call is listed with the run
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const found = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(found.message), { name: found.name });
  return found;
}
"""
WEIGH = """\
import { call } from "./platform.mjs";

class OutOfPaperError extends Error {
  name = "OutOfPaperError";
}

export async function handler(task) {
  console.log("weighing", task.data?.weight);
  if (task.data?.fail) throw new OutOfPaperError("no paper");
  if (task.data?.of) {
    const measured = await call("POST", "/tasks/v1/functions/measure/execute", { data: { of: task.data.of } });
    return { weight: measured.result.length * 2, by: measured.result.by };
  }
  const me = await call("GET", "/users/v1/me");
  return { email: me.email, weight: task.data?.weight ?? null };
}
"""
MEASURE = """\
from extrahorizon.task import task_handler


@task_handler
def handler(task, exh):
    if "weight" in task.data:
        return exh.tasks.functions.execute("weigh", data={"weight": task.data["weight"]})["result"]
    return {"length": len(task.data["of"]), "by": exh.users.me()["email"]}
"""
FILES = {
    "template.yaml": "Resources:\n"
    + entry(
        "weigh",
        "src/index.handler",
        "nodejs20.x",
        "EXECUTE_TASK_FUNCTION:measure",
        code="functions/weigh",
        errors="OutOfPaperError",
    )
    + entry("measure", "handlers.measure.handler", "python3.13", "EXECUTE_TASK_FUNCTION:weigh"),
    "functions/weigh/package.json": {"type": "module", "dependencies": {"left-pad": "1.3.0", "@scope/tool": "2.0.0"}},
    "functions/weigh/src/index.js": WEIGH,
    "functions/weigh/src/platform.mjs": PLATFORM,
    "functions/weigh/node_modules/left-pad/package.json": {"name": "left-pad", "version": "1.3.0", "license": "WTFPL"},
    "functions/weigh/node_modules/left-pad/index.js": "module.exports = 1;\n",
    "functions/weigh/node_modules/@scope/tool/package.json": {"name": "@scope/tool", "version": "2.0.0"},
    "handlers/__init__.py": "",
    "handlers/measure.py": MEASURE,
    "events/weigh.json": {"functionName": "weigh", "data": {"weight": 7}},
    "events/measure.json": {"functionName": "measure", "data": {"weight": 5}},
}


class Served:
    """The project on a platform, as `exh-dev serve` has it."""

    def __init__(self, folder, platform, project, told, api):
        self.folder, self.platform, self.project, self.told, self.api = folder, platform, project, told, api
        self.exh = client_of(platform.environment())
        self._reloader = Reloader(platform, project, told.append)

    def save(self, name, text):
        (self.folder / name).write_text(text)
        self._reloader.apply([self.folder / name])

    def invoke(self, name, event):
        return self.api.ended(self.api.post(f"{BASE}/functions/{name}/invoke", {"event": event})["id"])

    def problems(self):
        return self.api.get(BASE)["problems"]

    def execute(self, name, data):
        return self.exh.tasks.functions.execute(name, data=data)


@pytest.fixture
def serve(tmp_path):
    with ExitStack() as stack:

        def serve(changes=None):
            folder = write(tmp_path / "project", changes, FILES)
            platform = stack.enter_context(LocalPlatform(pace=60))
            project, told = Project(folder), []
            shown = stack.enter_context(closing(ServedProject(platform, project)))
            deploy.start(platform, project, told.append, shown)
            return Served(folder, platform, shown, told, stack.enter_context(DevApi(platform.url)))

        yield serve


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Makes a project, and goes into it."""

    def project(changes=None):
        monkeypatch.chdir(write(tmp_path / "project", changes, FILES))
        return tmp_path / "project"

    return project


# What goes wrong


@pytest.mark.parametrize(
    ("place", "handler", "message"),
    [
        ("", "src/index.handler", "CodeUri is missing; for Node.js it must be the folder of the function's code"),
        (".", "src/index.handler", "CodeUri is `.`"),
        ("/etc", "src/index.handler", "CodeUri is `/etc`"),
        ("../elsewhere", "src/index.handler", "CodeUri is `../elsewhere`"),
        ("build/weigh.zip", "src/index.handler", "CodeUri is `build/weigh.zip`"),
        ("functions/weigh", "handler", "Handler is `handler`; it must be file.export"),
        ("functions/weigh", "../index.handler", "Handler is `../index.handler`"),
        ("functions/weigh", "/src/index.handler", "Handler is `/src/index.handler`"),
    ],
)
def test_an_invalid_function_of_node_in_the_manifest_is_refused(project, exh_dev, place, handler, message):
    template = FILES["template.yaml"].replace("src/index.handler", handler)
    given = f"CodeUri: {place}, " if place else ""
    project({"template.yaml": template.replace("CodeUri: functions/weigh, ", given)})

    exit_code, out, _ = exh_dev("check")

    (problem,) = json.loads(out)["problems"]
    assert (exit_code, message in problem["message"]) == (1, True), problem


def test_a_function_that_fails_is_retried_by_the_name_of_its_error(serve):
    served = serve()
    task = served.exh.tasks.create(functionName="weigh", data={"fail": True})

    def ended():
        tasks = list(served.exh.tasks.find_all())
        return tasks if "failed" in {each["status"] for each in tasks} else None

    tasks = wait_for(ended)
    assert [each["status"] for each in tasks].count("retried") == 3
    assert {each["error"]["name"] for each in tasks} == {"OutOfPaperError"}
    messages = [line["message"] for line in served.exh.tasks.logs.find(task["id"])]
    assert messages[0].startswith("START RequestId: ")
    request_id = messages[0].split()[2]
    assert f"\t{request_id}\tINFO\tweighing undefined\n" in messages[1]
    assert f"\t{request_id}\tERROR\tInvoke Error \t" in messages[2]
    assert messages[3] == f"END RequestId: {request_id}\n"
    assert messages[4].startswith(f"REPORT RequestId: {request_id}\tDuration: ")


def test_an_error_of_a_function_reaches_its_caller(serve):
    served = serve()

    with pytest.raises(LambdaRuntimeError) as caught:
        served.execute("weigh", {"fail": True})

    assert caught.value.body["runtimeError"] == {"name": "OutOfPaperError", "message": "no paper"}


def test_a_function_may_do_what_its_user_may_and_no_more(serve):
    served = serve({"template.yaml": FILES["template.yaml"].replace("EXECUTE_TASK_FUNCTION:measure", "VIEW_USER")})

    run = served.invoke("weigh", {"data": {"of": "four"}})

    assert (run["status"], run["error"]["errorType"]) == ("FAILED", "NO_PERMISSION_EXCEPTION")
    with pytest.raises(NoPermissionError):
        client_of(served.platform.function_environment("weigh")).tasks.find()


def test_without_node_python_goes_on(serve, monkeypatch, tmp_path):
    served = serve()
    monkeypatch.setenv("PATH", str(tmp_path))

    run = served.invoke("weigh", {})

    assert (run["status"], "install Node.js 20" in run["failure"]) == ("FAILED", True)
    assert served.execute("measure", {"of": "four"})["result"]["length"] == 4


def test_a_syntax_error_is_a_problem_and_the_old_code_does_not_run(serve):
    served = serve()
    assert served.execute("weigh", {"weight": 1})["result"]["weight"] == 1

    served.save("functions/weigh/src/index.js", "export const handler = async () => 1;\nconst = 2;\n")

    (problem,) = served.problems()
    assert (problem["file"], problem["functions"]) == ("functions/weigh/src/index.js", ["weigh"])
    assert (problem["line"], problem["message"].startswith("SyntaxError")) == (2, True)
    assert served.invoke("weigh", {})["error"]["errorType"] == "Runtime.UserCodeSyntaxError"
    served.save("functions/weigh/src/index.js", "export const handler = async () => 2;\n")
    assert (served.problems(), served.execute("weigh", {})["result"]) == ([], 2)


def test_a_handler_that_is_not_there_is_a_problem_of_its_function(serve):
    served = serve()
    (served.folder / "functions/weigh/src/index.js").rename(served.folder / "functions/weigh/src/index.ts")
    served.save("template.yaml", FILES["template.yaml"])

    (problem,) = served.problems()
    assert (problem["functions"], problem["file"]) == (["weigh"], "template.yaml")
    assert (
        "there is no src/index.js, .mjs or .cjs in functions/weigh; index.ts has to be compiled" in problem["message"]
    )


def test_changes_made_while_the_manifest_is_broken_are_served_once_it_is_fixed(serve):
    served = serve()
    served.execute("weigh", {})
    served.save("template.yaml", "Resources: [")
    served.save("functions/weigh/src/index.js", "export const handler = async () => 2;\n")
    served.save("template.yaml", FILES["template.yaml"])

    assert served.execute("weigh", {})["result"] == 2


@pytest.mark.parametrize("name", [".env", "credentials.json"])
def test_a_secret_is_not_built(project, exh_dev, name):
    project({f"functions/weigh/{name}": "x"})

    exit_code, _, lines = exh_dev("build", "weigh")

    assert (exit_code, f"functions/weigh/{name}: a file of this name" in lines[-1]["message"]) == (1, True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"functions/weigh/src/index.js": None}, "there is no src/index.js, .mjs or .cjs in functions/weigh"),
        (
            {"template.yaml": FILES["template.yaml"].replace("CodeUri: functions/weigh", "CodeUri: nowhere")},
            "no such folder",
        ),
    ],
)
def test_a_function_of_node_that_cannot_be_built_is_refused(project, exh_dev, changes, message):
    root = project(changes)

    exit_code, _, lines = exh_dev("build", "weigh")

    assert (exit_code, message in lines[-1]["message"]) == (2, True), lines
    assert not (root / "build").exists()


def test_a_link_out_of_the_project_is_not_built(project, exh_dev, tmp_path):
    (project() / "functions/weigh/link.js").symlink_to(tmp_path)

    exit_code, _, lines = exh_dev("build", "weigh")

    assert (exit_code, "functions/weigh/link.js is a link to" in lines[-1]["message"]) == (1, True)


def test_packages_that_are_not_installed_are_named(project, exh_dev):
    project(
        {
            "functions/weigh/node_modules/left-pad/package.json": None,
            "functions/weigh/node_modules/left-pad/index.js": None,
        }
    )

    exit_code, _, lines = exh_dev("build", "weigh")

    assert exit_code == 0
    warning, _ = lines
    assert "functions/weigh/package.json needs left-pad" in warning["message"]
    assert "npm ci --omit=dev" in warning["message"]


# What works


def test_a_function_calls_the_platform_as_its_own_user(serve):
    result = serve().execute("weigh", {"weight": 70})["result"]

    assert result == {"email": "exh.tasks+weigh@extrahorizon.com", "weight": 70}


def test_python_calls_node(serve):
    result = serve().execute("measure", {"weight": 3})["result"]

    assert result == {"email": "exh.tasks+weigh@extrahorizon.com", "weight": 3}


def test_node_calls_python(serve):
    result = serve().execute("weigh", {"of": "three"})["result"]

    assert result == {"weight": 10, "by": "exh.tasks+measure@extrahorizon.com"}


def test_the_control_center_shows_its_runs(serve):
    served = serve()
    run = served.invoke("measure", {"data": {"weight": 3}})

    (called,) = [each for each in served.api.get(f"{BASE}/runs")["data"] if each["function"] == "weigh"]
    assert (called["status"], called["caused_by"], called["kind"]) == ("OK", run["id"], "direct")
    details = served.api.get(f"{BASE}/runs/{called['id']}")
    assert [line["text"].rpartition("\t")[2] for line in details["logs"]] == ["weighing 3"]
    assert [each["path"] for each in details["calls"]] == ["/users/v1/me"]
    functions = {each["name"]: each for each in served.api.get(f"{BASE}/functions")["data"]}
    assert (functions["weigh"]["runtime"], functions["weigh"]["handler"]) == ("nodejs20.x", "src/index.handler")


@pytest.mark.parametrize("name", ["src/platform.mjs", "package.json", "src/table.json"])
def test_what_is_saved_in_its_folder_is_served(serve, name):
    served = serve()
    served.execute("weigh", {})
    served.execute("measure", {"of": "x"})
    text = (served.folder / "functions/weigh" / name).read_text() if name != "src/table.json" else "[]"

    served.save(f"functions/weigh/{name}", text)

    assert served.told == ["reloaded weigh"]
    assert served.invoke("weigh", {})["result"]["weight"] is None
    assert served.invoke("measure", {"data": {"of": "x"}})["init_ms"] is None


def test_changes_of_other_files_keep_the_worker_of_a_function(serve):
    served = serve({"shared/__init__.py": ""})
    served.execute("weigh", {})

    served.save("shared/__init__.py", "x = 1\n")
    served.save("functions/weigh/node_modules/left-pad/index.js", "module.exports = 2;\n")

    assert served.told == ["reloaded measure"]
    assert served.invoke("weigh", {})["init_ms"] is None


def test_saved_files_of_node_are_noticed(serve):
    served = serve()
    with Reloader(served.platform, served.project, served.told.append):

        def reloaded():
            (served.folder / "functions/weigh/src/index.js").write_text("export const handler = async () => 2;\n")
            return "reloaded weigh" in served.told

        wait_for(reloaded)
    assert served.execute("weigh", {})["result"] == 2


def test_run_and_invoke_run_functions_of_node(project, exh_dev):
    project()

    exit_code, out, lines = exh_dev("run")

    results = {each["function"]: each for each in json.loads(out)["results"]}
    assert (exit_code, set(results)) == (0, {"weigh", "measure"}), lines
    assert results["weigh"]["result"]["weight"] == 7
    assert [each["function"] for each in results["measure"]["chain"]] == ["weigh"]
    exit_code, out, lines = exh_dev("invoke", "weigh", "--event", "events/measure.json")
    assert (exit_code, json.loads(out)["weight"]) == (0, 5)
    assert any("weighing 5" in json.dumps(line) for line in lines)


def test_check_has_nothing_to_say_but_which_node_there_is(project, exh_dev):
    project({"template.yaml": FILES["template.yaml"].replace("nodejs20.x", "nodejs16.x")})

    exit_code, out, _ = exh_dev("check")

    found = json.loads(out)["problems"]
    assert (exit_code, {each["severity"] for each in found}) == (0, {"info"})
    assert any("template.yaml says nodejs16.x" in each["message"] for each in found)


def test_a_bundle_is_the_folder_with_its_packages(project, exh_dev):
    root = project({"functions/weigh/node_modules/.bin/tool": "x", "functions/weigh/data/table.json": "[]"})

    exit_code, out, lines = exh_dev("build", "weigh")

    assert exit_code == 0, lines
    (bundle,) = json.loads(out)["bundles"]
    assert (bundle["function"], bundle["runtime"]) == ("weigh", "nodejs20.x")
    assert [each["message"] for each in lines] == ["`exh sync` deploys to Extra Horizon"]
    parts = {each["part"] for each in bundle["largest"]}
    assert {"node_modules/left-pad/", "node_modules/@scope/tool/", "src/", "package.json"} <= parts
    names = zipfile.ZipFile(root / "build/weigh.zip").namelist()
    assert names == [
        "data/table.json",
        "node_modules/@scope/tool/package.json",
        "node_modules/left-pad/index.js",
        "node_modules/left-pad/package.json",
        "package.json",
        "src/index.js",
        "src/platform.mjs",
    ]
    config = json.loads((root / "build/weigh/task-config.json").read_text())
    assert (config["entryPoint"], config["runtime"], config["path"]) == ("src/index.handler", "nodejs20.x", "./bundle")
    assert (root / "build/weigh/bundle/src/index.js").read_text() == WEIGH
    bill = json.loads((root / "build/weigh.cdx.json").read_text())
    assert {each["purl"] for each in bill["components"]} == {"pkg:npm/left-pad@1.3.0", "pkg:npm/%40scope/tool@2.0.0"}
    first = hashlib.sha256((root / "build/weigh.zip").read_bytes()).hexdigest()
    assert (exh_dev("build", "weigh")[0], bundle["sha256"]) == (0, first)
    assert exh_dev("check")[0] == 0


def test_what_was_built_runs_when_it_is_uploaded(project, exh_dev, serve, tmp_path):
    root = project()
    assert exh_dev("build", "weigh")[0] == 0
    bundle = root / "build/weigh/bundle"
    files = {path.relative_to(bundle).as_posix(): path.read_text() for path in bundle.rglob("*") if path.is_file()}
    (tmp_path / "package.json").write_text('{"type": "module"}')
    with LocalPlatform(data_dir=tmp_path / "data") as platform:
        platform.start()
        exh = client_of(platform.environment())
        environment = {name: {"value": value} for name, value in platform.environment().items()}
        exh.tasks.functions.create(
            **body("weigh", code=code(files), entryPoint="src/index.handler", runtime="nodejs20.x"),
            environmentVariables=environment,
        )
        assert exh.tasks.functions.execute("weigh", data={"weight": 9})["result"]["weight"] == 9
        plain = code({"index.js": "exports.handler = async (task) => task.data;"})
        exh.tasks.functions.create(**body("plain", code=plain, entryPoint="index.handler", runtime="nodejs20.x"))
        assert exh.tasks.functions.execute("plain", data={"a": 1})["result"] == {"a": 1}


def test_renaming_leaves_the_code_where_it_is(project, exh_dev):
    root = project({"functions/weigh/src/names.js": "export const NAME = 'weigh';\n"})

    exit_code, out, lines = exh_dev("rename", "weigh", "take-weight")

    assert exit_code == 0, lines
    assert json.loads(out)["moved"] == {"events/weigh.json": "events/take-weight.json"}
    assert (root / "functions/weigh/src/names.js").read_text() == "export const NAME = 'take-weight';\n"
    assert '"take-weight"' in (root / "handlers/measure.py").read_text()
    assert exh_dev("run", "take-weight")[0] == 0


def test_removing_leaves_the_code_where_it_is(project, exh_dev):
    root = project({"handlers/weigh.py": "MINE = 1\n"})

    exit_code, out, lines = exh_dev("remove", "weigh", "--force")

    assert exit_code == 0, lines
    assert json.loads(out)["files"] == ["events/weigh.json"]
    assert (root / "functions/weigh/src/index.js").is_file()
    assert (root / "handlers/weigh.py").is_file()
    assert [spec.name for spec in Project(root).manifest.functions] == ["measure"]


def test_python_alone_needs_no_node(tmp_path, monkeypatch, exh_dev):
    monkeypatch.chdir(write(tmp_path, {}, GREETING))
    monkeypatch.setenv("PATH", os.devnull)

    assert exh_dev("run")[0] == 0
