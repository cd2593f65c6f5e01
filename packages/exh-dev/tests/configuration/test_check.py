"""`exh-dev check` on projects that are whole and on broken ones: what is wrong is found, named and located."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from folder_projects import FILES, GREETING, SCHEMA, with_member, without, write
from hypothesis import given
from hypothesis import strategies as st

from exh_dev.checking.gate import findings
from exh_dev.project.configuration.configuration import read_configuration
from exh_dev.project.configuration.reading import Node
from exh_dev.project.configuration.schemas import check_schema
from exh_dev.project.project import Project


def problems_of(folder):
    return [problem.as_json(folder) for problem in read_configuration(Project(folder)).problems]


def test_a_correct_project_has_no_problem(tmp_path):
    found = read_configuration(Project(write(tmp_path)))
    assert found.problems == []
    assert [schema["name"] for schema in found.schemas] == ["pulse"]
    greet, report = found.templates
    assert greet.outputs["body"] == "<p>the clinic</p>"
    assert (report.name, report.outputs) == ("report", {"body": "<h1>{{@inputs.n}}</h1>"})
    assert found.localizations == {"mail_closing": {"EN": "Regards", "NL": "Groeten"}}
    assert [each["name"] for each in found.dispatchers] == ["welcome"]


SCHEMA_FILE = "schemas/pulse.json"
FINISH = ("transitions", 0)


@pytest.mark.parametrize(
    ("changes", "file", "pointer", "rule"),
    [
        ({SCHEMA_FILE: "{"}, SCHEMA_FILE, "", "not JSON: Expecting property name"),
        ({SCHEMA_FILE: "[]"}, SCHEMA_FILE, "", "expected an object, not a list"),
        ({SCHEMA_FILE: without(("statuses",))}, SCHEMA_FILE, "", "statuses is missing"),
        ({SCHEMA_FILE: with_member(("nmae",), 1)}, SCHEMA_FILE, "/nmae", "nmae is not known here"),
        ({SCHEMA_FILE: with_member(("name",), "ab")}, SCHEMA_FILE, "/name", "3 to 50 characters"),
        ({SCHEMA_FILE: with_member(("readMode",), ["everybody"])}, SCHEMA_FILE, "/readMode/0", "expected creator or"),
        ({SCHEMA_FILE: with_member((*FINISH, "toStatus"), "gone")}, SCHEMA_FILE, "/transitions/0/toStatus",
         "no such status"),
        ({SCHEMA_FILE: with_member(("statuses", "unused"), {})}, SCHEMA_FILE, "/statuses/unused",
         "no transition leads"),
        ({SCHEMA_FILE: with_member(("properties", "pulse", "type"), "integer")}, SCHEMA_FILE, "/properties/pulse/type",
         "expected array or boolean"),
        ({SCHEMA_FILE: with_member(("properties", "notes", "items", "properties", "id"), {"type": "string"})},
         SCHEMA_FILE, "/properties/notes/items/properties/id", "gets its id from the platform"),
        ({SCHEMA_FILE: without(("properties", "category"))}, SCHEMA_FILE,
         "/transitions/0/conditions/0/configuration/properties/category", "no such property"),
        ({SCHEMA_FILE: with_member((*FINISH, "type"), "automatic")}, SCHEMA_FILE, "/transitions/0/conditions/0/type",
         "cannot have a condition"),
        ({SCHEMA_FILE: with_member((*FINISH, "afterActions", 0, "functionName"), "analyse")}, SCHEMA_FILE,
         "/transitions/0/afterActions/0/functionName", "template.yaml has no function"),
        ({SCHEMA_FILE: with_member((*FINISH, "afterActions", 0, "type"), "mail")}, SCHEMA_FILE,
         "/transitions/0/afterActions/0/type", "expected notifyAlgoQueueManager or task"),
        ({SCHEMA_FILE: with_member(("indexes", 0, "options"), {"background": True})}, SCHEMA_FILE,
         "/indexes/0/options/background", "not known"),
        ({"schemas/again/pulse.json": SCHEMA}, SCHEMA_FILE, "/name", "has a schema of this name too"),
        ({"templates/greet.json": with_member(("inputs", "name", "type"), "date")}, "templates/greet.json",
         "/inputs/name/type", "expected array or boolean"),
        ({"templates/greet.json": without(("outputs",))}, "templates/greet.json", "", "one output at least"),
        ({"templates/greet.json": with_member(("extendsTemplate",), "none")}, "templates/greet.json",
         "/extendsTemplate", "no such template"),
        ({"templates/greet.json": with_member(("variables", "FROM"), "$NOT_SET_ANYWHERE")}, "templates/greet.json",
         "/variables/FROM", "the environment has no NOT_SET_ANYWHERE"),
        ({"templates/report/template.json": None}, "templates/report", "", "holds a template.json"),
        ({"localizations/EN.json": {}}, "localizations/NL.json", "/mail_closing", "no translation in EN"),
        ({"localizations/NL.json": {"Mail Closing": "x"}}, "localizations/NL.json", "/Mail Closing", "a key matches"),
        ({"localizations/dutch.json": {}}, "localizations/dutch.json", "", "two letters"),
        ({"dispatchers.json": with_member(("dispatchers", 0, "actions", 1, "name"), "mail")}, "dispatchers.json",
         "/dispatchers/0/actions/1/name", "another action"),
        ({"dispatchers.json": with_member(("dispatchers", 0, "actions", 0, "templateName"), "none")},
         "dispatchers.json", "/dispatchers/0/actions/0/templateName", "no template of this name"),
        ({"service-settings.json": with_member(("users", "passwordPolicy", "minimumLength"), 2)},
         "service-settings.json", "/users/passwordPolicy/minimumLength", "3 or more"),
        ({"repo-config.json": {"$schema": "x"}}, "repo-config.json", "/$schema", "not known here"),
        ({"repo-config.json": {"schemas": ["nowhere"]}}, "repo-config.json", "/schemas/0", "no folder nowhere"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_and_located(tmp_path, changes, file, pointer, rule):
    found = problems_of(write(tmp_path, changes))
    assert any((each["file"], each["pointer"]) == (file, pointer) and rule in each["rule"] for each in found), found


@pytest.mark.timeout(30)  # nothing would ever be written to them
@pytest.mark.parametrize(
    "file", ["schemas/pulse.json", "templates/greet.json", "localizations/NL.json", "dispatchers.json"]
)
def test_a_named_pipe_is_reported_without_waiting_for_it(tmp_path, file):
    project = Project(write(tmp_path, {file: None}))
    (tmp_path / file).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / file)
    assert {"file": file, "pointer": "", "rule": "not a regular file"} in problems_of(project.root)
    assert [each.message for each in findings(project) if each.file == file] == ["not a regular file"]


def test_templates_that_extend_each_other_in_a_circle_are_reported(tmp_path):
    circle = {"extendsTemplate": "report"}
    found = problems_of(
        write(
            tmp_path, {"templates/greet.json": circle, "templates/report/template.json": {"extendsTemplate": "greet"}}
        )
    )
    assert [each["rule"] for each in found if "circle" in each["rule"]]


def test_folders_of_tasks_need_not_be_there_before_they_are_built(tmp_path):
    config = {
        "schemas": ["schemas"],
        "templates": ["templates"],
        "localizations": ["localizations"],
        "tasks": ["build"],
    }
    found = read_configuration(Project(write(tmp_path, {"repo-config.json": config})))
    assert (found.problems, [schema["name"] for schema in found.schemas]) == ([], ["pulse"])


def test_folders_of_the_usual_names_need_not_be_there(tmp_path):
    config = {kind: [kind] for kind in ("schemas", "templates", "localizations", "tasks")}
    assert problems_of(write(tmp_path, {"repo-config.json": config}, GREETING)) == []


def test_all_problems_of_a_configuration_are_reported_at_once(tmp_path):
    changes = {SCHEMA_FILE: "{", "dispatchers.json": "[", "localizations/EN.json": {}, "service-settings.json": "1"}
    assert {each["file"] for each in problems_of(write(tmp_path, changes))} >= {
        SCHEMA_FILE, "dispatchers.json", "localizations/NL.json", "service-settings.json",
    }  # fmt: skip


def test_a_base_template_is_filled_by_the_one_that_extends_it(tmp_path):
    base = {"outputs": {"body": "<html>$content, ${sender}</html>"}}
    own = {"extendsTemplate": "base", "outputs": {"content": "Hello"}, "variables": {"sender": "the clinic"}}
    found = read_configuration(Project(write(tmp_path, {"templates/base.json": base, "templates/own.json": own})))
    (template,) = [each for each in found.templates if each.name == "own"]
    assert template.outputs == {"body": "<html>Hello, the clinic</html>"}


def test_a_template_of_version_1_takes_the_place_of_what_its_base_reads(tmp_path):
    base = {"schema": {"type": "object"}, "fields": {"body": "Dear $content.first_name, $content.message"}}
    own = {
        "extends_template": "base",
        "schema": {"type": "object", "fields": {"name": {"type": "string"}}},
        "fields": {"first_name": "$content.name", "message": "thank you."},
    }
    found = read_configuration(Project(write(tmp_path, {"templates/base.json": base, "templates/own.json": own})))
    (template,) = [each for each in found.templates_v1 if each.name == "own"]
    assert (found.problems, template.fields) == ([], {"body": "Dear $content.name, thank you."})
    assert template.schema == own["schema"]


@pytest.mark.parametrize(
    ("own", "pointer", "rule"),
    [
        ({"extends_template": "none", "fields": {}}, "/extends_template", "no such template of version 1"),
        ({"extends_template": "greet", "fields": {}}, "/extends_template", "no such template of version 1"),
        ({"extends_template": "order", "fields": {}}, "", "order needs these fields to be filled in: name"),
        ({"extends_template": "own", "fields": {}}, "", "in a circle"),
        ({"fields": {"subject": "x", "body": "a\n#if($b)"}}, "", "field body, line 2, is no Velocity: #if has no #end"),
        ({"fields": {"body": 1}}, "/fields/body", "string"),
        ({"fields": ["x"]}, "/fields", "object"),
        ({"fields": {}, "outputs": {}}, "/outputs", "fields"),
        ({"schema": {"fields": {"a": {"type": "integer"}}}}, "/schema", "schema.fields.a.type must be one of"),
        ({"schema": "x"}, "/schema", "object"),
        ({"fields": {}, "description": 1}, "/description", "string"),
    ],
)
def test_a_mistake_in_a_template_of_version_1_is_located(tmp_path, own, pointer, rule):
    (problem,) = problems_of(write(tmp_path, {"templates/own.json": own}))
    assert (problem["file"], problem["pointer"]) == ("templates/own.json", pointer)
    assert rule in problem["rule"]


def run_check(folder, *options):
    command = [sys.executable, "-m", "exh_dev", "check", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.slow
def test_the_command_says_what_is_wrong_and_fails(tmp_path):
    folder = write(tmp_path, {SCHEMA_FILE: with_member((*FINISH, "toStatus"), "gone")})
    done = run_check(folder)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (1, False)
    place = "/transitions/0/toStatus"
    (problem,) = (each for each in answer["problems"] if each["pointer"] == place)
    column = (folder / SCHEMA_FILE).read_text().rindex('"toStatus"') + 1
    assert (problem["severity"], problem["file"], problem["line"], problem["column"]) == (
        "error", SCHEMA_FILE, 1, column,
    )  # fmt: skip
    assert problem["message"].startswith("the schema has no such status")
    shown = run_check(folder, "--table").stdout
    assert f"{SCHEMA_FILE}:1:{column}: error: {place} the schema has no such status" in shown
    assert "2 errors" in shown


@pytest.mark.slow
def test_the_command_finds_no_problem_in_correct_projects(tmp_path, project_root):
    found = json.loads(run_check(write(tmp_path)).stdout)
    # By another Python than the function's, that is said.
    assert (found["ok"], [each for each in found["problems"] if each["severity"] != "info"]) == (True, [])
    shown = run_check(project_root, "--table").stdout
    assert shown == "No problems found.\n" or all(": info: " in line for line in shown.splitlines()[:-1])


@pytest.mark.slow
def test_a_broken_manifest_is_a_problem_among_others(tmp_path):
    done = run_check(write(tmp_path, {"template.yaml": "Resources: ["}))
    assert done.returncode == 1
    assert json.loads(done.stdout)["problems"][0]["file"] == "template.yaml"


def leaves(value, path=()):
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, name))
    if path:
        yield path


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=4,
)


@pytest.mark.slow
@given(st.sampled_from(list(leaves(SCHEMA))), JSON)
def test_no_content_of_a_schema_breaks_the_checks(path, value):
    problems = []
    check_schema(Node(with_member(path, value)(copy.deepcopy(SCHEMA)), Path("x"), "", problems))
    assert all(isinstance(problem.rule, str) for problem in problems)


@pytest.mark.parametrize("file", [name for name in FILES if name.endswith(".json")])
def test_no_content_of_a_file_breaks_the_checks(tmp_path, file):
    write(tmp_path)
    for content in (b"", b"null", b"[]", b"{}", b"1", b'"x"', b"[null]", b'{"a": null}', b"\xff\xfe"):
        (tmp_path / file).write_bytes(content)
        read_configuration(Project(tmp_path))


@pytest.mark.parametrize("member", ["outputs", "inputs", "variables", "extendsTemplate"])
@pytest.mark.parametrize("file", ["templates/greet.json", "templates/report/template.json"])
def test_a_member_of_a_template_of_the_wrong_type_is_a_problem(tmp_path, file, member):
    own = {"extendsTemplate": "report", "inputs": {"a": {"type": "string"}}}
    for number, value in enumerate(("text", [1], 1, {"a": None})):
        changes = {"templates/own.json": own, file: with_member((member,), value)}
        found = problems_of(write(tmp_path / str(number), changes))
        assert member == "extendsTemplate" or any(each["file"] == file for each in found), (value, found)


@pytest.mark.parametrize("name", [[], {}, None, 1])
def test_a_function_name_of_the_wrong_type_is_reported(tmp_path, name):
    place = (*FINISH, "afterActions", 0, "functionName")
    (problem,) = problems_of(write(tmp_path, {SCHEMA_FILE: with_member(place, name)}))
    assert problem["pointer"] == "/transitions/0/afterActions/0/functionName"


@pytest.mark.parametrize(
    ("names", "unknown"),
    [
        (["LockedDocumentError", "ValueError", "Runtime.ImportModuleError", "APIError"], []),
        (["NotReadyError", "BotoError"], []),  # defined, and imported
        (["LockedDocumentException", "NotReadyError"], ["LockedDocumentException"]),
        (["extrahorizon.errors.LockedDocumentError"], ["extrahorizon.errors.LockedDocumentError"]),
    ],
)
def test_errors_to_retry_are_names_of_errors(tmp_path, names, unknown):
    policy = f"        kind: task\n        retryPolicy: {{enabled: true, errorsToRetry: {json.dumps(names)}}}\n"
    project = write(tmp_path, {"template.yaml": lambda text: text.replace("        kind: task\n", policy)})
    source = "from botocore import BotoError\n\nclass NotReadyError(Exception): pass\n"
    (project / "handlers" / "analyze.py").write_text(source)
    problems = read_configuration(Project(project)).problems
    assert [name for name in unknown if any(f"names {name}," in each.rule for each in problems)] == unknown
    assert len(problems) == len(unknown)
    assert all(each.line == 4 and "did you mean" in each.rule for each in problems)


def test_the_platforms_own_function_can_be_started(tmp_path):
    place = (*FINISH, "afterActions", 0, "functionName")
    assert problems_of(write(tmp_path, {SCHEMA_FILE: with_member(place, "html-to-pdf")})) == []


def test_two_templates_of_one_name_are_reported(tmp_path):
    (problem,) = problems_of(write(tmp_path, {"templates/report.json": {"outputs": {"body": "x"}}}))
    assert "is a template of this name too" in problem["rule"]


def test_an_output_that_is_not_handlebars_is_reported(tmp_path):
    change = with_member(("outputs", "body"), "{{#if a}}")
    (problem,) = problems_of(write(tmp_path, {"templates/greet.json": change}))
    assert (problem["file"], "the output body is no Handlebars" in problem["rule"]) == ("templates/greet.json", True)


def test_a_pattern_of_a_property_is_javascripts(tmp_path):
    for name, pattern, expected in (("good", r"^(?<first>\p{L}+)$", []), ("bad", "(", ["/properties/pulse/pattern"])):
        property_ = {"type": "string", "pattern": pattern}
        folder = write(tmp_path / name, {SCHEMA_FILE: {**SCHEMA, "properties": {"pulse": property_}}})
        assert [each["pointer"] for each in problems_of(folder) if "expression" in each["rule"]] == expected
