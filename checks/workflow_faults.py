"""What is wrong with a workflow that its schema does not say: names that lead nowhere, contexts that are not there.

GitHub finds these only when it runs a workflow, and takes most of them for an empty text.
"""

from __future__ import annotations

import re

# https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#context-availability
_EVERYWHERE = {"github", "inputs", "vars"}
_IN_JOB = _EVERYWHERE | {"needs"}
_IN_MATRIX = _IN_JOB | {"strategy", "matrix"}
_IN_STEP = _IN_MATRIX | {"job", "runner", "env", "secrets", "steps"}
_OF_WORKFLOW = {"env": _EVERYWHERE | {"secrets"}}
_OF_JOB = {
    "defaults": _IN_MATRIX | {"env"},
    "env": _IN_MATRIX | {"secrets"},
    "if": _IN_JOB,
    "outputs": _IN_STEP,
    "steps": _IN_STEP,
    "strategy": _IN_JOB,
}
_REFERENCE = re.compile(r"(?<![\w.-])([a-z]+)((?:\.[\w-]+)+)")
_VARIABLE = re.compile(r"\$\{?([A-Z][A-Z0-9_]*)")
_ASSIGNED = re.compile(r"\b([A-Z][A-Z0-9_]*)=|\bread (?:-r )?([A-Z][A-Z0-9_]*)")
#: Variables that a runner sets.
_OF_RUNNER = re.compile(r"GITHUB_\w+|RUNNER_\w+|CI|HOME|PATH")


def faults(workflow: dict) -> list[str]:
    """Return what is wrong with a workflow, each as where it is and what it is.

    Args:
        workflow: its YAML, in which `on` is a string.
    """
    found = []
    for name, value in workflow.items():
        if name != "jobs":
            found += _wrong(workflow, {}, value, _OF_WORKFLOW.get(name, _EVERYWHERE), name)
    for name, job in workflow["jobs"].items():
        found += [f"{name}: there is no job {each} to need" for each in _needs(job) if each not in workflow["jobs"]]
        for member, value in job.items():
            if member != "steps":
                allowed = _OF_JOB.get(member, _IN_MATRIX)
                found += _wrong(workflow, job, value, allowed, f"{name}.{member}", is_expression=member == "if")
        found += _wrong_steps(workflow, name, job)
    return found


def _wrong_steps(workflow: dict, name: str, job: dict) -> list[str]:
    found = []
    for place, step in enumerate(job["steps"]):
        before = {**job, "steps": job["steps"][:place]}
        where = f"{name}.steps[{place}]"
        if step.get("id") in [each["id"] for each in before["steps"] if "id" in each]:
            found.append(f"{where}: there is a step {step['id']} already")
        set_here = {"env": {**job.get("env", {}), **step.get("env", {})}}
        for member, value in step.items():
            allowed = _IN_STEP - {"secrets"} if member == "if" else _IN_STEP
            found += _wrong(workflow, {**before, **set_here}, value, allowed, where, is_expression=member == "if")
        script = step.get("run", "")
        known = {
            *workflow.get("env", {}),
            *set_here["env"],
            *(each for pair in _ASSIGNED.findall(script) for each in pair),
        }
        for variable in _VARIABLE.findall(script):
            if variable not in known and not _OF_RUNNER.fullmatch(variable):
                found.append(f"{where}: nothing sets ${variable}")
    return found


def _wrong(workflow, job, value, allowed, where, *, is_expression=False):
    """Yield what is wrong with the expressions of a value, at any depth."""
    match value:
        case dict():
            for name, each in value.items():
                yield from _wrong(workflow, job, each, allowed, f"{where}.{name}")
        case list():
            for each in value:
                yield from _wrong(workflow, job, each, allowed, where)
        case str():
            for expression in [value] if is_expression else re.findall(r"\$\{\{(.*?)\}\}", value, re.DOTALL):
                for context, path in _REFERENCE.findall(re.sub(r"'[^']*'", "", expression)):
                    reason = _reason(workflow, job, context, path[1:].split("."), allowed)
                    if reason:
                        yield f"{where}: {context}{path}: {reason}"


def _reason(workflow, job, context, path, allowed):
    """Return why a reference leads nowhere, or nothing."""
    if context not in allowed:
        return f"{context} is not known here"
    known = _names(workflow, job, context)
    if known is not None and path[0] not in known:
        return f"there is no {path[0]}"
    if path[1:2] == ["outputs"] and not _has_output(workflow, job, context, path[0], path[2]):
        return f"{path[0]} has no output {path[2]}"
    return None


def _names(workflow, job, context):
    """Return the names that a context has, or nothing where anything may be there."""
    match context:
        case "inputs":
            return (workflow["on"].get("workflow_dispatch") or {}).get("inputs", {})
        case "matrix":
            return job.get("strategy", {}).get("matrix", {})
        case "needs":
            return _needs(job)
        case "steps":
            return [each["id"] for each in job["steps"] if "id" in each]
        case "env":
            return {**workflow.get("env", {}), **job.get("env", {})}
    return None


def _has_output(workflow, job, context, name, output):
    if context == "needs":
        return output in workflow["jobs"][name].get("outputs", {})
    (step,) = (each for each in job["steps"] if each.get("id") == name)
    return "uses" in step or re.search(rf"\b{re.escape(output)}=", step["run"]) is not None


def _needs(job):
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else needs
