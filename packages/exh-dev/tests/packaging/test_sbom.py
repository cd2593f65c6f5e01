"""The bill of materials beside a bundle: who supplies what, what needs what, and of when it is."""

import json
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import exh_dev

HANDLER = "def handler(event, context):\n    pass\n"
PYPROJECT = """
[project]
name = "small"
version = "4.5.6"
authors = [{ name = "Ada Lovelace", email = "ada@example.com" }, { name = "Charles Babbage" }]
dependencies = ["Middle"]
"""


@pytest.fixture
def bill(small):
    """Build, and read a bill that keeps to the standard."""

    def bill(name="greet"):
        done = small.build()
        assert done.code == 0, done.message
        text = Path(f"build/{name}.cdx.json").read_text()
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
        return json.loads(text)

    return bill


def edges(found):
    """What needs what, by name."""
    short = {each["ref"]: each["ref"].rpartition("/")[2].partition("@")[0] for each in found["dependencies"]}
    return {
        short[each["ref"]]: [short[needed] for needed in each.get("dependsOn", [])] for each in found["dependencies"]
    }


def commit(root, time):
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for step in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all", "--date", "2001-01-01T00:00:00Z"]):
        subprocess.run([*git, *step], cwd=root, check=True, env={"GIT_COMMITTER_DATE": time, "PATH": "/usr/bin:/bin"})


def test_a_bill_names_the_supplier_of_the_function_and_the_tool(small, bill):
    small.write("pyproject.toml", PYPROJECT.replace("Middle", "polite"))
    metadata = bill()["metadata"]
    authors = [{"name": "Ada Lovelace", "email": "ada@example.com"}, {"name": "Charles Babbage"}]
    assert metadata["authors"] == authors
    assert metadata["supplier"] == {"name": "Ada Lovelace, Charles Babbage"}
    root = metadata["component"]
    assert (root["name"], root["version"], root["supplier"], root["authors"]) == (
        "greet",
        "4.5.6",
        metadata["supplier"],
        authors,
    )
    (tool,) = metadata["tools"]["components"]
    assert (tool["name"], tool["version"]) == ("exh-dev", exh_dev.__version__)


def test_a_bill_leaves_out_what_is_unknown(bill, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    metadata = bill()["metadata"]
    assert set(metadata) == {"component", "tools"}
    assert set(metadata["component"]) == {"bom-ref", "hashes", "name", "properties", "type"}


@pytest.mark.parametrize(
    ("about", "name"),
    [
        ("Author: Grace Hopper\nAuthor-email: g@example.com\n", "Grace Hopper"),
        ('Author-email: "Hopper, Grace" <g@example.com>, Ada <a@example.com>\n', "Hopper, Grace, Ada"),
        ("Author-email: g@example.com\nMaintainer: The Navy\n", "The Navy"),
        ("Maintainer-email: The Navy <n@example.com>\n", "The Navy"),
        ("Author-email: g@example.com\n", None),
    ],
)
def test_a_bill_names_the_supplier_of_a_package(small, bill, wheelhouse, about, name):
    small.write("handlers/greet.py", HANDLER)
    small.lock(wheelhouse.add("polite", "1.0", {"polite.py": ""}, about=about))
    (component,) = bill()["components"]
    assert component.get("supplier") == ({"name": name} if name else None)


@pytest.mark.slow
def test_a_function_depends_on_what_it_asks_for_and_packages_on_what_they_need(small, bill, wheelhouse):
    template = small.root / "template.yaml"
    function = template.read_text().partition("  Greet:")[2]
    alone = function.replace("name: greet", "name: alone").replace("handlers.greet", "handlers.alone")
    template.write_text(f"{template.read_text()}\n  Alone:{alone}")
    small.write("handlers/greet.py", HANDLER)
    small.write("handlers/alone/__init__.py", HANDLER)
    small.write("handlers/alone/requirements.in", "Top[Most]\nelsewhere; sys_platform == 'win32'\n")
    small.write("pyproject.toml", PYPROJECT)
    leaf = wheelhouse.add("leaf", "1.0", {"leaf.py": ""})
    middle = wheelhouse.add("middle", "1.0", {"middle.py": ""}, needs=["leaf", 'windows; sys_platform == "win32"'])
    summit = wheelhouse.add("summit", "1.0", {"summit.py": ""})
    needs = ["middle", 'summit; extra == "most"', "boto3"]
    top = wheelhouse.add("top", "1.0", {"top.py": ""}, needs=needs, extras=["most"])
    small.lock(leaf, middle)
    small.lock(leaf, middle, summit, top, file="handlers/alone/requirements.txt")
    assert edges(bill("greet")) == {"greet": ["middle"], "leaf": [], "middle": ["leaf"]}
    assert edges(bill("alone")) == {
        "alone": ["middle", "top"],
        "leaf": [],
        "middle": ["leaf"],
        "summit": [],
        "top": ["middle", "summit"],
    }


def test_packages_that_only_a_lock_names_are_in_the_bill(small, bill, wheelhouse):
    small.write("handlers/greet.py", HANDLER)
    leaf = wheelhouse.add("leaf", "1.0", {"leaf.py": ""}, needs=["leaf"])
    small.lock(leaf, wheelhouse.add("middle", "1.0", {"middle.py": ""}, needs=["leaf"]))
    assert edges(bill()) == {"greet": ["middle"], "leaf": [], "middle": ["leaf"]}


def test_packages_of_node_js_are_listed_the_same_way(small, bill):
    template = small.root / "template.yaml"
    text = template.read_text().replace("handlers.greet.handler", "index.handler\n      CodeUri: functions/greet")
    template.write_text(text.replace(text.partition("Runtime: ")[2].partition("\n")[0], "nodejs22.x"))
    place = "functions/greet"
    packages = {
        place: {"dependencies": {"top": "1", "@scope/inner": "2", "absent": "1"}},
        f"{place}/node_modules/top": {
            "name": "top", "version": "1.0.0", "dependencies": {"leaf": "1"}, "author": "A <a>",
        },
        f"{place}/node_modules/top/node_modules/leaf": {"name": "leaf", "version": "1.0.0"},
        f"{place}/node_modules/leaf": {"name": "leaf", "version": "2.0.0", "author": {"name": "B"}},
        f"{place}/node_modules/@scope/inner": {
            "name": "@scope/inner", "version": "2.0.0", "peerDependencies": {"leaf": "2"}, "dependencies": ["odd"],
        },
    }  # fmt: skip
    small.write(f"{place}/index.js", "exports.handler = () => 1")
    for folder, text in packages.items():
        small.write(f"{folder}/package.json", json.dumps(text))
    found = bill()
    depends = {each["ref"]: each.get("dependsOn", []) for each in found["dependencies"]}
    assert depends == {
        "greet": ["pkg:npm/%40scope/inner@2.0.0", "pkg:npm/top@1.0.0"],
        "pkg:npm/%40scope/inner@2.0.0": ["pkg:npm/leaf@2.0.0"],
        "pkg:npm/leaf@1.0.0": [],
        "pkg:npm/leaf@2.0.0": [],
        "pkg:npm/top@1.0.0": ["pkg:npm/leaf@1.0.0"],
    }
    suppliers = {each["bom-ref"]: each.get("supplier") for each in found["components"]}
    assert (suppliers["pkg:npm/top@1.0.0"], suppliers["pkg:npm/leaf@2.0.0"]) == ({"name": "A"}, {"name": "B"})


@pytest.mark.slow
def test_the_timestamp_of_a_bill_is_that_of_the_last_commit(small, bill, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    commit(small.root, "2026-03-04T05:06:07+02:00")
    first = bill()
    assert datetime.fromisoformat(first["metadata"]["timestamp"]) == datetime.fromisoformat("2026-03-04T03:06:07Z")
    small.write("notes.md", "not committed")
    assert bill() == first


def test_without_git_the_timestamp_of_a_bill_is_source_date_epoch(bill, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert bill()["metadata"]["timestamp"] == "2001-09-09T01:46:40+00:00"


@pytest.mark.parametrize("wrong", ["yesterday", "1e9", "9" * 30])
def test_a_source_date_epoch_that_is_not_a_number_is_refused(small, monkeypatch, wrong):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
    done = small.build()
    assert done.code == 2
    assert f"SOURCE_DATE_EPOCH is `{wrong}`, and must be a number of seconds since 1970" in done.message


@pytest.mark.parametrize("text", ['authors = "Ada"', 'authors = ["Ada"]', "authors = [{ name = 5 }]", "version = 1"])
def test_authors_or_a_version_of_the_wrong_type_are_refused(small, text):
    small.write("pyproject.toml", f"[project]\n{text}\n")
    done = small.build()
    assert done.code == 2
    assert " of [project] " in done.message
