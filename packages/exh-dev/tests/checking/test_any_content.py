"""Whatever the files of a project hold, the gate answers with findings, and never with a traceback."""

import json
import random
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exh_dev.checking.finding import Finding
from exh_dev.checking.gate import findings
from exh_dev.checking.loading import loading_errors
from exh_dev.project.configuration.configuration import read_configuration
from exh_dev.project.project import Project

#: One file of each kind that the gate reads.
FILES = (
    "template.yaml", "pyproject.toml", "requirements.txt", "shared/words.py", "handlers/__init__.py",
    "handlers/greet_patient.py", "events/greet-patient.json", "events/greet-patient.seed.json", "events/answer.json",
    "schemas/pulse.json", "templates/greeting.json", "localizations/EN.json", "dispatchers.json",
    "service-settings.json", "repo-config.json", ".env", "handlers/sweep/requirements.in",
    "handlers/sweep/requirements.txt",
)  # fmt: skip
ODD = (
    b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf{}", b"null", b"[]", b"{}", b'"x"', b"1e999", b"NaN", b"[" * 5000,
    b'{"a":' * 5000, b"x = " + b"(" * 3000, b"x = " + b"-" * 20_000 + b"1", b"%", b"\t- [",
    b"a: &b [*b]", b"? [a]\n: b", b"=", b"A='",
    b"[project]\ndependencies = 5", b"[tool.exh-dev.build]\nnot-secret = [5]", b"--hash", b"requests ==",
    b'{"users": [null, {"id": 5}], "documents": {"pulse": {"a": 1}}, "files": [{"path": "\\u0000"}], "mails": [{}]}',
    b'{"files": [{"token": "6968c223f7f029ecb98abe99-3f0e", "base64": "", "id": ["x"]}]}',
    b'{"\\ud800": "\\ud800"}', b'{"name": ["pulse"], "properties": [], "statuses": 5, "transitions": {"a": 1}}',
    b"def handler(event, context):\n    return\xa0", b"# -*- coding: nonsense -*-\n", b"# -*- coding: utf-16 -*-\n",
    b"from . import *\nfrom .. import x\nfrom ....... import y\nimport handlers.greet_patient.z\n",
    b"def handler(*a, **k): ...\nhandler = handler\n", b"handler: int\n", b"class handler: ...\n",
)  # fmt: skip


def answered(root):
    """What the gate says, which has to be fit to be printed."""
    found = findings(Project(root))
    assert all(isinstance(each, Finding) and each.message and each.place for each in found)
    json.dumps([each.as_json() for each in found])
    for name in ("greet-patient", "sweep"):
        loading_errors(Project(root), name)
    read_configuration(Project(root)).without_broken()
    return found


@pytest.mark.slow
@pytest.mark.rare
@pytest.mark.parametrize("file", FILES)
def test_no_content_of_a_file_breaks_the_check(project, file):
    for content in ODD:
        project.write(file, content)
        answered(project.root)


def garbled(content, seed):
    """A text with some of its bytes cut out, doubled, moved or replaced; the same for the same seed."""
    chance, found = random.Random(seed), bytearray(content)  # noqa: S311 - no secret
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(found) + 1)
        part = found[start : start + chance.randint(1, 30)]
        match chance.randrange(4):
            case 0:
                del found[start : start + len(part)]
            case 1:
                found[start:start] = part
            case 2:
                found[start : start + 1] = bytes([chance.randrange(256)])
            case 3:
                found[start:start] = chance.choice([b"{", b"]", b'"', b":", b"\n", b"- ", b"null", b"$A", b"!Ref x"])
    return bytes(found)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.sampled_from(FILES), content=st.binary(max_size=200) | st.integers(0, 2**32))
def test_no_random_content_of_a_file_breaks_the_check(whole, tmp_path, file, content):
    root = tmp_path / "project"
    shutil.copytree(whole, root, dirs_exist_ok=True)
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(content if isinstance(content, bytes) else garbled(before, content))
    answered(root)
    path.write_bytes(before)
    if not before:
        path.unlink()


@pytest.mark.parametrize("file", ["template.yaml", "schemas/pulse.json", "handlers/answer.py", "events/answer.json"])
def test_the_command_reports_a_file_of_garbage(project, file):
    project.write(file, b"\x00\xff{")
    code, problems = project.check()
    assert code == 1
    assert file in {each["file"] for each in problems}


def test_a_folder_in_the_place_of_a_file_is_reported(project):
    for file in ("events/answer.json", "schemas/pulse.json", "handlers/answer.py", "requirements.txt", ".env"):
        (project.root / file).unlink()
        (project.root / file).mkdir()
    code, problems = project.check()
    assert code == 1
    assert {"schemas/pulse.json", ".env"} <= {each["file"] for each in problems}
