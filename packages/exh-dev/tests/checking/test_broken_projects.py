"""`exh-dev check` on a project that is broken in one place: it says where and what, and nothing once that is mended."""

import json

import pytest

pytestmark = pytest.mark.slow

GREET, ANSWER = "handlers/greet_patient.py", "handlers/answer.py"
EVENT, SEED = "events/greet-patient.json", "events/greet-patient.seed.json"


def replaced(old, new, *, times=1):
    """A change of a text."""

    def change(text):
        assert old in text, (old, text)
        return text.replace(old, new, times)

    return change


def put(*way, value):
    """A change of a member of a JSON file."""

    def change(text):
        content = holder = json.loads(text)
        for step in way[:-1]:
            holder = holder[step]
        holder[way[-1]] = value
        return json.dumps(content, indent=2) + "\n"

    return change


# What is broken, by what change of which file; then where that is told, as a file and words of its line, and how.
BROKEN = {
    # The handler
    "handler's module is missing": (
        "template.yaml", replaced("handlers.greet_patient.", "handlers.greet_pateint."),
        ("template.yaml", "handlers.greet_pateint"), ["there is no handlers/greet_pateint.py", "`greet_patient`"]),
    "handler's function is missing": (
        "template.yaml", replaced("handlers.greet_patient.handler", "handlers.greet_patient.handel"),
        ("template.yaml", "greet_patient.handel"), ["handlers/greet_patient.py has no handel", "`handler`"]),
    "handler's file is deleted": (
        ANSWER, lambda _: None, ("template.yaml", "handlers.answer.handler"), ["there is no handlers/answer.py"]),
    "syntax error in a handler": (
        GREET, replaced("def handler(", "def handler(:"), (GREET, "def handler(:"), ["SyntaxError"]),
    "syntax error in a shared module": (
        "shared/words.py", lambda text: text + "if True\n", ("shared/words.py", "if True"), ["SyntaxError", "':'"]),
    "syntax that the function's Python does not know": (
        "template.yaml", lambda text: text.replace("Timeout: 10\n", "Timeout: 10\n      Runtime: python3.11\n"),
        (ANSWER, "type Id"), ["SyntaxError", "Python 3.11"]),
    "return outside of a function": (
        ANSWER, lambda text: text + "return 1\n", (ANSWER, "return 1"), ["'return' outside function"]),
    "async handler": (
        ANSWER, replaced("def handler", "async def handler"), (ANSWER, "async def"),
        ["handler is asynchronous", "write `def`, not `async def`"]),
    "async handler that is decorated": (
        GREET, replaced("def handler", "async def handler"), (GREET, "async def"), ["handler is asynchronous"]),
    "generator as a handler": (
        ANSWER, replaced("return {}", "yield {}"), (ANSWER, "def handler"), ["handler is a generator"]),
    "plain handler that takes too little": (
        ANSWER, replaced("(event, context)", "(event)"), (ANSWER, "def handler"),
        ["handler(event) is called with an event and a context", "def handler(event, context)"]),
    "decorated handler that takes too little": (
        GREET, replaced("task: Task, exh: ExtraHorizon", "task: Task"), (GREET, "def handler"),
        ["handler(task) is called with a task and a client", "def handler(task: Task, exh: ExtraHorizon)"]),
    "handler with a keyword that nobody gives": (
        ANSWER, replaced("(event, context)", "(event, context, *, more)"), (ANSWER, "def handler"),
        ["handler(event, context, more) is called with an event and a context"]),
    # Its imports
    "import of a package that is not locked": (
        GREET, replaced("import requests\n", "import hypothesis\nimport requests\n"), (GREET, "import hypothesis"),
        ["neither in the bundle nor in the runtime", "`dependencies` in pyproject.toml", "make lock"]),
    "import of the toolkit": (
        ANSWER, lambda text: "import exh_dev.errors\n" + text, (ANSWER, "import exh_dev"), ["never deployed"]),
    "import of tests": (
        ANSWER, lambda text: "from tests import people\n" + text, (ANSWER, "from tests"), ["tests is never deployed"]),
    "import of a module of the project that is misspelt": (
        GREET, replaced("shared.words", "shared.wrods"), (GREET, "shared.wrods"), ["wrods", "`words`"]),
    "import of a name that a module of the project does not have": (
        GREET, replaced("import HELLO", "import HELO as HELLO"), (GREET, "HELO"), ["imports HELO from", "`HELLO`"]),
    # Locks and secrets
    "lock without what is asked for": (
        "pyproject.toml", replaced('"requests"', '"requests", "tqdm"'), ("pyproject.toml", None),
        ["the lock has no tqdm", "make lock"]),
    "lock that is none": (
        "requirements.txt", lambda _: "requests>=2\n", ("requirements.txt", "requests>=2"), ["not pinned"]),
    "pyproject.toml that is no TOML": (
        "pyproject.toml", lambda _: "[project\n", ("pyproject.toml", None), ["cannot be read"]),
    "secret in the code": (
        ANSWER, lambda text: text + 'aws = "AKIA' + 'IOSFODNN7EXAMPLQ"\n', (ANSWER, "AKIA"), ["AWS Access Key"]),
    # template.yaml
    "runtime that is not supported": (
        "template.yaml", replaced("Timeout: 10\n", "Timeout: 10\n      Runtime: python3.8\n"),
        ("template.yaml", "python3.8"), ["not for python3.8"]),
    "unknown key": (
        "template.yaml", replaced("kind: api", "knd: api"), ("template.yaml", "knd: api"), ["`knd`", "`kind`"]),
    "no YAML": (
        "template.yaml", replaced("      VisibilityTimeout", "\tVisibilityTimeout"),
        ("template.yaml", "VisibilityTimeout"), ["not YAML", "not tabs"]),
    "name that is taken": (
        "template.yaml", replaced("name: sweep", "name: answer"), ("template.yaml", "Sweep:"), ["is not unique"]),
    "schedule that is too short": (
        "template.yaml", replaced("interval: 3600", "interval: 0"), ("template.yaml", "interval: 0"), ["interval is"]),
    "API function that takes too long": (
        "template.yaml", replaced("Timeout: 10\n", "Timeout: 60\n"), ("template.yaml", "Timeout: 60"), ["to 30 s"]),
    "permission that is misspelt": (
        "template.yaml", replaced("VIEW_USER", "VIEW_USRE"), ("template.yaml", "VIEW_USRE"),
        ["no permission VIEW_USRE", "`VIEW_USER`"]),
    "error to retry that is misspelt": (
        "template.yaml", replaced("PlatformUnreachableError", "PlatformUnreachable"),
        ("template.yaml", "GreetPatient:"), ["errorsToRetry names PlatformUnreachable", "`PlatformUnreachableError`"]),
    "environment that is too large": (
        "template.yaml", replaced("TONE: warm", f"TONE: {'x' * 5000}"), ("template.yaml", "GreetPatient:"), ["4096"]),
    "variable without a value": (
        "template.yaml", replaced("TONE: warm", "TONE: !GetAtt WorkQueue.Arn"), ("template.yaml", "TONE"), ["TONE"]),
    "queue whose messages come back too early": (
        "template.yaml", replaced("VisibilityTimeout: 360", "VisibilityTimeout: 30"),
        ("template.yaml", "VisibilityTimeout: 30"), ["Timeout of Work is 60 s", "Lambda refuses", "360"]),
    # Events
    "event that is no JSON": (
        EVENT, lambda _: '{\n  "data": {,}\n}\n', (EVENT, "{,}"), ["not JSON"]),
    "event that no platform sends": (EVENT, lambda _: "[1]\n", (EVENT, "[1]"), ["a task function receives"]),
    "event whose data is a text": (EVENT, put("data", value="x"), (EVENT, "{"), ["the task's data is"]),
    "event with too much data": (
        EVENT, put("data", value={"much": "x" * 300_000}), (EVENT, '"data"'), ["the data of a task may have 256000"]),
    "event of an API function that is a task": (
        "events/answer.json", lambda _: "{}\n", ("events/answer.json", "{}"), ["requestContext"]),
    "event that is listed and not there": (
        "template.yaml", replaced("kind: api", "kind: api\n        events: [gone.json]"),
        ("template.yaml", "gone.json"), ["events/gone.json", "does not exist"]),
    # Seeds
    "seed that is no JSON": (SEED, lambda _: "{'users': []}\n", (SEED, "users"), ["not JSON"]),
    "seed with an unknown part": (
        SEED, replaced('"users"', '"usrs"'), (SEED, '"usrs"'), ["no usrs", "`users`"]),
    "seed with an unknown key": (
        SEED, replaced('"first_name"', '"frist_name"'), (SEED, "frist_name"), ["unknown key", "`first_name`"]),
    "seed of a schema that there is not": (
        SEED, replaced('"pulse"', '"pluse"'), (SEED, '"pluse"'), ["no schema pluse", "`pulse`"]),
    "seed that does not fit the schema": (
        SEED, replaced("131", "1310"), (SEED, '"id": "6968', -1), ["does not fit the schema", "beats"]),
    "seed with a permission that there is not": (
        SEED, replaced('"VIEW_USER"', '"VIEW_USRE"'), (SEED, "VIEW_USRE"), ["`VIEW_USER`"]),
    "seed with a file that is not there": (
        SEED, replaced("night.edf", "nihgt.edf"), (SEED, "nihgt.edf"), ["no such file"]),
    # What the official CLI reads
    "schema that is no JSON": (
        "schemas/pulse.json", replaced('"statuses": {', '"statuses": {{'), ("schemas/pulse.json", "{{"), ["not JSON"]),
    "schema with an unknown key": (
        "schemas/pulse.json", replaced('"properties"', '"proprties"'), ("schemas/pulse.json", "proprties"),
        ["`properties`"]),
    "transition to a status that there is not": (
        "schemas/pulse.json", replaced('"toStatus": "done"', '"toStatus": "doen"'), ("schemas/pulse.json", "doen"),
        ["no such status", "`done`"]),
    "schema that starts a function that there is not": (
        "schemas/pulse.json", replaced("greet-patient", "greet-pateint"), ("schemas/pulse.json", "greet-pateint"),
        ["no function of this name", "`greet-patient`"]),
    "dispatcher that starts a function that there is not": (
        "dispatchers.json", replaced("greet-patient", "greet-pateint"), ("dispatchers.json", "greet-pateint"),
        ["no function of this name", "`greet-patient`"]),
    "dispatcher with a template that there is not": (
        "dispatchers.json", replaced("greeting", "greting"), ("dispatchers.json", "greting"),
        ["no template of this name", "`greeting`"]),
    "template that is no Handlebars": (
        "templates/greeting.json", replaced("{{@inputs.name}}", "{{#if a}}"), ("templates/greeting.json", None),
        ["no Handlebars"]),
    "localization without an English text": (
        "localizations/NL.json", lambda _: '{"opening": "Dag"}\n', ("localizations/NL.json", "opening"), ["EN"]),
    "setting that is none": (
        "service-settings.json", replaced("minimumLength", "minimalLength"),
        ("service-settings.json", "minimalLength"), ["`minimumLength`"]),
    ".env with a line that is none": (".env", lambda text: text + "what\n", (".env", "what"), ["NAME=value"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_reported_with_its_place_until_it_is_fixed(project, case):
    file, change, (place, words, *offset), told = BROKEN[case]
    if "Python does not know" in case:
        project.write(ANSWER, "type Id = str\n" + project.read(ANSWER))
    before = project.read(file) if (project.root / file).exists() else None
    project.write(file, change(before))
    line = project.line_of(place, words) + sum(offset) if words else None
    code, problems = project.check()
    errors = [each for each in problems if each["severity"] == "error"]
    assert code == 1
    found = [each for each in errors if (each["file"], each["line"]) == (place, line)]
    assert any(all(word in f"{each['message']} {each['hint']}" for word in told) for each in found), problems
    project.write(file, before)
    if "Python does not know" in case:
        project.write(ANSWER, project.read(ANSWER).removeprefix("type Id = str\n"))
    assert project.check() == (0, [])


@pytest.mark.parametrize(
    ("file", "change", "place", "told"),
    [
        ("template.yaml", replaced("VIEW_DOCUMENTS:pulse", "VIEW_DOCUMENTS:pulses"), ("template.yaml", "pulses"),
         "schema pulses, which this project does not have (did you mean `pulse`?)"),
        ("template.yaml", replaced(":pulse:finish", ":pulse:finsh"), ("template.yaml", "finsh"),
         "transition finsh, which this project does not have (did you mean `finish`?)"),
        ("template.yaml", replaced("VisibilityTimeout: 360", "VisibilityTimeout: 90"), ("template.yaml", "Timeout: 90"),
         "can come again while it is being worked on"),
        ("template.yaml", replaced("BatchSize: 5", "MaximumBatchingWindowInSeconds: 1"),
         ("template.yaml", "Timeout: 360"), "can come again while it is being worked on"),
        ("schemas/pulse.json", replaced('"type": "string"', '"type": "string", "pattern": "^([a-zA-Z0-9]+ ?)+$"'),
         ("schemas/pulse.json", "pattern"), "takes too long on some values, such as `aaaaaaaaaaaa…`"),
        ("schemas/pulse.json", replaced('"type": "string"', '"type": "string", "enum": ["a", 1]'),
         ("schemas/pulse.json", "enum"), "no value is this one: the property is of the type string"),
        ("schemas/pulse.json", replaced('"type": "string"', '"type": "string", "const": null'),
         ("schemas/pulse.json", "const"), "no value is this one: the property is of the type string"),
        ("schemas/pulse.json", replaced('"type": "string"', '"type": "string", "minLength": 5, "maxLength": 4'),
         ("schemas/pulse.json", "maxLength"), "no value fits: minLength is 5 and maxLength is 4"),
        ("schemas/pulse.json", replaced('"type": "string"', '"type": "number", "minimum": 1.5, "maximum": -1'),
         ("schemas/pulse.json", ": -1"), "no value fits: minimum is 1.5 and maximum is -1"),
        ("events/sweep.json", lambda _: None, ("template.yaml", "Sweep:"), "sweep has no sample event"),
        ("events/swep.json", lambda _: "{}", ("events/swep.json", None), "no function swep (did you mean `sweep`?)"),
        ("events/sweep.json", replaced("sweep", "answer"), ("events/sweep.json", "answer"), "an event of sweep says"),
        ("handlers/nobodys.py", lambda _: "x = (\n", ("handlers/nobodys.py", "x = ("), "SyntaxError"),
        (".env", lambda _: "API_HOST=x\n", (".env", None), "API_HOST in .env is not read"),
    ],
)  # fmt: skip
def test_suspicious_but_valid_code_is_a_warning(project, file, change, place, told):
    before = project.read(file) if (project.root / file).exists() else None
    project.write(file, change(before))
    name, words = place
    code, problems = project.check()
    (problem,) = problems
    assert (code, problem["severity"], problem["file"]) == (0, "warning", name)
    assert problem["line"] == (project.line_of(name, words) if words else None)
    assert told in problem["message"]


def test_a_variable_that_exh_sync_needs_is_reported_as_information(project, monkeypatch):
    monkeypatch.delenv("GREETING_KEY", raising=False)
    asks = replaced("kind: schedule", "kind: schedule\n        environment: {KEY: $GREETING_KEY}")
    project.write("template.yaml", asks(project.read("template.yaml")))
    code, (problem,) = project.check()
    line = project.line_of("template.yaml", "GREETING_KEY")
    assert (code, problem["severity"], problem["line"], problem["functions"]) == (0, "info", line, ["sweep"])
    assert "$GREETING_KEY is not set here" in problem["message"]
    shown = project.run("check", "--table").out
    assert f"template.yaml:{line}: info: $GREETING_KEY" in shown
    assert shown.endswith("No problems found.\n")
    project.write(".env", "GREETING_KEY=x\n")
    assert project.check() == (0, [])


def test_all_problems_are_reported_at_once_and_each_once(project):
    project.write("shared/words.py", "HELLO = (\n")  # which three functions have in their bundles
    project.write(EVENT, "{")
    project.write("schemas/pulse.json", "{")
    template = project.read("template.yaml").replace("kind: api", "kind: apy").replace("interval: 3600", "interval: 0")
    project.write("template.yaml", template)
    code, problems = project.check()
    found = [(each["file"], each["message"]) for each in problems if each["severity"] == "error"]
    assert code == 1
    assert len(found) == len(set(found))
    assert {file for file, _ in found} == {"template.yaml", "shared/words.py", EVENT, "schemas/pulse.json"}
    assert len([file for file, _ in found if file == "template.yaml"]) == 2
    (shared,) = (each for each in problems if each["file"] == "shared/words.py")
    assert shared["functions"] == ["greet-patient", "work"]


def test_people_get_one_line_per_problem_that_editors_open(project):
    project.write(GREET, project.read(GREET).replace("import HELLO", "import HELO"))
    project.write(EVENT, "{\n,}")
    done = project.run("check", "--table")
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[2:] == ["2 errors"]
    assert any(each.startswith(f"{GREET}:2: error: imports HELO from shared.words") for each in lines)
    assert any(each.startswith(f"{EVENT}:2:1: error: not JSON") for each in lines)
