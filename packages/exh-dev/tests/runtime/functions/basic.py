"""Functions that return, and functions that do not."""

# ruff: noqa: T201 - printing is how a function logs

import os
import signal
import sys
from pathlib import Path


def echo(event, context):
    return event


def process_id(event, context):
    return os.getpid()


def whole_context(event, context):
    return {
        "aws_request_id": context.aws_request_id,
        "function_name": context.function_name,
        "function_version": context.function_version,
        "invoked_function_arn": context.invoked_function_arn,
        "log_group_name": context.log_group_name,
        "log_stream_name": context.log_stream_name,
        "memory_limit_in_mb": context.memory_limit_in_mb,
        "remaining": context.get_remaining_time_in_millis(),
        "trace_id": os.environ["_X_AMZN_TRACE_ID"],
    }


def environment(event, context):
    home = Path(os.environ["HOME"])
    return {
        "variables": dict(os.environ),
        "home_mode": home.stat().st_mode & 0o777,
        "home_files": [str(path) for path in home.iterdir()],
        "working_directory": str(Path.cwd()),
    }


class OrderRefusedError(Exception):
    pass


def refuse(event, context):
    raise OrderRefusedError(event)


def raise_long(event, context):
    raise ValueError("x" * event)


def unserialisable(event, context):
    return {"a set": {1}}


def raw_bytes(event, context):
    return event.encode()


def text_of_length(event, context):
    return "x" * event


def exit_with(event, context):
    sys.exit(event)


def signal_itself(event, context):
    os.kill(os.getpid(), event)
    signal.pause()


def wait_for_ever(event, context):
    print("waiting")
    signal.pause()


def fail_to_wait(event, context):
    if event == "wait":
        signal.pause()
    return os.getpid()
