"""An error object of Lambda as people read it: what happened, the function's own frames, and how to go on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exh_dev.cli.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Frames of Python, of packages and of the runtime client: not the user's own code.
_FOREIGN = re.compile(
    r"site-packages|dist-packages|/lib/python3|<frozen |/src/extrahorizon/|node:internal|node_modules"
    r"|/exh_dev/runtime/bootstrap\.mjs:"
)
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<name>[^\n]+)(?:\n\s*(?P<code>[^\n]+))?')
_AT = re.compile(r"\s+at ")  # a frame of Node.js
_VARIABLE = re.compile(r"'[A-Z][A-Z0-9_]*'")
#: What Lambda says, and what is to be done: it names the rule that was broken, and not the way out.
_REMEDIES = tuple(
    (re.compile(pattern), remedy)
    for pattern, remedy in (
        (
            r"MarshalError: (Unable to marshal response: Object of type (?!coroutine|generator)|The result holds)",
            "JSON is needed: return a list for a set, `.isoformat()` of a date, None for NaN (@task_handler names it)",
        ),
        (
            r"Runtime\.ExitError: .*exit status",
            "return or raise in the place of sys.exit; Lambda's runtime exits by itself over half of a surrogate pair",
        ),
        (
            r"Runtime\.ExitError: .*signal: killed",
            "it exceeded its memory: raise MemorySize of {function} in template.yaml, or use less memory",
        ),
        (r"Runtime\.ExitError: .*signal: segm", "native code crashed, of a package or called through ctypes"),
        (
            r"Task timed out after",
            "raise Timeout of {function} in template.yaml, or do less in one run; an endless loop ends so too",
        ),
        (
            r"ResponseSizeTooLarge: ",
            "put a large result into a file or a document on the platform, and return its id",
        ),
    )
)


def lines_of_failure(error: Mapping[str, Any], *, function: str, root: str) -> Iterator[str]:
    """Yield the lines that describe a function's failure.

    Args:
        error: Lambda's error object.
        function: its name.
        root: the project's folder; paths below it are shown from there.
    """
    kind, message = error.get("errorType"), str(error.get("errorMessage") or "")
    yield visible(f"{kind}: {message}" if kind else message, lines=True)
    frames = _frames(error)
    own = [frame for frame in frames if not _FOREIGN.search(frame)]
    for frame in own:
        yield from _shown(frame, root)
    if folded := len(frames) - len(own):
        language = "Node.js" if _AT.match(frames[0]) else "Python"
        yield f"  and {folded} frame{'' if folded == 1 else 's'} of {language} and its packages (--json shows them)"
    if remedy := remedy_of(error, function=function):
        yield f"  {remedy}"


def remedy_of(error: Mapping[str, Any], *, function: str) -> str:
    """Return a remedy for failures whose Lambda error is not self-explanatory; empty for others.

    Args:
        error: Lambda's error object.
        function: its name.
    """
    kind, message = str(error.get("errorType")), str(error.get("errorMessage") or "")
    if kind == "KeyError" and _VARIABLE.fullmatch(message) and "environ" in "".join(_frames(error)):
        name = message.strip("'")
        return (
            f"{name} is not a variable of this function: declare it in template.yaml, under Metadata: ExtraHorizon: "
            f"environment: of {function}, or try it with --env {name}=..."
        )
    for pattern, remedy in _REMEDIES:
        if pattern.search(f"{kind}: {message}"):
            return remedy.format(function=function)
    return ""


def _frames(error: Mapping[str, Any]) -> list[str]:
    """Return the frames of an error. A function writes its error object itself, if it likes, with anything in it."""
    trace = error.get("stackTrace") or error.get("trace")
    frames = [frame for frame in trace if isinstance(frame, str)] if isinstance(trace, list) else []
    # Of Node.js it is the stack, whose first lines are the name and the message.
    return [frame for frame in frames if _AT.match(frame)] or frames


def _shown(frame: str, root: str) -> Iterator[str]:
    found = _FRAME.search(frame)
    if found is None:
        yield f"  {visible(frame.strip().replace('file://', '').replace(f'{root}/', ''))}"
        return
    place = found["file"].removeprefix(f"{root}/")
    yield f"  {visible(place)}:{found['line']} in {visible(found['name'])}"
    if found["code"]:
        yield f"    {visible(found['code'].strip())}"
