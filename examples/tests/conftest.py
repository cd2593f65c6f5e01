from pathlib import Path

import pytest

pytest_plugins = ["chromium", "clinic", "commons"]


@pytest.fixture(scope="session")
def project_root():
    """The examples."""
    return Path(__file__).parent.parent
