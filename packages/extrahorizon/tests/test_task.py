import functools
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from unittest.mock import Mock

import pytest

from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import InvalidEventError, NoPermissionError, platform_error
from extrahorizon.log import logger
from extrahorizon.task import Task, task_handler


@dataclass
class Context:
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self):
        return 30_000


def test_a_task_object_is_read():
    event = {"id": "6968c1b48ab34b7d6e654701", "functionName": "whoami", "priority": 0, "data": {"name": "Jan"}}
    task = Task.from_event(event)
    assert (task.id, task.function_name, task.priority) == (event["id"], "whoami", 0)
    assert task.data == {"name": "Jan"}
    assert task.raw is event


@pytest.mark.parametrize("event", [{}, {"data": None}, {"tags": None, "retryForTaskIds": None, "priority": None}])
def test_every_member_of_a_task_may_be_missing(event):
    task = Task.from_event(event)
    assert (task.id, task.function_name, task.data, task.tags, task.priority) == (None, None, {}, (), 0)
    assert task.first_id is None


def test_the_first_id_is_the_same_for_every_attempt():
    assert Task.from_event({"id": "a"}).first_id == "a"
    assert Task.from_event({"id": "c", "retryForTaskIds": ["a", "b"]}).first_id == "a"


@pytest.mark.parametrize(("event", "what"), [([1], "a list"), ("jan", "a string"), (None, "null"), (7, "a number")])
def test_an_event_that_is_no_object_is_refused_without_quoting_it(event, what):
    with pytest.raises(InvalidEventError, match=f"the event is {what}; a task function receives a task object"):
        Task.from_event(event)


def test_data_that_is_no_object_is_refused():
    with pytest.raises(InvalidEventError, match="the task's data is a list; expected a JSON object"):
        Task.from_event({"data": ["jan"]})


@pytest.mark.parametrize("member", [{"tags": 5}, {"tags": "abc"}, {"retryForTaskIds": "abc"}, {"tags": [1]}])
def test_members_that_are_not_lists_of_strings_are_refused(member):
    with pytest.raises(InvalidEventError, match="is not a list of strings"):
        Task.from_event(member)


def test_a_handler_gets_the_task_and_one_client_for_the_life_of_the_process():
    clients = []

    @task_handler
    def handler(task, exh):
        clients.append(exh)
        return task.id

    assert [handler({"id": each}, Context()) for each in "ab"] == ["a", "b"]
    assert isinstance(clients[0], ExtraHorizon)
    assert clients[0] is clients[1]


def test_what_a_platform_on_this_machine_explains_is_in_the_log(caplog):
    """The error object that Lambda makes leaves notes out."""
    refusal = platform_error(401, b'{"code": 10, "message": "VIEW_ROLE"}', {}, method="GET", url="http://localhost:1/x")

    @task_handler
    def handler(task, exh):
        raise refusal

    with pytest.raises(NoPermissionError):
        handler({}, Context())
    assert refusal.__notes__ == [record.getMessage() for record in caplog.records]


def test_exceptions_pass_through_unchanged():
    class MyError(Exception):
        pass

    @task_handler
    def handler(task, exh):
        raise MyError

    with pytest.raises(MyError):
        handler({}, Context())


def test_log_lines_carry_the_task_and_nothing_of_the_one_before(capsys, monkeypatch):
    import sys

    @task_handler
    def handler(task, exh):
        if task.id == "first":
            logger.append_keys(patient="of the first task")
        logger.info("working")

    monkeypatch.setattr(logger.logger_handler, "stream", sys.stdout)
    handler({"id": "first", "functionName": "one"}, Context("request-1"))
    handler({"id": "second"}, Context("request-2"))
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["task_id"], first["task"], first["function_request_id"]) == ("first", "one", "request-1")
    assert (first["cold_start"], second["cold_start"]) == (True, False)
    assert (second["task_id"], second["function_request_id"]) == ("second", "request-2")
    assert "patient" not in second


async def asynchronous(task, exh):
    pass


async def asynchronous_generator(task, exh):
    yield


def generator(task, exh):
    yield


class Instance:
    async def __call__(self, task, exh):
        pass

    def one(self, task):
        pass


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (asynchronous, "asynchronous is asynchronous.* write `def`, not `async def`; .*exh.fan_out"),
        (asynchronous_generator, "asynchronous_generator is asynchronous"),
        (generator, "generator is a generator, .*return a list"),
        (lambda task: task, r"<lambda>\(task\) is called with a task and a client: write `def handler\(task: Task"),
        (lambda: None, "with a task and a client"),
        (lambda task, exh, context: None, r"\(task, exh, context\) is called"),
        (lambda task, exh, *, clock: None, r"\(task, exh, clock\) is called"),
        (functools.partial(asynchronous), "asynchronous is asynchronous"),
        (functools.partial(functools.partial(generator)), "generator is a generator"),
        (Instance(), "__call__ is asynchronous"),
        (Instance().one, r"one\(task\) is called with a task and a client"),
    ],
)
def test_what_cannot_be_a_handler_is_refused_when_it_is_decorated(function, told):
    with pytest.raises(TypeError, match=told):
        task_handler(function)
    with pytest.raises(TypeError, match=told):
        task_handler(poison=(KeyError,))(function)


class Methods:
    def bound(self, task, exh):
        return {"ok": True}


@pytest.mark.parametrize(
    "function",
    [
        lambda task, exh: {"ok": True},
        lambda *both: {"ok": True},
        lambda task, exh, clock=None, *, more=None: {"ok": True},
        Methods().bound,
        functools.partial(lambda clock, task, exh: {"ok": True}, None),
        Mock(return_value={"ok": True}),  # each of its attributes has attributes of any name
    ],
)
def test_what_takes_a_task_and_a_client_is_a_handler(function):
    if not hasattr(function, "__name__"):
        functools.update_wrapper(function, Methods.bound)
    assert task_handler(function)({}, Context()) == {"ok": True}


JANUARY = datetime(2026, 1, 15, tzinfo=UTC)
itself = []
itself.append(itself)
deep = []
for _ in range(100_000):
    deep = [deep]


@pytest.mark.parametrize(
    ("result", "error", "told"),
    [
        (
            {"found": [{"at": datetime(2026, 1, 15, tzinfo=UTC)}]},
            TypeError,
            r"result\['found'\]\[0\]\['at'\] is a datetime",
        ),
        ({1, 2}, TypeError, r"result is a set, .*: return sorted\(...\) of it"),
        ({"a": {("b", "c"): 1}}, TypeError, r"result\['a'\] has a tuple as a key"),
        ([1.0, float("nan")], ValueError, r"result\[1\] is nan"),
        ({"names": ["Ada", "a\ud83d"]}, ValueError, r"result\['names'\]\[1\] has half .*\(\\ud83d\) at index 1"),
        ({"who": {"\udc00": 1}}, ValueError, r"a key of result\['who'\] has half .*\(\\udc00\)"),
        (itself, ValueError, r"result\[0\] contains itself"),
        (deep, ValueError, "result is nested too deeply"),
        ({"heart-rate": {"jan@example.com": {1}}}, TypeError, r"result\['heart-rate'\]\[a key\] is a set"),
    ],
)
def test_a_result_that_is_no_json_is_refused_by_its_place(result, error, told):
    with pytest.raises(error, match=told):
        task_handler(lambda task, exh: result)({}, Context())


@pytest.mark.parametrize("result", [None, "text", {"a": [1, 2.5, True, None]}, (1, 2), {"price": Decimal("1.5"), 5: 6}])
def test_what_lambda_can_write_is_a_result(result):
    assert task_handler(lambda task, exh: result)({}, Context()) == result
