from pathlib import Path

import pytest

pytest_plugins = ["commons"]


@pytest.fixture(scope="session")
def project_root():
    """The root of this repository."""
    return Path(__file__).parent.parent
