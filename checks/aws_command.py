"""`aws SERVICE OPERATION --options`, as far as workflows use it: the AWS CLI's own service models decide what is right.

Run as a program in the place of `aws`, which a runner of GitHub has and a developer's machine may not have.
"""

from __future__ import annotations

import sys
from pathlib import Path

import boto3
import jmespath
from botocore import xform_name

_OF_THE_PROGRAM = {"query", "output"}


def main(arguments: list[str]) -> str:
    """Call a service as the command line says, and return what `--output text` prints of the answer."""
    service, operation, *rest = arguments
    client = boto3.client(service)
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    members = {xform_name(name, "-"): name for name in shape.members}
    given, files = {}, []
    while rest:
        word = rest.pop(0)
        if word.startswith("--"):
            given[word.removeprefix("--")] = _value(rest.pop(0))
        else:
            files.append(word)
    answer = getattr(client, method)(**{members[name]: given[name] for name in given.keys() - _OF_THE_PROGRAM})
    if files:  # where the body of the answer goes
        Path(files[0]).write_bytes(answer.pop("Payload").read())
    assert given["output"] == "text"
    return str(jmespath.search(given["query"], answer))


def _value(text: str) -> str | bytes:
    return Path(text.removeprefix("fileb://")).read_bytes() if text.startswith("fileb://") else text


if __name__ == "__main__":
    print(main(sys.argv[1:]))  # noqa: T201 - a program
