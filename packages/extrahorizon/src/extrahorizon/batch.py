"""Runs a function as a job on AWS Batch: `python -m extrahorizon.batch`, which an image's target `batch` does.

A function that Extra Horizon's staff sets up starts the job when it is executed. Of its task only two members of the
data come through, `schemaId` as the variable SCHEMA_ID and `documentId` as DOCUMENT_ID; here they become the event that
a transition would send. FUNCTION_HANDLER names the function, as `handlers.whoami.handler` does; the image sets it.

The exit code is 0 when the function returned, 1 when it raised or could not be imported, 2 when a variable is wrong.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from extrahorizon.errors import ConfigurationError, ResourceUnknownError
from extrahorizon.log import logger

if TYPE_CHECKING:
    from collections.abc import Mapping

_ID = re.compile(r"[0-9a-f]{24}")
_HANDLER = re.compile(r"\w+(\.\w+)+")


@dataclass(frozen=True)
class BatchContext:
    """The handler's context. A batch job does not know its time limit, so calls have no deadline."""

    aws_request_id: str


def event_of(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the event that a transition would send, as far as a job knows it.

    The task's id is the job's, which is the same in each attempt at it.

    **A job for one document**

        >>> event_of({"SCHEMA_ID": "pulse", "DOCUMENT_ID": "6968c223f7f029ecb98abe97"})
        {'data': {'schemaId': 'pulse', 'documentId': '6968c223f7f029ecb98abe97'}}

    Raises:
        ConfigurationError: a variable is missing, or not what its name says.
    """
    schema, document = variables.get("SCHEMA_ID"), variables.get("DOCUMENT_ID")
    if not schema or not document:
        missing = [name for name, value in (("SCHEMA_ID", schema), ("DOCUMENT_ID", document)) if not value]
        raise ConfigurationError(
            f"{' and '.join(missing)} must be set: SCHEMA_ID and DOCUMENT_ID say which document the job is for. What "
            "starts the job takes them from schemaId and documentId in the data of its task"
        )
    if not _ID.fullmatch(document):
        swapped = ", but SCHEMA_ID looks like one: they are swapped" if _ID.fullmatch(schema) else ""
        raise ConfigurationError(f"DOCUMENT_ID is not the id of a document, 24 hexadecimal digits{swapped}")
    job = variables.get("AWS_BATCH_JOB_ID")
    return {**({"id": job} if job else {}), "data": {"schemaId": schema, "documentId": document}}


def run(variables: Mapping[str, str]) -> int:
    """Run the function that the variables name, and return the exit code. Errors are logged."""
    try:
        event = event_of(variables)
        module, name = _function_of(variables)
    except ConfigurationError as error:
        logger.error(str(error))
        return 2
    try:
        handler = getattr(import_module(module), name)
        handler(event, BatchContext(event.get("id") or str(uuid4())))
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends the job
        failure = {  # in Lambda's format
            "errorType": type(error).__name__,
            "errorMessage": str(error),
            "stackTrace": traceback.format_tb(error.__traceback__)[1:],
        }
        if isinstance(error, ResourceUnknownError):
            failure["hint"] = "if the document is there, SCHEMA_ID and DOCUMENT_ID may be swapped"
        logger.error("the job failed", extra=failure)
        return 1
    return 0


def _function_of(variables: Mapping[str, str]) -> tuple[str, str]:
    handler = variables.get("FUNCTION_HANDLER", "")
    if not _HANDLER.fullmatch(handler):
        raise ConfigurationError("FUNCTION_HANDLER must name the function, as handlers.whoami.handler does")
    module, _, name = handler.rpartition(".")
    return module, name


if __name__ == "__main__":
    sys.exit(run(os.environ))
