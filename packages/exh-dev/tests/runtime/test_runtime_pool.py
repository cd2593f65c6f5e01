"""Workers are reused, limited in number and memory, and never left behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest

from exh_dev.errors import DevkitError
from exh_dev.runtime import Function, Runtime

pytestmark = pytest.mark.slow


@pytest.fixture
def door():
    """A port on which handlers wait to be let through."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        yield server


def wait_until_gone(*pids):
    """A process that nobody has collected yet counts as gone."""
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            for _ in range(500):
                if process.status() == psutil.STATUS_ZOMBIE:
                    break
                with suppress(psutil.TimeoutExpired):
                    process.wait(0.01)
            else:
                pytest.fail(f"{process} lives on")


def test_a_warm_worker_is_used_again(start):
    runtime = start("basic.process_id")

    first, *others = [runtime.invoke("under-test", None) for _ in range(5)]

    assert first.init_duration > 0
    assert [other.result for other in others] == [first.result] * 4
    assert [other.init_duration for other in others] == [None] * 4


def test_no_more_workers_than_allowed(start, door):
    runtime = start("resources.meet", concurrency=2)
    port = door.getsockname()[1]
    with ThreadPoolExecutor(5) as threads:
        invocations = [threads.submit(runtime.invoke, "under-test", port) for _ in range(5)]
        waiting = [door.accept()[0], door.accept()[0]]
        for _ in range(3):  # another one comes only after one has left
            with waiting.pop(0) as connection:
                connection.send(b"!")
            waiting.append(door.accept()[0])
        for connection in waiting:
            with connection:
                connection.send(b"!")
        pids = [invocation.result().result for invocation in invocations]

    assert len(pids) == 5
    assert len(set(pids)) == 2


def test_warming_starts_a_worker_that_the_next_invocation_uses(start):
    runtime = start("basic.process_id")
    runtime.warm("under-test")
    [worker] = runtime._pool("under-test")._idle

    invocation = runtime.invoke("under-test", None)

    assert invocation.result == worker._process.pid
    assert invocation.init_duration > 0


def test_warming_starts_no_more_workers_than_allowed(start):
    runtime = start("basic.process_id", concurrency=1)
    runtime.warm("under-test")
    runtime.warm("under-test")

    assert len(runtime._pool("under-test")._workers) == 1


def test_a_failed_warming_is_the_error_of_the_next_invocation(start, module):
    runtime = start(**module("raise ValueError('no luck')"))
    runtime.warm("under-test")
    [worker] = runtime._pool("under-test")._idle
    assert worker._exited.wait(10)

    assert runtime.invoke("under-test", None).error["errorMessage"] == "no luck"


def test_a_worker_that_ended_while_idle_is_replaced(start):
    runtime = start("basic.process_id")
    first = runtime.invoke("under-test", None).result
    [worker] = runtime._pool("under-test")._idle
    os.kill(first, signal.SIGKILL)
    assert worker._exited.wait(10)

    again = runtime.invoke("under-test", None)

    assert again.ok
    assert again.result != first


def test_a_worker_that_ends_just_after_its_answer_is_replaced(start, module):
    source = """
import os
class Last(dict):
    def __del__(self): os._exit(1)  # when it has been sent
def handler(event, context):
    return Last(pid=os.getpid())
"""
    runtime = start(**module(source))

    invocations = [runtime.invoke("under-test", None) for _ in range(5)]

    assert all(invocation.ok for invocation in invocations)
    assert len({invocation.result["pid"] for invocation in invocations}) == 5


def test_memory_over_the_limit_ends_the_worker(start):
    runtime = start("resources.allocate")
    assert runtime.invoke("under-test", 1).ok

    invocation = runtime.invoke("under-test", 400)

    assert invocation.error == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {invocation.request_id} Error: Runtime exited with error: signal: killed",
    }
    assert invocation.peak_memory > 128
    [line] = invocation.logs
    assert line.text.endswith(f"Memory limit of 128 MB exceeded: {invocation.peak_memory} MB used")
    assert runtime.invoke("under-test", 1).ok


def test_memory_of_children_counts(run):
    invocation = run("resources.allocate_in_child", 300)

    assert invocation.error["errorMessage"].endswith("signal: killed")
    assert "Memory limit of 128 MB exceeded" in invocation.logs[-1].text


def test_closing_leaves_no_process(start):
    runtime = start("resources.start_child")
    pids = runtime.invoke("under-test", {"detached": False}).result

    runtime.close()
    runtime.close()

    wait_until_gone(*pids.values())
    with pytest.raises(DevkitError, match="its runtime is closed"):
        runtime.invoke("under-test", None)


def test_a_process_that_outlives_its_worker_holds_nothing_up(run):
    invocation = run("resources.start_child", {"detached": True, "exit": True})

    survivor = psutil.Process(int(invocation.logs[0].text))
    assert invocation.error["errorMessage"].endswith("exit status 1")
    assert survivor.is_running()
    survivor.kill()


def test_children_of_a_crashed_worker_end_with_it(run):
    invocation = run("resources.start_child", {"detached": False, "exit": True})

    wait_until_gone(int(invocation.logs[0].text))


def test_closing_interrupts_invocations(start):
    waiting = threading.Event()
    runtime = start("basic.wait_for_ever", concurrency=1, on_log=lambda name, line: waiting.set())
    with ThreadPoolExecutor(2) as threads:
        invocations = [threads.submit(runtime.invoke, "under-test", None) for _ in range(2)]
        assert waiting.wait(10)
        [worker] = runtime._pool("under-test")._workers

        runtime.close()

        assert worker._exited.is_set()
        for invocation in invocations:
            with pytest.raises(DevkitError, match="under-test was stopped"):
                invocation.result(10)


def test_an_interrupted_invocation_ends_its_worker(start):
    def interrupt(name, line):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    runtime = start("basic.wait_for_ever", on_log=interrupt)
    runtime.warm("under-test")
    [worker] = runtime._pool("under-test")._workers

    with pytest.raises(KeyboardInterrupt):
        runtime.invoke("under-test", None)

    wait_until_gone(worker._process.pid)
    assert runtime._pool("under-test")._workers == []


def test_no_thread_or_file_is_left_behind(functions):
    def handles():
        for thread in threading.enumerate():
            if "worker-" in thread.name or "process_request" in thread.name:
                thread.join(10)
        return psutil.Process().num_fds(), {thread.name for thread in threading.enumerate()}

    before = handles()
    for _ in range(3):
        with Runtime([Function(name="f", handler="basic.echo", task_root=functions)]) as runtime:
            runtime.invoke("f", None)

    assert handles() == before


def test_workers_end_when_their_parent_is_killed(functions, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # what the killed parent cannot remove
    code = f"""
from pathlib import Path
from exh_dev.runtime import Function, Runtime
runtime = Runtime([Function(name="f", handler="basic.process_id", task_root=Path({str(functions)!r}))])
print(runtime.invoke("f", None).result, flush=True)
input()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        assert worker.is_running()
        parent.kill()

    wait_until_gone(worker.pid)


def test_workers_end_when_their_parent_exits_without_closing(functions):
    code = f"""
from pathlib import Path
from exh_dev.runtime import Function, Runtime
runtime = Runtime([Function(name="f", handler="basic.process_id", task_root=Path({str(functions)!r}))])
print(runtime.invoke("f", None).result, flush=True)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

    assert done.stderr == ""
    wait_until_gone(int(done.stdout))
