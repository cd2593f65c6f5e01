"""A worker sees what Lambda shows, and nothing of the developer's."""

import sys
from pathlib import Path

import pytest

from exh_dev.errors import DevkitError
from exh_dev.runtime import environment

LAMBDAS = {
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "HOME",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "LANG",
    "PATH",
    "PYTHONPATH",
    "TZ",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
}


def test_a_function_gets_no_variable_of_the_developers_shell(run, monkeypatch, tmp_path):
    monkeypatch.setenv("DEVELOPERS_SECRET", "s3cret")
    monkeypatch.setenv("HOME", str(tmp_path))

    seen = run("basic.environment", environment={"API_HOST": "http://localhost:8420"}).result

    variables = seen["variables"]
    # macOS gives every process of its own accord
    assert set(variables) - {"__CF_USER_TEXT_ENCODING", "LC_CTYPE"} == LAMBDAS | {"API_HOST"}
    assert variables["API_HOST"] == "http://localhost:8420"
    assert variables["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert variables["AWS_REGION"] == "eu-central-1"
    assert variables["_HANDLER"] == "basic.environment"
    assert variables["LAMBDA_TASK_ROOT"] == seen["working_directory"]


def test_home_is_private_empty_and_temporary(start):
    runtime = start("basic.environment")
    seen = runtime.invoke("under-test", None).result
    home = Path(seen["variables"]["HOME"])
    assert home.is_dir()

    runtime.close()

    assert seen["home_files"] == []
    assert seen["home_mode"] == 0o700
    assert home != Path.home()
    assert not home.exists()


def test_a_function_may_override_some_variables_only(run, tmp_path):
    own = {
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIAMADEUP",
        "AWS_ENDPOINT_URL": "http://localhost:5000",
        "PYTHONPATH": str(tmp_path),
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1",
        "_HANDLER": "other.handler",
        "LAMBDA_TASK_ROOT": "/elsewhere",
    }

    seen = run("basic.environment", environment=own).result["variables"]

    assert seen["AWS_REGION"] == "eu-west-1"
    assert seen["AWS_ACCESS_KEY_ID"] == "AKIAMADEUP"
    assert seen["AWS_ENDPOINT_URL"] == "http://localhost:5000"
    assert seen["PYTHONPATH"].endswith(str(tmp_path))
    assert seen["AWS_LAMBDA_RUNTIME_API"] != "127.0.0.1:1"
    assert seen["_HANDLER"] == "basic.environment"
    assert seen["LAMBDA_TASK_ROOT"] != "/elsewhere"


def test_secrets_are_not_in_the_repr_of_a_function(start):
    function = start("basic.echo", environment={"API_OAUTH_TOKEN_SECRET": "s3cret"})._pool("under-test")._function

    assert "s3cret" not in repr(function)


@pytest.mark.slow
def test_the_standin_is_used_where_there_is_no_native_client(monkeypatch, run):
    environment._standin_path.cache_clear()
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    assert environment._standin_path() == [str(environment.STANDIN)]

    path = run("basic.environment").result["variables"]["PYTHONPATH"]

    assert str(environment.STANDIN) in path
    environment._standin_path.cache_clear()


def test_a_missing_runtime_client_is_an_error_with_what_to_install(monkeypatch, start):
    environment._runtime_dir.cache_clear()
    monkeypatch.setattr(environment, "find_spec", lambda name: None)

    with pytest.raises(DevkitError, match="awslambdaric"):
        start("basic.environment").invoke("under-test", None)


@pytest.mark.slow
def test_importing_the_runtime_is_cheap():
    heavy = {"asyncio", "http.client", "http.server", "multiprocessing", "psutil", "ssl"}
    import subprocess

    code = "import sys, exh_dev.runtime; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not heavy & set(loaded)


def test_a_function_finds_the_process_as_the_runtime_client_alone_starts_it(run):
    seen = run("launched.how").result
    assert seen["arguments"] == ["launched.how"]
    assert seen["client"].endswith("awslambdaric/__main__.py")
    assert seen["main"] == ["__main__", "awslambdaric.__main__", "awslambdaric"]
    assert "Watch" not in seen["finders"]
    assert seen["pipes"] == []
    assert Path(seen["first"]).is_absolute()
