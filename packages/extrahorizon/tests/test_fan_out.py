import threading

import pytest

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.deadline import Deadline
from extrahorizon.errors import DeadlineExceededError
from extrahorizon.fan_out import fan_out


def test_results_come_in_the_order_of_the_items():
    first_may_end = threading.Event()

    def work(item):
        if item == 0:
            first_may_end.wait(10)
        if item == 7:
            first_may_end.set()
        return item * item

    assert fan_out(work, range(8), workers=8) == [item * item for item in range(8)]


def test_no_more_than_the_workers_are_in_progress_and_they_really_are():
    together = threading.Barrier(4)
    running, most, lock = [0], [0], threading.Lock()

    def work(_):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        together.wait(10)  # passes only when four are in progress at once
        with lock:
            running[0] -= 1

    fan_out(work, range(16), workers=4)
    assert most == [4]


def test_the_first_error_ends_it_and_nothing_further_is_begun():
    begun = []

    def work(item):
        begun.append(item)
        if item == 3:
            raise KeyError(item)

    with pytest.raises(KeyError):
        fan_out(work, range(1000), workers=1)
    assert begun == [0, 1, 2, 3]


def test_errors_can_be_collected_in_their_places():
    def work(item):
        if item % 2:
            raise KeyError(item)
        return item

    results = fan_out(work, range(4), workers=2, return_exceptions=True)
    assert [results[0], results[2]] == [0, 2]
    assert [type(results[1]), type(results[3])] == [KeyError, KeyError]


def test_items_are_taken_as_they_are_needed_and_their_own_error_is_raised():
    def items():
        yield 1
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        fan_out(lambda item: item, items(), return_exceptions=True)


def test_nothing_is_begun_after_the_deadline():
    now = [0.0]
    begun = []

    def work(item):
        begun.append(item)
        now[0] += 1

    with pytest.raises(DeadlineExceededError):
        fan_out(work, range(100), workers=1, deadline=Deadline(3, clock=lambda: now[0]))
    assert begun == [0, 1, 2]
    results = fan_out(work, range(5), workers=1, deadline=Deadline(2, clock=lambda: now[0]), return_exceptions=True)
    assert [type(result) for result in results] == [type(None)] * 2 + [DeadlineExceededError] * 3


def test_no_items_give_no_results():
    assert fan_out(lambda item: item, []) == []


def test_the_client_fans_out_within_its_own_deadline():
    exh = ExtraHorizon(Credentials("https://api.acme.io", "k", "cs", "t", "ts"))
    assert exh.fan_out(lambda item: item + 1, [1, 2, 3]) == [2, 3, 4]
    exh.session.deadline = Deadline(0)
    with pytest.raises(DeadlineExceededError):
        exh.fan_out(lambda item: item, [1])


def test_fan_out_needs_at_least_one_worker():
    with pytest.raises(ValueError, match="one worker"):
        fan_out(lambda item: item, [1], workers=0)


@pytest.mark.parametrize("return_exceptions", [False, True])
def test_an_exit_is_not_lost(return_exceptions):
    def work(item):
        if item == 2:
            raise SystemExit(3)
        return item

    with pytest.raises(SystemExit):
        fan_out(work, range(5), workers=2, return_exceptions=return_exceptions)
