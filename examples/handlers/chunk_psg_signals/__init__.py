"""Cut a polysomnography recording, hours of many channels in one EDF file, into documents of a minute each.

A new document of `psg-recording` starts it, or on AWS the state machine ChunkWhole, with `handOver` set to false; the
minutes become documents of `psg-signal`.
"""

from __future__ import annotations

from typing import Any

from extrahorizon.errors import InvalidEventError

from handlers.chunk_psg_signals.recording import chunk
from shared.session import ExtraHorizon, Task, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    schema, recording, most = task.text("schemaId"), task.text("documentId"), minutes_per_run(task)
    result = chunk(exh, schema, recording, most=most, hand_over=task.data.get("handOver") is not False)
    # What a state machine needs to know: whether to run this again, and with which data.
    return {**result, "complete": result["status"] != "chunking", "next": dict(task.data)}


def minutes_per_run(task: Task) -> int | None:
    """Return how many minutes a run posts at most, which an action of the schema may set; None for no limit but time.

    Raises:
        InvalidEventError: it is not a whole number from 1 on.
    """
    most = task.data.get("minutesPerRun")
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
        raise InvalidEventError("the task's minutesPerRun is not a whole number from 1 on; leave it out for no limit")
    return most
