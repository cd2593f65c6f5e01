"""The table of limits: its numbers are those of the code, its codes the platform's, and no constant is missing."""

import ast
import importlib
import re
from pathlib import Path
from types import MemberDescriptorType

import extrahorizon.errors
import pytest
from doc_blocks import prose
from exh_dev.platform.http.error_answers import KNOWN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "limits.md").read_text()
SECONDS = {"s": 1, "min": 60, "h": 3600, "days": 86_400}
BYTES = {"KB": 1024, "MB": 1024**2, "GB": 1024**3}
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| what |", "| --- |"))
]
#: How the name of a limit begins or ends.
LIMIT = re.compile(r"_?(MOST|LONGEST|LARGEST|DEEPEST|LIMIT)(_|$)|(LIMIT|LIFETIME|TIMEOUT)$")
ROOMS = ("exh-dev/src/exh_dev/platform", "exh-dev/src/exh_dev/serve", "exh-dev/src/exh_dev/control_center")
CLIENT = "extrahorizon/src/extrahorizon"
#: What no caller comes to: how much is looked at or shown at once, what is kept for whom, and parts of a limit that is
#: in the table.
INSIDE = {
    "exh_dev.control_center": {
        "documents._MOST", "mails._MOST", "overview._MOST_COUNTED", "overview._MOST_FUNCTIONS",
        "overview._MOST_MAILS", "overview._MOST_RUNS", "people._MOST_HOLDERS", "people._MOST_MEMBERS",
        "queue._MOST", "queue._MOST_COUNTED", "queue._MOST_ENDED", "runs._MOST", "sample_events._LONGEST",
        "search._MOST", "search._MOST_OF_A_KIND",
    },
    "exh_dev.serve": {
        "configured._MOST", "execution.LONGEST_CHAIN", "kept_runs.MOST", "kept_runs._LARGEST", "line_writer._MOST",
        "project._MOST_RELOADS", "prompt_server._LONGEST_WAIT", "run_lines._LONGEST_MESSAGE",
        "server._STOP_TIMEOUT", "start_lines._MOST_NAMES",
    },
    "exh_dev.platform": {
        "auth.id_tokens._MOST_EXPONENT_BITS", "auth.local_provider._CODE_LIFETIME", "auth.local_provider._MOST",
        "auth.local_provider._TOKEN_LIFETIME", "auth.oidc_calls._LARGEST", "auth.oidc_calls._MOST_OF_A_REASON",
        "auth.oidc_calls._TIMEOUT", "data.history.LARGEST", "dev.call_records._LONGEST_QUERY",
        "dev.call_records._MOST_CHANGES", "dev.effects.MOST", "dev.function_calls.MOST_BODIES_IN_ALL",
        "dev.function_calls.MOST_INVOCATIONS", "dev.origin._MOST", "dispatchers.service._MOST_ROUNDS",
        "files.service._LONGEST", "files.upload._MOST_OVER", "http.oauth1._LONGEST_TIMESTAMP",
        "http.routing._MOST_DIGITS",
        "mails.forwarding._TIMEOUT", "mails.sending._LONGEST_ADDRESS", "payments.local_app_store._MOST_TRANSACTIONS",
        "payments.purchases._LONGEST", "storage.remembered.MOST", "storage.search._LONGEST_NUMBER",
        "storage.sql._MOST_JOINED",
        "tasks.built_in._TIME_LIMIT", "tasks.run_causes._MOST", "tasks.run_list._MOST_COUNTED",
        "tasks.run_search._LONGEST_TEXT", "tasks.run_search._MOST_FOUND", "tasks.runs._MOST_AT_ONCE",
        "tasks.foreign_runs._MOST_EXPORTED", "tasks.runs._MOST_OF_CHAIN", "tasks.schedules._LONGEST_INTERVAL",
        "tasks.settings._MOST_PRIORITY", "tasks.traces.MOST_NODES", "tasks.traces._MOST_ATTEMPTS",
        "tasks.traces._MOST_RUNS", "templates.written_numbers._LARGEST_COMPACT",
        "templates.written_numbers._MOST_DIGITS",
        "templates.inputs._DEEPEST", "templates_v1.schema._DEEPEST",
    },
    "extrahorizon": {
        "calls._LONGEST_TIMEOUT", "log._LONGEST_NUMBER", "query._LARGEST_PLAIN", "queue._LONGEST_REASON",
        "settings.LONGEST_TTL",
        "transport.connecting._LONGEST_LABEL",
        "transport.answer._MOST_DIGITS",
        "sidefx.replies.LONGEST_ERROR",
        "sidefx.transport._LONGEST_BACKOFF",
    },
}  # fmt: skip


def assigned(path):
    """The names that a module gives to numbers: {name: value}, of what is a plain number or made of such."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            names = [each.id for each in getattr(target, "elts", [target]) if isinstance(each, ast.Name)]
            if re.search(r"\d", ast.unparse(node.value)) and not isinstance(node.value, ast.Constant | ast.Dict):
                found.update(dict.fromkeys(names))
            elif isinstance(node.value, ast.Constant) and isinstance(node.value.value, int | float):
                found[names[0]] = node.value.value
    return found


def in_code(name):
    """The value of a constant; one of the examples is read from its file, for another project's path is not here."""
    module, _, last = name.rpartition(".")
    if name.startswith("handlers."):
        return eval_of(ROOT / "examples" / f"{module.replace('.', '/')}.py", last)
    try:
        return getattr(importlib.import_module(module), last)
    except ModuleNotFoundError:
        module, _, kind = module.rpartition(".")
        made = getattr(importlib.import_module(module), kind)
        value = getattr(made, last)
        return getattr(made(), last) if isinstance(value, MemberDescriptorType) else value


def eval_of(path, name):
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            return eval(compile(ast.Expression(node.value), str(path), "eval"), {})  # noqa: S307 - our own constant
    raise KeyError(name)


def amount(text):
    number, _, unit = text.partition(" ")
    return float(number.replace(",", "")) * (SECONDS | BYTES | {"": 1})[unit], unit


def test_the_table_is_long():
    assert len(ROWS) > 90
    assert all(len(row) == 5 for row in ROWS), [row for row in ROWS if len(row) != 5]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_number_is_that_of_its_constant(row):
    _, much, _, constant, _ = row
    if constant == "—":
        return
    number, unit = amount(much)
    found = in_code(constant.strip("`"))
    assert number in ({found, found / 1000} if unit in SECONDS else {found}), (much, found)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_error_is_one_that_there_is(row):
    _, _, gets, _, test = row
    for code, name in re.findall(r"\b(\d+) `([A-Z_0-9]+)`", gets):
        assert KNOWN[int(code)][1] == name
    assert not re.search(r"(?<!HTTP )\b\d{2,4}\b(?! `)", gets), f"{gets}: a code needs its name"
    for name in re.findall(r"`(\w+Error)`", gets):
        elsewhere = {"APIError", "InvalidApiResponseError", "InvalidRecordingError", "UnsentTasksError"}
        assert hasattr(extrahorizon.errors, name) or name in elsewhere, name
    assert re.fullmatch(r"`[\w./-]+\.py::test_\w+`", test), test


def test_no_limit_is_missing():
    """A new limit is in the table, or here with the reason why no user reaches it."""
    there = set()
    for folder in (*ROOMS, CLIENT):
        source = ROOT / "packages" / folder
        for path in source.rglob("*.py"):
            parts = path.relative_to(ROOT / "packages" / Path(*Path(folder).parts[:2])).with_suffix("").parts
            module = ".".join(parts).removesuffix(".__init__")
            there |= {f"{module}.{name}" for name in assigned(path) if LIMIT.search(name)}
    listed = set(re.findall(r"`((?:exh_dev|extrahorizon)[\w.]+)`", prose(PAGE)))
    inside = {f"{room}.{name}" for room, names in INSIDE.items() for name in names}
    assert sorted(there - listed - inside) == []
    assert sorted(inside - there) == []
    assert not inside & listed
