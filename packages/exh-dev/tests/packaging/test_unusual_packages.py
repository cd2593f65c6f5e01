"""`exh-dev build` with locks and wheels that are rare, but may be."""

import hashlib
import json
import shutil
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest


def names():
    with ZipFile("build/greet.zip") as archive:
        return archive.namelist()


def wheel(wheelhouse, *entries, version="1.0", metadata=""):
    """`polite` with these entries, and the line that locks it."""
    path = wheelhouse.folder / f"polite-{version}-py3-none-any.whl"
    info = "polite-1.0.dist-info"
    with ZipFile(path, "w") as archive:
        for name, content in [("polite.py", "PLEASE = 1"), *entries]:
            archive.writestr(name, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: polite\nVersion: 1.0\n{metadata}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\n")
    return f"polite==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


# Locks


@pytest.mark.slow
def test_locks_are_read_however_they_are_written(small):
    line = (small.root / "requirements.txt").read_text()
    digest = line.rpartition(":")[2].strip()
    for text in (
        "\ufeff# pinned\r\npolite==1.0 \\\r\n    --hash=sha256:" + digest + "\r\n    # via greet\r\n",
        f"polite==1.0 --hash=sha256:{digest.upper()}\n",
        f"polite==1.0 --hash=sha512:{'0' * 128} --hash=sha256:{digest}\n",
        f"polite[please]==1.0 ; python_full_version >= '3.11.4' --hash=sha256:{digest} # why\n",
    ):
        (small.root / "requirements.txt").write_bytes(text.encode())
        assert small.build().code == 0, text


def test_a_lock_with_other_hashes_alone_is_refused(small):
    small.write("requirements.txt", f"polite==1.0 --hash=sha512:{'0' * 128}\n")
    assert "polite has no SHA-256 hash" in small.build().message


# Wheels


def test_packages_may_share_a_namespace_and_its_file(small, wheelhouse):
    small.write("handlers/greet.py", "def handler(event, context):\n    pass\n")
    parts = {"near/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)"}
    small.lock(
        wheelhouse.add("first", "1.0", {**parts, "near/first.py": ""}),
        wheelhouse.add("second", "1.0", {**parts, "near/second.py": ""}),
    )
    assert small.build().code == 0
    assert {"near/__init__.py", "near/first.py", "near/second.py"} <= set(names())


@pytest.mark.parametrize(("one", "other"), [("near.py", "near.py"), ("near", "near/more.py"), ("near/more.py", "near")])
def test_packages_with_the_same_file_but_not_the_same_content_are_refused(small, wheelhouse, one, other):
    small.write("handlers/greet.py", "def handler(event, context):\n    pass\n")
    small.lock(wheelhouse.add("first", "1.0", {one: "1"}), wheelhouse.add("second", "1.0", {other: "2"}))
    done = small.build()
    assert done.code == 1
    assert f"second-1.0-py3-none-any.whl holds {other}, and so does another" in done.message
    assert "`exclude` of [tool.exh-dev.build]" in done.message


def test_a_package_does_not_vanish_under_a_module_of_the_project(small, wheelhouse):
    small.lock(wheelhouse.add("polite", "1.0", {"polite.py": "PLEASE = 1", "handlers/greet.py": "other"}))
    done = small.build()
    assert done.code == 1
    assert "handlers/greet.py is in a package of the lock too" in done.message


@pytest.mark.slow
def test_programs_of_a_package_stay_programs(small, wheelhouse):
    program = ZipInfo("tool/bin/run")
    program.external_attr = 0o100755 << 16
    small.write("requirements.txt", wheel(wheelhouse, (program, "#!/bin/sh"), ("tool/data", "")))
    assert small.build().code == 0
    with ZipFile("build/greet.zip") as archive:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
    assert (modes["tool/bin/run"], modes["tool/data"]) == (0o755, 0o644)
    assert Path("build/greet/bundle/tool/bin/run").stat().st_mode & 0o777 == 0o755


@pytest.mark.slow
def test_a_wheel_may_write_its_version_otherwise(small, wheelhouse):
    small.write("requirements.txt", wheel(wheelhouse, version="1"))
    (wheelhouse.folder / "polite-1.0-py3-none-any.whl").unlink()
    assert small.build().code == 0


@pytest.mark.slow
def test_metadata_of_a_package_is_read_as_utf_8(small, wheelhouse):
    small.write("requirements.txt", wheel(wheelhouse, metadata="License: Größe\n"))
    assert small.build().code == 0
    (component,) = json.loads(Path("build/greet.cdx.json").read_text())["components"]
    assert component["licenses"] == [{"license": {"name": "Größe"}}]


def test_requirements_that_cannot_be_parsed_are_refused(small, wheelhouse):
    small.write("requirements.txt", wheel(wheelhouse, metadata="Requires-Dist: pytz (>dev)\n"))
    (cached,) = (small.root / ".exh-dev" / "wheels").rglob("*.whl")  # newer versions of pip do not even fetch it
    shutil.copyfile(wheelhouse.folder / cached.name, cached)
    done = small.build()
    assert done.code == 1
    assert "polite-1.0-py3-none-any.whl names what it needs in a way that is no standard" in done.message


@pytest.mark.slow
def test_an_entry_for_the_folder_itself_does_no_harm(small, wheelhouse):
    small.write("requirements.txt", wheel(wheelhouse, ("./", "")))
    assert small.build().code == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["/etc/evil.py", "../evil.py", "polite-1.0.data/purelib/../../evil.py"])
def test_nothing_is_written_outside_of_the_bundle(small, wheelhouse, name):
    small.write("requirements.txt", wheel(wheelhouse, (name, "")))
    done = small.build()
    assert done.code == 1
    assert "which is outside of it" in done.message


@pytest.mark.slow
def test_the_message_has_the_error_of_pip(small, wheelhouse, monkeypatch):
    small.write("requirements.txt", wheel(wheelhouse))
    monkeypatch.setenv("PIP_TIMEOUT", "soon")
    done = small.build()
    assert done.code == 1
    assert "'soon'" in done.message
