"""Profiles: the credentials of several clusters side by side, of which none gets mixed with another."""

import json
import os
from pathlib import Path

import pytest
from folder_projects import GREETING, write

from exh_dev.serve.local_platform import LocalPlatform

COMMANDS = [
    ["call", "GET", "/users/v1/me"],
    ["invoke", "hello-world"],
    ["run"],
    ["tasks"],
    ["logs", "hello-world"],
    ["schedules", "list"],
    ["schedules", "sync"],
]
ASKING = ("call", "invoke", "run")
ELSEWHERE = {
    "API_HOST": "http://localhost:1",
    "API_OAUTH_CONSUMER_KEY": "another",
    "API_OAUTH_CONSUMER_SECRET": "another",
    "API_OAUTH_TOKEN": "another",
    "API_OAUTH_TOKEN_SECRET": "another",
}


@pytest.fixture(autouse=True)
def _in_a_project(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path / "project", files=GREETING))


@pytest.fixture
def cluster():
    with LocalPlatform() as cluster:
        cluster.start()
        yield cluster


@pytest.mark.slow
def test_every_command_takes_all_from_the_profile_and_names_the_cluster(cluster, profile, exh_dev, monkeypatch):
    profile("staging", cluster.environment())
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    (Path.home() / ".exh" / "credentials").write_text("".join(f"{name}={text}\n" for name, text in ELSEWHERE.items()))
    for command in COMMANDS:
        yes = ["--yes"] if command[0] in ASKING else []
        code, _, lines = exh_dev(*command, "--live", "--profile", "staging", *yes)
        assert code == 0, (command, lines)
        assert f"the real cluster {cluster.url} (profile staging)" in lines[0]["message"]
        assert lines[0]["host"] == cluster.url


def test_without_a_profile_the_environment_is_used(cluster, profile, exh_dev, monkeypatch):
    profile("staging", ELSEWHERE)
    for name, value in cluster.environment().items():
        monkeypatch.setenv(name, value)
    code, out, _ = exh_dev("call", "GET", "/users/v1/me", "--live", "--yes")
    assert (code, json.loads(out)["id"]) == (0, cluster.credentials.user_id)
    monkeypatch.delenv("API_HOST")  # a file of its own, and nothing of the environment
    assert exh_dev("call", "GET", "/users/v1/me", "--live", "--profile", "staging", "--yes")[0] == 1


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        *((each, ["--profile", "staging"], "--profile needs --live") for each in COMMANDS),
        *((each, ["--host", "https://api.acme.io"], "--host needs --live") for each in COMMANDS),
        (["tasks"], ["--live", "--profile", "staging", "--host", "https://acme.io"], "does not go with --profile"),
        (["tasks"], ["--live", "--profile", "../x"], "letters, digits, - and _"),
        (["tasks"], ["--live", "--profile", ""], "letters, digits, - and _"),
        (["run"], ["--live", "--profile", "nowhere"], "there is no profile nowhere"),
    ],
)
def test_options_of_a_cluster_that_do_not_go_together_are_refused(exh_dev, profile, command, options, told):
    profile("staging", ELSEWHERE)
    code, out, lines = exh_dev(*command, *options)
    assert (code, out) == (2, "")
    assert told in lines[-1]["message"]


def test_a_missing_profile_says_which_there_are_and_how_to_make_it(exh_dev, profile):
    folder = profile("dev", ELSEWHERE).parent
    profile("staging", ELSEWHERE)
    profile("not a name", ELSEWHERE)
    _, _, (line,) = exh_dev("tasks", "--live", "--profile", "prod")
    assert f"no file {folder}/credentials.prod; there are: dev, staging." in line["message"]
    assert f"`exh login`, then: cp {folder}/credentials {folder}/credentials.prod" in line["message"]


def test_the_message_says_when_there_are_no_profiles(exh_dev):
    _, _, (line,) = exh_dev("tasks", "--live", "--profile", "prod")
    assert "there are: none." in line["message"]


def test_an_incomplete_profile_says_what_is_missing_whatever_the_environment_has(exh_dev, profile, monkeypatch):
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    path = profile("dev", {**ELSEWHERE, "API_OAUTH_TOKEN": "", "API_HOST": " "})
    code, _, (line,) = exh_dev("tasks", "--live", "--profile", "dev")
    assert code == 1
    assert line["message"].startswith(f"API_HOST, API_OAUTH_TOKEN are missing from the profile dev, {path};")
    assert "another" not in line["message"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('API_OAUTH_TOKEN="s3cret"', "line 4: write the value of API_OAUTH_TOKEN without quotes"),
        ("export API_OAUTH_TOKEN=s3cret", "line 4: write API_OAUTH_TOKEN=… without export"),
    ],
)
def test_a_line_of_a_profile_that_is_for_a_shell_is_named(exh_dev, profile, line, told):
    path = profile("dev", ELSEWHERE)
    lines = path.read_text().splitlines()
    lines[3] = line
    path.write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    code, _, (said,) = exh_dev("tasks", "--live", "--profile", "dev")
    assert code == 1
    assert f"the profile dev cannot be read, {path}, {told}" in said["message"]
    assert "s3cret" not in said["message"]


def test_a_profile_that_cannot_be_used_says_why(exh_dev, profile):
    path = profile("dev", {**ELSEWHERE, "API_HOST": "http://192.168.1.2"})
    code, _, (line,) = exh_dev("tasks", "--live", "--profile", "dev")
    assert code == 1
    assert f"{path}: API_HOST is 'http://192.168.1.2'" in line["message"]
    path.write_bytes(b"\xff\xfe")
    assert "it is not UTF-8" in exh_dev("tasks", "--live", "--profile", "dev")[2][0]["message"]
    path.unlink()
    path.mkdir()
    assert "is a directory" in exh_dev("tasks", "--live", "--profile", "dev")[2][0]["message"]


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_profile_that_others_can_read_is_a_warning(cluster, exh_dev, profile, mode, warned):
    path = profile("dev", cluster.environment(), mode)
    code, _, lines = exh_dev("tasks", "--live", "--profile", "dev")
    assert code == 0
    assert any(f"chmod 600 {path}" in line["message"] for line in lines) == warned


def test_a_profile_asks_like_any_other_credentials(cluster, exh_dev, profile, monkeypatch):
    profile("prod", cluster.environment())
    code, _, lines = exh_dev("call", "GET", "/users/v1/me", "--live", "--profile", "prod")
    assert code == 2
    assert "add --yes" in lines[-1]["message"]
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    code, out, lines = exh_dev("call", "GET", "/users/v1/me", "--live", "--profile", "prod")
    assert (code, out, lines[-1]["message"]) == (1, "", "not confirmed; no changes made")


def test_a_live_function_gets_the_profiles_credentials(cluster, exh_dev, profile, monkeypatch):
    shown = "{name: value for name, value in os.environ.items() if name.startswith('API_')}"
    source = f"import os\n\ndef handler(event, context):\n    return {shown}\n"
    Path("handlers/hello_world.py").write_text(source)
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    profile("dev", cluster.environment())
    code, out, _ = exh_dev("invoke", "hello-world", "--live", "--profile", "dev", "--yes")
    assert (code, json.loads(out)) == (0, cluster.environment())
    assert os.environ["API_HOST"] == "http://localhost:1"
