import json
import re
import traceback

import boto3
import pytest
from http_server import answering
from moto import mock_aws

from extrahorizon.credentials import CredentialChain, Credentials, parse_credentials
from extrahorizon.deadline import Deadline
from extrahorizon.errors import ConfigurationError, DeadlineExceededError
from extrahorizon.secrets_manager import SecretsManager
from extrahorizon.settings import HOST, OAUTH_NAMES, Settings

VARIABLE = re.compile(r"API_[A-Z_]+")
HOST_URL = "https://api.dev.acme.extrahorizon.io"
IN_ENVIRONMENT = dict(zip(OAUTH_NAMES, ("env-key", "env-cs", "env-token", "env-ts"), strict=True))
IN_SECRET = {HOST: HOST_URL, **dict(zip(OAUTH_NAMES, ("sm-key", "sm-cs", "sm-token", "sm-ts"), strict=True))}
IN_FILE = {HOST: HOST_URL, **dict(zip(OAUTH_NAMES, ("file-key", "file-cs", "file-token", "file-ts"), strict=True))}


def find(environ):
    return CredentialChain(Settings.from_environment(environ)).current()


def write_file(home, members):
    (home / ".exh").mkdir(parents=True, exist_ok=True)
    text = "".join(f"{name}={value}\n" for name, value in members.items())
    (home / ".exh" / "credentials").write_text(text)


@pytest.fixture
def aws(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield boto3.client("secretsmanager")


# The environment


@pytest.mark.parametrize("name", ["host", "consumer_key", "consumer_secret", "token", "token_secret"])
def test_a_value_that_is_no_string_is_refused_by_its_name_and_not_quoted(name):
    values = dict.fromkeys(["host", "consumer_key", "consumer_secret", "token", "token_secret"], "any")
    with pytest.raises(ConfigurationError, match=f"^{name}: expected a string, got a value of type int$"):
        Credentials(**{**values, name: 31_337})


def test_a_complete_environment_is_used_with_white_space_removed():
    found = find({HOST: f" {HOST_URL}/ ", **{name: f" {value}\n" for name, value in IN_ENVIRONMENT.items()}})
    assert found == Credentials(HOST_URL, "env-key", "env-cs", "env-token", "env-ts", "the environment")


def one_and_the_rest(one, rest):
    return [[one if at == each else rest for at in range(5)] for each in range(5)]


@pytest.mark.parametrize(
    "states",
    [
        *one_and_the_rest("missing", "set"),
        *one_and_the_rest("blank", "set"),
        *one_and_the_rest("set", "missing"),
        *one_and_the_rest("missing", "blank"),
        ["missing"] * 5,
        ["blank"] * 5,
    ],
    ids="-".join,
)
def test_an_incomplete_environment_is_refused_naming_exactly_what_is_missing(states, tmp_path):
    names = (HOST, *OAUTH_NAMES)
    environ = {"HOME": str(tmp_path)}
    for name, state in zip(names, states, strict=True):
        if state != "missing":
            environ[name] = {**IN_ENVIRONMENT, HOST: HOST_URL}[name] if state == "set" else "  "
    with pytest.raises(ConfigurationError) as refusal:
        find(environ)
    missing, _, advice = str(refusal.value).partition(" missing from ")
    blank = advice.partition("(")[2].partition(" set there, but blank)")[0] if "but blank" in advice else ""
    assert VARIABLE.findall(missing) == [name for name, state in zip(names, states, strict=True) if state != "set"]
    assert VARIABLE.findall(blank) == sorted(
        name for name, state in zip(names, states, strict=True) if state == "blank"
    )
    for value in IN_ENVIRONMENT.values():
        assert value not in str(refusal.value)


@pytest.mark.slow
def test_a_partial_environment_is_never_completed_from_elsewhere(aws, tmp_path):
    aws.create_secret(Name="exh", SecretString=json.dumps(IN_SECRET))
    write_file(tmp_path, IN_FILE)
    partial = {HOST: HOST_URL, "API_OAUTH_TOKEN": "env-token", "API_SECRET_ID": "exh", "HOME": str(tmp_path)}
    with pytest.raises(ConfigurationError, match=r"API_OAUTH_CONSUMER_KEY.*are missing from the environment"):
        find(partial)


def test_the_environment_wins_over_secret_and_file(aws, tmp_path):
    aws.create_secret(Name="exh", SecretString=json.dumps(IN_SECRET))
    write_file(tmp_path, IN_FILE)
    found = find({HOST: HOST_URL, **IN_ENVIRONMENT, "API_SECRET_ID": "exh", "HOME": str(tmp_path)})
    assert found.token == "env-token"


def test_the_message_of_nothing_at_all_says_where_credentials_may_come_from(tmp_path):
    with pytest.raises(ConfigurationError) as refusal:
        find({"HOME": str(tmp_path)})
    assert str(refusal.value) == (
        "API_HOST, API_OAUTH_CONSUMER_KEY, API_OAUTH_CONSUMER_SECRET, API_OAUTH_TOKEN, API_OAUTH_TOKEN_SECRET are "
        "missing from the environment. The four API_OAUTH_* variables must come together: in the environment, or, with "
        "none of them there, in the Secrets Manager secret that API_SECRET_ID names or in ~/.exh/credentials, which "
        "`exh login` writes."
    )


@pytest.mark.parametrize(
    ("blank", "verb"), [(["API_OAUTH_TOKEN"], "is"), (["API_OAUTH_TOKEN", "API_OAUTH_TOKEN_SECRET"], "are")]
)
def test_the_message_distinguishes_blank_variables_from_missing_ones(blank, verb):
    with pytest.raises(ConfigurationError) as refusal:
        find({HOST: HOST_URL, **IN_ENVIRONMENT, **dict.fromkeys(blank, " ")})
    names = ", ".join(blank)
    told = f"{names} {verb} missing from the environment ({names} {verb} set there, but blank). The four "
    assert str(refusal.value).startswith(told)


def test_on_lambda_the_message_says_which_functions_get_credentials():
    with pytest.raises(ConfigurationError) as refusal:
        find({HOST: HOST_URL, "AWS_LAMBDA_FUNCTION_NAME": "whoami"})
    assert str(refusal.value) == (
        "API_OAUTH_CONSUMER_KEY, API_OAUTH_CONSUMER_SECRET, API_OAUTH_TOKEN, API_OAUTH_TOKEN_SECRET are missing from "
        "the environment (Extra Horizon sets them for a function whose entry in template.yaml has "
        "executionCredentials). The four API_OAUTH_* variables must come together: in the environment, or, with none "
        "of them there, in the Secrets Manager secret that API_SECRET_ID names."
    )


def test_a_missing_host_alone_is_the_only_thing_the_message_names():
    with pytest.raises(ConfigurationError) as refusal:
        find(IN_ENVIRONMENT)
    assert str(refusal.value) == (
        "API_HOST is missing from the environment. Set it in the environment, or together with the credentials."
    )


def test_without_settings_the_environment_is_read_at_the_first_use(monkeypatch):
    chain = CredentialChain()
    for name, value in {HOST: HOST_URL, **IN_ENVIRONMENT}.items():
        monkeypatch.setenv(name, value)
    assert chain.current().token == "env-token"
    monkeypatch.setenv("API_OAUTH_TOKEN", "later")
    assert (chain.current().token, chain.renew().token) == ("env-token", "env-token")


# Secrets Manager


def test_a_secret_is_used_when_no_credential_is_in_the_environment(aws, tmp_path):
    aws.create_secret(Name="exh", SecretString=json.dumps(IN_SECRET))
    write_file(tmp_path, IN_FILE)
    found = find({"API_SECRET_ID": "exh", "HOME": str(tmp_path)})
    assert found == Credentials(HOST_URL, "sm-key", "sm-cs", "sm-token", "sm-ts", "the secret 'exh'")


def test_a_function_with_a_secret_is_not_sent_to_its_execution_credentials(aws):
    aws.create_secret(Name="exh", SecretString="{}")
    with pytest.raises(ConfigurationError) as refusal:
        find({"API_SECRET_ID": "exh", "AWS_LAMBDA_FUNCTION_NAME": "whoami"})
    assert "missing from the secret 'exh'. The four API_OAUTH_* variables" in str(refusal.value)


def test_blank_variables_do_not_hide_the_secret(aws):
    aws.create_secret(Name="exh", SecretString=json.dumps(IN_SECRET))
    assert find({"API_SECRET_ID": "exh", **dict.fromkeys(OAUTH_NAMES, " ")}).token == "sm-token"


def test_the_host_in_the_environment_wins_over_the_one_in_the_secret(aws):
    aws.create_secret(Name="exh", SecretString=json.dumps(IN_SECRET))
    assert find({"API_SECRET_ID": "exh", HOST: "other.example"}).host == "https://api.other.example"


@pytest.mark.parametrize(
    ("missing", "how"),
    [*((name, "absent") for name in (HOST, *OAUTH_NAMES)), ("API_OAUTH_TOKEN", "blank"), (HOST, "not a string")],
)
def test_a_secret_that_lacks_a_member_is_refused_by_name(aws, missing, how):
    members = {name: value for name, value in IN_SECRET.items() if name != missing}
    if how != "absent":
        members[missing] = " " if how == "blank" else 7
    aws.create_secret(Name="exh", SecretString=json.dumps(members))
    with pytest.raises(ConfigurationError, match=f"^{missing} is missing from the secret 'exh'") as refusal:
        find({"API_SECRET_ID": "exh"})
    assert "sm-" not in str(refusal.value)


@pytest.mark.parametrize("text", ["not json: sm-cs", '["sm-cs"]', '"sm-cs"', ""])
def test_a_secret_that_is_no_json_object_is_refused_without_quoting_it(aws, text):
    aws.create_secret(Name="exh", SecretString=text) if text else aws.create_secret(Name="exh", SecretBinary=b"sm-cs")
    with pytest.raises(ConfigurationError, match="secret 'exh' could not be read from AWS Secrets Manager") as refusal:
        find({"API_SECRET_ID": "exh"})
    assert "sm-cs" not in "".join(traceback.format_exception(refusal.value)).replace(repr(text), "")


def test_an_unknown_secret_is_a_configuration_error_that_names_it(aws):
    with pytest.raises(ConfigurationError, match="'nowhere' could not be read.*there is no such secret"):
        find({"API_SECRET_ID": "nowhere"})


def test_access_denied_says_which_permission_is_needed(monkeypatch):
    from botocore.exceptions import ClientError

    class Denied:
        def get_secret_value(self, **_):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetSecretValue")

    monkeypatch.setattr(boto3, "client", lambda *_, **__: Denied())
    with pytest.raises(ConfigurationError, match="access denied.*secretsmanager:GetSecretValue"):
        find({"API_SECRET_ID": "exh"})


def test_no_aws_region_is_a_configuration_error(monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ConfigurationError, match="NoRegionError"):
        find({"API_SECRET_ID": "exh"})


def test_a_secret_is_fetched_once_in_300_seconds_and_rotation_is_seen_after_that(aws):
    now = [1000.0]
    secrets = SecretsManager(Settings.from_environment({}), clock=lambda: now[0])
    aws.create_secret(Name="exh", SecretString='{"A": "1"}')
    assert secrets.read("exh") == {"A": "1"}
    aws.put_secret_value(SecretId="exh", SecretString='{"A": "2"}')
    now[0] += 299.9
    assert secrets.read("exh") == {"A": "1"}
    assert secrets.read_again("exh") == {"A": "2"}
    aws.put_secret_value(SecretId="exh", SecretString='{"A": "3"}')
    now[0] += 300
    assert secrets.read("exh") == {"A": "3"}


@pytest.mark.parametrize("ask", [CredentialChain.current, CredentialChain.renew])
def test_a_secret_is_not_asked_for_when_no_time_is_left(aws, ask):
    aws.create_secret(Name="exh", SecretString=json.dumps(IN_SECRET))
    chain = CredentialChain(Settings.from_environment({"API_SECRET_ID": "exh"}))
    with pytest.raises(DeadlineExceededError, match="no time is left for reading the secret"):
        ask(chain, Deadline(0))
    assert ask(chain, Deadline(60)).token == "sm-token"


def test_a_refused_secret_is_not_fetched_again_when_no_time_is_left(aws):
    aws.create_secret(Name="exh", SecretString=json.dumps(IN_SECRET))
    chain = CredentialChain(Settings.from_environment({"API_SECRET_ID": "exh"}))
    chain.current()
    with pytest.raises(DeadlineExceededError):
        chain.renew(Deadline(0))
    assert chain.current(Deadline(0)).token == "sm-token"


# The Secrets extension


def test_the_extension_is_asked_when_its_port_is_set_and_boto3_is_not_imported(monkeypatch):
    monkeypatch.setattr(boto3, "client", lambda *_, **__: pytest.fail("boto3 was used"))
    with answering(answer=json.dumps({"SecretString": json.dumps(IN_SECRET)}).encode()) as extension:
        environ = {
            "API_SECRET_ID": "exh/tasks",
            "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": str(extension.server_port),
            "AWS_SESSION_TOKEN": "session",
        }
        assert find(environ).token == "sm-token"
    assert extension.seen == ["/secretsmanager/get?secretId=exh%2Ftasks"]
    assert extension.headers[0]["X-Aws-Parameters-Secrets-Token"] == "session"


@pytest.mark.parametrize("port", ["no", "0", "65536", "-1", "²"])
def test_an_extension_port_that_is_not_a_port_is_refused(port):
    with pytest.raises(ConfigurationError, match="PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"):
        Settings.from_environment({"PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": port})


# The credentials file


def test_the_file_of_the_official_cli_is_the_last_source(tmp_path):
    write_file(tmp_path, IN_FILE)
    found = find({"HOME": str(tmp_path)})
    assert (found.token, found.source) == ("file-token", str(tmp_path / ".exh" / "credentials"))


def test_the_host_in_the_environment_wins_over_the_one_in_the_file(tmp_path):
    write_file(tmp_path, IN_FILE)
    assert find({"HOME": str(tmp_path), HOST: "http://localhost:8420"}).host == "http://localhost:8420"


def test_the_file_is_never_read_inside_lambda(tmp_path):
    write_file(tmp_path, IN_FILE)
    with pytest.raises(ConfigurationError) as refusal:
        find({"HOME": str(tmp_path), "AWS_LAMBDA_FUNCTION_NAME": "whoami"})
    assert "~/.exh" not in str(refusal.value)


def test_a_partial_file_names_what_it_lacks(tmp_path):
    write_file(tmp_path, {**IN_FILE, "API_OAUTH_TOKEN_SECRET": ""})
    with pytest.raises(ConfigurationError, match="^API_OAUTH_TOKEN_SECRET is missing from .*credentials"):
        find({"HOME": str(tmp_path)})


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / ".exh").mkdir()
    (tmp_path / ".exh" / "credentials").write_bytes(b"API_HOST=\xff\xfe")
    with pytest.raises(ConfigurationError, match="could not be read: it is not UTF-8"):
        find({"HOME": str(tmp_path)})


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path):
    path = tmp_path / ".exh" / "credentials"
    path.mkdir(parents=True)
    with pytest.raises(ConfigurationError) as refusal:
        find({"HOME": str(tmp_path)})
    assert str(refusal.value) == f"the credentials file {path} could not be read: Is a directory"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\n\n# by hand\n"])
def test_a_file_with_a_byte_order_mark_is_read_from_its_first_line_on(tmp_path, ends):
    """As Notepad and PowerShell write it."""
    write_file(tmp_path, {})
    text = "".join(f"{name}={value}{ends}" for name, value in IN_FILE.items())
    (tmp_path / ".exh" / "credentials").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert find({"HOME": str(tmp_path)}).host == HOST_URL


def test_the_file_format_is_forgiving():
    text = "API_HOST = https://acme.io \r\n\r\n# comment\nAPI_OAUTH_TOKEN=a=b\nAPI_OAUTH_CONSUMER_KEY=\n"
    assert parse_credentials(text) == {"API_HOST": "https://acme.io", "API_OAUTH_TOKEN": "a=b"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("export API_OAUTH_TOKEN=s3cret", "line 3: write API_OAUTH_TOKEN=… without export"),
        ("export\tAPI_OAUTH_TOKEN = s3cret", "line 3: write API_OAUTH_TOKEN=… without export"),
        ('API_OAUTH_TOKEN="s3cret"', "line 3: write the value of API_OAUTH_TOKEN without quotes"),
        ("API_OAUTH_TOKEN='s3cret'", "line 3: write the value of API_OAUTH_TOKEN without quotes"),
        ('API_OAUTH_TOKEN="s3cret', "line 3: write the value of API_OAUTH_TOKEN without quotes"),
        ('API_OAUTH_TOKEN=s3cret"', "line 3: write the value of API_OAUTH_TOKEN without quotes"),
        ('export API_OAUTH_TOKEN="s3cret"', "line 3: write API_OAUTH_TOKEN=… without export"),
    ],
)
def test_a_line_that_is_written_for_a_shell_is_refused_by_its_number(tmp_path, line, said):
    """The official CLI reads the same file, and would sign with the quotes."""
    write_file(tmp_path, {})
    path = tmp_path / ".exh" / "credentials"
    path.write_text(f"API_HOST={HOST_URL}\n# by hand\n{line}\nAPI_OAUTH_TOKEN_SECRET=b\n")
    with pytest.raises(ConfigurationError) as refusal:
        find({"HOME": str(tmp_path)})
    assert str(refusal.value).startswith(f"the credentials file {path}, {said}")
    assert "s3cret" not in str(refusal.value)


def test_lines_of_other_tools_beside_the_credentials_may_be_for_a_shell(tmp_path):
    write_file(tmp_path, IN_FILE)
    with (tmp_path / ".exh" / "credentials").open("a") as file:
        file.write("export EDITOR='vi'\nexporter=1\n")
    assert find({"HOME": str(tmp_path)}).token == "file-token"


# What never shows


def test_no_repr_shows_a_secret():
    settings = Settings.from_environment({HOST: HOST_URL, **IN_ENVIRONMENT, "AWS_SESSION_TOKEN": "env-session"})
    credentials = CredentialChain(settings).current()
    assert "env-" not in f"{settings!r}{credentials!r}"
    given = Credentials("acme.io", "env-key", "env-cs", "env-token", "env-ts")
    assert repr(given) == "Credentials(host='https://api.acme.io', source='given')"
