"""Five hundred messages through the queue in a storm, by four workers: what `python -m benchmarks.queue` measures."""

import pytest

from benchmarks import queue


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_storm_loses_nothing_and_does_nothing_twice():
    told = queue.storm(500, workers=4)  # raises when something is lost, done twice, or not told
    assert told["sent"] > 520
    assert told["delivered_twice"] > 20
    assert told["poison"] > 5
    assert told["workers_killed"] > 0
