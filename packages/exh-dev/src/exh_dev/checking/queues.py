"""SQS queues of template.yaml: how long a message stays hidden, against the timeout of the function that it starts.

Lambda refuses to connect a queue with a visibility timeout below the function's, and AWS advises six times that, and
the batching window besides:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exh_dev.checking.finding import Finding
from exh_dev.errors import DevkitError
from exh_dev.project.cloudformation import UnresolvableError
from exh_dev.project.project import MANIFEST
from exh_dev.project.strict_yaml import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml.nodes import Node

    from exh_dev.checking.inspection import Inspection
    from exh_dev.project.cloudformation import Template

_VISIBILITY = 30  # seconds; SQS's own
_ADVISED = 6  # times the function's timeout


def find(inspection: Inspection) -> Iterator[Finding]:
    """Yield queues whose messages would come back while the function still works on them."""
    manifest = inspection.manifest
    if isinstance(manifest, DevkitError) or (template := manifest.template) is None:
        return
    for spec in manifest.functions:
        for queue, window in _queues_of(template, spec.logical_id):
            hidden, line = _visibility(template, queue)
            advised = _ADVISED * spec.timeout + window
            if hidden is None or hidden >= advised:
                continue
            refused = hidden < spec.timeout
            why = "Lambda refuses that" if refused else "a message can come again while it is being worked on"
            yield Finding(
                "error" if refused else "warning",
                MANIFEST,
                f"{queue}: VisibilityTimeout is {hidden} s, and the Timeout of {spec.logical_id} is {spec.timeout} s: "
                f"{why}",
                line,
                hint=f"AWS advises six times the timeout, and the batching window more: VisibilityTimeout: {advised}",
                functions=(spec.name,),
            )


def _queues_of(template: Template, logical_id: str) -> Iterator[tuple[str, int]]:
    """Yield the logical ids of the queues that start a function, and the seconds that a batch of each is waited for."""
    events = template.find("Resources", logical_id, "Properties", "Events")
    for name in _keys(events):
        event = ("Resources", logical_id, "Properties", "Events", name)
        kind = template.find(*event, "Type")
        queue = template.find(*event, "Properties", "Queue")
        if kind is not None and kind.value == "SQS" and queue is not None and (target := _resource(queue)):
            yield target, _seconds(template, template.find(*event, "Properties", "MaximumBatchingWindowInSeconds")) or 0


def _visibility(template: Template, queue: str) -> tuple[int | None, int]:
    """Return the seconds that a queue's messages stay hidden, None when only AWS knows, and the line that says so."""
    resource = template.find("Resources", queue)
    if resource is None:
        return None, 1
    node = template.find("Resources", queue, "Properties", "VisibilityTimeout")
    if node is None:
        return _VISIBILITY, line_of(resource)
    return _seconds(template, node), line_of(node)


def _seconds(template: Template, node: Node | None) -> int | None:
    """Return a number of seconds; None if it is missing or not known statically."""
    if node is None:
        return None
    try:
        text = template.text(node)
    except UnresolvableError:
        return None
    return int(text) if re.fullmatch(r"\d{1,6}", text) else None


def _resource(node: Node) -> str | None:
    """Return the resource that `!GetAtt Queue.Arn` names, in each of its spellings."""
    if isinstance(node.value, list) and node.value and isinstance(node.value[0], tuple):
        node = node.value[0][1]  # Fn::GetAtt: …
    if isinstance(node.value, list) and node.value:
        node = node.value[0]  # [Queue, Arn]
    value = getattr(node, "value", None)
    return value.partition(".")[0] if isinstance(value, str) else None


def _keys(node: Node | None) -> list[str]:
    pairs = node.value if node is not None and isinstance(node.value, list) else []
    return [str(pair[0].value) for pair in pairs if isinstance(pair, tuple)]
