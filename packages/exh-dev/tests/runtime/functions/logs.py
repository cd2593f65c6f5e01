"""Functions that write."""

# ruff: noqa: T201 - printing is how a function logs

import logging
import sys

logger = logging.getLogger(__name__)
print("module loaded")


def everything(event, context):
    print("one\ntwo")
    print("to stderr", file=sys.stderr)
    logger.warning("a warning with %s", "arguments")
    print("žluťoučký 🐎")
    sys.stdout.write("\n")
    sys.stdout.buffer.write(b"not \xff text\n")
    sys.stdout.buffer.flush()
    print("no newline", end="")


def many(event, context):
    for number in range(event["count"]):
        print(event["token"], number)


def refuse(event, context):
    raise ValueError("refused")


def long_line(event, context):
    print("x" * event)


def crash(event, context):
    print("last words", end="")
    sys.exit(1)
