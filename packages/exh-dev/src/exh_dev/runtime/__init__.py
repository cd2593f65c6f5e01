"""Runs functions on this machine as AWS Lambda does.

AWS's own runtime client (`awslambdaric`) runs in worker processes, fed by a Lambda Runtime API server. Errors,
timeouts, exit codes and log lines are therefore those that Lambda would report. Functions for Node.js run the same way,
under a client of our own (`bootstrap.mjs`) that does what AWS's does.

    with Runtime([Function(name="whoami", handler="handlers.whoami.handler", task_root=root)]) as runtime:
        invocation = runtime.invoke("whoami", {"some": "event"})
"""

from __future__ import annotations

from exh_dev.runtime.function import Function
from exh_dev.runtime.invocation import Invocation, LogLine, trace_root
from exh_dev.runtime.languages import is_node, node_version, runs_here
from exh_dev.runtime.pool import Runtime

__all__ = ["Function", "Invocation", "LogLine", "Runtime", "is_node", "node_version", "runs_here", "trace_root"]
