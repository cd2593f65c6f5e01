"""The tutorial is true: from an empty folder, every command of it, as it stands, and the mail is there."""

import json
import os
import re
import signal
import subprocess

import pytest
from lending import lend

#: What a fresh machine needs to install packages where its network is a special one; nothing else is passed on.
KEPT = re.compile(r"PATH|LANG|(PIP_|SSL_|REQUESTS_|UV_).*|.*_PROXY|.*_proxy")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_from_an_empty_folder_to_a_mail(project_root, tmp_path):
    page = (project_root / "docs" / "tutorial.md").read_text()
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)} | {"HOME": str(home)}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1"}
    folder, serving, printed = tmp_path, None, ""
    clone = tmp_path / "my-clinic"
    subprocess.run(["git", "clone", "-q", project_root, clone], check=True)
    environment |= lend(project_root, clone)
    try:
        for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL):
            if "exh-dev serve" in block:
                command = f"exec {block.strip()} --port 0"
                serving = subprocess.Popen(["sh", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE)
                assert b'"url": "http://localhost:' in serving.stdout.readline()
                continue
            script = block.replace("git clone URL my-clinic\n", "")
            done = subprocess.run(
                ["sh", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            folder, printed = clone, done.stdout
    finally:
        if serving:
            serving.send_signal(signal.SIGINT)
            assert serving.wait(10) == 0
            serving.stdout.close()
    document, tasks, mails = (json.loads(line) for line in printed.splitlines())
    assert [(task["functionName"], task["status"]) for task in tasks["data"]] == [("warn-patient", "complete")]
    (mail,) = mails["data"]
    assert (mail["subject"], mail["content"]["documentId"]) == ("Your heart rate", document["id"])
