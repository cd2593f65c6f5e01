"""`exh-dev build` where files lie, or are, otherwise than in this project."""

import fcntl
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import quote
from zipfile import ZipFile

import pytest

from exh_dev.cli.main import run_command
from exh_dev.packaging.interpreter import find_python, standard_library
from exh_dev.packaging.replacing import replace

HANDLER = "def handler(event, context):\n    pass\n"


def names():
    with ZipFile("build/greet.zip") as archive:
        return {name for name in archive.namelist() if "__pycache__" not in name and "polite" not in name}


def handled_by(small, handler):
    template = small.root / "template.yaml"
    template.write_text(template.read_text().replace("handlers.greet.handler", handler))


# Where handlers lie


def test_a_package_at_the_top_of_the_project_is_bundled_completely(small):
    handled_by(small, "greet.handler")
    small.write("greet/__init__.py", HANDLER)
    small.write("greet/words.json", "{}")
    assert small.build().code == 0
    assert names() == {
        "greet/__init__.py",
        "greet/words.json",
        "shared/__init__.py",
        "shared/words.py",
    }


def test_the_packages_of_a_function_are_found_whichever_module_of_it_has_the_handler(small, wheelhouse):
    handled_by(small, "handlers.chart.deeper.main.handler")
    small.write("handlers/chart/__init__.py")
    small.write("handlers/chart/deeper/__init__.py")
    small.write("handlers/chart/deeper/main.py", f"import draw\n\n{HANDLER}")
    small.lock(wheelhouse.add("draw", "2.1", {"draw.py": ""}), file="handlers/chart/requirements.txt")
    assert small.build().code == 0
    assert "draw.py" in names()


def test_packages_that_are_required_but_not_locked_are_refused(small):
    small.write("handlers/greet/requirements.in", "draw\n")
    done = small.build()
    assert done.code == 1
    assert "requirements.in has no lock; create it with `make lock`" in done.message


def test_a_list_of_packages_may_name_the_lock_it_must_fit(small, wheelhouse):
    small.write("handlers/greet/requirements.in", "-c ../../requirements.txt\ndraw\n")
    small.lock(wheelhouse.add("draw", "2.1", {"draw.py": ""}), file="handlers/greet/requirements.txt")
    assert small.build().code == 0


@pytest.mark.parametrize(
    "code",
    [
        "import os\nif os.environ:\n    def handler(event, context): ...\n",
        "try:\n    from handlers.other import handler\nexcept ImportError:\n    handler = None\n",
        "from handlers.other import *\n",
        "first, handler = 1, print\n",
    ],
)
def test_a_handler_may_be_defined_in_many_ways(small, code):
    small.write("handlers/other.py", HANDLER)
    small.write("handlers/greet.py", code)
    assert small.build().code == 0


# What they import


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    from handlers import fast\nexcept ImportError:\n    fast = None",
        "import importlib\nfast = importlib.import_module('handlers.fast')",
    ],
)
def test_modules_of_the_project_come_along_however_they_are_imported(small, code):
    small.write("handlers/greet.py", f"{code}\n\n\n{HANDLER}")
    small.write("handlers/fast.py")
    assert small.build().code == 0
    assert "handlers/fast.py" in names()


def test_imports_that_may_be_missing_pass(small):
    code = "from contextlib import suppress\n\nwith suppress(ImportError):\n    import numpy"
    small.write("handlers/greet.py", f"{code}\n\n\n{HANDLER}")
    assert small.build().code == 0


def test_what_all_functions_need_is_not_listed_at_one(small):
    small.write("shared/words.py", "import numpy\n\nHELLO = 1\n")
    done = small.build()
    assert "shared/words.py:1: imports numpy" in done.message
    assert "add the package to `dependencies` in pyproject.toml and run `make lock`" in done.message
    assert "requirements.in" not in done.message


def test_the_standard_library_is_that_of_the_target(small, monkeypatch):
    library = standard_library(find_python(sys.version_info[:2]))
    assert library == sys.stdlib_module_names
    monkeypatch.setattr("exh_dev.packaging.build.standard_library", lambda _: library - {"json"})
    assert "imports json" in small.build().message


# Files that are none


def test_broken_and_circular_links_are_refused(small):
    (small.root / "shared/.#words.py").symlink_to("somebody@somewhere.42")
    assert "shared/.#words.py is a broken link" in small.build().message
    (small.root / "shared/.#words.py").unlink()
    (small.root / "shared/self").symlink_to("self")
    assert "shared/self is a broken link" in small.build().message
    (small.root / "shared/self").unlink()
    (small.root / "shared/again").symlink_to(".")
    assert "shared/again is a link to a folder that contains it" in small.build().message


def test_a_named_pipe_is_refused_without_reading_it(small):
    os.mkfifo(small.root / "shared/pipe")
    assert "shared/pipe is a broken link or not a regular file" in small.build().message


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems have no such names")
def test_a_file_name_that_no_zip_can_hold_is_refused(small):
    Path(os.fsdecode(os.fsencode(small.root) + b"/shared/\xff.txt")).touch()
    assert r"shared/\udcff.txt has a name that is not UTF-8" in small.build().message


def test_a_module_that_is_nested_too_deeply_is_refused(small):
    small.write("shared/words.py", "HELLO = " + " + ".join(["1"] * 20_000))
    assert "words.py: RecursionError" in small.build().message


# build/ and .exh-dev/


def test_a_data_folder_that_is_a_file_is_refused(small):
    (small.root / ".exh-dev").rename(small.root / "elsewhere")
    small.write(".exh-dev")
    done = small.build()
    assert done.code == 1
    assert ".exh-dev: file exists" in done.message


@pytest.mark.slow
def test_the_data_folder_is_for_its_owner_alone(small):
    (small.root / ".exh-dev").rename(small.root / "elsewhere")
    assert small.build().code == 0
    assert (small.root / ".exh-dev").stat().st_mode & 0o777 == 0o700


def test_what_a_killed_build_left_is_removed(small):
    small.write(".exh-dev/build-killed/greet.zip")
    assert small.build().code == 0
    assert not list(Path(".exh-dev").glob("build-*"))


@pytest.mark.slow
def test_a_second_build_waits_for_the_first(small):
    small.build()
    before = Path("build/greet.zip").stat().st_ino
    with ThreadPoolExecutor() as pool:
        with Path(".exh-dev/build.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            second = pool.submit(run_command, ["build", "--no-bytecode"])
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
            assert Path("build/greet.zip").stat().st_ino == before
        assert second.result() == 0
    assert Path("build/greet.zip").stat().st_ino != before


def test_when_one_cannot_be_moved_all_stay_where_they_were(tmp_path):
    for name in ("a", "b", "gone", "new-a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "in").write_text(name)
    new = {tmp_path / "a": tmp_path / "new-a", tmp_path / "b": tmp_path / "nowhere"}
    with pytest.raises(FileNotFoundError):
        replace(new, [tmp_path / "gone"], tmp_path / "aside")
    for name in ("a", "b", "gone", "new-a"):
        assert (tmp_path / name / "in").read_text() == name


# The command


def test_building_a_project_without_functions_is_refused(small):
    small.write("template.yaml", "Resources: {}\n")
    done = small.build()
    assert done.code == 2
    assert "has no function to build" in done.message


@pytest.mark.parametrize(
    "wrong",
    [("--max-size", "nan"), ("--runtime", "python³.11"), ("--runtime", "python3.011"), ("--python", "")],
)
def test_options_that_make_no_sense_are_wrong_usage(small, wrong):
    done = small.build(*wrong)
    assert done.code == 2
    assert "defect" not in done.message


def test_the_python_may_be_in_the_home_folder(small, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "python").write_text(f'#!/bin/sh\nexec {quote(sys.executable)} "$@"\n')
    (tmp_path / "python").chmod(0o755)
    assert small.build("--python", "~/python").code == 0


@pytest.mark.parametrize(
    "text", ["project = 5", "[project]\ndependencies = 'polite'", "[project]\ndependencies = [5]", "tool = 5"]
)
def test_dependencies_that_are_not_a_list_of_strings_are_refused(small, text):
    small.write("pyproject.toml", text)
    done = small.build()
    assert done.code == 2
    assert "must be a list of strings" in done.message
