"""A slow function that uses 20 MB of memory: there is time to kill its worker during a run."""

import time

from extrahorizon import ExtraHorizon, Task, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, int]:
    used = bytearray(20_000_000)
    time.sleep(1.5)
    return {"used": len(used)}
