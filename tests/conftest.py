from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from devkit.local import LocalPlatform
from shared import retries
from shared.credentials import Credentials

# How long an example takes says nothing here: tests share two cores with real processes.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")

ROOT = Path(__file__).parent.parent


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
def project_root():
    return ROOT


@pytest.fixture
def platform():
    """A running local platform with nothing but its first user."""
    with LocalPlatform() as running:
        running.start()
        yield running


@pytest.fixture
def platform_credentials(platform):
    first = platform.credentials
    return Credentials(platform.url, first.consumer_key, first.consumer_secret, first.token, first.token_secret)
