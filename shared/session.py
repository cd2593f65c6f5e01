"""How the functions of this project reach Extra Horizon. Handlers import from here.

    from shared.session import ExtraHorizon, Task, logger, task_handler

    @task_handler
    def handler(task: Task, exh: ExtraHorizon) -> dict[str, str]:
        me = exh.users.me()
        logger.info("authenticated", extra={"user_id": me["id"]})
        return {"user_id": me["id"]}

`exh` is one client for all warm invocations of a function: it retries, ends in time and raises typed errors. The other
way to call is `exh.oauth1_session()`, as in handlers/hello_world.py: the `OAuth1Session` that code for requests wants,
with the same credentials. They come together from the first place that has them: the variables API_HOST and API_OAUTH_*
(Extra Horizon sets them from `executionCredentials` in template.yaml), the Secrets Manager secret that API_SECRET_ID
names, and on your own machine the file ~/.exh/credentials of `exh login`.

`logger` writes JSON lines with the task's id in each, and without what must not be in a log. Put what every line of
this project carries here: `logger.append_keys(project="my-clinic")`.
"""

from extrahorizon import ExtraHorizon, Task, logger, task_handler

__all__ = ["ExtraHorizon", "Task", "logger", "task_handler"]
