"""The fixtures of `exh_dev.testing.plugin` in another project than this one."""

import pytest
from folder_projects import GREETING, write

from exh_dev.errors import DevkitError
from exh_dev.project.project import Project


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    return Project(write(tmp_path_factory.mktemp("greeting"), files=GREETING))


def test_a_function_without_credentials_in_the_manifest_has_none(exh_of):
    with pytest.raises(DevkitError, match=r"executionCredentials.*HelloWorld \(template.yaml:4\)"):
        exh_of("hello-world")


def test_samples_are_found_by_name_and_case(sample):
    assert sample("hello_world")["data"] == {"name": "Extra Horizon"}
    assert "data" not in sample("hello-world", "no-data")


def test_functions_of_another_project_run(run_function):
    assert run_function("HelloWorld").result == {"greeting": "Hello, Extra Horizon!"}
