"""What is saved is served: at once, and only where it matters."""

import json
import os
import time

import pytest
from folder_projects import SCHEMA
from waiting import wait_for

from exh_dev.project.project import Project
from exh_dev.serve.reload import Reloader

pytestmark = pytest.mark.slow


@pytest.fixture
def center(serve):
    """Not watched by threads: a test says what has changed."""
    center = serve()
    reloader = Reloader(center.platform, center.project, center.told.append)
    center.save = lambda name, text: (center.write(name, text), reloader.apply([center.folder / name]))
    center.save_all = lambda name, text, *others: (
        center.write(name, text),
        reloader.apply([center.folder / each for each in (name, *others)]),
    )
    return center


def word(center):
    return center.invoke("analyze", {"data": {}})["result"]["word"]


def versions(center):
    return {each["name"]: each["workers"]["all"] for each in center.get("/functions")["data"]}


def test_a_saved_file_is_run_by_the_functions_that_import_it(center):
    assert word(center) == "first"
    center.invoke("other", {})
    center.save("handlers/helping.py", 'def word():\n    return "second"\n')
    assert center.told == ["reloaded analyze"]
    assert word(center) == "second"
    assert center.invoke("other", {})["init_ms"] is None  # its worker stayed


def test_a_warm_function_is_warm_again_and_a_cold_one_stays_cold(center):
    word(center)
    center.save("handlers/helping.py", 'def word():\n    return "second"\n')
    assert versions(center)["analyze"] == 1
    center.save("handlers/other.py", 'def handler(event, context):\n    return "new"\n')
    assert versions(center)["other"] == 0


def test_two_saves_in_one_second_are_two(center):
    stamp = (1_700_000_000, 1_700_000_000)
    for text in ("1st", "2nd", "3rd"):
        center.write("handlers/helping.py", f'def word():\n    return "{text}"\n')
        os.utime(center.folder / "handlers/helping.py", stamp)
        Reloader(center.platform, center.project, center.told.append).apply([center.folder / "handlers/helping.py"])
        assert word(center) == text


def test_what_was_saved_before_the_watching_began_counts(center):
    reloader = Reloader(center.platform, center.project, center.told.append)
    center.write("handlers/helping.py", 'def word():\n    return "early"\n')
    with reloader:
        center.waiting_for("reloaded analyze")
    assert word(center) == "early"


def test_what_was_saved_while_the_platform_started_counts(center):
    """It answers before it watches: what was loaded may be older than what is there when the watching begins."""
    assert word(center) == "first"
    since = time.time_ns()
    center.write("handlers/helping.py", 'def word():\n    return "early"\n')
    with Reloader(center.platform, center.project, center.told.append, since=since):
        center.waiting_for("reloaded analyze")
    assert word(center) == "early"
    assert center.told == ["reloaded analyze"]


def test_a_syntax_error_is_a_problem_and_the_old_code_does_not_run(center):
    assert word(center) == "first"
    center.save("handlers/helping.py", "def word(:\n")
    (sentence,) = [each for each in center.told if "helping" in each]
    assert sentence.startswith("handlers/helping.py:1: SyntaxError")
    (problem,) = center.get("")["problems"]
    assert (problem["file"], problem["line"], problem["functions"]) == ("handlers/helping.py", 1, ["analyze"])
    assert center.get("/functions/analyze")["problems"] == [problem]
    assert center.get("/functions/other")["problems"] == []
    run = center.invoke("analyze", {"data": {}})
    assert (run["status"], run["error"]["errorType"]) == ("FAILED", "Runtime.UserCodeSyntaxError")
    center.save("handlers/helping.py", 'def word():\n    return "mended"\n')
    assert center.get("")["problems"] == []
    assert word(center) == "mended"


def test_a_run_in_progress_ends_with_the_old_code(serve):
    waits = (
        "import pathlib, time\n\ndef handler(event, context):\n    print('begun', flush=True)\n"
        "    while not pathlib.Path(event['until']).exists():\n        time.sleep(0.01)\n    return 'old'\n"
    )
    center = serve({"handlers/other.py": waits})
    reloader = Reloader(center.platform, center.project, center.told.append)
    gate = center.folder / "gate"
    with center.api.following() as messages:
        run = center.post("/functions/other/invoke", {"event": {"until": str(gate)}})["id"]
        next(each for each in messages if "line" in each)
    center.write("handlers/other.py", 'def handler(event, context):\n    return "new"\n')
    reloader.apply([center.folder / "handlers/other.py"])
    assert center.invoke("other", {})["result"] == "new"
    gate.touch()
    assert center.api.ended(run)["result"] == "old"


def test_a_deleted_file_is_noticed(center):
    word(center)
    reloader = Reloader(center.platform, center.project, center.told.append)
    (center.folder / "handlers/helping.py").unlink()
    reloader.apply([center.folder / "handlers/helping.py"])
    assert center.invoke("analyze", {"data": {}})["error"]["errorType"] == "Runtime.ImportModuleError"


def test_the_manifest_changes_limits_rights_and_functions(center):
    word(center)
    center.invoke("other", {})
    text = (center.folder / "template.yaml").read_text()
    changed = text.replace("Handler: handlers.analyze.handler, Runtime: python3.13, Timeout: 30",
                           "Handler: handlers.analyze.handler, Runtime: python3.13, Timeout: 7")  # fmt: skip
    changed = changed.replace("permissions: [VIEW_USER]", "permissions: [VIEW_MAILS]")
    center.save("template.yaml", changed)
    functions = {each["name"]: each for each in center.get("/functions")["data"]}
    assert (functions["analyze"]["timeout"], functions["answer"]["permissions"]) == (7, ["VIEW_MAILS"])
    assert "reloaded analyze" in center.told
    assert center.invoke("other", {})["init_ms"] is None
    user = next(each for each in center.exh.users.find_all() if "answer" in each["email"])
    assert center.get(f"/users/{user['id']}/permissions")["data"]["everywhere"] == ["VIEW_MAILS"]
    head, _, rest = changed.partition("  Other:")
    center.save("template.yaml", head + "  Answer:" + rest.partition("  Answer:")[2])
    assert "other" not in {each["name"] for each in center.get("/functions")["data"]}


def test_a_broken_manifest_is_a_problem_and_the_functions_before_it_go_on(center):
    text = (center.folder / "template.yaml").read_text()
    center.save("template.yaml", text.replace("kind: api", "kind: unknown"))
    (problem,) = center.get("")["problems"]
    assert (problem["file"], problem["line"] > 1, "kind" in problem["message"]) == ("template.yaml", True, True)
    assert word(center) == "first"
    center.save("template.yaml", text)
    assert center.get("")["problems"] == []


def test_changes_made_while_the_manifest_is_broken_are_served_once_it_is_fixed(center):
    assert word(center) == "first"
    text = (center.folder / "template.yaml").read_text()
    center.save("template.yaml", "Resources: [")
    center.save("handlers/helping.py", 'def word():\n    return "second"\n')
    assert word(center) == "second"  # the old worker is gone
    center.save("template.yaml", text)
    assert word(center) == "second"
    assert center.get("")["problems"] == []


def test_a_step_that_fails_keeps_nothing_else_from_being_served(center):
    assert word(center) == "first"
    center.write("schemas/pulse.json", json.dumps({**SCHEMA, "statuses": {}}))
    center.save_all("handlers/helping.py", 'def word():\n    return "second"\n', "schemas/pulse.json")
    assert word(center) == "second"
    assert {each["file"] for each in center.get("")["problems"]} == {"schemas/pulse.json"}


def test_fault_rules_are_about_functions_and_not_about_what_is_saved(center):
    center.platform.faults.add("* *:503")
    center.save("schemas/pulse.json", json.dumps({**SCHEMA, "description": "Changed"}))
    center.save("template.yaml", (center.folder / "template.yaml").read_text())
    assert center.get("")["problems"] == []
    center.platform.faults.clear()
    assert [each["description"] for each in center.exh.data.schemas.find()] == ["Changed"]


@pytest.mark.parametrize("text", ["x = " + "-" * 20_000 + "1\n", "x = 1\0\n", "x = " + "(" * 5000])
def test_nothing_that_is_saved_ends_the_watching(serve, text):
    center = serve(reload=True)
    center.write("handlers/other.py", text)
    center.waiting_for("handlers/other.py")
    center.write("handlers/other.py", 'def handler(event, context):\n    return "mended"\n')
    wait_for(lambda: center.get("")["problems"] == [])
    assert center.invoke("other", {})["result"] == "mended"


@pytest.mark.parametrize("text", ["x = " + "-" * 20_000 + "1\n", "x = 1\0\n", "x = " + "(" * 5000])
def test_a_file_that_cannot_be_parsed_does_not_run_and_keeps_nothing_else_from_being_served(center, text):
    center.invoke("other", {})
    assert word(center) == "first"
    center.save("handlers/other.py", text)
    (problem,) = center.get("")["problems"]
    assert problem["message"].rpartition(": ")[2].strip()
    assert problem["functions"] == ["other"]
    assert center.invoke("other", {})["status"] == "FAILED"
    center.save("handlers/helping.py", 'def word():\n    return "second"\n')
    assert word(center) == "second"


def test_a_folder_that_is_renamed_is_noticed(serve):
    files = {"handlers/helping.py": None, "handlers/helping/__init__.py": 'def word():\n    return "first"\n'}
    center = serve(files)
    assert word(center) == "first"
    reloader = Reloader(center.platform, center.project, center.told.append)
    (center.folder / "handlers/helping").rename(center.folder / "handlers/gone")
    reloader.apply([center.folder / "handlers/helping", center.folder / "handlers/gone"])
    assert center.told == [
        "reloaded analyze",
        "handlers/analyze.py:1: imports helping from handlers, which has no such name or module",
    ]
    assert center.invoke("analyze", {"data": {}})["error"]["errorType"] == "Runtime.ImportModuleError"


def test_modules_that_no_function_imports_restart_nothing(center):
    word(center)
    center.write("handlers/scratch.py", "x = 1\n")
    reloader = Reloader(center.platform, center.project, center.told.append)
    (center.folder / "handlers/scratch.py").unlink()
    reloader.apply([center.folder / "handlers/scratch.py"])
    assert center.told == []
    assert center.invoke("analyze", {"data": {}})["init_ms"] is None


def test_what_is_wrong_at_the_start_is_shown(serve):
    center = serve({"handlers/helping.py": "def word(:\n"}, reload=True)
    (problem,) = center.get("")["problems"]
    assert (problem["file"], problem["functions"]) == ("handlers/helping.py", ["analyze"])


def test_a_handler_that_is_not_there_is_a_problem_of_its_function(center):
    (center.folder / "handlers/other.py").rename(center.folder / "handlers/renamed.py")
    center.save("handlers/renamed.py", "x = 1\n")
    center.save("template.yaml", (center.folder / "template.yaml").read_text())
    (problem,) = center.get("")["problems"]
    assert (problem["functions"], "other.py" in problem["message"]) == (["other"], True)


def test_a_disabled_function_stays_so(center):
    center.exh.session.request("POST", "/tasks/v1/functions/other/disable")
    center.save("handlers/other.py", 'def handler(event, context):\n    return "new"\n')
    assert [each["enabled"] for each in center.get("/functions")["data"] if each["name"] == "other"] == [False]


def test_changed_schemas_apply_and_broken_ones_are_problems(center):
    changed = {**SCHEMA, "description": "Changed"}
    center.save("schemas/pulse.json", json.dumps(changed))
    assert [each["description"] for each in center.exh.data.schemas.find()] == ["Changed"]
    assert center.told == ["configuration loaded"]
    center.save("schemas/pulse.json", json.dumps({**SCHEMA, "statuses": {}}))
    assert {each["file"] for each in center.get("")["problems"]} == {"schemas/pulse.json"}
    assert [each["description"] for each in center.exh.data.schemas.find()] == ["Changed"]
    center.save("schemas/pulse.json", json.dumps(SCHEMA))
    assert center.get("")["problems"] == []


def test_files_outside_of_functions_change_nothing(center):
    center.write("README.md", "x")
    Reloader(center.platform, center.project, center.told.append).apply(
        [center.folder / "README.md", center.folder.parent / "elsewhere.py"]
    )
    assert center.told == []


def test_saved_files_are_noticed_by_watching(serve, tmp_path):
    center = serve(reload=True)
    assert word(center) == "first"
    saved = tmp_path / "saved"

    def second():  # until the watching has begun; never a file that is empty while a worker imports it
        saved.write_text('def word():\n    return "second"\n')
        saved.replace(center.folder / "handlers" / "helping.py")
        return "reloaded analyze" in center.told

    wait_for(second)
    assert word(center) == "second"
    center.write("handlers/helping.py", "def word(:\n")
    center.waiting_for("SyntaxError")


def test_a_changed_env_file_is_read_again(center):
    assert isinstance(center.project.project, Project)
    before = center.project.project
    center.save(".env", "NAME=value\n")
    assert center.project.project is not before


# Which folders are watched


@pytest.fixture
def watched(center):
    """The folders that are watched, relative to the project's."""

    def watched():
        reloader = Reloader(center.platform, center.project, center.told.append)
        return {str(path.relative_to(center.folder)) for path in reloader.folders()}

    return watched


def test_folders_that_nothing_is_served_from_are_not_watched(center, watched):
    others = (
        ".venv/lib",
        "venv/lib",
        "node_modules/left",
        "build/analyze",
        ".git/objects",
        ".exh-dev/files",
        "data/large",
    )
    for each in (*others, "handlers/__pycache__", "handlers/deep/node_modules/left"):
        (center.folder / each).mkdir(parents=True)
    (center.folder / "schemas").mkdir(exist_ok=True)
    found = watched()
    assert {".", "handlers", "handlers/deep", "schemas"} <= found
    assert {each.partition("/")[0] for each in found} <= {
        *(".", "handlers", "shared", "events", "schemas", "templates", "localizations")
    }
    assert not [each for each in found if "__pycache__" in each or "node_modules" in each]


def test_a_folder_is_watched_once_a_function_has_code_in_it(center):
    (center.folder / "lib").mkdir()
    center.write("lib/people.py", 'NAME = "first"\n')
    reloader = Reloader(center.platform, center.project, center.told.append)
    assert center.folder / "lib" not in reloader.folders()
    with reloader:
        center.write(
            "handlers/other.py", "from lib.people import NAME\n\ndef handler(event, context):\n    return NAME\n"
        )
        center.waiting_for("reloaded other")
        wait_for(lambda: center.folder / "lib" in reloader.folders())
        assert center.invoke("other", {})["result"] == "first"
        center.told.clear()
        center.write("lib/people.py", 'NAME = "second"\n')
        center.waiting_for("reloaded other")
        assert center.invoke("other", {})["result"] == "second"


def test_a_folder_that_is_made_later_is_watched(center):
    reloader = Reloader(center.platform, center.project, center.told.append)
    with reloader:
        (center.folder / "templates").mkdir()
        wait_for(lambda: center.folder / "templates" in reloader.folders())
        center.write("templates/mail.json", json.dumps({"outputs": {"body": "hello"}}))
        center.waiting_for("configuration loaded")
