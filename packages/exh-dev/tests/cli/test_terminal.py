"""What people see: nothing that is printed acts on the terminal, and tables fit into it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from exh_dev.cli.failures import lines_of_failure
from exh_dev.cli.layout import lines_of
from exh_dev.cli.terminal import TerminalOutput
from exh_dev.cli.visible import visible
from exh_dev.output import Table
from exh_dev.runtime import LogLine
from exh_dev.runtime.events import task_event
from exh_dev.serve.execution import Case, Outcome

ODD = ":100: [red]x[/red] [bold]\x1b[31mred\x1b[0m\rgone \u202edetsrever\u2066 \x9b1m \ud83d :heart: a\u200bb\ufeff"
SEEN = ":100: [red]x[/red] [bold]\u241b[31mred\u241b[0m\u240dgone <202E>detsrever<2066> <009B>1m <D83D> "
SEEN += ":heart: a<200B>b<FEFF>"


def log_line(text=None, **members):
    text = text if text is not None else json.dumps({"level": "INFO", "message": "m", **members})
    return LogLine(datetime(2026, 1, 15, tzinfo=UTC), text)


def finding(**members):
    return {
        "severity": "error",
        "file": "f",
        "line": 1,
        "column": None,
        "pointer": "",
        "message": "m",
        "hint": "",
        **members,
    }


EVERY_WAY = {
    "error": lambda out: out.error(ODD),
    "note": lambda out: out.note(ODD),
    "warning": lambda out: out.warn(ODD),
    "summary": lambda out: out.summary(None, [ODD]),
    "heading and cell": lambda out: out.tables(None, Table(["Name", "Value"], [["a", ODD]])),
    "below a row": lambda out: out.tables(None, Table(["Name"], [["a"]], below=[ODD])),
    "problem": lambda out: out.problems([finding(file=ODD)]),
    "message": lambda out: out.problems([finding(message=ODD)]),
    "pointer": lambda out: out.problems([finding(pointer=ODD)]),
    "hint": lambda out: out.problems([finding(hint=ODD)]),
    "plain log line": lambda out: out.log("whoami", log_line(ODD)),
    "member of a log line": lambda out: out.log("whoami", log_line(subject=ODD)),
    "name in a log line": lambda out: out.log("whoami", log_line(**{ODD: 1})),
    "function in a log line": lambda out: out.log(ODD, log_line("m")),
    "failure": lambda out: out.failure({"errorType": "E", "errorMessage": ODD}, function="f", root=Path("/p")),
    "frame": lambda out: out.failure({"errorType": "E", "stackTrace": [ODD]}, function="f", root=Path("/p")),
}


@pytest.mark.parametrize("way", EVERY_WAY)
def test_control_characters_are_printed_visibly_and_have_no_effect(way, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    EVERY_WAY[way](TerminalOutput())
    out, err = capsys.readouterr()
    shown = (out + err).replace("\n", "").replace(" ", "")
    assert SEEN.replace(" ", "") in shown
    assert not any(character in out + err for character in "\x1b\r\x9b\u202e\u2066\ud83d\u2764\U0001f4af")


def test_a_result_is_json_that_acts_on_nothing_and_means_the_same(capsys, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    TerminalOutput().result({ODD: [ODD, 1.5, None]})
    out = capsys.readouterr().out
    assert json.loads(out) == {ODD: [ODD, 1.5, None]}
    assert out.isprintable() or not set(out) & set("\x1b\r\x9b\u202e\u2066\ud83d")


@given(st.text())
def test_visible_text_is_one_line_that_can_be_encoded(text):
    shown = visible(text)
    shown.encode()
    assert "\n" not in shown
    assert visible(shown) == shown


# Tables

RUN = "6968c1b48ab34b7d6e654701"
RUNS = Table(
    ["Started", "Function", "Status", "Time", "Run", "Trigger", "Attempt"],
    [
        ["15:23:43", "analyze-queued-measurements", "FAILED", "1,204 ms", RUN, "queue by hand", "1"],
        ["11-27 09:05", "whoami", "OK", "12 ms", RUN, "task", "3"],
    ],
    gives_way=("Attempt", "Trigger"),
    below=["InvalidEventError: the task's data needs documentId, a string, and it is missing", ""],
)


def shown(table, width):
    return [line.plain for line in lines_of(table, width)]


def test_a_table_with_room_has_all_of_its_columns():
    heading, first, below, _ = shown(RUNS, 120)
    assert heading.split() == list(RUNS.headings)
    assert first.endswith("1")
    assert below == f"  {RUNS.below[0]}"


def test_at_80_columns_a_row_is_one_line_and_important_columns_are_complete():
    lines = shown(RUNS, 80)
    assert all(cell_len(line) <= 80 for line in (lines[0], lines[1], lines[3]))
    assert "Attempt" not in lines[0]
    assert "Trigger" not in lines[0]
    for whole in (RUN, "FAILED", "15:23:43"):
        assert whole in lines[1]
    assert "analyze-qu…surements" in lines[1] or "…" in lines[1]


@given(st.lists(st.lists(st.text(max_size=60), min_size=3, max_size=3), max_size=5), st.integers(40, 200))
def test_any_rows_fit(rows, width):
    table = Table(["Name", "What", "Where"], rows, gives_way=("Where",))
    lines = list(lines_of(table, width))
    assert len(lines) == len(rows) + 1
    assert all(cell_len(line.plain) <= width for line in lines)


def test_numbers_are_to_the_right():
    table = Table(["Zip", "Start"], [["3.95 MB", "warm"], ["12.00 MB", "1,204 ms"]])
    assert shown(table, 80) == ["     Zip     Start", " 3.95 MB      warm", "12.00 MB  1,204 ms"]


# Failures

PLACE = "template.yaml, under Metadata: ExtraHorizon: environment: of greet"
ERROR = {
    "errorType": "KeyError",
    "errorMessage": "'CLINIC'",
    "stackTrace": [
        '  File "/p/.venv/lib/python3.13/site-packages/awslambdaric/bootstrap.py", line 60, in handle\n    x\n',
        '  File "/p/handlers/greet.py", line 3, in <module>\n    CLINIC = os.environ["CLINIC"]\n',
        '  File "<frozen os>", line 685, in __getitem__\n',
    ],
}


def test_a_failure_shows_the_functions_own_frames_and_how_to_go_on():
    lines = list(lines_of_failure(ERROR, function="greet", root="/p"))
    assert lines == [
        "KeyError: 'CLINIC'",
        "  handlers/greet.py:3 in <module>",
        '    CLINIC = os.environ["CLINIC"]',
        "  and 2 frames of Python and its packages (--json shows them)",
        f"  CLINIC is not a variable of this function: declare it in {PLACE}, or try it with --env CLINIC=...",
    ]


def test_a_failure_of_node_shows_the_functions_own_frames_too():
    error = {
        "errorType": "RangeError",
        "errorMessage": "too much\nof it",
        "trace": [
            *("RangeError: too much", "of it", "    at weigh (/p/src/scale.js:3:9)"),
            "    at Runtime.handler (file:///p/src/index.mjs:10:3)",
            "    at file:///venv/lib/exh_dev/runtime/bootstrap.mjs:160:45",
            "    at outcome (file:///venv/lib/exh_dev/runtime/bootstrap.mjs:160:66)",
            "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
        ],
    }
    assert list(lines_of_failure(error, function="weigh", root="/p")) == [
        "RangeError: too much\nof it",
        "  at weigh (src/scale.js:3:9)",
        "  at Runtime.handler (src/index.mjs:10:3)",
        "  and 3 frames of Node.js and its packages (--json shows them)",
    ]


@pytest.mark.parametrize(
    ("name", "trace", "message"),
    [
        *(("stackTrace", trace, "'CLINIC'") for trace in (5, "text", {"a": 1}, [], [5, None, ["x"]], None)),
        *(("trace", [5, None, ["x"]], message) for message in ("'CLINIC'", 5, None, ["x"])),
    ],
)
def test_an_error_object_with_a_trace_of_any_type_is_shown(name, trace, message):
    error = {"errorType": "KeyError", "errorMessage": message, name: trace}
    (line,) = lines_of_failure(error, function="greet", root="/p")
    assert line == f"KeyError: {message or ''}"


def test_a_key_that_is_no_variable_has_no_such_hint():
    error = {**ERROR, "stackTrace": ['  File "/p/handlers/greet.py", line 3, in handler\n    {}["CLINIC"]\n']}
    assert "declare" not in "".join(lines_of_failure(error, function="greet", root="/p"))


@pytest.mark.parametrize("speak", ["note", "warn", "error"])
def test_a_message_is_wrapped_on_a_terminal_alone(capsys, monkeypatch, speak):
    message = " ".join(["words"] * 50)
    getattr(TerminalOutput(), speak)(message)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(message)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")  # to rich, this is a terminal
    getattr(TerminalOutput(), speak)(message)
    lines = Text.from_ansi(capsys.readouterr().err).plain.splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_line_of_logs_is_wrapped_between_words_on_a_terminal_alone(capsys, monkeypatch, is_terminal):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    if is_terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")  # to rich, this is a terminal
    line = log_line(message="word " * 15 + "end")
    TerminalOutput().logged("greet", line, kind="task", run_id="6b0c9714365dd38ae82a999d")
    first, *rest = Text.from_ansi(capsys.readouterr().out).plain.splitlines()
    assert "6b0c9714365dd38ae82a999d INFO" in first
    assert bool(rest) == is_terminal
    assert all(each.startswith("  word") and len(each) <= 80 for each in rest)


def test_lambdas_warning_of_updates_is_not_shown(capsys):
    TerminalOutput().log("greet", log_line("LAMBDA_WARNING: Unhandled exception. The most likely cause is"))
    assert capsys.readouterr().err == ""


def test_metrics_in_the_log_are_shown_as_their_sums(capsys):
    directive = {"Namespace": "clinic", "Dimensions": [["service"]], "Metrics": [{"Name": "Done"}, {"Name": "Took"}]}
    written = {"_aws": {"Timestamp": 1, "CloudWatchMetrics": [directive]}, "service": "x", "Done": [1, 1], "Took": 2.5}
    TerminalOutput().log("greet", LogLine(datetime.now(UTC), json.dumps(written)))
    assert capsys.readouterr().err.strip().endswith("greet metrics Done=2 Took=2.5")


@pytest.mark.parametrize(
    "odd",
    [{"_aws": 1}, {"_aws": {"CloudWatchMetrics": 1}}, {"_aws": {"CloudWatchMetrics": ["x"]}},
     {"_aws": {"CloudWatchMetrics": [{"Metrics": [{"Name": "a"}]}]}, "a": "text"}],
)  # fmt: skip
def test_a_line_that_only_looks_like_metrics_is_shown_as_it_is(capsys, odd):
    TerminalOutput().log("greet", LogLine(datetime.now(UTC), json.dumps(odd)))
    assert "_aws=" in capsys.readouterr().err


def test_a_function_that_did_not_run_was_neither_fast_nor_warm(capsys):
    case = Case("sum", "sum.json", task_event(), "env", "task")
    TerminalOutput().outcomes([Outcome.of_unloadable(case, "handlers/sum.py:1: SyntaxError: invalid syntax")])
    row = capsys.readouterr().out.splitlines()[1]
    assert row.split() == ["sum", "task", "sum.json", "FAILED"]
