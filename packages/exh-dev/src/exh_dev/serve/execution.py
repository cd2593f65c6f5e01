"""Run functions on their events: cases, environments and outcomes.

A case is one function, one event and one source of credentials:

    env      the five `API_*` variables, as an Extra Horizon task has them
    secret   a Secrets Manager secret that `API_SECRET_ID` names, as on AWS
    live     the developer's own credentials, for a real cluster

Runs that a case triggers on the local platform (a transition that starts a task, a task that creates others) are part
of its outcome: the next case begins when all have ended.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from exh_dev.aws.secrets import share_secrets
from exh_dev.aws.secrets_extension import SecretsExtension
from exh_dev.aws.services import LocalAws, hidden_for, uses_work_queue
from exh_dev.extras import has_aws
from exh_dev.project.runtime_function import function_of
from exh_dev.remote.activity import LocalCalls
from exh_dev.runtime import Invocation, Runtime
from exh_dev.runtime.triggers import trigger_of
from exh_dev.serve import deploy
from exh_dev.serve.configured import configured
from exh_dev.serve.local_platform import LocalPlatform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project
    from exh_dev.project.runtime_function import CredentialSource
    from exh_dev.runtime import LogLine
    from exh_dev.serve.configured import Configured

LONGEST_CHAIN = 120.0  # seconds that what a case sets off may take


@dataclass(frozen=True)
class Case:
    """One planned invocation."""

    function: str
    event_name: str
    event: Any
    credentials: CredentialSource
    trigger: str
    """The trigger on the platform:"""

    @classmethod
    def of(cls, spec: FunctionSpec, event_name: str, event: Any, credentials: CredentialSource) -> Case:
        """Return a case of a function."""
        trigger = trigger_of(event, is_scheduled=spec.kind == "schedule")
        return cls(spec.name, event_name, event, credentials, trigger)


@dataclass(frozen=True)
class Outcome:
    """The result of a case.

    Attributes:
        case: the case.
        invocation: the result of the function itself.
        calls: number of its platform calls; None on a real cluster, where they are not counted.
        chain: the runs that it triggered, in start order, as `/_dev/api/runs` has them.
        unfinished: whether some of these had not ended at the timeout.
    """

    case: Case
    invocation: Invocation
    calls: int | None = None
    chain: Sequence[Mapping[str, Any]] = ()
    unfinished: bool = False

    @classmethod
    def of_unloadable(cls, case: Case, reason: str) -> Outcome:
        """Return the outcome of a case whose function cannot be loaded and did not run."""
        error = {"errorMessage": reason}
        nothing = Invocation(
            request_id="", function=case.function, result=None, error=error, logs=(), started=datetime.now(UTC),
            duration=0, init_duration=None, waited=0, peak_memory=0,
        )  # fmt: skip
        return cls(case, nothing)

    @property
    def ok(self) -> bool:
        """Return whether the function succeeded for all messages, and all runs that it triggered did finally."""
        return self.invocation.ok and not self.failures()

    def failures(self) -> list[str]:
        """Return what failed, a sentence each."""
        own = [] if self.invocation.ok else [self.invocation.failure()]
        result = self.invocation.result
        if self.case.trigger == "queue" and isinstance(result, dict) and (left := result.get("batchItemFailures")):
            own.append(f"{len(left)} of {len(self.case.event['Records'])} messages would come again")
        last = {run["chain"]: run for run in self.chain}
        failed = [run for run in last.values() if run["status"] != "OK"]
        late = ["runs that it triggered have not ended"] if self.unfinished else []
        return [*own, *(f"{run['function']}: {run['failure']}" for run in failed), *late]

    def as_json(self) -> dict[str, Any]:
        """Return JSON output: durations in milliseconds, memory in MB, `init_ms` null for a warm worker."""
        summary = self.invocation.summary()
        del summary["failure"]
        return {
            "function": self.case.function,
            "event": self.case.event_name,
            "trigger": self.case.trigger,
            "credentials": self.case.credentials,
            **summary,
            "status": "OK" if self.ok else "FAILED",
            "result": self.invocation.result,
            "error": self.invocation.error,
            "platform_calls": self.calls,
            "chain": list(self.chain),
        }


def execute(
    project: Project,
    cases: Sequence[Case],
    *,
    overrides: Mapping[str, str],
    live: Mapping[str, str] | None = None,
    debug_port: int | None = None,
    on_log: Callable[[str, LogLine], None],
    keep: Callable[[list[dict[str, Any]]], object] | None = None,
) -> Iterator[Outcome]:
    """Run cases one after another against one ephemeral platform, or against the real one of `live`.

    Args:
        project: the project.
        cases: the cases.
        overrides: variables from `--env`, which override all others.
        live: the five `API_*` variables of a real cluster, for cases with `live` credentials.
        debug_port: port on 127.0.0.1 to wait for a debugger, which disables timeouts.
        on_log: called with the functions' log lines as they appear.
        keep: called at the end with the records of all runs, as `/_dev/api/runs` has them, the oldest first.

    Raises:
        UsageError: a function cannot run this way; nothing has run.
    """
    with ExitStack() as stack:
        known = configured(project) if live is None else None
        platform = stack.enter_context(LocalPlatform(image=known.image)) if known else None
        runtimes: dict[CredentialSource, Runtime] = {}
        sources: dict[CredentialSource, None] = dict.fromkeys(case.credentials for case in cases)
        for source in sources:
            names = dict.fromkeys(case.function for case in cases if case.credentials == source)
            specs = [project.manifest.function(name) for name in names]
            injected = _injected(source, platform, specs, live or {}, stack)
            functions = [function_of(project, spec, source, injected[spec.name], overrides) for spec in specs]
            if debug_port is not None:
                functions = [function.debugged(debug_port) for function in functions]
            runtimes[source] = stack.enter_context(Runtime(functions, on_log=on_log))
        worker = runtimes[cases[0].credentials]
        calls = None
        if platform is None or known is None:
            worker.warm(cases[0].function)
        else:
            _start(platform, project, known, lambda: worker.warm(cases[0].function))
            calls = stack.enter_context(LocalCalls(platform.url))
            if keep is not None:
                stack.callback(lambda: keep(platform.runs()))
        for case, following in zip(cases, [*cases[1:], None], strict=True):
            # The worker of the next function starts while this case runs.
            if following is not None and (following.function, following.credentials) != (
                case.function,
                case.credentials,
            ):
                runtimes[following.credentials].warm(following.function)
            if platform is not None:
                deploy.seed(platform, project, project.manifest.function(case.function))
            runtime = runtimes[case.credentials]
            if platform is None or calls is None:
                yield Outcome(case, runtime.invoke(case.function, case.event))
                continue
            invocation, run_id = platform.recorded(case.function, case.event, _performing(runtime, case))
            yield _with_chain(case, invocation, calls, run_id)


def _start(platform: LocalPlatform, project: Project, known: Configured, warm: Callable[[], object]) -> None:
    """Start a platform with a project, and the first worker at the same time.

    A function that cannot be served is not reported here, unlike in `exh-dev serve`: only other functions may call it.
    """
    if known.is_known:
        warm()
        deploy.start(platform, project, lambda _: None, is_configured=True)
        return
    deploy.start(platform, project, lambda _: None)
    known.keep(platform.call(platform.image))  # before a worker can have called it
    warm()


def _performing(runtime: Runtime, case: Case) -> Callable[[str], Invocation]:
    return lambda request_id: runtime.invoke(case.function, case.event, request_id=request_id)


def _with_chain(case: Case, invocation: Invocation, calls: LocalCalls, run_id: str) -> Outcome:
    """Return the outcome, once all runs that the case triggered have ended."""
    ended = calls.wait_for_rest(time.monotonic() + LONGEST_CHAIN)
    chain = sorted((run for run in calls.new_runs() if run["id"] != run_id), key=lambda run: run["started"])
    return Outcome(case, invocation, calls.count(invocation.request_id), chain, unfinished=not ended)


def _injected(
    source: CredentialSource,
    platform: LocalPlatform | None,
    specs: Sequence[FunctionSpec],
    live: Mapping[str, str],
    stack: ExitStack,
) -> dict[str, Mapping[str, str]]:
    """Return the variables of each function that come from outside the manifest, such as its credentials."""
    queued = [spec for spec in specs if uses_work_queue(spec)]
    aws = stack.enter_context(LocalAws()) if queued or (source == "secret" and has_aws()) else None
    if platform is None:
        found: dict[str, Mapping[str, str]] = dict.fromkeys((spec.name for spec in specs), live)
    elif aws is not None and source == "secret":
        share_secrets(platform, aws, specs)
        found = dict.fromkeys((spec.name for spec in specs), aws.environment())
    elif source == "secret":
        extension = stack.enter_context(SecretsExtension())
        share_secrets(platform, extension, specs)
        found = dict.fromkeys((spec.name for spec in specs), extension.environment())
    else:
        found = {spec.name: deploy.injected(platform, spec) for spec in specs}
    if aws is not None and queued:
        # Also for a real cluster: local queue messages do not belong there.
        queue = {**aws.environment(), **aws.create_work_queue(hidden=hidden_for(queued)).environment()}
        found.update((spec.name, {**found[spec.name], **queue}) for spec in queued)
    return found
