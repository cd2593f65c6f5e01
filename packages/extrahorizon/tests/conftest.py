from __future__ import annotations

import os
from pathlib import Path

import pytest
import responses
from hypothesis import HealthCheck, settings

from extrahorizon import retries

# How long an example takes says nothing here: tests share two cores with real processes. The same examples every
# time, so that a run that fails can be repeated; `pytest --hypothesis-profile=explore` looks for new ones.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("explore", settings.get_profile("project"), derandomize=False)
settings.load_profile("project")


@pytest.fixture(autouse=True)
def _nobodys_environment(monkeypatch, tmp_path_factory):
    """No test sees the credentials, AWS settings or home directory of whoever runs it."""
    for name in os.environ:
        if name.startswith(("API_", "AWS_", "POWERTOOLS_", "SIDEFX_", "PARAMETERS_SECRETS_", "EXH_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(autouse=True)
def waits():
    """No retry really waits; the seconds it would have waited are listed."""
    waited = []
    retries.pause_with(waited.append)
    yield waited
    retries.pause_with(None)


@pytest.fixture
def over_requests(monkeypatch):
    """Clients speak through requests, so that `responses` can answer for the platform."""
    monkeypatch.setenv("EXH_TRANSPORT", "requests")


@pytest.fixture
def http():
    """Answers that a test makes up, of which not all have to be asked for."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture(scope="session")
def project_root():
    """A project of this package's own, with two functions."""
    return Path(__file__).parent / "project"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """A folder with `ca.pem`, and `server.pem`, `client.pem`, `other.pem` signed by it, each with its key."""
    from authority import certify

    folder = tmp_path_factory.mktemp("certificates")
    certify(folder)
    return folder
