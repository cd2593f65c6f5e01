"""Functions that use memory, processes and sockets."""

# ruff: noqa: T201 - printing is how a function logs

import os
import socket
import subprocess
import sys

HOLD = "import sys; data = b'x' * {size}; print('held', flush=True); sys.stdin.read()"


def allocate(event, context):
    data = b"x" * (event * 1024 * 1024)
    return len(data)


def allocate_in_child(event, context):
    code = HOLD.format(size=event * 1024 * 1024)
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdout.readline()
    child.wait()


def start_child(event, context):
    """A child that ends only when it is killed; `event` says whether in a session of its own."""
    child = subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.pause()"], start_new_session=event["detached"]
    )
    if event.get("exit"):
        print(child.pid)
        os._exit(1)
    return {"worker": os.getpid(), "child": child.pid}


def meet(event, context):
    """Say hello on a port, and return when the other side has answered."""
    with socket.create_connection(("127.0.0.1", event)) as connection:
        connection.recv(1)
    return os.getpid()
