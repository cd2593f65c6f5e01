"""Takes its time, so that it can be killed, and uses some memory."""

import time

from extrahorizon import ExtraHorizon, Task, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, int]:
    used = bytearray(20_000_000)
    time.sleep(1.5)
    return {"used": len(used)}
