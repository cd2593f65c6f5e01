"""Functions for AWS read their secret where moto is not installed: from a stand-in of AWS's extension."""

import json
from contextlib import closing

import pytest
import requests
from folder_projects import GREETING, write

from exh_dev.aws.secrets_extension import SecretsExtension
from exh_dev.project.project import Project
from exh_dev.serve import deploy
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.serve.project import ServedProject
from extrahorizon.errors import ConfigurationError
from extrahorizon.secrets_manager import SecretsManager
from extrahorizon.settings import Settings

VALUES = {"API_HOST": "https://api.acme.io", "API_OAUTH_TOKEN": "token"}


@pytest.fixture
def extension():
    with SecretsExtension() as extension:
        extension.put_secret("exh/tasks", VALUES)
        yield extension


def reader(extension, **changes):
    return SecretsManager(Settings.from_environment({**extension.environment(), **changes}))


def test_a_function_reads_its_secret(extension):
    assert reader(extension).read("exh/tasks") == VALUES


def test_an_unknown_secret_is_refused(extension):
    with pytest.raises(ConfigurationError):
        reader(extension).read("exh/others")


def test_without_the_functions_token_no_secret_is_answered(extension):
    with pytest.raises(ConfigurationError):
        reader(extension, AWS_SESSION_TOKEN="another").read("exh/tasks")
    url = f"http://localhost:{extension.environment()['PARAMETERS_SECRETS_EXTENSION_HTTP_PORT']}"
    assert requests.get(f"{url}/secretsmanager/get?secretId=exh/tasks", timeout=5).status_code == 401
    assert requests.get(f"{url}/", timeout=5).status_code == 404


@pytest.mark.slow
def test_without_moto_a_function_for_aws_runs_with_its_secret(exh_dev, project_root, monkeypatch):
    monkeypatch.chdir(project_root)
    monkeypatch.setattr("exh_dev.serve.execution.has_aws", lambda: False)
    code, out, _ = exh_dev("invoke", "whoami", "--credentials", "secret")
    assert (code, list(json.loads(out))) == (0, ["user_id"])


@pytest.mark.slow
def test_without_moto_a_served_function_for_aws_alone_runs_too(tmp_path, monkeypatch):
    monkeypatch.setattr("exh_dev.aws.functions.has_aws", lambda: False)
    template = GREETING["template.yaml"].replace("targets: [exh]", "targets: [aws]")
    variables = "      Environment: {Variables: {API_SECRET_ID: exh/tasks}}\n"
    template = template.replace("      MemorySize: 256\n", f"      MemorySize: 256\n{variables}")
    project = Project(write(tmp_path / "greeting", {"template.yaml": template}, files=GREETING))
    with LocalPlatform() as platform, closing(ServedProject(platform, project)) as served:
        deploy.start(platform, project, print, served)
        found = served.invoke_on_aws("hello-world", {"data": {"name": "Ada"}}, "r1", lambda _: None)
    assert found.result == {"greeting": "Hello, Ada!"}
