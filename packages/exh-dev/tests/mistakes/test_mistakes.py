"""Mistakes that people make with any command: each is told with what is expected and what to do, and nothing is half
done.
"""

import errno
import json
import os
import pkgutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.slow


class Mistake(NamedTuple):
    """What is changed in the project, what is typed, and what is to come of it: the exit code and words of all parts of
    the message, what is wrong, what is expected and what to do.
    """

    command: str | list
    code: int
    told: list
    files: dict = {}  # noqa: RUF012 - never changed
    stdin: bytes = b""
    env: dict = {}  # noqa: RUF012 - a default that nothing changes


def sweep(body, before=""):
    """The handler of sweep."""
    return {"handlers/sweep.py": f"{before}def handler(event, context):\n    {body}\n"}


def replaced(old, new):
    def change(text):
        assert old in text, (old, text)
        return text.replace(old, new, 1)

    return change


def database(version):
    """The file of a platform whose data have a format."""

    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"pragma user_version={version}")
        connection.execute("create table documents(id)")
        return {".exh-dev/platform.db": connection.serialize()}


KEYS = {f"API_OAUTH_{name}": "x" for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN", "TOKEN_SECRET")}
NEWER = database(9999)
ELSEWHERE = "no template.yaml in"
ONE = "there are: greet, answer, sweep"
MISTAKES = {
    # Anywhere
    "command misspelt": Mistake("invok greet", 2, ["No such command 'invok'", "Did you mean 'invoke'?"]),
    "option misspelt": Mistake("run --tabel", 2, ["No such option: --tabel", "--table", "exh-dev run --help"]),
    "option before the command": Mistake("--json run", 2, ["--json goes after the command", "exh-dev run --json"]),
    "two forms at once": Mistake("run --json --table", 2, ["--json and --table exclude each other"]),
    "argument too many": Mistake("check now", 2, ["unexpected extra argument", "(now)", "exh-dev check --help"]),
    "outside of a project": Mistake(
        "run", 2, [ELSEWHERE, "run this inside a project", "exh-dev init DIR"], {"template.yaml": None}),
    "template.yaml is a folder": Mistake(
        "check", 2, [ELSEWHERE, "run this inside a project"], {"template.yaml": {}}),
    "template.yaml is no text": Mistake(
        "run", 2, ["template.yaml:1: this is not UTF-8"], {"template.yaml": b"\xff\xfe\x00"}),
    "template.yaml is empty": Mistake(
        "run", 2, ["template.yaml:1", "a mapping with Resources", "not an empty file"], {"template.yaml": ""}),
    ".env that is none": Mistake(
        "invoke sweep", 2, [".env:1: this is not NAME=value", "quote values"], {".env": "what\n"}),
    # init
    "init where something is": Mistake("init .", 2, ["is not empty; no file was written", "does not exist yet"]),
    "init below a file": Mistake("init template.yaml/x", 2, ["template.yaml is a file", "name a folder"]),
    "init by a wrong name": Mistake(
        "init ../x --name 'My Clinic!'", 2, ["'My Clinic!' cannot be a project's name", "as my-clinic"]),
    "init with an unknown example": Mistake(
        "init ../x --with patient-apy", 2, ["no example 'patient-apy'", "did you mean `patient-api`?", "daily-report"]),
    "init for a target that the example has not": Mistake(
        "init ../x --target exh --with analyze-queued-measurements", 2, ["is for aws alone", "--target both"]),
    # new, rename, remove
    "new by a word of Python": Mistake("new class", 2, ["class is a Python keyword", "such as class-task"]),
    "new by a path": Mistake("new ../evil", 2, ["'../evil' cannot be the name", "such as hello-world"]),
    "new by a name that is taken": Mistake("new Greet", 2, ["template.yaml has Greet already", "another name"]),
    "new where a file is": Mistake(
        "new hello", 2, ["handlers/hello.py exists already", "move that away"], {"handlers/hello.py": "x = 1\n"}),
    "new with a permission misspelt": Mistake(
        "new hello --permission VIEW_USRE", 2, ["no permission VIEW_USRE", "did you mean `VIEW_USER`?"]),
    "new with a permission by another verb": Mistake(
        "new hello --permission READ_DOCUMENTS:pulse", 2,
        ["no permission READ_DOCUMENTS; for DOCUMENTS there are CREATE_DOCUMENTS, ", "VIEW_DOCUMENTS",
         "exh-dev call GET /users/v1/permissions` lists all of them"]),
    "new with a permission that is near to none": Mistake(
        "new hello --permission EVERYTHING", 2, ["there is no permission EVERYTHING; `"]),
    "new of an unknown kind": Mistake("new hello --kind cron", 2, ["'cron' is not one of 'task', 'api'", "--help"]),
    "new in a template that is broken": Mistake(
        "new hello", 2, ["template.yaml:2: this is not YAML", "check the indentation"],
        {"template.yaml": "Resources: [\n"}),
    "rename of an unknown function": Mistake("rename gret hi", 2, ["no function `gret`", "did you mean `greet`?", ONE]),
    "rename to a name that is taken": Mistake(
        "rename greet answer", 2, ["handlers/answer.py, events/answer.json have it already", "choose another name"]),
    "remove without git": Mistake("remove sweep", 2, ["is not in git", "use --force to remove them anyway"]),
    # types, build, upgrade, editor
    "types of a schema that is no JSON": Mistake(
        "types", 1, ["schemas/pulse.json:1: not JSON", "no file was written", "exh-dev check"],
        {"schemas/pulse.json": "{"}),
    "types over a folder": Mistake(
        "types", 1, ["handlers/documents.py cannot be used: is a directory"], {"handlers/documents.py": {}}),
    "types over somebody's file": Mistake(
        "types", 1, ["was not made by exh-dev types", "move it away"], {"handlers/documents.py": "x = 1\n"}),
    "build for an unknown Python": Mistake("build --runtime python2.7", 2, ["python3.13", "not for python2.7"]),
    "build with a Python that is none": Mistake(
        "build sweep --python /nowhere/python", 2, ["--python /nowhere/python is not CPython", "cannot be run"]),
    "build with a size that is none": Mistake("build --max-size big", 2, ["'big' is not a number", "build --help"]),
    "build where a file is": Mistake("build sweep", 2, ["build is not a folder", "move it away"], {"build": "x"}),
    "build of a secret": Mistake(
        "build sweep", 1, ["handlers/sweep.py:1: AWS Access Key", "nothing was built", "pragma: allowlist secret"],
        sweep("return {}", 'aws = "AKIA' + 'IOSFODNN7EXAMPLQ"\n')),
    "upgrade of what init did not make": Mistake(
        "upgrade --wheels .", 2, ["pyproject.toml does not pin exh-dev", "it cannot be upgraded"]),
    "editor where a file is": Mistake("editor", 1, [".vscode", "not a directory"], {".vscode": "x"}),
    # invoke and run: what is given to them
    "function misspelt": Mistake("invoke swep", 2, ["no function `swep`", "did you mean `sweep`?", ONE]),
    "event that is not there": Mistake(
        "invoke sweep --event no.json", 2,
        ["no.json cannot be read: no such file", "the events of sweep are: events/sweep.json, events/sweep.late.json"],
        {"events/sweep.late.json": "{}", "events/sweep.seed.json": "{}"}),
    "event misspelt": Mistake(
        "invoke sweep --event events/swep.json", 2, ["(did you mean `events/sweep.json`?); the events of sweep"]),
    "event that is not there of a function without any": Mistake(
        "invoke sweep --event no.json", 2,
        ["no such file or directory; sweep has no sample event: write", "events/sweep.json"],
        {"events/sweep.json": None}),
    "event that is no JSON": Mistake(
        "invoke sweep --event e.json", 2, ["e.json:2:12: not JSON: Expecting property name"],
        {"e.json": '{\n  "data": {,}}'}),
    "stdin that is no JSON": Mistake("invoke sweep --event -", 2, ["stdin:1:1: not JSON"], stdin=b"hello"),
    "stdin that is empty": Mistake("invoke sweep --event -", 2, ["stdin is empty, and JSON is expected", "{}"]),
    "stdin with NaN": Mistake("invoke sweep --event -", 2, ["NaN is not a JSON value"], stdin=b'{"a": NaN}'),
    "stdin with a number without bounds": Mistake(
        "invoke sweep --event -", 2, ["the number -1e999 is out of range"], stdin=b'{"a": -1e999}'),
    "stdin with a number of many digits": Mistake(
        "invoke sweep --event -", 2, ["a number has 5,000 digits"], stdin=b'{"a": ' + b"9" * 5_000 + b"}"),
    "stdin that is too deep": Mistake(
        "invoke sweep --event -", 2, ["not usable as JSON: it is nested too deeply"], stdin=b"[" * 100_000),
    "event that is too large for Lambda": Mistake(
        "invoke sweep --event -", 1, ["The event is too large", "Lambda takes 6,291,556 at most"],
        stdin=json.dumps({"data": {"a": "x" * 7_000_000}}).encode()),
    "function without an event": Mistake(
        "run sweep", 2, ["sweep has no sample event: write", "events/sweep.json", "exh-dev invoke sweep --event FILE"],
        {"events/sweep.json": None}),
    "project without a function": Mistake(
        "run", 2, ["has no functions", "exh-dev new NAME"],
        {"template.yaml": "Resources: {}\n"}),
    "variable without a value": Mistake("invoke sweep --env TONE", 2, ["--env 'TONE' is not KEY=VALUE"]),
    "variable that is too large": Mistake(
        f"invoke sweep --env A={'x' * 5000}", 2, ["the environment takes 5001 bytes", "may take 4096", "secret"]),
    "served and an option that excludes it": Mistake(
        "invoke sweep --served --env A=b", 2, ["--served runs the function as it is being served", "excludes --env"]),
    "served and nobody serves": Mistake("invoke sweep --served", 1, ["no platform runs on", "exh-dev serve"]),
    "seed with a permission misspelt": Mistake(
        "invoke sweep", 1, ["events/sweep.seed.json:1:", "VIEW_USRE", "did you mean `VIEW_USER`?"],
        {"events/sweep.seed.json":
         '{"users": [{"id": "68498c63b1b0b8de8a6228f6", "permissions": ["VIEW_USRE"]}]}'}),
    "seed of an unknown schema": Mistake(
        "run sweep", 1, ["events/sweep.seed.json:1:", "no schema pluse", "did you mean `pulse`?"],
        {"events/sweep.seed.json": '{"documents": {"pluse": []}}'}),
    # invoke: what functions do
    "async handler": Mistake(
        "invoke sweep", 1, ["handlers/sweep.py:1: handler is asynchronous", "write `def`"],
        {"handlers/sweep.py": "async def handler(event, context):\n    return {}\n"}),
    "handler that takes too little": Mistake(
        "invoke sweep", 1, ["is called with an event and a context", "def handler(event, context)"],
        {"handlers/sweep.py": "def handler(event):\n    return {}\n"}),
    "generator": Mistake("invoke sweep", 1, ["handler is a generator", "return a list"], sweep("yield 1")),
    "result with a set": Mistake(
        "invoke sweep", 1, ["Object of type set is not JSON", "return a list for a set"], sweep("return {'a': {1}}")),
    "result with half of a surrogate pair": Mistake(
        "invoke greet", 1, ["ValueError", "result['name'] has half of a surrogate pair (\\ud83d)", "surrogatepass"],
        {"handlers/greet.py": "from extrahorizon import task_handler\n\n\n@task_handler\n"
         "def handler(task, exh):\n    return {'name': chr(0xD83D)}\n"}),
    "event with half of a surrogate pair": Mistake(
        "invoke sweep --event events/half.json", 2,
        ["events/half.json:3: ", "half of a surrogate pair (\\udc00)", "write both halves"],
        {"events/half.json": '{"fine": "\\\\ud83d \\ud83d\\ude00",\n\n"name": "x\\udc00"}'}),
    "event that is not UTF-8": Mistake(
        "invoke sweep --event events/latin.json", 2, ["events/latin.json:2: ", "not UTF-8"],
        {"events/latin.json": b'{"name":\n"Ren\xe9"}'}),
    "sample event of another function": Mistake(
        "run greet", 1, ["greet.json: ", "functionName", "sweep"], {"events/greet.json": '{"functionName": "sweep"}'}),
    "result with NaN": Mistake(
        "invoke sweep", 1, ["The result holds NaN", "None for NaN"], sweep("return {'a': float('nan')}")),
    "result that is too large": Mistake(
        "invoke sweep", 1, ["ResponseSizeTooLarge", "put a large result into a file"], sweep("return 'x' * 7_000_000")),
    "variable that is not declared": Mistake(
        "invoke sweep", 1, ["KeyError", "declare it in template.yaml", "environment: of sweep", "--env CLINIC_KEY="],
        sweep("return {}", 'import os\nKEY = os.environ["CLINIC_KEY"]\n')),
    "sys.exit": Mistake(
        "invoke sweep", 1, ["exit status 3", "return or raise", "sys.exit"], sweep("raise SystemExit(3)")),
    "os._exit": Mistake(
        "invoke sweep", 1, ["exit status 4", "return or raise"], sweep("os._exit(4)", "import os\n")),
    "too much memory": Mistake(
        "invoke sweep", 1, ["Memory limit of 256 MB exceeded", "raise MemorySize of sweep"],
        sweep("return len('x' * 600_000_000)")),
    "endless loop": Mistake(
        "invoke sweep", 1, ["Task timed out after 3.00 seconds", "raise Timeout of sweep", "an endless loop"],
        {**sweep("while True: pass"), "template.yaml": lambda text: text.replace("Timeout: 10", "Timeout: 3")}),
    "permission that is missing": Mistake(
        "invoke greet", 1, ["NO_PERMISSION_EXCEPTION", "GET /mail/v1/", "executionCredentials.permissions"]),
    "no credentials": Mistake(
        "invoke sweep", 1, ["sweep has no credentials", "write `executionCredentials", "template.yaml:"],
        {"handlers/sweep.py": "from extrahorizon import task_handler\n\n\n@task_handler\n"
         "def handler(task, exh):\n    return exh.users.me()\n"}),
    # Real clusters
    "live without credentials": Mistake(
        "invoke sweep --live --yes", 1, ["API_OAUTH_TOKEN, API_OAUTH_TOKEN_SECRET are missing", "exh login"]),
    "live and nobody to ask": Mistake(
        "call GET /users/v1/me --live", 2, ["against the real cluster https://api.x.example", "add --yes"],
        env={"API_HOST": "https://api.x.example", **KEYS}),
    "unknown profile": Mistake(
        "tasks --live --profile nope", 2, ["there is no profile nope", "exh login", "chmod 600"]),
    "profile without live": Mistake("tasks --profile nope", 2, ["--profile needs --live", "the local platform"]),
    "host that is none": Mistake(
        ["tasks", "--live", "--host", "my cluster"], 2, ["--host 'my cluster'", "expected the host of a cluster"]),
    "host that does not answer": Mistake(
        "call GET /users/v1/me --live --yes --host http://localhost:9", 1,
        ["http://localhost:9 could not be reached: connection refused", "after 5 attempts", "sending again"], env=KEYS),
    # serve, credentials
    "port that is a word": Mistake("serve --port http", 2, ["'http' is not a number", "exh-dev serve --help"]),
    "port that there is not": Mistake("serve --port 70000", 2, ["70000 is not from 0 to 65535"]),
    "host that others reach": Mistake("serve --host 0.0.0.0", 2, ["--host 0.0.0.0 is refused", "this machine only"]),
    "fault rule that is none": Mistake(
        "serve --fault banana", 2, ['the fault rule "banana" cannot be used', 'a right one is "PUT /data/*:503:0.3"']),
    "mail catcher that is none": Mistake(
        "serve --port 0 --smtp nowhere", 2, ["--smtp nowhere is not HOST:PORT", "such as"]),
    "service that there is not": Mistake(
        "serve --port 0 --without /pay/v1", 2, ["no service /pay/v1", "/payments/v1"]),
    "data directory that is a file": Mistake(
        "serve --data-dir template.yaml", 1, ["template.yaml cannot be used as a data directory"]),
    "data directory of a newer exh-dev": Mistake(
        "serve --port 0", 1, ["in format 9999", "which reads format 1", "--data-dir", "move the folder away"], NEWER),
    "data directory of an older exh-dev": Mistake(
        "serve --port 0", 1, ["in format 0", "another --data-dir", "move the folder away"], database(0)),
    "data directory that is damaged": Mistake(
        "serve --port 0", 1, ["platform.db cannot be used", "file is not a database", "move it away"],
        {".exh-dev/platform.db": b"SQLite format 3\x00" + b"junk" * 5000}),
    "credentials of nobody": Mistake("credentials", 1, ["no platform runs on", "exh-dev serve"]),
    "credentials in an unknown form": Mistake("credentials --format xml", 2, ["'xml' is not one of 'env', 'json'"]),
    # call, runs, replay, mails, tasks, logs, schedules
    "method that is none": Mistake("call FETCH /users/v1/me", 2, ["FETCH is not a method", "GET, POST"]),
    "URL in the place of a path": Mistake(
        "call GET https://x.example/users/v1/me", 2, ["begin with a slash", "has no host", "/users/v1/me"]),
    "body that is no JSON": Mistake(
        ["call", "POST", "/data/v1/", "{beats: 1}"], 2, ["the body:1:2: not JSON: Expecting property name"]),
    "waiting for a real cluster": Mistake("call GET /data/v1/ --wait --live", 2, ["--wait is for the local platform"]),
    "status that there is not": Mistake("runs --status broken", 2, ["'broken' is not one of", "runs --help"]),
    "too few": Mistake("runs --limit 0", 2, ["0 is not from 1 to 10000"]),
    "replay with an event that is none": Mistake("replay x --event -", 2, ["stdin:1:2: not JSON"], stdin=b"{"),
    "mails of nobody": Mistake("mails", 1, ["no platform runs on", "exh-dev serve"]),
    "tasks in an unknown status": Mistake("tasks --status done", 2, ["'done' is not one of", "'complete'"]),
    "logs of too many": Mistake("logs sweep --tasks 1000", 2, ["1000 is not from 1 to 100"]),
    "schedules misspelt": Mistake(
        "schedules synk", 2, ["No such command 'synk'", "Did you mean 'sync'?", "exh-dev schedules --help"]),
}  # fmt: skip


def said_by(done):
    """What stderr says, a message after the other; stdout with it."""
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert all(isinstance(line, dict) for line in lines)
    return "\n".join([*(str(line.get("message")) for line in lines), done.out])


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_explained_and_changes_no_file(clinic, monkeypatch, case):
    mistake = MISTAKES[case]
    clinic.put(mistake.files)
    for name, value in mistake.env.items():
        monkeypatch.setenv(name, value)
    before = clinic.snapshot()
    done = clinic.run(mistake.command, mistake.stdin)
    said = said_by(done)
    assert done.code == mistake.code, said
    assert [words for words in mistake.told if words not in said] == [], said
    assert "a defect in exh-dev" not in said
    assert clinic.snapshot() == before
    if done.out:
        json.loads(done.out)  # one value


SERVED = {
    "replay of an unknown run": ("replay nope", 1, ["nope"]),
    "unknown mail": ("mails nope", 1, ["There is no mail nope"]),
    "runs of an unknown function": (
        "runs --function swep",
        0,
        ["no matching runs; this project has no function swep", "did you mean `sweep`?"],
    ),
    "logs of an unknown function": (
        "logs swep",
        2,
        ["neither the platform nor the project has a function `swep` (did you mean `sweep`?)", "there are: ", "greet"],
    ),
    "path that there is not": ("call GET /nope/v1/", 1, ["SERVICE_NOT_FOUND_EXCEPTION", "no service at /nope/v1"]),
    "document that does not fit": ('call POST /data/v1/pulse/documents \'{"beats": "many"}\'', 1, ["beats"]),
    "document of an unknown schema": (
        "call POST /data/v1/pluse/documents {}",
        1,
        ["RESOURCE_UNKNOWN_EXCEPTION", "There is no schema pluse"],
    ),
    "serve twice": ("serve --port 0", 1, ["a platform runs on", "already: stop it with Ctrl-C", "another --data-dir"]),
    "port that is taken": ("serve --port {port} --data-dir ../other", 1, ["cannot be used", "--port 0 for a free one"]),
}


@pytest.mark.parametrize("case", SERVED)
def test_a_mistake_with_a_running_platform_is_explained(on_served, served, case):
    command, code, told = SERVED[case]
    before = on_served.snapshot()
    done = on_served.run(command.format(port=served.url.rpartition(":")[2]) if "{port}" in command else command)
    said = said_by(done)
    assert done.code == code, said
    assert [words for words in told if words not in said] == [], said
    assert "a defect in exh-dev" not in said
    assert {path for path in on_served.snapshot() if "other" not in path} == set(before)


# A full disk, on the first write of each command and on a later one


def refusing_after(count, function):
    """A function that does its work `count` times, and then the disk is full."""
    left = iter(range(count))

    def full(*args, **options):
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(args[0]) if args else None)
        return function(*args, **options)

    return full


WRITES = ("pathlib.Path.write_text", "exh_dev.project.replacing.NamedTemporaryFile", "zipfile.ZipFile.__init__")


@pytest.mark.parametrize(
    ("command", "what", "count"),
    [
        ("serve --port 0 --ephemeral", "sqlite3.connect", 0),
        ("init ../other", WRITES[0], 0),
        ("init ../other", WRITES[0], 5),
        ("new hello", WRITES[1], 0),
        ("rename sweep brush", WRITES[1], 0),
        ("rename sweep brush", WRITES[1], 1),
        ("types", WRITES[1], 0),
        ("build sweep answer --no-bytecode", WRITES[2], 0),
        ("build sweep answer --no-bytecode", WRITES[2], 1),
    ],
)
def test_a_full_disk_is_named_and_changes_no_file(clinic, monkeypatch, command, what, count):
    before = clinic.snapshot()
    owner, _, name = what.rpartition(".")
    holder = pkgutil.resolve_name(owner)
    monkeypatch.setattr(holder, name, refusing_after(count, getattr(holder, name)))
    done = clinic.run(command)
    said = said_by(done)
    assert done.code == 1, said
    assert "no space left on device" in said.lower() or "the disk is full" in said
    assert "a defect in exh-dev" not in said
    assert clinic.snapshot() == before


# What people read


@pytest.mark.parametrize(
    ("files", "command", "told"),
    [
        (
            sweep("return {}", 'import os\nKEY = os.environ["CLINIC_KEY"]\n'),
            "invoke sweep",
            [
                "KeyError: 'CLINIC_KEY'",
                "  handlers/sweep.py:2 in <module>",
                "CLINIC_KEY is not a variable of this function",
            ],
        ),
        (
            sweep("raise ValueError('no pulse')"),
            "invoke sweep",
            ["ValueError: no pulse", "handlers/sweep.py:2 in hand"],
        ),
        (sweep("raise ValueError('no pulse')"), "run sweep", ["ValueError: no pulse", "1 of 1 invocation failed"]),
        (sweep("raise SystemExit(3)"), "run sweep", ["exit status 3", "return or raise"]),
    ],
)
def test_people_read_what_failed_once_and_no_traceback_of_the_runtime(clinic, files, command, told):
    clinic.put(files)
    done = clinic.run(f"{command} --table")
    assert done.code == 1
    assert [words for words in told if words not in done.out] == [], done.out
    assert "Traceback" not in done.err
    assert "LAMBDA_WARNING" not in done.err
    assert "\u240a" not in done.out + done.err  # the picture of a line break


# Ctrl-C


@pytest.mark.parametrize("command", [["invoke", "sweep"], ["run"]])
def test_ctrl_c_leaves_nothing_behind(clinic, command):
    clinic.put(sweep("print(os.getpid(), flush=True); time.sleep(60)", "import os, time\n"))
    clinic.put({"events/greet.json": None, "events/answer.json": None} if command == ["invoke", "sweep"] else {})
    before = clinic.snapshot()
    process = subprocess.Popen(
        [sys.executable, "-m", "exh_dev", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    entries = (json.loads(line) for line in process.stderr)
    worker = next(int(each["message"]) for each in entries if str(each.get("message")).isdecimal())
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert clinic.snapshot() == before
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
