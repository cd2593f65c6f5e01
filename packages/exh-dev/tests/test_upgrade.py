"""`exh-dev upgrade`: refusals, and which part of the changelog is shown. The whole of it needs a package index."""

import shutil
from zipfile import ZipFile

import pytest

from exh_dev.errors import DevkitError, UsageError
from exh_dev.project import upgrading
from exh_dev.project.init.project import LOCKS
from exh_dev.project.project import Project
from exh_dev.project.upgrading import changes_between, upgrade_project

CHANGELOG = (
    "# Changelog\n\n## [1.10.0] - 2027-02-01\n\nTen.\n\n## [1.9.0] - 2027-01-01\n\nNine.\n\n## [1.8.0]\n\nEight.\n"
)


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "clinic"
    folder.mkdir()
    (folder / "template.yaml").write_text("Resources: {}\n")
    (folder / "pyproject.toml").write_text('dependencies = ["extrahorizon==0.2.0"]\nrun = ["exh-dev==0.2.0"]\n')
    return Project(folder)


def wheels(folder, **versions):
    folder.mkdir(exist_ok=True)
    for name, version in versions.items():
        ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w").close()
    return folder


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("1.8.0", "1.10.0", "## [1.10.0] - 2027-02-01\n\nTen.\n\n## [1.9.0] - 2027-01-01\n\nNine."),
        ("1.9.0", "1.10.0", "## [1.10.0] - 2027-02-01\n\nTen."),
        ("1.7.0", "1.8.0", "## [1.8.0]\n\nEight."),
        ("1.10.0", "1.10.0", ""),
    ],
)
def test_upgrade_shows_the_changes_between_the_versions(old, new, shown):
    assert changes_between(CHANGELOG, old, new) == shown


def test_the_newest_there_is_changes_nothing(project, tmp_path):
    folder = wheels(tmp_path / "wheels", extrahorizon="0.2.0", exh_dev="0.2.0")
    before = (project.root / "pyproject.toml").read_bytes()
    upgraded = upgrade_project(project, folder, print)
    assert (upgraded.old, upgraded.new, upgraded.is_checked) == ("0.2.0", "0.2.0", True)
    assert upgraded.as_lines() == ["The project has 0.2.0 already; no newer version was found."]
    assert (project.root / "pyproject.toml").read_bytes() == before


def test_a_pin_with_an_extra_is_moved_and_keeps_the_extra(project, tmp_path, monkeypatch):
    path = project.root / "pyproject.toml"
    path.write_text(path.read_text().replace("exh-dev==", "exh-dev[aws,pdf]=="))
    for lock in LOCKS:
        (project.root / lock).write_text("exh-dev==0.2.0 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(upgrading, "_run", lambda command, folder: None)  # no package index in a test
    (project.root / ".venv" / "bin").mkdir(parents=True)
    (project.root / ".venv" / "bin" / "exh-dev").symlink_to(shutil.which("true"))
    upgraded = upgrade_project(project, wheels(tmp_path / "wheels", extrahorizon="0.3.0", exh_dev="0.3.0"), print)
    assert (upgraded.old, upgraded.new) == ("0.2.0", "0.3.0")
    assert path.read_text() == 'dependencies = ["extrahorizon==0.3.0"]\nrun = ["exh-dev[aws,pdf]==0.3.0"]\n'


def test_the_two_packages_move_together(project, tmp_path):
    folder = wheels(tmp_path / "wheels", extrahorizon="0.3.0", exh_dev="0.4.0")
    with pytest.raises(UsageError, match="are released together, and these differ"):
        upgrade_project(project, folder, print)


def test_a_folder_without_the_wheels_is_named(project, tmp_path):
    with pytest.raises(UsageError, match="there is no such folder"):
        upgrade_project(project, tmp_path / "none", print)
    with pytest.raises(UsageError, match="has no wheel of exh-dev"):
        upgrade_project(project, wheels(tmp_path / "some", extrahorizon="0.3.0"), print)


def test_an_index_without_the_packages_is_refused_with_another_way(project, monkeypatch):
    def fail(command, folder):
        raise DevkitError("`pip download` failed: no matching distribution")

    monkeypatch.setattr(upgrading, "_run", fail)
    with pytest.raises(DevkitError) as raised:
        upgrade_project(project, None, print)
    assert str(raised.value) == (
        "the package index lacks extrahorizon and exh-dev, or cannot be reached: `pip download` failed: no matching "
        "distribution. --wheels DIR takes both from a folder, such as build/dist/ after `make dist` in a newer clone "
        "of the repository"
    )


def test_a_project_that_pins_nothing_cannot_be_upgraded(project, tmp_path):
    (project.root / "pyproject.toml").write_text('dependencies = ["extrahorizon"]\n')
    with pytest.raises(UsageError, match="does not pin exh-dev"):
        upgrade_project(project, tmp_path, print)
