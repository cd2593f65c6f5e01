"""The platform is killed while it works, and started again on the same data."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.errors import ExtraHorizonError, IllegalStateError
from extrahorizon.query import rql
from extrahorizon.retries import RetryPolicy

WANTED = 200
STATUSES = ("seen", "done")


@contextmanager
def serving(folder, project_root):
    """The platform in a process of its own, and a client of it."""
    command = [sys.executable, "-m", "exh_dev", "serve", "--port", "0", "--data-dir", str(folder)]
    with subprocess.Popen(command, cwd=project_root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            url = json.loads(process.stdout.readline())["url"]
            lines = (folder / "credentials").read_text().splitlines()
            known = dict(line.split("=", 1) for line in lines)
            keys = (known[f"API_OAUTH_{name}"] for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN", "TOKEN_SECRET"))
            exh = ExtraHorizon(Credentials(url, *keys))
            exh.session.retries = RetryPolicy(attempts=1)
            yield exh, process
        finally:
            process.kill()


def define(exh):
    exh.data.schemas.create(name="pulse", description="Heart rate")
    exh.data.properties.create("pulse", name="n", configuration={"type": "number"})
    exh.data.transitions.update_creation("pulse", type="manual", toStatus="new", actions=[{"type": "linkCreator"}])
    for origin, target in zip(("new", *STATUSES), STATUSES, strict=False):
        exh.data.statuses.create("pulse", name=target)
        exh.data.transitions.create(
            "pulse", name=f"to-{target}", type="automatic", fromStatuses=[origin], toStatus=target,
            afterActions=[{"type": "task", "functionName": "whoami"}],
        )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_nothing_that_was_acknowledged_is_lost_and_nothing_stays_half_done(tmp_path, project_root):
    documents, tasks = [], []

    def work(exh):
        try:
            for number in range(WANTED):
                documents.append(exh.data.documents.create("pulse", {"n": number})["id"])
                tasks.append(exh.tasks.create(functionName="whoami", data={"n": number})["id"])
        except ExtraHorizonError:
            pass  # the end of the platform

    with serving(tmp_path, project_root) as (exh, process):
        define(exh)
        threads = [threading.Thread(target=work, args=(exh,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        while len(tasks) < WANTED and any(thread.is_alive() for thread in threads):
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
    acknowledged = set(documents), set(tasks)
    assert min(map(len, acknowledged)) >= WANTED

    with serving(tmp_path, project_root) as (exh, _):
        found = {document["id"]: document for document in exh.data.documents.find_all("pulse")}
        assert acknowledged[0] <= found.keys()
        assert {document["status"] for document in found.values()} == {STATUSES[-1]}
        assert not [document for document in found.values() if "transitionLock" in document]
        known = {task["id"]: task for task in exh.tasks.find_all()}
        assert acknowledged[1] <= known.keys()
        cleaned = [task for task in known.values() if task.get("error", {}).get("name") == "zombieTaskCleaned"]
        assert all(task["status"] == "failed" for task in cleaned)
        # Each document starts a task for each of its two transitions, once.
        started = [task["data"]["documentId"] for task in known.values() if "documentId" in task.get("data", {})]
        assert sorted(started) == sorted([document_id for document_id in found for _ in STATUSES])
        for task_id in sorted(acknowledged[1]):
            if known[task_id]["status"] == "new":
                with suppress(IllegalStateError):  # it has begun since
                    exh.tasks.cancel(task_id)
        unfinished = rql.in_("status", ["new", "inProgress"])
        deadline = time.monotonic() + 120
        while exh.tasks.find_first(unfinished) is not None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert exh.tasks.find_first(unfinished) is None
