"""A project on the local platform: its functions, its configuration, its seeds."""

import json
from datetime import UTC, datetime

import pytest
from folder_projects import GREETING, with_member, write

from exh_dev.errors import DevkitError
from exh_dev.project.configuration.configuration import read_configuration
from exh_dev.project.project import Project
from exh_dev.remote.schedules import marked_data
from exh_dev.serve.deploy import load, own_functions, schedule, seed, start
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.query import rql
from extrahorizon.session import PlatformSession
from extrahorizon.timestamps import parse

DAILY = GREETING["template.yaml"].replace("kind: task", "kind: schedule\n        schedule: {interval: 86400}")


@pytest.mark.slow
def test_the_functions_of_this_project_run_as_their_own_users(project_root):
    told = []
    with LocalPlatform() as platform:
        start(platform, Project(project_root), told.append)
        first = platform.credentials
        keys = Credentials(platform.url, first.consumer_key, first.consumer_secret, first.token, first.token_secret)
        call = ExtraHorizon(keys).session.call
        listed = call("GET", "/tasks/v1/functions/")["data"]
        assert "whoami" in [function["name"] for function in listed]
        task = call("POST", "/tasks/v1/functions/whoami/execute", json={"data": {}})
        assert task["status"] == "complete"
        user = call("GET", f"/users/v1/{task['result']['user_id']}")
        assert user["email"] == "exh.tasks+whoami@extrahorizon.com"
    assert told == []


def test_functions_with_a_schedule_get_it_once(tmp_path):
    project = Project(write(tmp_path, {"template.yaml": DAILY}, files=GREETING))
    told = []
    with LocalPlatform() as platform:
        start(platform, project, pytest.fail)
        exh = client(platform)
        others = [
            exh.tasks.schedules.create(functionName="html-to-pdf", interval=90),
            exh.tasks.schedules.create(functionName="hello-world", interval=90, data={"product": "docker"}),
            exh.tasks.schedules.create(functionName="hello-world", interval=90),
        ]
        exh.tasks.schedules.create(functionName="gone", interval=90, data=marked_data(90))
        for _ in range(2):
            schedule(platform, project, told.append)
            schedules = exh.tasks.schedules.find(rql.sort(["creationTimestamp"])).items
            *first, mine = schedules
            assert [each["id"] for each in first] == [each["id"] for each in others]
            assert (mine["functionName"], mine["interval"], mine["data"]) == ("hello-world", 86400, marked_data(86400))
        assert parse(mine["nextTimestamp"]) > datetime.now(UTC)
    assert [others[2]["id"] in sentence for sentence in told] == [True, True]


def test_outside_of_a_project_no_function_is_served():
    with LocalPlatform() as platform:
        start(platform, None, print)


def test_a_broken_template_yaml_is_reported(tmp_path):
    (tmp_path / "template.yaml").write_text("Resources: [")
    told = []
    with LocalPlatform() as platform:
        assert own_functions(platform, told.append, Project(tmp_path)) == []
    assert told == []  # among the findings, which `exh-dev serve` tells


DATA_ONLY = dict.fromkeys(
    ["templates/greet.json", "templates/report/template.json", "templates/report/body.hbs", "dispatchers.json",
     "localizations/EN.json", "localizations/NL.json", "service-settings.json"]
)  # fmt: skip
PATIENT, DOCUMENT = "68498c63b1b0b8de8a6228f6", "6968c223f7f029ecb98abe97"
TOKEN = "6968c223f7f029ecb98abe99-3f0e8d52-7a1c-4b6e-9d21-5e8a4c7b1f30"
SEED = {
    "users": [{"id": PATIENT, "first_name": "Ada", "patient_of": ["67c81290fe7042cb74a5576f"]}],
    "documents": {"pulse": [{"id": DOCUMENT, "creatorId": PATIENT, "data": {"pulse": 130}}]},
}


def client(platform):
    first = platform.credentials
    keys = first.consumer_key, first.consumer_secret, first.token, first.token_secret
    return ExtraHorizon(Credentials(platform.url, *keys))


@pytest.fixture
def project(tmp_path):
    """A project with a schema, and a seed for its function."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "analyze.py").write_text("def handler(event, context):\n    return {}\n")
    return Project(write(tmp_path, {**DATA_ONLY, "events/analyze.seed.json": SEED, "events/analyze.json": {}}))


def test_the_schemas_of_a_project_are_loaded_and_its_seeds_applied(project):
    with LocalPlatform() as platform:
        start(platform, project, print)
        exh = client(platform)
        schema = exh.data.schemas.find_by_name("pulse")
        assert list(schema["statuses"]) == ["new", "done"]
        assert schema["properties"]["pulse"] == {"type": "number", "minimum": 0}
        spec = project.manifest.function("analyze")
        seed(platform, project, spec)
        exh.data.documents.update("pulse", DOCUMENT, {"pulse": 1})
        seed(platform, project, spec)
        assert exh.data.documents.find_by_id("pulse", DOCUMENT)["data"] == {"pulse": 130}
        assert exh.users.find_by_id(PATIENT)["first_name"] == "Ada"


def test_loading_again_changes_only_what_has_changed(project):
    with LocalPlatform() as platform:
        start(platform, project, print)
        exh = client(platform)
        before = exh.data.schemas.find_by_name("pulse")
        load(read_configuration(project), platform)
        assert exh.data.schemas.find_by_name("pulse") == before
        file = project.root / "schemas" / "pulse.json"
        changed = json.loads(file.read_text())
        changed["description"] = "Pulse"
        changed["properties"].pop("notes")
        changed["statuses"]["late"] = {}
        changed["transitions"][0]["toStatus"] = "late"
        changed["statuses"].pop("done")
        changed["indexes"] = []
        file.write_text(json.dumps(changed))
        load(read_configuration(project), platform)
        after = exh.data.schemas.find_by_name("pulse")
        assert (after["id"], after["description"], list(after["statuses"])) == (before["id"], "Pulse", ["new", "late"])
        assert "notes" not in after["properties"]
        assert (after["transitions"][0]["id"], after["indexes"]) == (before["transitions"][0]["id"], [])


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"documents": {"none": [{"id": DOCUMENT}]}}, "There is no schema none"),
        ({"documents": {"pulse": [{"id": DOCUMENT, "creatorId": PATIENT, "data": {"x": 1}}]}}, "not a property"),
        ({"documents": {"pulse": [{"id": DOCUMENT, "creatorId": PATIENT, "status": "none"}]}}, "no status none"),
        ({"documents": {"pulse": [{"id": "short", "creatorId": PATIENT}]}}, "24 hexadecimal"),
        ({"users": [{"first_name": "x"}]}, "The field id is required"),
        ({"users": {}}, "users are a list"),
        ({"users": [{"id": each, "email": "a@localhost.example"} for each in (PATIENT, DOCUMENT)]}, "Another user"),
        ({"things": []}, "no things"),
        ({"files": {}}, "files are a list"),
        ({"files": ["x"]}, "A file of a seed is an object"),
        ({"files": [{"base64": "YWJj"}]}, "The field token is required"),
        ({"files": [{"token": TOKEN[:-1], "base64": "YWJj"}]}, "a hyphen, and a UUID"),
        ({"files": [{"token": TOKEN}]}, "The field base64 is required"),
        ({"files": [{"token": TOKEN, "base64": "YWJ"}]}, "base64 of a file is not base64"),
        ({"files": [{"token": TOKEN, "base64": "YWJj", "creatorId": "me"}]}, "24 hexadecimal"),
        ({"files": [{"token": TOKEN, "base64": "YWJj", "path": "a.txt"}]}, "a path, which is a string, or its content"),
        ({"files": [{"token": TOKEN, "path": 5}]}, "a path, which is a string"),
        ({"files": [{"token": TOKEN, "path": "none.txt"}]}, "none.txt cannot be read: no such file or directory"),
        ({"files": [{"token": TOKEN, "path": "."}]}, "cannot be read: not a regular file"),
        ({"files": [{"token": TOKEN, "path": "/dev/zero"}]}, "/dev/zero cannot be read: not a regular file"),
        ({"files": [{"token": TOKEN, "path": "a\0"}]}, "cannot be read: the path cannot be used"),
    ],
)
def test_a_wrong_seed_is_refused_by_its_file(project, changed, problem):
    (project.root / "events" / "analyze.seed.json").write_text(json.dumps(changed))
    with LocalPlatform() as platform:
        start(platform, project, print)
        with pytest.raises(DevkitError, match=problem) as caught:
            seed(platform, project, project.manifest.function("analyze"))
    assert "analyze.seed.json" in str(caught.value)


def test_a_seeds_files_are_there_by_their_tokens(project):
    other = f"{DOCUMENT[:-1]}8{TOKEN[24:]}"
    folder = project.root / "events" / "files"
    folder.mkdir()
    files = [{"token": TOKEN, "path": "files/night.pdf"}, {"token": other, "base64": "YWJj", "creatorId": PATIENT}]
    (project.root / "events" / "analyze.seed.json").write_text(json.dumps({"files": files}))
    with LocalPlatform() as platform:
        start(platform, project, print)
        exh = client(platform)
        for content in (b"%PDF", b"another one"):
            (folder / "night.pdf").write_bytes(content)
            seed(platform, project, project.manifest.function("analyze"))
            assert exh.files.retrieve(TOKEN) == content
        details = exh.files.get_details(TOKEN)
        assert (details["name"], details["mimetype"], details["size"]) == ("night.pdf", "application/pdf", 11)
        assert details["tokens"] == [{"token": TOKEN, "accessLevel": "full"}]
        details = exh.files.get_details(other)
        assert (details["name"], details["mimetype"]) == ("data", "application/octet-stream")
        assert (details["creatorId"], exh.files.retrieve(other)) == (PATIENT, b"abc")


def test_nothing_is_started_with_a_mistake_in_the_configuration(project):
    write(project.root, {**DATA_ONLY, "schemas/pulse.json": with_member(("name",), "x")})
    with (
        LocalPlatform() as platform,
        pytest.raises(DevkitError, match=r"schemas/pulse.json:1:\d+: /name.*`exh-dev check`"),
    ):
        start(platform, project, print)


def test_everything_else_of_a_project_is_there_too(tmp_path):
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "analyze.py").write_text("def handler(event, context):\n    return {}\n")
    project = Project(write(tmp_path))
    with LocalPlatform() as platform:
        start(platform, project, print)
        exh = client(platform)
        greet = exh.templates_v2.find_by_name("greet")
        assert exh.templates_v2.resolve("greet", inputs={"name": "<Ada>"}) == {
            "subject": "Hi &lt;Ada&gt;", "body": "<p>the clinic</p>",
        }  # fmt: skip
        reminder = exh.templates.find_by_name("reminder")
        assert exh.templates.resolve_as_json(reminder["id"], content={"name": "Ada"}) == {"body": "<p>Ada</p>"}
        assert exh.localizations.find_by_key("mail_closing")["text"] == {"EN": "Regards", "NL": "Groeten"}
        (dispatcher,) = exh.dispatchers.find()
        mail, task = dispatcher["actions"]
        assert (mail["templateId"], task["functionName"]) == (greet["id"], "analyze")
        assert "EXH_CLI_MANAGED" in dispatcher["tags"]
        assert exh.users.password_policy()["minimum_length"] == 8
        assert exh.files.settings.get()["disableForceDownloadForMimeTypes"] == ["image/png"]

        load(read_configuration(project), platform)
        assert exh.templates_v2.find_by_name("greet") == greet
        assert exh.templates.find_by_name("reminder") == reminder
        assert exh.templates.find().total == 2
        assert exh.dispatchers.find().items[0]["actions"] == [mail, task]

        changed = json.loads((tmp_path / "dispatchers.json").read_text())
        changed["dispatchers"][0]["actions"] = [{"type": "task", "name": "other", "functionName": "analyze"}]
        (tmp_path / "dispatchers.json").write_text(json.dumps(changed))
        (tmp_path / "localizations" / "EN.json").write_text('{"mail_closing": "Kind regards"}')
        load(read_configuration(project), platform)
        assert [each["name"] for each in exh.dispatchers.find().items[0]["actions"]] == ["other"]
        assert exh.localizations.find_by_key("mail_closing")["text"] == {"EN": "Kind regards", "NL": "Groeten"}


def test_loading_again_writes_nothing(tmp_path, monkeypatch):
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "analyze.py").write_text("def handler(event, context):\n    return {}\n")
    project = Project(write(tmp_path))
    with LocalPlatform() as platform:
        start(platform, project, print)
        called, call = [], PlatformSession.call

        def noted(session, method, *args, **options):
            called.append(method)
            return call(session, method, *args, **options)

        monkeypatch.setattr(PlatformSession, "call", noted)
        load(read_configuration(project), platform)
    assert set(called) == {"GET"}


def test_the_staff_of_a_seed_have_the_permissions_of_their_own(project):
    group, users = "67c81290fe7042cb74a5576f", {"68498c63b1b0aaaaaaaaaaaa": "X", "68498c63b1b0bbbbbbbbbbbb": "Y"}
    seeds = [{"id": each, "staff_of": [group], "permissions": [name]} for each, name in users.items()]
    (project.root / "events" / "analyze.seed.json").write_text(json.dumps({"users": seeds}))
    with LocalPlatform() as platform:
        start(platform, project, print)
        seed(platform, project, project.manifest.function("analyze"))
        for each, name in users.items():
            ((role,),) = [one["roles"] for one in client(platform).users.find_by_id(each)["staff_enlistments"]]
            assert role["permissions"] == [name]
