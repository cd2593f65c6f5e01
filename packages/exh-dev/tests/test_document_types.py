"""`exh-dev types`: what a schema says is what the types say, whatever the schema."""

import ast
import json
import keyword
import re
import subprocess
import sys
from pathlib import Path

import pytest
from folder_projects import SCHEMA
from hypothesis import given
from hypothesis import strategies as st

from exh_dev.cli.main import run_command
from exh_dev.errors import DevkitError
from exh_dev.project.configuration.reading import Node
from exh_dev.project.configuration.schemas import check_schema
from exh_dev.project.document_types.model import class_name, types_of
from exh_dev.project.document_types.module import update_types
from exh_dev.project.document_types.source import module_of
from exh_dev.project.project import Project

TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def schema(properties, *, name="pulse", given=(), creation=(), actions=(), **members):
    """A schema with one transition, which does `actions`; `given` is what the creation transition asks for."""
    asked = {"type": "object", "properties": {each: properties[each] for each in given}, "required": list(given)}
    return {
        "name": name,
        "description": "Heart rate",
        "statuses": {"new": {}, "done": {}},
        "properties": properties,
        "creationTransition": {
            "type": "manual",
            "toStatus": "new",
            "conditions": [{"type": "input", "configuration": asked}],
            "actions": list(creation),
        },
        "transitions": [
            {"type": "manual", "name": "finish", "fromStatuses": ["new"], "toStatus": "done", "actions": list(actions)}
        ],
        **members,
    }


def module(*schemas):
    for each in schemas:
        problems = []
        check_schema(Node(each, Path("schema.json"), "", problems))
        assert problems == []
    return module_of([found for each in schemas for found in types_of(each)])


def classes(source):
    """The types of a module: of a dictionary the type of each member and whether it is required."""
    namespace = {}
    exec(compile(source, "documents.py", "exec"), namespace)  # noqa: S102 - what was just made
    return {name: value for name, value in namespace.items() if not name.startswith("_")}


def members(source, name):
    """The members of a class as they are written."""
    body = next(each for each in ast.parse(source).body if isinstance(each, ast.ClassDef) and each.name == name).body
    return {each.target.id: ast.unparse(each.annotation) for each in body if isinstance(each, ast.AnnAssign)}


# This project's own


def test_the_types_of_this_project_are_up_to_date(project_root):
    made = (project_root / "handlers" / "documents.py").exists()  # who does not want them does without
    assert not (made and update_types(Project(project_root), write=False).stale)


# What a schema says


def test_a_schema_becomes_a_dictionary_with_its_statuses_and_transitions():
    source = module(schema({"pulse": {**NUMBER, "description": "Per minute."}, "at": {**TEXT, "format": "date-time"}}))
    assert source.endswith('''
class Pulse(TypedDict, total=False):
    """Heart rate."""

    #: Per minute
    pulse: float
    #: ISO 8601 in UTC
    at: str

PulseStatus = Literal['new', 'done']

PulseTransition = Literal['finish']
''')


@pytest.mark.parametrize(
    ("configuration", "written"),
    [
        (TEXT, "str"),
        (NUMBER, "float"),
        ({"type": "boolean"}, "bool"),
        ({"type": "boolean", "enum": [True, False]}, "bool"),
        ({"type": "boolean", "const": True}, "Literal[True]"),
        ({**TEXT, "const": "a"}, "Literal['a']"),
        ({**TEXT, "enum": ["a"]}, "Literal['a']"),
        ({**TEXT, "enum": ["a", "b", "a"]}, "PulseX"),
        ({**NUMBER, "enum": [1, 2]}, "PulseX"),
        ({**NUMBER, "enum": [1, 2.5]}, "float"),
        ({**NUMBER, "enum": [True]}, "float"),
        ({**NUMBER, "const": 10**20}, "float"),
        ({**TEXT, "const": "a" * 51}, "str"),
        ({**TEXT, "enum": [1, None]}, "str"),
        ({"type": "array", "items": TEXT}, "list[str]"),
        ({"type": "array", "items": {"type": "array", "items": {**TEXT, "enum": ["a", "b"]}}},
         "list[list[PulseXItemItem]]"),
        ({"type": "array", "items": {"type": "object"}}, "list[PulseXItem]"),
        ({"type": "object"}, "dict[str, Any]"),
        ({"type": "object", "additionalProperties": NUMBER}, "dict[str, float]"),
        ({"type": "object", "additionalProperties": {"type": "object", "properties": {"a": TEXT}}},
         "dict[str, PulseXValue]"),
        ({"type": "object", "properties": {"a": TEXT}}, "PulseX"),
    ],
)  # fmt: skip
def test_a_property_has_the_type_of_its_configuration(configuration, written):
    source = module(schema({"x": configuration}))
    assert members(source, "Pulse") == {"x": written}
    names = set(re.findall(r"Pulse\w+", written))
    assert names <= classes(source).keys()


def test_a_list_of_texts_is_written_as_one():
    assert "\nPulseX = Literal['a', 'b']\n" in module(schema({"x": {**TEXT, "enum": ["a", "b", "a"]}}))


def test_an_object_in_a_list_has_an_id_and_its_members():
    entry = {"type": "object", "properties": {"text": TEXT, "by": TEXT}, "required": ["text"]}
    source = module(schema({"notes": {"type": "array", "items": entry}}))
    assert members(source, "PulseNotesItem") == {"id": "Required[str]", "text": "Required[str]", "by": "str"}


# What is required


OBJECT = {"type": "object", "properties": {"b": TEXT, "c": TEXT}, "required": ["b"]}


@pytest.mark.parametrize(
    ("options", "required"),
    [
        ({}, set()),
        ({"given": ["a"]}, {"a"}),
        ({"creation": [{"type": "set", "field": "a", "value": "x"}]}, {"a"}),
        ({"creation": [{"type": "set", "field": "a", "value": None}], "given": ["a"]}, set()),
        ({"given": ["a"], "actions": [{"type": "unset", "fields": ["a"]}]}, set()),
        ({"given": ["a"], "actions": [{"type": "set", "field": "a", "value": None}]}, set()),
        ({"given": ["a"], "creation": [{"type": "unset", "fields": ["a"]}]}, set()),
        ({"given": ["a"], "actions": [{"type": "unset", "fields": ["o.b"]}]}, {"a"}),
    ],
)
def test_a_property_is_required_when_no_document_is_without_it(options, required):
    found = members(module(schema({"a": TEXT, "o": OBJECT}, **options)), "Pulse")
    assert {name for name, kind in found.items() if kind.startswith("Required")} == required


def test_required_members_of_an_object_are_required_unless_a_transition_removes_them():
    assert members(module(schema({"o": OBJECT})), "PulseO") == {"b": "Required[str]", "c": "str"}
    taken = schema({"o": OBJECT}, actions=[{"type": "unset", "fields": ["o.b"]}])
    assert members(module(taken), "PulseO") == {"b": "str", "c": "str"}
    listed = schema({"o": {"type": "array", "items": OBJECT}}, actions=[{"type": "unset", "fields": ["o.b"]}])
    assert members(module(listed), "PulseOItem")["b"] == "Required[str]"


def test_a_dictionary_with_only_required_members_has_no_markers():
    assert members(module(schema({"a": TEXT}, given=["a"])), "Pulse") == {"a": "str"}


# Names


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("blood-pressure-reading", "BloodPressureReading"),
        ("bloodPressure", "BloodPressure"),
        ("blood_pressure 2", "BloodPressure2"),
        ("3d-scan", "Schema3dScan"),
        ("---", "U2DU2DU2D"),
        ("none", "NoneDocument"),
        ("literal", "LiteralDocument"),
    ],
)
def test_the_name_of_a_schema_becomes_that_of_a_class(name, written):
    assert class_name(name) == written


@pytest.mark.parametrize("name", ["a-b", "class", "__a"])
def test_a_name_that_no_attribute_can_have_is_a_key(name):
    configuration = {"type": "object", "properties": {name: {**TEXT, "description": "About it"}, "c": TEXT}}
    found = classes(module(schema({"o": configuration})))
    assert found["PulseO"].__annotations__ == {name: str, "c": str}
    assert found["PulseO"].__required_keys__ == frozenset()


def test_a_property_called_status_leaves_the_name_to_the_schemas_statuses():
    found = classes(module(schema({"status": {**TEXT, "enum": ["x", "y"]}, "transition": OBJECT})))
    assert found["PulseStatus"].__args__ == ("new", "done")
    assert found["PulseStatusProperty"].__args__ == ("x", "y")
    assert "PulseTransitionProperty" in found


@pytest.fixture
def project(tmp_path):
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    (tmp_path / "schemas").mkdir()

    def project(**schemas):
        for name, content in schemas.items():
            (tmp_path / "schemas" / f"{name}.json").write_text(json.dumps(content))
        return Project(tmp_path)

    return project


@pytest.mark.parametrize(
    ("schemas", "told"),
    [
        ({"a": schema({}, name="pulse-rate"), "b": schema({}, name="pulse_rate")}, "both be called PulseRate"),
        ({"a": schema({}, name="pulse"), "b": schema({}, name="pulse-status")}, "both be called PulseStatus"),
        ({"a": schema({"a-b": OBJECT, "a_b": OBJECT})}, r"a\.json \(/properties/a-b\) and .*both be called PulseAB"),
        ({"a": {"name": 1}}, r"schemas/a\.json: .* missing; no file was written; `exh-dev check`"),
    ],
)
def test_a_schema_without_a_possible_python_name_is_refused(project, schemas, told):
    with pytest.raises(DevkitError, match=told):
        update_types(project(**schemas), write=True)


# The file


@pytest.mark.slow
def test_the_file_is_written_checked_and_goes_with_the_schemas(project, monkeypatch, capfd):
    found = project(pulse=SCHEMA)
    monkeypatch.chdir(found.root)
    file = found.root / "handlers" / "documents.py"
    assert run_command(["types", "--check"]) == 1
    assert json.loads(capfd.readouterr().out)["stale"] is True
    assert not file.exists()
    assert run_command(["types"]) == 0
    assert json.loads(capfd.readouterr().out) == {
        "file": "handlers/documents.py", "schemas": 1, "stale": False, "changed": True,
    }  # fmt: skip
    assert run_command(["types", "--check", "--table"]) == 0
    assert capfd.readouterr().out == "handlers/documents.py has the types of 1 schema already\n"
    file.unlink()
    assert run_command(["types", "--table"]) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "      from handlers.documents import Pulse"
    (found.root / "schemas" / "pulse.json").unlink()
    assert run_command(["types", "--check", "--table"]) == 1
    assert "exh-dev types" in capfd.readouterr().out
    assert run_command(["types", "--table"]) == 0
    assert capfd.readouterr().out == "The project has no schemas, so handlers/documents.py was removed\n"
    assert not file.exists()
    assert run_command(["types", "--check", "--table"]) == 0
    assert capfd.readouterr().out == "The project has no schemas, so handlers/documents.py is not needed\n"


def test_a_file_of_somebodys_own_is_left_alone(project):
    found = project(pulse=SCHEMA)
    file = found.root / "handlers" / "documents.py"
    file.parent.mkdir()
    file.write_text("MINE = 1\n")
    for write in (True, False):
        with pytest.raises(DevkitError, match="was not made by exh-dev types"):
            update_types(found, write=write)
    assert file.read_text() == "MINE = 1\n"


# What mypy makes of it


AWKWARD = schema(
    {
        "class": {**TEXT, "enum": ["type: ignore", "\\"], "description": "type: int"},
        "o": {"type": "object", "properties": {"a-b": TEXT, "c": OBJECT}, "required": ["a-b"], "description": "# noqa"},
        "deep": {"type": "array", "items": {"type": "array", "items": OBJECT}},
        "map": {"type": "object", "additionalProperties": OBJECT},
        "status": {**NUMBER, "enum": [-1, 2**53]},
        "none": {"type": "object"},
    },
    name="awkward",
    given=["o"],
)


@pytest.mark.slow
def test_mypy_takes_the_types_and_what_the_page_does_with_them(tmp_path, project_root):
    (tmp_path / "handlers").mkdir()
    measured = schema({"pulse": NUMBER, "limit": NUMBER}, name="pulse-measurement", given=["pulse"])
    (tmp_path / "handlers" / "__init__.py").write_text("")
    (tmp_path / "handlers" / "documents.py").write_text(module(measured, AWKWARD))
    shown = (Path(__file__).parent / "data" / "typed_documents.txt").read_text()  # as a page shows it
    (tmp_path / "rate.py").write_text(shown)
    (tmp_path / "wrong.py").write_text(shown.replace('data["pulse"]', 'data["plus"]'))
    done = subprocess.run(
        [
            Path(sys.executable).with_name("mypy"),
            "--strict",
            "--follow-imports=silent",
            "--cache-dir",
            tmp_path / "cache",
            ".",
        ],
        cwd=tmp_path,
        env={"MYPYPATH": f"{tmp_path}:{project_root}"},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert [line.partition(":")[0] for line in errors] == ["wrong.py"], done.stdout
    assert 'has no key "plus"' in errors[0]


# Any schema

names = st.one_of(
    st.text("ab-_1é\"'\\ \n", max_size=6), st.sampled_from([*keyword.kwlist, "__x", "id2"]), st.text(max_size=3)
)
described = st.fixed_dictionaries(
    {},
    optional={
        "description": st.one_of(st.text(max_size=300), st.sampled_from(["type: ignore", "fmt: off", '"""', "\\"]))
    },
)
anything = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=140))
listed = st.fixed_dictionaries(
    {}, optional={"enum": st.lists(anything, min_size=1, max_size=5), "const": anything, "queryable": st.booleans()}
)


def with_parts(inner):
    declared = st.dictionaries(names.filter(lambda name: name != "id"), inner, max_size=4)
    kept = st.fixed_dictionaries({"properties": declared}, optional={"additionalProperties": inner})
    objects = st.builds(
        lambda parts, required: {"type": "object", **parts, "required": required}, kept, st.lists(names)
    )
    arrays = inner.map(lambda items: {"type": "array", "items": items})
    return st.builds(lambda one, two: {**one, **two}, st.one_of(objects, arrays), described)


configurations = st.recursive(
    st.builds(
        lambda kind, one, two: {"type": kind, **one, **two},
        st.sampled_from(["string", "number", "boolean"]),
        described,
        listed,
    ),
    with_parts,
    max_leaves=12,
)
property_names = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,49}", fullmatch=True)
schemas = st.builds(
    lambda properties, name, description, given: {
        **schema(properties, name=name, description=description),
        "creationTransition": schema(properties, given=[each for each in properties if given])["creationTransition"],
    },
    st.dictionaries(property_names, configurations, max_size=4),
    st.text(min_size=3, max_size=50),
    st.text(min_size=3, max_size=100),
    st.booleans(),
)


def module_or_none(found):
    """The module; None where two of its names are one, which is told."""
    problems = []
    check_schema(Node(found, Path("schema.json"), "", problems))
    assert problems == []
    types = types_of(found)
    return module_of(types) if len({each.name for each in types}) == len(types) else None


@pytest.mark.slow
@given(schemas)
def test_any_schema_gives_a_module_that_python_runs(found):
    source = module_or_none(found)
    if source is not None:
        namespace = classes(source)
        data = namespace[class_name(found["name"])]
        assert data.__annotations__.keys() == found["properties"].keys()
        assert source.encode().decode() == source


@pytest.mark.slow
def test_neither_the_formatter_nor_the_linter_has_a_say(tmp_path):
    made = []
    given(schemas)(lambda found: made.append(module_or_none(found)))()
    files = [source for source in dict.fromkeys(made) if source is not None]
    assert len(files) > 10
    # A typographic apostrophe is one of ruff's ambiguous characters.
    files.append(module(schema({"x": {**TEXT, "description": "The patient’s own"}})))  # noqa: RUF001 - see above
    for index, source in enumerate(files):
        (tmp_path / f"documents_{index}.py").write_text(source, encoding="utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    for command in (
        ["format", "--check", "--diff", "--isolated"],
        ["check", "--isolated", "--select", "E,F,I,N,RUF,W"],
    ):
        done = subprocess.run([ruff, *command, tmp_path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[:3000] + done.stderr[-300:]
