"""The container images: what the Dockerfile describes is laid out in a folder, and run as a container would run it."""

import re
import shutil
import subprocess
import sys
from queue import SimpleQueue
from shlex import quote

import pytest
from dockerfiles import BuildError, build, instructions, lay_out, sent
from exh_dev.project.project import Project
from exh_dev.runtime import Function
from exh_dev.runtime.api import RuntimeApi, Work
from exh_dev.runtime.environment import worker_environment
from exh_dev.runtime.reports import Raised, Ready, Returned

ARGUMENTS = {"BASE_DIGEST": f"sha256:{'0' * 64}", "FUNCTION": "whoami", "HANDLER": "handlers.whoami.handler"}
DOCUMENT = {"SCHEMA_ID": "6968d0a1c4b7e2f3a1d5e900", "DOCUMENT_ID": "6968d0a1c4b7e2f3a1d5e921"}
#: AWS's script, but that there is always a Runtime API here.
ENTRYPOINT = """#!/bin/sh
if [ $# -ne 1 ]; then echo "one argument is expected: the handler" >&2; exit 142; fi
exec python3 -m awslambdaric "$1"
"""


@pytest.fixture
def dockerfile(project_root):
    return (project_root / "examples" / "Dockerfile").read_text()


@pytest.fixture
def context(project_root, tmp_path):
    """A folder to build in, with a bundle; the packages it would have besides are those of this Python."""
    bundle = tmp_path / "context" / "build" / "whoami" / "bundle"
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(project_root / "shared", bundle / "shared", ignore=without)
    (bundle / "handlers").mkdir()
    for name in ("__init__.py", "whoami.py"):
        shutil.copy(project_root / "handlers" / name, bundle / "handlers")
    shutil.copy(project_root / "examples" / ".dockerignore", tmp_path / "context")
    return tmp_path / "context"


@pytest.fixture
def container(dockerfile, context, tmp_path):
    """Lays out an image, and says how a container of it is started: the command, and the arguments of `Popen`."""

    def container(target=None, arguments=ARGUMENTS):
        stage = build(dockerfile, arguments, target)
        root = tmp_path / "root"
        lay_out(stage, context, root)
        # What is in the base image.
        for name, text in {
            "lambda-entrypoint.sh": ENTRYPOINT,
            "var/lang/bin/python3": f'#!/bin/sh\nexec {quote(sys.executable)} "$@"\n',
        }.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
            (root / name).chmod(0o755)
        places = re.compile(r"/(?:var|lambda-entrypoint)\b")
        command = [places.sub(f"{root}\\g<0>", part) for part in stage.entrypoint + stage.command]
        environment = {name: places.sub(f"{root}\\g<0>", value) for name, value in stage.environment.items()}
        environment |= {"PATH": f"{root}/var/lang/bin:/usr/bin:/bin", "HOME": "/"}
        return command, {"cwd": root / stage.workdir.lstrip("/"), "env": environment}

    return container


@pytest.fixture
def invoke():
    """Runs a container as Lambda does, for one event, and returns how that ended."""

    def invoke(container, variables):
        command, options = container
        reports = SimpleQueue()
        api = RuntimeApi(reports.put)
        function = Function(name="whoami", handler="", task_root=options["cwd"], environment=variables)
        lambdas = worker_environment(function, api.address, options["cwd"])
        del lambdas["_HANDLER"], lambdas["PATH"]  # the image has to say it; it is the image's
        process = subprocess.Popen(command, cwd=options["cwd"], env={**lambdas, **options["env"]})
        try:
            first = reports.get(timeout=30)
            if not isinstance(first, Ready):
                return first
            api.offer(Work("b1d2", b'{"data": {}}', "arn:aws:lambda:eu-central-1:0:function:whoami", 2e9))
            return reports.get(timeout=30)
        finally:
            process.kill()
            process.wait()
            api.close()

    return invoke


def test_in_lambdas_image_the_function_answers(context, container, invoke, platform):
    handlers = context / "build" / "whoami" / "bundle" / "handlers"
    (handlers / "whoami.py").rename(handlers / "only_there.py")  # not this project's own
    started = container(arguments={**ARGUMENTS, "HANDLER": "handlers.only_there.handler"})
    returned = invoke(started, platform.environment())
    assert isinstance(returned, Returned)
    assert platform.credentials.user_id.encode() in returned.body


def test_a_command_is_the_handler_that_lambdas_image_runs(container, invoke, platform):
    command, options = container(arguments={**ARGUMENTS, "HANDLER": "handlers.other.handler"})
    assert isinstance(invoke(([*command, "handlers.whoami.handler"], options), platform.environment()), Returned)
    failed = invoke((command, options), platform.environment())
    assert not isinstance(failed, Ready | Returned | Raised)
    assert failed.error["errorType"] == "Runtime.ImportModuleError"


def test_in_the_image_for_batch_the_function_runs_as_a_job(container, platform):
    command, options = container("batch")
    options["env"] |= platform.environment() | DOCUMENT
    done = subprocess.run(command, **options, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"service":"whoami"' in done.stdout
    assert f'"user_id":"{platform.credentials.user_id}"' in done.stdout


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize("empty", [True, False])
def test_an_argument_that_is_missing_ends_the_build_and_is_named(dockerfile, name, empty):
    given = {**ARGUMENTS, name: ""} if empty else {key: value for key, value in ARGUMENTS.items() if key != name}
    with pytest.raises(BuildError, match=f"^{name}: "):
        build(dockerfile, given)


@pytest.mark.parametrize("digest", ["latest", "3.13", "sha256:", "0" * 64])
def test_a_tag_is_no_digest(dockerfile, digest):
    with pytest.raises(BuildError, match="invalid reference"):
        build(dockerfile, {**ARGUMENTS, "BASE_DIGEST": digest})


def test_a_function_that_was_not_built_ends_the_build(dockerfile, context, tmp_path):
    with pytest.raises(BuildError, match="build/greet-patient/bundle/: not found"):
        lay_out(build(dockerfile, {**ARGUMENTS, "FUNCTION": "greet-patient"}), context, tmp_path / "root")


def test_nothing_but_bundles_reaches_a_build(context):
    for other in (
        ".env", ".exh-dev/credentials", ".git/config", "handlers/whoami.py", "other/build/whoami/bundle/a.py",
        "build/whoami.zip", "build/whoami.zip.sha256", "build/whoami.cdx.json", "build/whoami/task-config.json",
    ):  # fmt: skip
        (context / other).parent.mkdir(parents=True, exist_ok=True)
        (context / other).write_text("secret")
    files = sent(context)
    assert {"build/whoami/bundle/shared/session.py", "build/whoami/bundle/handlers/whoami.py"} <= files
    assert {path for path in files if not path.startswith("build/whoami/bundle/")} == set()


def test_nothing_is_installed_in_an_image(dockerfile):
    assert {keyword for keyword, _ in instructions(dockerfile)} <= {
        "ARG", "COPY", "ENTRYPOINT", "ENV", "FROM", "LABEL", "USER", "WORKDIR",
    }  # fmt: skip


def test_a_job_is_not_root_and_lambda_brings_its_own_user(dockerfile):
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", build(dockerfile, ARGUMENTS, "batch").user)
    assert build(dockerfile, ARGUMENTS).user == build(dockerfile, ARGUMENTS, "lambda").user == ""
    for target in ("batch", "lambda"):
        for _, _, mode in build(dockerfile, ARGUMENTS, target).copies:
            assert mode & 0o777 == 0o755  # every user can read it, and only root can change it


def test_the_python_is_that_of_the_manifest(dockerfile, project_root):
    stage = build(dockerfile, ARGUMENTS)
    version = stage.base.partition(":")[2].partition("@")[0]
    assert f"python{version}" in {spec.runtime for spec in Project(project_root).manifest.functions}


def test_the_page_and_the_comment_give_the_arguments_there_are(dockerfile, project_root):
    arguments = {rest.partition("=")[0] for keyword, rest in instructions(dockerfile) if keyword == "ARG"}
    for text in (dockerfile, (project_root / "docs" / "containers.md").read_text()):
        shown = set(re.findall(r"--build-arg (\w+)=", text))
        assert set(ARGUMENTS) <= shown <= arguments


def test_each_link_of_the_page_leads_somewhere(project_root):
    page = (project_root / "docs" / "containers.md").read_text()
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page):
        assert (project_root / "docs" / link).exists(), link
