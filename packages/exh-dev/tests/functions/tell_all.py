"""A function that does everything a careless one might: DEBUG everywhere, and secrets passed to the log."""

import logging
import os

from extrahorizon.credentials import CredentialChain
from extrahorizon.log import logger
from extrahorizon.task import task_handler


@task_handler
def handler(task, exh):
    logging.getLogger().setLevel(logging.DEBUG)
    logger.setLevel(logging.DEBUG)
    credentials = CredentialChain().current()
    print(credentials, exh.session, exh.session.authentication)  # noqa: T201 - carelessness is what this is for
    logger.debug("settings", extra={name: value for name, value in os.environ.items() if name.startswith("API_")})
    logging.getLogger("mine").warning("mine", extra={"tokenSecret": credentials.token_secret})
    logger.append_keys(consumer_secret=credentials.consumer_secret)
    try:
        user = exh.users.me()
    except Exception:
        logger.exception("refused")
        raise
    logger.info("done", extra={"user_id": user["id"], "password": credentials.token})
    return {"user_id": user["id"]}
