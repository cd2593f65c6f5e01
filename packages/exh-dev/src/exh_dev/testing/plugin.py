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
    """Type of the fixture `run_function`.

    **Annotate a test**

        from exh_dev.testing import RunFunction

        def test_it_greets_the_world(run_function: RunFunction) -> None:
            assert run_function("hello-world", {"id": "1"}).result == {"greeting": "Hello, world!"}
    """

    def __call__(self, name: str, event: Any = ..., *, env: Mapping[str, str] | None = None) -> Invocation:
        """Run a function and return the invocation, with its `result`, `error` and `logs`.

        Args:
            name: name of the function in `template.yaml`.
            event: by default the first sample event, after its seed was loaded.
            env: environment variables, which replace those of the manifest and of the platform.
        """
        ...


@pytest.fixture
def fake_exh() -> FakeExtraHorizon:
    """Return a fake client, which sends no requests: see `FakeExtraHorizon`.

    **Program an answer and look at the calls**

        def test_it_reads_the_user(fake_exh):
            fake_exh.when(fake_exh.users.me).returns({"id": "57f3f2a1", "first_name": "Ada"})
            assert fake_exh.users.me()["first_name"] == "Ada"
            assert fake_exh.when(fake_exh.users.me).calls == [{}]
    """
    from exh_dev.testing.fake_exh import FakeExtraHorizon

    return FakeExtraHorizon()


@pytest.fixture(autouse=True)
def _transport_over_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make clients of this process use requests, which `responses` and VCR.py can intercept."""
    if "EXH_TRANSPORT" not in os.environ:
        monkeypatch.setenv("EXH_TRANSPORT", "requests")


@pytest.fixture(scope="session")
def project(request: pytest.FixtureRequest) -> Project:
    """Return the project that the tests are in: the nearest `template.yaml` at or above pytest's root folder.

    **Look at the functions of the manifest**

        def test_the_manifest_has_the_function(project):
            assert project.manifest.function("hello-world").handler == "handlers.hello_world.handler"
    """
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
    """Return a running local platform with this project's schemas, templates and functions; each test has its own.

    Retries, start times and schedules run 60 times as fast.

    **Run a task on the platform's queue**

        import time

        def test_a_task_completes(platform, exh):
            task = exh.tasks.create(functionName="hello-world", data={"name": "Ada"})
            until = time.monotonic() + 10
            while exh.tasks.find_by_id(task["id"])["status"] != "complete":
                assert time.monotonic() < until, "the task is not complete"
                time.sleep(0.05)
            assert platform.url.startswith("http://localhost:")
    """
    from exh_dev.serve import deploy
    from exh_dev.serve.local_platform import LocalPlatform

    with LocalPlatform(pace=60, image=platform_image) as running:
        running.start(deploy.own_functions(running, _refuse, project))
        yield running


@pytest.fixture
def exh(platform: LocalPlatform) -> ExtraHorizon:
    """Return the real client, calling `platform` as its first user, who has all permissions.

    **Call the platform**

        def test_the_first_user_has_all_permissions(exh, platform):
            assert exh.users.me()["id"] == platform.credentials.user_id
            assert exh.users.find().total >= 1
    """
    from exh_dev.remote.client import client_of

    return client_of(platform.environment())


@pytest.fixture
def exh_of(platform: LocalPlatform, project: Project) -> Callable[[str], ExtraHorizon]:
    """Return a function that returns a client for the user of a function, who has the permissions of the manifest.

    **See what a function may not do**

        import pytest
        from extrahorizon.errors import NoPermissionError

        def test_the_function_cannot_list_tasks(exh_of):
            with pytest.raises(NoPermissionError):
                exh_of("whoami").tasks.find()
    """
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
    """Return a function that reads a sample event: `events/<name>.json`, or `events/<name>.<case>.json`.

    **Use sample events in a test**

        def test_samples_are_of_the_function(sample):
            assert sample("hello-world")["functionName"] == "hello-world"
            assert "data" not in sample("hello-world", "no-data")
    """
    from exh_dev.project.project import read_event

    def read(name: str, case: str | None = None) -> Any:
        function = project.manifest.function(name).name
        return read_event(project.root / "events" / f"{function}{f'.{case}' if case else ''}.json")

    return read


@pytest.fixture
def seed(platform: LocalPlatform, project: Project) -> Callable[[str], None]:
    """Return a function that loads `events/<name>.seed.json` into `platform`; called again, it resets the data.

    **Load what a sample event needs**

        def test_with_the_data_of_the_sample(seed, exh):
            seed("whoami")
            assert exh.users.find().items
    """
    from exh_dev.serve import deploy

    return lambda name: deploy.seed(platform, project, project.manifest.function(name))


@pytest.fixture
def run_function(platform: LocalPlatform, project: Project, seed: Callable[[str], None]) -> Iterator[RunFunction]:
    """Return a function that runs a function against `platform`, as its own user, in a new process, as a cold start.

    **Run a function as AWS would**

        def test_it_greets(run_function):
            invocation = run_function("hello-world", {"id": "1", "data": {"name": "Ada"}})
            assert invocation.ok, invocation.error
            assert invocation.result == {"greeting": "Hello, Ada!"}
    """
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
