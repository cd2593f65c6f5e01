import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
from folder_projects import GREETING, write
from requests_oauthlib import OAuth1Session
from stderr_lines import stderr_lines

from exh_dev.cli.main import run_command
from exh_dev.errors import DevkitError
from exh_dev.project.project import Project
from exh_dev.serve import deploy
from exh_dev.serve.datadir import DataDir
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.testing import client_of

EXH_DEV = [sys.executable, "-m", "exh_dev"]


@pytest.fixture(autouse=True)
def _in_the_project(project_root, monkeypatch):
    monkeypatch.chdir(project_root)


@pytest.fixture
def greeting(tmp_path, monkeypatch):
    """Work in a small project of its own, with the function hello-world."""
    folder = write(tmp_path / "greeting", files=GREETING)
    monkeypatch.chdir(folder)
    return folder


# invoke


@pytest.mark.slow
def test_invoke_prints_the_result_alone_and_json_lines_on_stderr():
    done = subprocess.run([*EXH_DEV, "invoke", "whoami", "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert list(json.loads(done.stdout)) == ["user_id"]
    lines = stderr_lines(done.stderr)
    assert [line["message"] for line in lines] == [
        "authenticated",
        "a fresh, empty platform answered; `exh-dev serve` shows this run in its control center",
    ]
    assert lines[0]["user_id"] == json.loads(done.stdout)["user_id"]


@pytest.mark.slow
def test_invoke_finds_a_function_by_another_spelling_of_its_name(exh_dev, greeting):
    assert exh_dev("invoke", "HelloWorld")[:2] == (0, '{"greeting": "Hello, Extra Horizon!"}\n')


@pytest.mark.slow
def test_a_container_image_runs_as_a_process_by_its_command(exh_dev, greeting):
    """By `invoke`, by `run`, and as a task of a running platform, which all make a worker of the same function."""
    manifest = greeting / "template.yaml"
    zipped = "Handler: handlers.hello_world.handler\n      Runtime: python3.13"
    image = "PackageType: Image\n      ImageConfig: {Command: [handlers.hello_world.handler]}"
    assert zipped in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(zipped, image))
    assert exh_dev("invoke", "hello-world")[:2] == (0, '{"greeting": "Hello, Extra Horizon!"}\n')
    code, out, _ = exh_dev("run", "--json")
    assert (code, [each["status"] for each in json.loads(out)["results"]]) == (0, ["OK", "OK"])
    with LocalPlatform(pace=60) as platform:
        deploy.start(platform, Project.find(greeting), print)
        exh = client_of(platform.environment())
        assert exh.tasks.functions.execute("hello-world", data={"name": "Ada"})["result"] == {"greeting": "Hello, Ada!"}


@pytest.mark.slow
def test_invoke_gives_credentials_by_secrets_manager(exh_dev):
    code, out, _ = exh_dev("invoke", "whoami", "--credentials", "secret")
    assert (code, list(json.loads(out))) == (0, ["user_id"])


@pytest.mark.slow
def test_invoke_with_an_event_from_a_file_or_stdin(exh_dev, greeting, tmp_path, monkeypatch):
    event = tmp_path / "event.json"
    event.write_text('{"data": {"name": "Ada"}}')
    assert exh_dev("invoke", "hello-world", "--event", event)[1] == '{"greeting": "Hello, Ada!"}\n'
    with event.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert exh_dev("invoke", "hello-world", "--event", "-")[1] == '{"greeting": "Hello, Ada!"}\n'


@pytest.mark.slow
def test_a_function_that_raises_prints_lambdas_error_object_and_exits_1(exh_dev):
    code, out, _ = exh_dev("invoke", "whoami", "--env", "API_OAUTH_TOKEN_SECRET=wrong")
    error = json.loads(out)
    assert (code, error["errorType"]) == (1, "OAuthSignatureError")
    assert "code 109" in error["errorMessage"]
    assert any("users.me()" in frame for frame in error["stackTrace"])


@pytest.mark.slow
def test_missing_credentials_are_named(exh_dev):
    code, out, _ = exh_dev("invoke", "whoami", "--env", "API_OAUTH_TOKEN=", "--env", "API_OAUTH_TOKEN_SECRET= ")
    error = json.loads(out)
    assert (code, error["errorType"]) == (1, "ConfigurationError")
    assert error["errorMessage"].startswith("API_OAUTH_TOKEN, API_OAUTH_TOKEN_SECRET are missing from the environment")


@pytest.mark.slow
def test_a_platform_that_is_not_there_is_named(exh_dev):
    code, out, _ = exh_dev("invoke", "whoami", "--env", "API_HOST=http://localhost:1")
    error = json.loads(out)
    assert (code, error["errorType"]) == (1, "PlatformUnreachableError")
    assert (
        error["errorMessage"]
        == "http://localhost:1 could not be reached: connection refused (GET /users/v1/me, after 5 attempts)"
    )


@pytest.mark.slow
def test_an_event_that_is_no_object_is_an_invalid_event_error(exh_dev, greeting, tmp_path):
    event = tmp_path / "event.json"
    event.write_text("[1]")
    code, out, _ = exh_dev("invoke", "hello-world", "--event", event)
    assert (code, json.loads(out)["errorType"]) == (1, "InvalidEventError")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "whoami", "nope"], "has no function `nope`"),
        (["invoke", "whoami", "--env", "1X=2"], "is not KEY=VALUE"),
        (["invoke", "whoami", "--host", "https://acme.io"], "--host needs --live"),
        (["invoke", "whoami", "--credentials", "magic"], "magic"),
        (["invoke", "whoami", "--yes"], "--yes needs --live"),
        (["run", "--live", "--credentials", "env"], "--live uses your own credentials"),
        (["credentials", "--json", "--format", "env"], "exclude each other"),
        (["serve", "--data-dir", " "], "--data-dir is empty"),
        (["invoke"], "Missing argument"),
        (["serve", "--max-file-size", "0"], "--max-file-size"),
        (["serve", "--max-file-size", "4096"], "--max-file-size"),
        (["serve", "--max-file-size", "much"], "--max-file-size"),
        (["serve", "--keep-runs", "0"], "--keep-runs"),
        (["serve", "--keep-runs-mb", "0"], "--keep-runs-mb"),
    ],
)
def test_wrong_usage_is_one_json_line_and_exit_code_2(exh_dev, arguments, told):
    code, out, lines = exh_dev(*arguments)
    assert (code, out, len(lines)) == (2, "", 1)
    assert lines[0]["level"] == "ERROR"
    assert told.lower() in lines[0]["message"].lower()


# run


@pytest.mark.slow
def test_run_runs_every_event_of_every_function(exh_dev, project_root):
    code, out, lines = exh_dev("run")
    report = json.loads(out)
    assert (code, report["ok"]) == (0, True)
    events = {path.name for path in (project_root / "events").glob("*.json") if not path.name.endswith(".seed.json")}
    assert {each["event"] for each in report["results"]} >= events
    assert {each["status"] for each in report["results"]} == {"OK"}
    assert lines


@pytest.mark.slow
def test_run_both_ways_prints_one_table():
    arguments = ["run", "whoami", "--table", "--credentials", "env", "--credentials", "secret"]
    done = subprocess.run([*EXH_DEV, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    rows = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert any(row.startswith("whoami task whoami.json OK 1 ") for row in rows)  # one call of the platform
    assert any(row.startswith("whoami task whoami.json (secret) OK 1 ") for row in rows)
    assert done.stdout.endswith("all OK\n")


@pytest.mark.slow
def test_run_counts_the_calls_of_each_event(greeting):
    done = subprocess.run([*EXH_DEV, "run", "--table"], capture_output=True, text=True, check=False)
    rows = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert any(row.startswith("hello-world task hello-world.json OK 0 ") for row in rows)
    assert rows[-1] == "2 invocations, all OK"


@pytest.mark.slow
def test_run_fails_with_the_error_and_no_traceback():
    arguments = ["run", "--table", "whoami", "--env", "API_OAUTH_TOKEN_SECRET=wrong"]
    done = subprocess.run([*EXH_DEV, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "FAILED" in done.stdout
    assert "OAuthSignatureError: OAUTH_SIGNATURE_EXCEPTION (code 109)" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


# live


@pytest.mark.slow
def test_live_asks_first_and_calls_the_named_cluster_with_the_developers_own_credentials(exh_dev, monkeypatch):
    with LocalPlatform() as cluster:
        cluster.start()
        for name, value in cluster.environment().items():
            monkeypatch.setenv(name, "http://localhost:1" if name == "API_HOST" else value)
        code, out, lines = exh_dev("invoke", "whoami", "--live", "--host", cluster.url)
        assert (code, out) == (2, "")
        assert f"1 invocation against the real cluster {cluster.url}" in lines[0]["message"]
        assert "--yes" in lines[-1]["message"]
        code, out, lines = exh_dev("invoke", "whoami", "--live", "--host", cluster.url, "--yes")
        assert (code, json.loads(out)) == (0, {"user_id": cluster.credentials.user_id})
        assert lines[0]["host"] == cluster.url


# serve and credentials

SERVING = "Serving project: 2 functions (whoami, hello-world)"


@contextmanager
def serving(data_dir, **options):
    """Serve the project: the process, the line in which it announces itself, its data directory."""
    command = [*EXH_DEV, "serve", "--port", "0", "--data-dir", str(data_dir)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    yield process, json.loads(process.stdout.readline()), data_dir
    process.kill()
    process.communicate()


@pytest.fixture
def served(tmp_path):
    """A platform that a test may stop."""
    with serving(tmp_path / "data") as served:
        yield served


@pytest.fixture(scope="module")
def running(tmp_path_factory, project_root):
    """A platform for the tests that only ask it."""
    folder = tmp_path_factory.mktemp("running")
    with serving(folder / "data", cwd=project_root, env={"PATH": os.environ["PATH"], "HOME": str(folder)}) as served:
        yield served


def test_serve_announces_itself_and_stops_cleanly(served):
    process, announced, data_dir = served
    assert set(announced) == {"url", "credentials_file", "dashboard"}
    assert requests.get(f"{announced['url']}/users/v1/health", timeout=5).status_code == 200
    credentials_file = Path(announced["credentials_file"])
    assert credentials_file.stat().st_mode & 0o777 == 0o600
    names = [line.partition("=")[0] for line in credentials_file.read_text().splitlines()]
    assert names[0] == "API_HOST"
    assert len(names) == 5
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert [line["message"] for line in stderr_lines(err)] == [SERVING, "stopping"]
    assert not credentials_file.exists()
    assert (data_dir / "platform.db").exists()


@pytest.mark.slow
def test_the_credentials_file_serves_a_function_as_exh_login_would(running, exh_dev, monkeypatch):
    _, announced, _ = running
    home = Path(os.environ["HOME"])
    (home / ".exh").mkdir()
    (home / ".exh" / "credentials").write_bytes(Path(announced["credentials_file"]).read_bytes())
    code, out, _ = exh_dev("invoke", "whoami", "--live", "--yes")
    assert (code, list(json.loads(out))) == (0, ["user_id"])


def test_credentials_of_the_running_platform(running, exh_dev):
    _, announced, data_dir = running
    code, out, _ = exh_dev("credentials", "--data-dir", data_dir)
    details = json.loads(out)
    assert (code, details["host"]) == (0, announced["url"])
    assert list(details) == [
        *("host", "consumer_key", "consumer_secret", "token", "token_secret", "email", "password"),
        *("oauth2_client_id", "oauth2_client_secret", "user_id", "application_id", "sidefx_client_id"),
        *("sidefx_client_secret", "sidefx_token_url", "sidefx_api_url"),
    ]
    code, out, _ = exh_dev("credentials", "--data-dir", data_dir, "--format", "env")
    assert (code, out) == (0, Path(announced["credentials_file"]).read_text())


# call


@pytest.fixture
def on(running):
    """The options that name the running platform."""
    return ["--data-dir", str(running[2])]


def test_a_call_is_signed_and_its_answer_printed(on, exh_dev):
    code, out, _ = exh_dev("call", "GET", "/users/v1/me", *on)
    assert (code, json.loads(out)["email"]) == (0, "developer@localhost.example")
    code, out, _ = exh_dev("call", "get", "/users/v1/?eq(first_name,Local)&limit(1)", *on)
    assert (code, len(json.loads(out)["data"])) == (0, 1)
    assert exh_dev("call", "GET", "/users/v1/health", *on)[:2] == (0, "null\n")


def test_a_call_sends_json_from_the_command_line_or_stdin(on, exh_dev, monkeypatch):
    code, out, _ = exh_dev("call", "POST", "/data/v1/", '{"name": "pulse", "description": "Heart rate"}', *on)
    assert (code, json.loads(out)["name"]) == (0, "pulse")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"description": "Heart beats"}')))
    assert exh_dev("call", "PUT", "/data/v1/pulse", "-", *on)[:2] == (0, '{"affectedRecords": 1}\n')


@pytest.mark.slow
def test_a_call_may_wait_for_the_tasks_before(on, exh_dev):
    exh_dev("call", "POST", "/tasks/v1/", '{"functionName": "whoami"}', *on)
    code, out, _ = exh_dev("call", "GET", "/tasks/v1/", "--wait", *on)
    assert (code, [task["status"] for task in json.loads(out)["data"]]) == (0, ["complete"])


def test_what_the_platform_refuses_is_printed_and_a_failure(on, exh_dev):
    code, out, err = exh_dev("call", "GET", "/tasks/v1/functions/nothing", *on)
    assert (code, json.loads(out)["code"], err) == (1, 16, [])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["GET", "users/v1/me"], "has to begin with a slash"),
        (["GET", "/users/v1/me", "--host", "https://api.acme.io"], "--host needs --live"),
    ],
)
def test_call_refuses_wrong_arguments(on, exh_dev, arguments, told):
    code, out, err = exh_dev("call", *arguments, *on)
    assert (code, out) == (2, "")
    assert told in err[0]["message"]


@pytest.mark.parametrize(
    "command",
    [
        *("call GET /users/v1/me", "tasks", "logs hello-world", "schedules list", "schedules sync"),
        *("runs", "replay x", "mails"),
    ],
)
def test_a_command_without_a_running_platform_says_how_to_start_one(exh_dev, tmp_path, command):
    code, out, (line,) = exh_dev(*command.split(), "--data-dir", tmp_path)
    assert (code, out) == (1, "")
    assert "no platform runs on" in line["message"]
    assert "start one with `exh-dev serve`" in line["message"]


@pytest.mark.slow
def test_call_writes_a_binary_answer_unchanged(on, exh_dev):
    exh_dev("call", "POST", "/templates/v2/", '{"name": "greeting", "outputs": {"body": "<p>Hello</p>"}}', *on)
    execution = "/tasks/v1/functions/html-to-pdf/execute"
    _, out, _ = exh_dev("call", "POST", execution, '{"data": {"templateName": "greeting"}}', *on)
    path = f"/files/v1/{json.loads(out)['result']['fileToken']}/file"
    done = subprocess.run([*EXH_DEV, "call", "GET", path, *on], capture_output=True, check=True)
    assert done.stdout.startswith(b"%PDF")


# credentials again


@pytest.mark.slow
def test_asking_for_credentials_does_not_keep_a_platform_from_starting(tmp_path):
    asking = threading.Event()

    def ask():
        while not asking.is_set():
            with suppress(DevkitError):
                DataDir(tmp_path).running()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            with LocalPlatform(data_dir=tmp_path, ephemeral=True):
                pass
    finally:
        asking.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("place", ["/proc/x", "/proc/x/y", "/proc/self/fd/x"])
def test_a_data_dir_where_nothing_can_be_created_is_refused(exh_dev, place):
    code, _, lines = exh_dev("serve", "--port", "0", "--data-dir", place)
    assert (code, len(lines)) == (1, 1)
    assert f"{place} cannot be used as a data directory" in lines[0]["message"]


@pytest.mark.parametrize("obstacle", ["a file", "a folder for a file"])
def test_a_data_dir_that_is_not_a_usable_folder_is_refused(exh_dev, tmp_path, obstacle):
    data_dir = tmp_path / "data"
    if obstacle == "a file":
        data_dir.write_text("")
    else:
        (data_dir / "lock").mkdir(parents=True)
    for command in (["serve", "--port", "0"], ["credentials"]):
        code, _, lines = exh_dev(*command, "--data-dir", data_dir)
        assert code == 1
        assert "cannot be used as a data directory" in lines[0]["message"]


@pytest.mark.slow
def test_serve_injects_the_faults_of_its_rules(tmp_path):
    process = subprocess.Popen(
        [*EXH_DEV, "serve", "--port", "0", "--data-dir", str(tmp_path), "--fault", "GET /users/v1/health:503+2 x1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        url = json.loads(process.stdout.readline())["url"]
        first, second = (requests.get(f"{url}/users/v1/health", timeout=5) for _ in range(2))
        assert (first.status_code, first.headers["Retry-After"], second.status_code) == (503, "2", 200)
        requests.post(f"{url}/_dev/faults", json={"rule": "* /users/*:html=502"}, timeout=5).raise_for_status()
        assert requests.get(f"{url}/users/v1/health", timeout=5).status_code == 502
        requests.delete(f"{url}/_dev/faults", timeout=5).raise_for_status()
        assert requests.get(f"{url}/users/v1/health", timeout=5).status_code == 200
    finally:
        process.terminate()
        _, err = process.communicate(timeout=10)
    messages = [line["message"] for line in stderr_lines(err)]
    assert messages == [SERVING, "fault in force: GET /users/v1/health:503+2 x1", "stopping"]


def test_serve_sets_the_largest_size_of_a_file(tmp_path, monkeypatch):
    given = []

    def platform(**options):
        given.append(options["max_file_size"])
        raise DevkitError("enough is known")

    monkeypatch.setattr("exh_dev.serve.local_platform.LocalPlatform", platform)
    for options in ([], ["--max-file-size", "250"]):
        assert run_command(["serve", "--data-dir", str(tmp_path), *options]) == 1
    assert given == [8 * 1024 * 1024, 250 * 1024 * 1024]


def test_serve_sets_how_many_runs_are_kept(monkeypatch, tmp_path):
    given = []

    def platform(**options):
        given.append((options["keep_runs"], options["keep_bytes"]))
        raise DevkitError("enough is known")

    monkeypatch.setattr("exh_dev.serve.local_platform.LocalPlatform", platform)
    for options in ([], ["--keep-runs", "50", "--keep-runs-mb", "10"]):
        assert run_command(["serve", "--data-dir", str(tmp_path), *options]) == 1
    assert given == [(100_000, 512 * 1024 * 1024), (50, 10 * 1024 * 1024)]


# ways to end


@pytest.fixture
def slow_project(tmp_path):
    """A project with a function that says so and then never returns."""
    (tmp_path / "template.yaml").write_text(SLOW_TEMPLATE)
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "slow.json").write_text("{}")
    (tmp_path / "slow.py").write_text(
        "import os, time\n\ndef handler(event, context):\n    print(os.getpid(), flush=True)\n    time.sleep(60)\n"
    )
    return tmp_path


SLOW_TEMPLATE = f"""
Resources:
  Slow:
    Type: AWS::Serverless::Function
    Metadata: {{ExtraHorizon: {{name: slow, targets: [exh]}}}}
    Properties: {{Handler: slow.handler, Runtime: python3.{sys.version_info.minor}, Timeout: 60}}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_command_and_its_workers(slow_project, number, code):
    process = subprocess.Popen(
        [*EXH_DEV, "invoke", "slow"], cwd=slow_project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    worker = int(json.loads(process.stderr.readline())["message"])
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (code, b"")
    assert b"Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


@pytest.mark.slow
@pytest.mark.parametrize("redirection", ["2>&1 | head -1", "2> >(true)", "1>&-", "2>&-", "--event - 0<&-"])
def test_closed_streams_neither_hang_nor_crash_it(redirection):
    command = f"{' '.join(EXH_DEV)} invoke whoami --table {redirection}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=30)
    assert "Traceback" not in done.stdout + done.stderr
    assert "defect" not in done.stdout + done.stderr


@pytest.mark.slow
def test_malformed_uploads_are_answered_and_not_logged(served):
    process, announced, _ = served
    known = dict(line.split("=", 1) for line in Path(announced["credentials_file"]).read_text().splitlines())
    names = ("CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN", "TOKEN_SECRET")
    session = OAuth1Session(*(known[f"API_OAUTH_{name}"] for name in names))
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    for body in (
        b"--c\r\n" * 2,  # another boundary
        b"x" * 2_000,  # no boundary
        b"--b\r\nContent Disposition: no\r\n\r\n\r\n--b--",  # no header
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n1\r\n--b--\r\n' + b"after" * 500,
    ):
        answer = session.post(f"{announced['url']}/files/v1/", data=body, headers=kind, timeout=10)
        assert answer.status_code in {200, 400}
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert [line["message"] for line in stderr_lines(err)] == [SERVING, "stopping"]


def test_a_malformed_request_is_logged_as_one_json_line(served):
    process, announced, _ = served
    port = int(announced["url"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        connection.recv(1000)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert [line["message"] for line in stderr_lines(err)] == [SERVING, "Invalid HTTP request received.", "stopping"]


# the command itself


def test_no_command_prints_help_and_exits_2(exh_dev):
    code, out, _ = exh_dev()
    assert code == 2
    for command in ("invoke", "run", "serve", "credentials"):
        assert command in out


@pytest.mark.slow
def test_every_command_has_help_that_fits_a_terminal_of_80_columns(exh_dev, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = exh_dev("--help")
    commands = re.findall(r"^  ([a-z][a-z-]+)  ", out, re.MULTILINE)
    assert len(commands) > 20
    assert "..." not in out.partition("Commands:")[2]
    for command in commands:
        code, out, _ = exh_dev(command, "--help")
        assert code == 0
        assert max(map(len, out.splitlines())) <= 80
        assert not re.search(r"\{[a-z]|<(str|int)", out), "an argument's name is in capitals"


def test_a_defect_is_one_message_without_a_traceback(exh_dev, monkeypatch):
    monkeypatch.setattr("exh_dev.project.project.Project.find", lambda: 1 / 0)
    code, _, lines = exh_dev("run")
    assert code == 1
    assert "a defect in exh-dev: ZeroDivisionError" in lines[0]["message"]
