import base64
import stat
import zipfile

import pytest
from local_app import LocalApp, local_app
from people import person
from uploads import body, code, upload

from exh_dev.platform.storage.store import Store
from exh_dev.platform.tasks.runner import OwnFunction
from exh_dev.runtime import Function

FUNCTIONS = "/tasks/v1/functions"


@pytest.fixture
def app(tmp_path):
    with local_app(folder=tmp_path) as app:
        yield app


def execute(app, data, name="analyze"):
    return app.as_user("POST", f"{FUNCTIONS}/{name}/execute", json={"data": data}).json()["result"]


def put(app, **members):
    return app.as_user("PUT", f"{FUNCTIONS}/analyze", json=members)


def test_what_was_uploaded_is_answered_without_the_code(app):
    made = upload(app, description="none", timeLimit=60, environmentVariables={"A": {"value": "b"}}, unknown=1)
    assert made == {
        "name": "analyze",
        "description": "none",
        "entryPoint": "main.handler",
        "runtime": "python3.13",
        "timeLimit": 60,
        "memoryLimit": 128,
        "environmentVariables": {"A": {"value": "b"}},
        "executionOptions": {"permissionMode": "permissionRequired"},
        "retryPolicy": {"enabled": False},
        "enabled": True,
        "updateTimestamp": "2023-11-14T22:13:20.000Z",
    }
    assert app.as_user("GET", f"{FUNCTIONS}/analyze").json() == made


def test_all_functions_are_on_one_page(app):
    for number in range(25):
        upload(app, f"f{number:02}", description="d")
    listed = app.as_user("GET", f"{FUNCTIONS}/?limit(1)").json()
    assert listed["page"] == {"total": 25, "offset": 0, "limit": 25}
    assert listed["data"][0] == {"name": "f00", "description": "d", "updateTimestamp": "2023-11-14T22:13:20.000Z"}


def test_a_put_changes_what_it_names(app):
    before = upload(app, timeLimit=20, executionOptions={"permissionMode": "public"}, retryPolicy={"enabled": True})
    app.now += 1
    assert put(app, name="other", memoryLimit=256, executionOptions={"defaultPriority": 3}).json() == {
        "affectedRecords": 1
    }
    assert app.as_user("GET", f"{FUNCTIONS}/analyze").json() == {
        **before,
        "memoryLimit": 256,
        "executionOptions": {"permissionMode": "public", "defaultPriority": 3},
        "updateTimestamp": "2023-11-14T22:13:21.000Z",
    }


@pytest.mark.slow
def test_new_code_and_a_new_environment_are_what_runs(app, tmp_path):
    upload(app, environmentVariables={"A": {"value": "1"}})
    environment = execute(app, {"environment": True})
    assert environment["A"] == "1"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "analyze"
    assert "API_HOST" not in environment
    put(app, environmentVariables={"B": {"value": "2"}})
    environment = execute(app, {"environment": True})
    assert (environment.get("A"), environment["B"]) == (None, "2")
    put(app, code=code({"sub/new.py": "def run(event, context): return 2"}), entryPoint="sub/new.run")
    assert execute(app, {}) == 2
    assert len(list((tmp_path / "code").iterdir())) == 1
    put(app, environmentVariables={})
    assert app.as_user("GET", f"{FUNCTIONS}/analyze").json()["environmentVariables"] == {}


def test_a_deleted_function_is_gone_with_its_code(app, refused, tmp_path):
    upload(app)
    assert app.as_user("DELETE", f"{FUNCTIONS}/analyze").json() == {"affectedRecords": 1}
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/enable"), ("POST", "/execute")):
        refused(app.as_user(method, f"{FUNCTIONS}/analyze{path}", json={}), 404, 16, "RESOURCE_UNKNOWN_EXCEPTION")
    assert list((tmp_path / "code").iterdir()) == []


def test_a_function_is_disabled_and_enabled(app, refused):
    upload(app)
    for verb, affected in (("enable", 0), ("disable", 1), ("disable", 0)):
        assert app.as_user("POST", f"{FUNCTIONS}/analyze/{verb}").json() == {"affectedRecords": affected}
    assert app.as_user("GET", f"{FUNCTIONS}/analyze").json()["enabled"] is False
    refused(app.as_user("POST", f"{FUNCTIONS}/analyze/execute"), 400, 27, "ILLEGAL_STATE_EXCEPTION")
    app.as_user("POST", f"{FUNCTIONS}/analyze/enable")
    assert execute(app, {})["version"] == 1


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"name": None}, 14),
        ({"code": None}, 14),
        ({"entryPoint": None}, 14),
        ({"runtime": None}, 14),
        ({"name": "under_score"}, 1407),
        ({"name": "a" * 65}, 1407),
        ({"name": ""}, 1407),
        ({"name": 5}, 15),
        ({"timeLimit": 2}, 15),
        ({"timeLimit": 301}, 15),
        ({"timeLimit": "30"}, 15),
        ({"timeLimit": True}, 15),
        ({"memoryLimit": 127}, 15),
        ({"memoryLimit": 10_241}, 15),
        ({"runtime": "python2"}, 15),
        ({"entryPoint": "main handler"}, 15),
        ({"entryPoint": "main.\0"}, 15),
        ({"environmentVariables": {"A": "b"}}, 15),
        ({"environmentVariables": {"A": {"value": "\0"}}}, 15),
        ({"environmentVariables": {"1": {"value": "b"}}}, 15),
        ({"environmentVariables": {"A": {"value": "é" * 2048}}}, 1402),
        ({"executionOptions": {"permissionMode": "nobody"}}, 15),
        ({"executionOptions": {"defaultPriority": 2**53}}, 15),
        ({"executionOptions": []}, 15),
        ({"retryPolicy": {"enabled": "yes"}}, 15),
        ({"retryPolicy": {"enabled": True, "errorsToRetry": [1]}}, 15),
        ({"code": "no base64!"}, 1401),
        ({"code": base64.b64encode(b"no zip").decode()}, 1401),
        ({"code": ""}, 1401),
        ({"code": code({})}, 1401),
        ({"code": code({"folder/": ""})}, 1401),
    ],
)
def test_an_invalid_function_is_refused(app, tmp_path, members, error):
    made = {**body(), **members}
    answer = app.as_user("POST", FUNCTIONS, json={name: value for name, value in made.items() if value is not None})
    assert (answer.status_code, answer.json()["code"]) == (400, error)
    assert app.as_user("GET", FUNCTIONS).json()["data"] == []
    assert not list(tmp_path.glob("code/*"))


def entry(name, mode=stat.S_IFREG | 0o644):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    "files",
    [
        {"main.py": "", "../evil.py": ""},
        {"main.py": "", "a/../../evil.py": ""},
        {"/tmp/evil.py": ""},
        {"a//b.py": ""},
        {"./main.py": ""},
        {"..\\evil.py": ""},
        {"C:/evil.py": ""},
        {entry("link", stat.S_IFLNK | 0o777): "/etc/passwd"},
        {entry("pipe", stat.S_IFIFO | 0o666): ""},
        {"a": "", "a/b": ""},
        {"a" * 300: ""},
        {"big": "0" * (64 * 1024 * 1024 + 1)},
        {f"{number}": "" for number in range(5_001)},
    ],
    ids=range(13),
)
def test_code_that_would_escape_or_flood_is_refused(app, refused, tmp_path, files):
    answer = app.as_user("POST", FUNCTIONS, json=body(code=code(files)))
    refused(answer, 400, 1401, "INVALID_FUNCTION_CODE_EXCEPTION")
    assert str(tmp_path) not in answer.text
    assert not [path for path in tmp_path.rglob("*") if path.name != "code"]


@pytest.mark.slow
def test_a_zip_that_lies_about_its_size_is_refused(app, refused, tmp_path):
    zipped = bytearray(base64.b64decode(code({"big": "0" * (65 * 1024 * 1024)})))
    end = zipped.rindex(b"PK\x01\x02")
    for at in (22, end + 24):  # the sizes in the entry's two headers
        zipped[at : at + 4] = (10).to_bytes(4, "little")
    answer = app.as_user("POST", FUNCTIONS, json=body(code=base64.b64encode(zipped).decode()))
    refused(answer, 400, 1401, "INVALID_FUNCTION_CODE_EXCEPTION")
    assert not list(tmp_path.glob("code/*"))


def test_modes_of_files_are_kept(app, tmp_path):
    upload(app, code=code({entry("main.py"): "", entry("bin/tool", stat.S_IFREG | 0o6711): "", "sub/": ""}))
    (folder,) = (tmp_path / "code").iterdir()
    assert stat.S_IMODE((folder / "bin/tool").stat().st_mode) == 0o711
    assert (folder / "sub").is_dir()


def test_a_name_is_taken_once(app, refused):
    upload(app)
    answer = app.as_user("POST", FUNCTIONS, json=body())
    refused(answer, 400, 17, "RESOURCE_ALREADY_EXISTS_EXCEPTION")


def test_the_logs_of_a_function_need_their_permission(app, refused):
    upload(app)
    path = f"{FUNCTIONS}/analyze/logs?ge(eventTimestamp,2020-01-01)&le(eventTimestamp,2020-01-02)"
    refused(app.as_application("GET", path), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_user("GET", path, token=person(app)), 401, 10, "NO_PERMISSION_EXCEPTION")
    assert app.as_user("GET", path, token=person(app, "VIEW_TASK_FUNCTION_LOGS")).status_code == 200


@pytest.fixture
def own(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "own.py").write_text("import os\ndef handler(event, context): return dict(os.environ)")
    function = Function("analyze", "own.handler", root, environment={"API_HOST": "http://localhost:1"})
    store = Store()
    app = LocalApp(store, folder=tmp_path, functions=[OwnFunction(function, description="Our own")])
    yield app
    app.close()
    store.close()


def test_the_projects_own_functions_are_there_from_the_start(own, refused):
    (listed,) = own.as_user("GET", FUNCTIONS).json()["data"]
    assert (listed["name"], listed["description"]) == ("analyze", "Our own")
    assert execute(own, {})["API_HOST"] == "http://localhost:1"
    body = refused(own.as_user("DELETE", f"{FUNCTIONS}/analyze"), 400, 27, "ILLEGAL_STATE_EXCEPTION")
    assert "belongs to the served project" in body["message"]
    body = refused(own.as_user("DELETE", f"{FUNCTIONS}/html-to-pdf"), 400, 27, "ILLEGAL_STATE_EXCEPTION")
    assert "is the platform's own" in body["message"]
    put(own, environmentVariables={"A": {"value": "1"}})
    assert execute(own, {})["A"] == "1"
    own.as_user("POST", f"{FUNCTIONS}/analyze/disable")
    refused(own.as_user("POST", f"{FUNCTIONS}/analyze/execute"), 400, 27, "ILLEGAL_STATE_EXCEPTION")


@pytest.mark.slow
def test_an_upload_replaces_an_own_function_until_it_is_deleted(own):
    upload(own)
    assert execute(own, {})["version"] == 1
    own.as_user("DELETE", f"{FUNCTIONS}/analyze")
    assert "API_HOST" in execute(own, {})
    put(own, code=code(), entryPoint="main.handler")
    assert execute(own, {})["version"] == 1
    assert len(own.as_user("GET", FUNCTIONS).json()["data"]) == 1


def test_code_outlives_the_platform_and_left_over_code_does_not(tmp_path):
    store = Store(tmp_path / "db")
    app = LocalApp(store, folder=tmp_path)
    upload(app)
    app.close()
    left_over = tmp_path / "code" / ("a" * 24)
    left_over.mkdir()
    again = LocalApp(store, folder=tmp_path)
    assert execute(again, {})["version"] == 1
    assert not left_over.exists()
    again.close()
    store.close()
