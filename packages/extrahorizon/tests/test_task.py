import json
from dataclasses import dataclass

import pytest

from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import InvalidEventError
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
def test_everything_may_be_absent(event):
    task = Task.from_event(event)
    assert (task.id, task.function_name, task.data, task.tags, task.priority) == (None, None, {}, (), 0)
    assert task.first_id is None


def test_the_first_id_is_the_same_for_every_attempt():
    assert Task.from_event({"id": "a"}).first_id == "a"
    assert Task.from_event({"id": "c", "retryForTaskIds": ["a", "b"]}).first_id == "a"


@pytest.mark.parametrize(("event", "what"), [([1], "a list"), ("jan", "a text"), (None, "null"), (7, "a number")])
def test_an_event_that_is_no_object_is_refused_without_quoting_it(event, what):
    with pytest.raises(InvalidEventError, match=f"the event is {what}; a task function receives a task object"):
        Task.from_event(event)


def test_data_that_is_no_object_is_refused():
    with pytest.raises(InvalidEventError, match="the task's data is a list; expected a JSON object"):
        Task.from_event({"data": ["jan"]})


@pytest.mark.parametrize("member", [{"tags": 5}, {"tags": "abc"}, {"retryForTaskIds": "abc"}, {"tags": [1]}])
def test_lists_that_are_none_are_refused(member):
    with pytest.raises(InvalidEventError, match="is not a list of texts"):
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
