"""The pytest plugin: fixtures for tests of functions. pytest finds it by itself where exh-dev is installed.

fake_exh        a fake client, for the logic of a function
platform        a local platform on a port of its own, with this project's schemas, templates and functions
exh             the real client, calling `platform` as its first user, who has all permissions
exh_of          the real client as the user of a function, with the manifest's permissions
sample          reads a sample event; `seed` loads its data into `platform`
run_function    runs a function as AWS would, in its own process, against `platform`

Clients created in the test process use requests, so that `responses` can mock the platform.

Nothing is imported before a fixture is used: every run of pytest in the environment loads this module.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from exh_dev.project.project import Project
    from exh_dev.runtime import Invocation
    from exh_dev.serve.local_platform import LocalPlatform
    from exh_dev.testing.fake_exh import FakeExtraHorizon
    from extrahorizon import ExtraHorizon

_SAMPLE: Any = object()


class RunFunction(Protocol):
    """Type of `run_function`."""

    def __call__(self, name: str, event: Any = ..., *, env: Mapping[str, str] | None = None) -> Invocation:
        """Run the function `name` of `template.yaml` with `event`, by default its first sample event and its seed.

        `env` are variables that replace any other. Returns what became of it: `result`, `error`, `logs`.
        """
        ...


@pytest.fixture
def fake_exh() -> FakeExtraHorizon:
    """Return a fake client; see `exh_dev.testing.fake_exh`."""
    from exh_dev.testing.fake_exh import FakeExtraHorizon

    return FakeExtraHorizon()


@pytest.fixture(autouse=True)
def _transport_over_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make clients of this process use requests, which `responses` and VCR.py can intercept."""
    if "EXH_TRANSPORT" not in os.environ:
        monkeypatch.setenv("EXH_TRANSPORT", "requests")


@pytest.fixture(scope="session")
def project(request: pytest.FixtureRequest) -> Project:
    """Return the project that the tests are in."""
    from exh_dev.project.project import Project

    return Project.find(request.config.rootpath)


@pytest.fixture(scope="session")
def platform_image(project: Project) -> bytes:
    """Return the storage of a platform with this project's configuration; each `platform` starts from it."""
    from exh_dev.serve import deploy
    from exh_dev.serve.local_platform import LocalPlatform

    with LocalPlatform() as first:
        deploy.start(first, project, _refuse)
        return first.image()


@pytest.fixture
def platform(project: Project, platform_image: bytes) -> Iterator[LocalPlatform]:
    """Return a running platform, as `exh-dev serve` has it; `platform.url`, `platform.credentials`,
    `platform.environment()`.

    Retries, start times and schedules run 60 times as fast.
    """
    from exh_dev.serve import deploy
    from exh_dev.serve.local_platform import LocalPlatform

    with LocalPlatform(pace=60, image=platform_image) as running:
        running.start(deploy.own_functions(running, _refuse, project))
        yield running


@pytest.fixture
def exh(platform: LocalPlatform) -> ExtraHorizon:
    """Return the real client, calling `platform` as its first user, who has all permissions."""
    from exh_dev.remote.client import client_of

    return client_of(platform.environment())


@pytest.fixture
def exh_of(platform: LocalPlatform, project: Project) -> Callable[[str], ExtraHorizon]:
    """Return a client, in this process, as the user that a function runs as: `exh_of("whoami")`."""
    from exh_dev.errors import DevkitError
    from exh_dev.remote.client import client_of
    from exh_dev.serve import deploy

    def exh_of(name: str) -> ExtraHorizon:
        spec = project.manifest.function(name)
        if not spec.gets_credentials:
            raise DevkitError(spec.how_to_get_credentials())
        return client_of(platform.call(lambda: deploy.injected(platform, spec)))

    return exh_of


@pytest.fixture
def sample(project: Project) -> Callable[..., Any]:
    """Read a sample event: `sample("hello-world")`, `sample("hello-world", "no-data")`."""
    from exh_dev.project.project import read_event

    def read(name: str, case: str | None = None) -> Any:
        function = project.manifest.function(name).name
        return read_event(project.root / "events" / f"{function}{f'.{case}' if case else ''}.json")

    return read


@pytest.fixture
def seed(platform: LocalPlatform, project: Project) -> Callable[[str], None]:
    """Put on `platform` what a function's sample events need: `seed("analyze-pulse")`. Done again, it is as new."""
    from exh_dev.serve import deploy

    return lambda name: deploy.seed(platform, project, project.manifest.function(name))


@pytest.fixture
def run_function(platform: LocalPlatform, project: Project, seed: Callable[[str], None]) -> Iterator[RunFunction]:
    """Run functions against `platform`, as their own users; each call starts a process, as a cold start does."""
    from exh_dev.project.project import read_event
    from exh_dev.project.runtime_function import function_of
    from exh_dev.runtime import Runtime
    from exh_dev.serve import deploy

    with ExitStack() as stack:

        def run(name: str, event: Any = _SAMPLE, *, env: Mapping[str, str] | None = None) -> Invocation:
            spec = project.manifest.function(name)
            if event is _SAMPLE:
                event = read_event(project.sample_events(spec)[0])
                seed(name)
            variables = platform.call(lambda: deploy.injected(platform, spec))
            function = function_of(project, spec, "env", variables, env or {})
            runtime = stack.enter_context(Runtime([function]))
            return runtime.invoke(spec.name, event)

        yield run


def _refuse(problem: str) -> NoReturn:
    from exh_dev.errors import DevkitError

    raise DevkitError(problem)
