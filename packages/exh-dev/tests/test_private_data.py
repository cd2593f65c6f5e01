"""Nobody but its owner may look into a data directory."""

import stat

import pytest

from exh_dev.remote.client import client_of
from exh_dev.serve.datadir import DataDir
from exh_dev.serve.local_platform import LocalPlatform


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_to_all(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    return folder


def test_a_folder_that_was_there_is_closed_to_others(open_to_all):
    with LocalPlatform(data_dir=open_to_all) as platform:
        platform.start()
        client_of(platform.environment()).files.create(b"of a patient", name="night.edf")
        assert mode(open_to_all) == 0o700
        assert mode(open_to_all / "files") == 0o700
        assert mode(open_to_all / "platform.db") == 0o600


def test_folders_of_an_earlier_version_are_closed_too(open_to_all):
    for name in ("files", "code"):
        (open_to_all / name).mkdir()
        (open_to_all / name).chmod(0o755)
    with DataDir(open_to_all).locked():
        assert [mode(open_to_all / name) for name in ("files", "code")] == [0o700, 0o700]


def test_a_folder_with_other_things_in_it_stays_as_it_is(open_to_all):
    (open_to_all / "template.yaml").write_text("Resources: {}\n")
    with LocalPlatform(data_dir=open_to_all) as platform:
        platform.start()
        client_of(platform.environment()).files.create(b"of a patient", name="night.edf")
        assert (mode(open_to_all), mode(open_to_all / "files")) == (0o755, 0o700)
