"""The recipe of `.vscode/launch.json`, over the debug adapter protocol: it attaches, stops at a breakpoint, goes on."""

import json
import socket
import subprocess
import sys
from itertools import count

import pytest
from folder_projects import GREETING, write
from waiting import wait_for

from exh_dev.project.editor.files import write_editor_files
from exh_dev.serve.debugging import DEBUG_PORT

pytest.importorskip("debugpy")


class Editor:
    """As much of an editor as attaching takes."""

    def __init__(self, host, port):
        self._connection = wait_for(lambda: _connected(host, port))
        self._reader = self._connection.makefile("rb")
        self._numbers = count(1)
        self._events = []

    def close(self):
        self._reader.close()
        self._connection.close()

    def ask(self, command, wait=True, **arguments):
        """Send a request; return the body of its answer, which has to be a success."""
        number = next(self._numbers)
        body = json.dumps({"seq": number, "type": "request", "command": command, "arguments": arguments}).encode()
        self._connection.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        while wait:
            message = self._read()
            if message["type"] == "response" and message["request_seq"] == number:
                assert message["success"], message
                return message.get("body")
            self._events.append(message)
        return None

    def event(self, name):
        while True:
            for message in self._events:
                if message.get("event") == name:
                    self._events.remove(message)
                    return message.get("body", {})
            self._events.append(self._read())

    def _read(self):
        length = 0
        while (line := self._reader.readline()) != b"\r\n":
            assert line, "the debugger has gone"
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self._reader.read(length))


def _connected(host, port):
    try:
        return socket.create_connection((host, port), 60)
    except OSError:
        return None


@pytest.mark.slow
def test_the_recipe_attaches_and_stops_where_it_should(tmp_path):
    folder = write(tmp_path / "project", {}, GREETING)
    write_editor_files(folder)
    recipes = json.loads((folder / ".vscode" / "launch.json").read_text())["configurations"]
    (recipe,) = [each for each in recipes if each["request"] == "attach"]
    assert (recipe["type"], recipe["connect"]["port"]) == ("debugpy", DEBUG_PORT)
    source = folder / "handlers" / "hello_world.py"
    line = next(number for number, text in enumerate(source.read_text().splitlines(), 1) if "return" in text)
    command = [sys.executable, "-m", "exh_dev", "invoke", "hello-world", "--debug"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        editor = Editor(recipe["connect"]["host"], recipe["connect"]["port"])
        editor.ask("initialize", adapterID="debugpy", linesStartAt1=True, pathFormat="path")
        attach = {name: value for name, value in recipe.items() if name not in ("name", "type", "request")}
        editor.ask("attach", wait=False, **attach)
        editor.event("initialized")
        editor.ask("setBreakpoints", source={"path": str(source)}, breakpoints=[{"line": line}])
        editor.ask("configurationDone")
        thread = editor.event("stopped")["threadId"]
        (frame, *_) = editor.ask("stackTrace", threadId=thread)["stackFrames"]
        assert (frame["source"]["path"], frame["line"]) == (str(source), line)
        editor.ask("continue", threadId=thread)
        out, err = process.communicate(timeout=60)
        editor.close()
    assert process.returncode == 0, err
    assert json.loads(out) == {"greeting": "Hello, Extra Horizon!"}
