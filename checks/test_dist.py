"""What a release is: the same from any machine, complete, and said in full in its bills of materials and checksums."""

import hashlib
import importlib.util
import json
import subprocess
import tarfile
import zipfile

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def make_dist(project_root):
    """The script behind `make dist`."""
    spec = importlib.util.spec_from_file_location("make_dist", project_root / "packages" / "make_dist.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def dist(make_dist, tmp_path_factory):
    """What it makes."""
    folder = tmp_path_factory.mktemp("made") / "dist"
    assert make_dist.main([str(folder)]) == 0
    return folder


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_it_has_a_wheel_an_sdist_and_a_bill_of_materials_of_each_package(dist):
    names = [
        f"{package}-0.2.0{suffix}"
        for package in ("extrahorizon", "exh_dev")
        for suffix in ("-py3-none-any.whl", ".tar.gz", ".cdx.json")
    ]
    assert sorted(path.name for path in dist.iterdir()) == sorted([*names, "SHA256SUMS"])


def test_the_checksums_are_those_of_all_files(dist):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=dist, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode()
    assert len(done.stdout.splitlines()) == len(list(dist.iterdir())) - 1


def test_it_is_the_same_again_whatever_the_folder_and_the_time_zone(make_dist, dist, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    assert make_dist.main([str(tmp_path / "elsewhere")]) == 0
    assert digests(tmp_path / "elsewhere") == digests(dist)


def test_an_sdist_that_makes_another_wheel_is_refused(make_dist, dist, tmp_path):
    (sdist,) = dist.glob("extrahorizon-*.tar.gz")
    (wheel,) = dist.glob("extrahorizon-*.whl")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    (source / "README.md").write_text("changed")
    with tarfile.open(tmp_path / sdist.name, "w:gz") as archive:
        archive.add(source, source.name)
    assert (
        make_dist._rebuilt(tmp_path / sdist.name, wheel) == f"{wheel.name} has other bytes when made from {sdist.name}"
    )


def test_a_wheel_of_the_toolkit_has_what_a_new_project_begins_with(dist):
    (wheel,) = dist.glob("exh_dev-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"exh_dev/project/init/template/{name}" for name in ("template.yaml", "Makefile", ".gitignore")} <= names
    assert not [name for name in names if "/tests/" in name and not name.startswith("exh_dev/project/init/template/")]


@pytest.mark.parametrize(
    ("package", "needs", "has_not"),
    [
        ("extrahorizon", {"requests-oauthlib", "urllib3", "aws-lambda-powertools"}, {"boto3", "exh-dev"}),
        ("exh-dev", {"extrahorizon", "starlette", "uvicorn", "typer"}, {"boto3", "weasyprint", "moto"}),
    ],
)
def test_a_bill_of_materials_has_what_the_package_needs_and_the_digests_of_its_files(dist, package, needs, has_not):
    (path,) = dist.glob(f"{package.replace('-', '_')}-*.cdx.json")
    bill = json.loads(path.read_text())
    root = bill["metadata"]["component"]
    found = {each["name"]: each["version"] for each in bill["components"]}
    assert (root["name"], root["version"]) == (package, "0.2.0")
    assert needs <= set(found)
    assert not has_not & set(found)
    assert all(found.values())
    (direct,) = (each["dependsOn"] for each in bill["dependencies"] if each["ref"] == root["bom-ref"])
    assert needs <= {each.removeprefix("pkg:pypi/").partition("@")[0] for each in direct}
    hashes = {each["name"]: each["hashes"][0]["content"] for each in root["components"]}
    assert hashes == {name: digest for name, digest in digests(dist).items() if name in hashes}
    assert len(hashes) == 2
