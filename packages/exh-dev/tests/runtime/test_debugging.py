"""`exh-dev invoke --debug`: the function waits for a debugger, stops where that says, and goes on."""

import json
import socket
import subprocess
import sys

import pytest
from folder_projects import GREETING, write

from exh_dev.serve.debugging import DEBUG_PORT


class Debugger:
    """As much of the Debug Adapter Protocol as an editor needs to stop at a line."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._stream = self._socket.makefile("rwb")
        self._number = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stream.close()
        self._socket.close()

    def send(self, command, **arguments):
        self._number += 1
        message = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._stream.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self._stream.flush()

    def wait_for(self, **wanted):
        while True:
            length = 0
            while line := self._stream.readline().strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            message = json.loads(self._stream.read(length))
            if wanted.items() <= message.items():
                return message


@pytest.fixture
def port():
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", DEBUG_PORT)) == 0:
            pytest.skip(f"somebody debugs on port {DEBUG_PORT}")
    return DEBUG_PORT


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_a_debugger_stops_at_a_line_and_no_time_runs_out(tmp_path, port):
    template = GREETING["template.yaml"].replace("Timeout: 30", "Timeout: 3")
    project = write(tmp_path, {"template.yaml": template}, GREETING)
    command = [sys.executable, "-m", "exh_dev", "invoke", "hello-world", "--debug"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        waiting = json.loads(process.stderr.readline())
        assert (waiting["message"], waiting["port"]) == (f"waiting for a debugger on 127.0.0.1:{port}", port)
        with attached(port) as debugger:
            debugger.send("initialize", adapterID="test", pathFormat="path")
            debugger.send("attach", justMyCode=False)
            debugger.wait_for(event="initialized")
            handler = str(project / "handlers/hello_world.py")
            debugger.send("setBreakpoints", source={"path": handler}, breakpoints=[{"line": 6}])
            debugger.send("configurationDone")
            stopped = debugger.wait_for(event="stopped")
            assert stopped["body"]["reason"] == "breakpoint"
            assert process.poll() is None
            debugger.send("continue", threadId=stopped["body"]["threadId"])
            assert json.loads(process.stdout.readline()) == {"greeting": "Hello, Extra Horizon!"}
        assert process.wait(20) == 0


def test_a_port_of_the_debugger_that_is_taken_is_named(tmp_path, monkeypatch, exh_dev, port):
    monkeypatch.chdir(write(tmp_path, {}, GREETING))
    with socket.create_server(("127.0.0.1", port)):
        code, out, (line,) = exh_dev("invoke", "hello-world", "--debug")
    assert (code, out, f"port {port}" in line["message"]) == (1, "", True)


def attached(port):
    """A debugger, as soon as the function waits for one."""
    from waiting import wait_for

    def connected():
        try:
            return Debugger(port)
        except ConnectionRefusedError:
            return None

    return wait_for(connected)
