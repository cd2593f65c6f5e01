"""The tutorial is correct: from an empty folder all its commands run unchanged, and the mail is sent."""

import json
import re
import signal
import subprocess

import pytest
from newcomer import surroundings


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_from_an_empty_folder_to_a_mail(project_root, tmp_path):
    page = (project_root / "docs" / "tutorial.md").read_text()
    environment = surroundings(tmp_path / "home") | {"URL": str(project_root)}
    folder, serving, printed = tmp_path, None, ""
    try:
        for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL):
            if "exh-dev serve" in block:
                command = f"exec {block.strip()} --port 0"
                serving = subprocess.Popen(["sh", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE)
                assert b'"url": "http://localhost:' in serving.stdout.readline()
                continue
            script = block.replace("git clone URL", 'git clone "$URL"')
            done = subprocess.run(
                ["sh", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            folder, printed = tmp_path / "my-clinic", done.stdout
    finally:
        if serving:
            serving.send_signal(signal.SIGINT)
            assert serving.wait(10) == 0
            serving.stdout.close()
    document, tasks, mails = (json.loads(line) for line in printed.splitlines())
    assert [(task["functionName"], task["status"]) for task in tasks["data"]] == [("warn-patient", "complete")]
    (mail,) = mails["data"]
    assert (mail["subject"], mail["content"]["documentId"]) == ("Your heart rate", document["id"])
