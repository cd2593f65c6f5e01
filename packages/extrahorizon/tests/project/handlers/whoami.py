from extrahorizon import ExtraHorizon, Task, logger, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, str]:
    logger.info("asked")
    return {"user_id": exh.users.me()["id"]}
