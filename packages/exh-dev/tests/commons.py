"""What the suites that use the toolkit have in common: nobody's environment, no real waiting, commands as if piped."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings
from stderr_lines import stderr_lines

from exh_dev.cli.main import run_command
from extrahorizon import retries
from extrahorizon.credentials import Credentials

# How long an example takes says nothing here: tests share two cores with real processes. The same examples every
# time, so that a run that fails can be repeated; `pytest --hypothesis-profile=explore` looks for new ones.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("explore", settings.get_profile("project"), derandomize=False)
settings.load_profile("project")

# A shell that starts tests in the background lets them, and every process they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Begin with what takes longest, so that no test is left to run alone at the end."""
    items.sort(key=lambda item: -_patience(item))


def _patience(item):
    mark = item.get_closest_marker("timeout")
    return mark.args[0] if mark else 0


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
def exh_dev(capfd):
    """Run a command in this process, as if its output were piped: exit code, stdout, stderr lines as objects."""

    def exh_dev(*arguments):
        code = run_command([str(each) for each in arguments])
        out, err = capfd.readouterr()
        return code, out, stderr_lines(err)

    return exh_dev


@pytest.fixture
def platform_credentials(platform):
    first = platform.credentials
    return Credentials(platform.url, first.consumer_key, first.consumer_secret, first.token, first.token_secret)
