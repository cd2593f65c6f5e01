"""`template.yaml` as SAM translates it."""

import pytest
from aws_stack import WITH_API, source, translated
from exh_dev.project.project import Project


@pytest.fixture(scope="session")
def template():
    return source(Project.find().root)


@pytest.fixture(scope="session")
def stack(template):
    return translated(template)


@pytest.fixture(scope="session")
def with_api(template):
    """The stack of an environment with an issuer of tokens."""
    return translated(template, **WITH_API)


@pytest.fixture(scope="session")
def specs():
    return Project.find().manifest.functions
