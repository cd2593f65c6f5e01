"""What the manifest says about each function, and every rule it must keep."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from exh_dev.aws.services import QUEUE_VARIABLES
from exh_dev.errors import ManifestError, UsageError
from exh_dev.project.function_spec import ExecutionCredentials, RetryPolicy, Schedule
from exh_dev.project.manifest import load_manifest

TEMPLATE = Path(__file__).parent / "project" / "template.yaml"


def function(name="one", meta="", properties="", logical_id="One"):
    """A resource with the least a function needs; `meta` and `properties` are further lines of theirs.

    In a template made of one such function, `meta` begins at line 6 (name is 5) and targets is the last of it.
    """
    meta = "".join(f"\n        {line}" for line in meta.splitlines())
    properties = "".join(f"\n      {line}" for line in properties.splitlines())
    targets = "" if "targets:" in meta else "\n        targets: [exh, aws]"
    handler = "" if "Handler:" in properties else "\n      Handler: handlers.one.handler"
    runtime = "" if "Runtime:" in properties else "\n      Runtime: python3.13"
    timeout = "" if "Timeout:" in properties else "\n      Timeout: 30"
    return f"""  {logical_id}:
    Type: AWS::Serverless::Function
    Metadata:
      ExtraHorizon:
        name: {name}{meta}{targets}
    Properties:{properties}{handler}{runtime}{timeout}
"""


@pytest.fixture
def load(tmp_path):
    def load(*functions, before=""):
        path = tmp_path / "template.yaml"
        path.write_text(f"{before}Resources:\n{''.join(functions)}", encoding="utf-8")
        return load_manifest(path)

    return load


@pytest.fixture
def spec(load):
    """The only function of a template."""

    def spec(before="", **parts):
        (only,) = load(function(**parts), before=before).functions
        return only

    return spec


@pytest.fixture
def refused(tmp_path):
    """Does what it is given and checks the error: its line, and words its message must have."""

    def refused(line, words, do, *args, **kwargs):
        with pytest.raises(ManifestError) as caught:
            do(*args, **kwargs)
        message = str(caught.value)
        assert message.startswith(f"{tmp_path / 'template.yaml'}:{line}: "), message
        for word in words:
            assert word in message, message

    return refused


# The project's own template


def test_the_template_describes_whoami():
    manifest = load_manifest(TEMPLATE)
    assert manifest.path == TEMPLATE
    whoami = manifest.functions[0]
    assert whoami.name == "whoami"
    lines = TEMPLATE.read_text().splitlines()

    assert whoami.logical_id == "Whoami"
    assert lines[whoami.line - 1] == "  Whoami:"
    assert whoami.handler == "handlers.whoami.handler"
    assert whoami.description.startswith("Returns the id of the Extra Horizon user")
    assert (whoami.runtime, whoami.architecture) == ("python3.13", "x86_64")
    assert (whoami.timeout, whoami.memory, whoami.log_format, whoami.log_level) == (30, 256, "JSON", None)
    assert (whoami.targets, whoami.kind) == (("exh", "aws"), "task")
    assert whoami.execution_permission == "permissionRequired"
    assert whoami.execution_credentials == ExecutionCredentials(permissions=())
    assert whoami.retry_policy == RetryPolicy(enabled=True, errors_to_retry=("PlatformUnreachableError",))
    assert (whoami.default_priority, whoami.schedule, whoami.events) == (None, None, ())


def test_the_template_names_the_secret_on_aws_alone():
    for spec in load_manifest(TEMPLATE).functions:
        variables = {"SIDEFX_CLIENT_ID": "id", "SIDEFX_CLIENT_SECRET": "secret"}
        deployed = dict.fromkeys(QUEUE_VARIABLES, "known once it is deployed")
        assert spec.environment("aws", variables, overrides=deployed)["API_SECRET_ID"] == "exh/tasks"
        assert "API_SECRET_ID" not in spec.environment("exh", variables, overrides=deployed)


# Reading


def test_everything_the_metadata_can_say(spec):
    meta = """
kind: schedule
targets: [exh]
executionPermission: allUsers
defaultPriority: -3
retryPolicy: {enabled: false}
executionCredentials: {permissions: [VIEW_DOCUMENTS, UPDATE_DOCUMENTS], email: task@example.com}
schedule: {interval: 60, start: 2025-01-01T00:00:00Z}
environment: {A: b}
events: [one.json, one.empty.json]
"""
    found = spec(meta=meta.strip())
    assert (found.targets, found.kind, found.execution_permission) == (("exh",), "schedule", "allUsers")
    assert found.default_priority == -3
    assert found.retry_policy == RetryPolicy(enabled=False)
    assert found.execution_credentials == ExecutionCredentials(
        ("VIEW_DOCUMENTS", "UPDATE_DOCUMENTS"), "task@example.com"
    )
    assert found.schedule == Schedule(60, "2025-01-01T00:00:00Z")
    assert found.events == ("one.json", "one.empty.json")


def test_the_least_a_function_needs_takes_the_defaults_of_sam(spec):
    found = spec()
    assert (found.kind, found.description, found.line) == ("task", "", 2)
    assert (found.architecture, found.memory, found.log_format) == ("x86_64", 128, "Text")
    assert found.environment("exh", {}) == {}


def test_globals_hold_where_the_function_says_nothing(spec):
    before = """\
Globals:
  Function:
    Timeout: 20
    MemorySize: 512
    Architectures: [arm64]
    Description: from Globals
    LoggingConfig: {LogFormat: JSON}
"""
    found = spec(before, properties="Timeout: 40\nLoggingConfig: {LogGroup: mine}")
    assert (found.timeout, found.memory, found.architecture) == (40, 512, "arm64")
    assert (found.log_format, found.description) == ("JSON", "from Globals")


def test_a_parameter_has_the_value_of_its_default(spec):
    before = """\
Parameters:
  Seconds: {Type: Number, Default: 25}
  Megabytes: {Type: Number, Default: "512"}
  Retry: {Type: String, Default: "true"}
  Label: {Type: String, Default: 7}
"""
    properties = 'Timeout: !Ref Seconds\nMemorySize: {Ref: Megabytes}\nDescription: !Sub "a ${Label}"'
    found = spec(before, meta="retryPolicy: {enabled: !Ref Retry, errorsToRetry: [!Ref Label]}", properties=properties)
    assert (found.timeout, found.memory, found.description) == (25, 512, "a 7")
    assert found.retry_policy == RetryPolicy(enabled=True, errors_to_retry=("7",))


def test_other_resources_and_sam_properties_are_not_judged(load):
    manifest = load(
        "  Queue: {Type: AWS::SQS::Queue}\n",
        "  Raw: {Type: AWS::Lambda::Function, Metadata: {ExtraHorizon: {}}}\n",
        "  Theirs: {Type: AWS::Serverless::Function, Properties: {Runtime: nodejs22.x}}\n",
        "  Odd: text\n",
        function(properties="NoSuchProperty: !If [A, b, c]"),
    )
    assert [spec.logical_id for spec in manifest.functions] == ["One"]
    assert manifest.others == ("Theirs",)


# Looking a function up


@pytest.mark.parametrize("spelling", ["hello-world", "hello_world", "HelloWorld", "helloworld", "Greeter", "greeter"])
def test_any_spelling_finds_the_function(load, spelling):
    manifest = load(function(), function("hello-world", logical_id="Greeter"))
    assert manifest.function(spelling).name == "hello-world"


def test_a_name_wins_over_another_function_s_logical_id(load):
    manifest = load(function("one", logical_id="Two"), function("two", logical_id="One"))
    assert manifest.function("two").logical_id == "One"


def test_an_unknown_function_names_the_closest_and_all(load):
    manifest = load(function(), function("hello-world", logical_id="Hello"))
    with pytest.raises(
        UsageError, match=r"no function `hallo_world` \(did you mean `hello-world`\?\).*one, hello-world"
    ):
        manifest.function("hallo_world")
    with pytest.raises(UsageError, match=r"no function `zzz`; there are: one, hello-world"):
        manifest.function("zzz")


def test_a_function_without_metadata_is_called_that(load):
    manifest = load("  Theirs: {Type: AWS::Serverless::Function}\n")
    with pytest.raises(UsageError, match=r"Theirs .* has no Metadata: ExtraHorizon"):
        manifest.function("theirs")
    with pytest.raises(UsageError, match="there are: none"):
        manifest.function("x")


# Rules of the file


def test_a_manifest_without_resources_is_refused(refused, tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text("Description: nothing else\n")
    refused(1, ["Resources is missing"], load_manifest, path)
    path.write_text("Description: nothing else\nResources:\n")
    refused(2, ["Resources must be a mapping", "nothing"], load_manifest, path)
    path.write_text("Resources: [a]\n")
    refused(1, ["Resources must be a mapping", "a list"], load_manifest, path)


def test_missing_file_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match=r"template\.yaml"):
        load_manifest(tmp_path / "template.yaml")


def test_globals_of_the_wrong_type_are_refused(refused, load):
    refused(1, ["Globals must be a mapping"], load, function(), before="Globals: [a]\n")
    refused(2, ["Globals: Function must be a mapping"], load, function(), before="Globals:\n  Function: 1\n")


# Rules of the metadata: name stands at line 6, further keys from line 7


@pytest.mark.parametrize(
    ("meta", "line", "words"),
    [
        ("retrypolicy: {}", 7, ["`retrypolicy` is not a key", "`retryPolicy`", "allowed are name, targets"]),
        ("retryPolicy:\n  enabled: true\n  errors: [A]", 9, ["retryPolicy", "`errors`", "enabled, errorsToRetry"]),
        ("executionCredentials:\n  permissions: []\n  mail: a", 9, ["`mail`", "`email`", "permissions, email"]),
        ("kind: schedule\nschedule:\n  interval: 60\n  begin: x", 10, ["`begin`", "interval, start"]),
        ("targets: []", 7, ["targets is missing or empty", "exh", "aws"]),
        ("targets: [exh, azure]", 7, ["cannot be `azure`", "exh, aws"]),
        ("targets: [exh, exh]", 7, ["targets", "twice"]),
        ("targets: exh", 7, ["targets must be a list", "the text `exh`"]),
        ("targets:\n  - exh\n  - 5", 9, ["targets must be a list of non-empty strings", "the number `5`"]),
        ("targets: !Split [',', 'exh,aws']", 7, ["targets must be a list", "`!Split`"]),
        ("kind: tasks", 7, ["kind cannot be `tasks`", "`task`", "task, api, event, schedule"]),
        ("kind: [task]", 7, ["kind must be a string", "a list"]),
        ("kind:", 7, ["kind must be a string", "nothing"]),
        ("kind: !GetAtt A.B", 7, ["kind must be known", "`!GetAtt A.B`"]),
        ("kind: schedule", 7, ["needs `schedule: {interval: SECONDS}`"]),
        ("schedule: {interval: 60}", 7, ["requires kind: schedule", "kind is task"]),
        ("kind: schedule\nschedule: {}", 8, ["interval is missing", "60 seconds"]),
        ("kind: schedule\nschedule: {interval: 59}", 8, ["interval is 59 s", "60 seconds"]),
        ("kind: schedule\nschedule: {interval: 60.5}", 8, ["interval must be an integer", "the number `60.5`"]),
        ("kind: schedule\nschedule: {interval: 60, start: 5}", 8, ["start must be a string", "the number `5`"]),
        ("kind: schedule\nschedule: 60", 8, ["schedule must be a mapping", "the number `60`"]),
        ("executionPermission: everyone", 7, ["cannot be `everyone`", "permissionRequired, allUsers, public"]),
        ('defaultPriority: "1"', 7, ["defaultPriority must be an integer", "the text `1`"]),
        ("defaultPriority: yes", 7, ["defaultPriority must be an integer", "the boolean `yes`"]),
        ("defaultPriority: 1.0", 7, ["defaultPriority must be an integer", "the number `1.0`"]),
        ("retryPolicy: {}", 7, ["enabled is missing", "true or false"]),
        ("retryPolicy:", 7, ["retryPolicy must be a mapping", "nothing"]),
        ("retryPolicy:\n  enabled: 1", 8, ["enabled must be true or false", "the number `1`"]),
        ("retryPolicy:\n  enabled: 'true'", 8, ["enabled must be true or false", "the text `true`"]),
        ("retryPolicy:\n  enabled: true\n  errorsToRetry: A", 9, ["errorsToRetry must be a list", "the text `A`"]),
        ("executionCredentials: {}", 7, ["permissions is missing", "[]"]),
        ("executionCredentials: {permissions: A}", 7, ["permissions must be a list", "the text `A`"]),
        ("executionCredentials:\n  permissions:\n    - A\n    - ''", 10, ["non-empty", "permissions"]),
        ("executionCredentials: {permissions: [true]}", 7, ["permissions", "the boolean `true`"]),
        ("executionCredentials: {permissions: [], email: 5}", 7, ["email must be a string", "the number `5`"]),
        ("environment: [a]", 7, ["environment must be a mapping", "a list"]),
        ("events: one.json", 7, ["events must be a list", "the text `one.json`"]),
    ],
)
def test_invalid_metadata_is_refused(refused, load, meta, line, words):
    refused(line, ["One: Metadata: ExtraHorizon", *words], load, function(meta=meta))


@pytest.mark.parametrize(
    "name", ["Hello", "hello_world", "hello--world", "-hello", "hello-", "1st", "a" * 65, "''", "'a b'"]
)
def test_names_are_kebab_case(refused, load, name):
    refused(6, ["name is `", "joined by `-`", "hello-world", "64"], load, function(name))


def test_a_name_must_be_there(refused, load):
    text = "  One:\n    Type: AWS::Serverless::Function\n    Metadata:\n      ExtraHorizon: {targets: [aws]}\n"
    refused(5, ["name is missing"], load, text)
    refused(5, ["ExtraHorizon must be a mapping", "nothing"], load, text.partition("{")[0] + "\n")


@pytest.mark.parametrize("second", ["hello-world", "helloworld"])
def test_names_are_unique(refused, load, second):
    first = function("hello-world")
    words = ["Two: ", f"`{second}` is not unique", "One at line 2", "rename"]
    refused(12, words, load, first, function(second, logical_id="Two"))


# Rules of the properties: the first of them stands at line 9


@pytest.mark.parametrize(
    "handler", ["handler", "handlers/whoami.handler", "handlers..handler", "handlers.hello-world.handler", "a.import.b"]
)
def test_handlers_can_be_imported(refused, load, handler):
    words = ["One: Handler is `", "module.function", "handlers.whoami.handler"]
    refused(9, words, load, function(properties=f"Handler: {handler}"))


@pytest.mark.parametrize("runtime", ["python3", "provided.al2023", "''"])
def test_runtimes_are_python_or_node(refused, load, runtime):
    refused(9, ["One: Runtime is `", "pythonX.Y", "nodejsX.x"], load, function(properties=f"Runtime: {runtime}"))


@pytest.mark.parametrize("runtime", ["nodejs22", "nodejs", "nodejs22.y"])
def test_runtimes_of_node_are_named_as_lambda_names_them(refused, load, runtime):
    properties = f"{{Runtime: {runtime}, Handler: index.handler, CodeUri: functions/one}}"
    least = "  One:\n    Type: AWS::Serverless::Function\n    Metadata: {ExtraHorizon: {name: one, targets: [aws]}}\n"
    refused(5, ["One: Runtime is `", "nodejsX.x"], load, f"{least}    Properties: {properties}\n")


def test_handler_and_runtime_must_be_there(refused, load):
    least = "  One:\n    Type: AWS::Serverless::Function\n    Metadata: {ExtraHorizon: {name: one, targets: [aws]}}\n"
    refused(2, ["One: Handler is missing"], load, least)
    refused(2, ["One: Runtime is missing"], load, f"{least}    Properties:\n      Handler: a.b\n")


@pytest.mark.parametrize(
    ("meta", "properties", "words"),
    [
        ("", "Timeout: 2", ["Timeout is 2 s", "3 to 300 s", "Extra Horizon"]),
        ("", "Timeout: 301", ["Timeout is 301 s", "3 to 300 s", "targets has exh"]),
        ("targets: [exh]", "Timeout: 301", ["3 to 300 s"]),
        ("targets: [aws]", "Timeout: 0", ["Timeout is 0 s", "1 to 900 s", "Lambda"]),
        ("targets: [aws]", "Timeout: 901", ["Timeout is 901 s", "1 to 900 s", "Lambda"]),
        ("kind: api", "Timeout: 31", ["Timeout is 31 s", "3 to 30 s", "kind: api", "direct and API calls"]),
        ("kind: api\ntargets: [aws]", "Timeout: 31", ["1 to 30 s", "kind: api"]),
        ("kind: api", "Timeout: 2", ["3 to 300 s"]),
        ("", "MemorySize: 127", ["MemorySize is 127 MB", "128 to 10240 MB"]),
        ("targets: [aws]", "MemorySize: 10241", ["MemorySize is 10241 MB", "128 to 10240 MB"]),
        ("", 'Timeout: "30"', ["Timeout must be an integer", "the text `30`"]),
        ("", "MemorySize: yes", ["MemorySize must be an integer", "the boolean `yes`"]),
        ("", "Timeout: !Ref Text", ["Timeout must be an integer", "`!Ref Text`"]),
        ("", "Timeout: !Ref Nothing", ["Timeout must be known", "`!Ref Nothing`", "no parameter"]),
        ("", "Architectures: []", ["exactly one", "x86_64", "arm64"]),
        ("", "Architectures: [arm64, x86_64]", ["exactly one"]),
        ("", "Architectures: [arm]", ["cannot be `arm`", "`arm64`"]),
        ("", "Description: 5", ["Description must be a string", "the number `5`"]),
        ("", "LoggingConfig: {LogFormat: json}", ["cannot be `json`", "`JSON`", "JSON, Text"]),
        ("", "Environment: {Variables: [a]}", ["Environment: Variables must be a mapping", "a list"]),
    ],
)
def test_invalid_properties_are_refused(refused, load, meta, properties, words):
    before = "Parameters: {Text: {Type: String, Default: abc}}\n"
    text = function(meta=meta, properties=properties)
    line = 3 + next(at for at, line in enumerate(text.splitlines()) if properties in line)
    refused(line, ["One", *words], load, text, before=before)


def test_the_default_timeout_of_sam_is_judged_too(spec, refused, load):
    assert spec(properties="Timeout: 3").timeout == 3
    text = "Globals:\n  Function:\n    Timeout: 400\n"
    without = function().replace("\n      Timeout: 30", "")
    refused(3, ["One: Timeout is 400 s"], load, without, before=text)
    assert load(without).functions[0].timeout == 3


@pytest.mark.parametrize(
    ("targets", "kind", "timeout"),
    [
        ("[exh]", "task", 3),
        ("[exh, aws]", "event", 300),
        ("[aws]", "task", 1),
        ("[aws]", "task", 900),
        ("[exh]", "api", 30),
    ],
)
def test_limits_are_inclusive(spec, targets, kind, timeout):
    found = spec(meta=f"targets: {targets}\nkind: {kind}", properties=f"Timeout: {timeout}\nMemorySize: 10240")
    assert found.timeout == timeout


# Container images


def image(command="[handlers.one.handler]", more="", arguments=""):
    """A template of one function that is an image; the first line of `more` is line 12."""
    more = "".join(f"\n        {line}" for line in more.splitlines())
    return f"""Resources:
  One:
    Type: AWS::Serverless::Function
    Metadata:{arguments}
      ExtraHorizon: {{name: one, targets: [exh, aws]}}
    Properties:
      PackageType: Image
      Timeout: 30
      ImageUri: registry.example/one:1
      ImageConfig:
        Command: {command}{more}
"""


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (image("[one]"), 11, ["Command is `one`", "module.function"]),
        (image("[python, -m, extrahorizon.batch]"), 11, ["Command is `python -m extrahorizon.batch`"]),
        (image("handlers.one.handler"), 11, ["Command", "a list of strings"]),
        (image(more="EntryPoint: [python, -m, extrahorizon.batch]"), 12, ["EntryPoint", "awslambdaric"]),
        (image().partition("      ImageConfig")[0], 7, ["PackageType is `Image`", "ImageConfig: Command"]),
        (image(arguments="\n      DockerBuildArgs: {PYTHON: x}"), 5, ["PYTHON is `x`", "'3.13'"]),
    ],
)
def test_an_image_that_does_not_name_its_handler(tmp_path, refused, text, line, words):
    path = tmp_path / "template.yaml"
    path.write_text(text, encoding="utf-8")
    refused(line, words, load_manifest, path)


def test_an_image_has_its_command_for_a_handler_and_is_not_synced(tmp_path):
    path = tmp_path / "template.yaml"
    for arguments, runtime in (("", f"python3.{sys.version_info.minor}"), ('{PYTHON: "3.12"}', "python3.12")):
        added = arguments and f"\n      DockerBuildArgs: {arguments}"
        more = "EntryPoint: [/usr/bin/python3, -m, awslambdaric]"
        path.write_text(image(more=more, arguments=added), encoding="utf-8")
        (only,) = load_manifest(path).functions
        assert (only.handler, only.runtime, only.image, only.synced) == ("handlers.one.handler", runtime, True, False)
