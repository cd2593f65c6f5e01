"""Handler, runtime and Node.js folder of a function, read from its resource in the manifest."""

from __future__ import annotations

import re
import sys
from keyword import iskeyword
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from exh_dev.project.cloudformation import Section

_RUNTIME = re.compile(r"python\d+\.\d+|nodejs\d+\.x")
_PYTHON_HANDLER = "module.function, with dots and names that Python can import, such as handlers.whoami.handler"
#: What of an image starts AWS's runtime client, which takes the command for the handler.
_LAMBDA_ENTRY_POINTS = ("lambda-entrypoint.sh", "awslambdaric")
_NODE_HANDLER = re.compile(r"(?!/|.*\.\.)(\S+/)?[^\s/.]+(\.[^\s/.]+)+")
#: Folders of a project that its functions cannot be in: what `exh-dev build` and the local platform write.
_WRITTEN = ("build", ".exh-dev")


class FunctionCode(NamedTuple):
    """The code of a function.

    Attributes:
        handler: what the runtime calls.
        folder: of a Node.js function's code; None for Python.
        is_image: whether it is a container image.
        runtime: such as `python3.13`.
    """

    handler: str
    folder: str | None
    is_image: bool
    runtime: str


def read_function_code(resource: Section, settings: Section) -> FunctionCode:
    """Return the code of a function.

    Args:
        resource: the function's resource.
        settings: its properties, with those of `Globals`.

    Raises:
        ManifestError: it breaks a rule; the error has the line.
    """
    if settings.text("PackageType") == "Image":
        return FunctionCode(_read_command(settings), None, True, _read_python(resource.required("Metadata")))
    if (settings.text("Runtime") or "").startswith("nodejs"):
        return FunctionCode(_read_node_handler(settings), _read_folder(settings), False, _read_runtime(settings))
    return FunctionCode(_read_handler(settings), None, False, _read_runtime(settings))


def _read_handler(settings: Section) -> str:
    handler = settings.text("Handler")
    if not handler or not _is_python_handler(handler):
        raise settings.error(f"Handler is {quoted(handler)}; it must be {_PYTHON_HANDLER}", "Handler")
    return handler


def _is_python_handler(text: str) -> bool:
    parts = text.split(".")
    return len(parts) > 1 and all(part.isidentifier() and not iskeyword(part) for part in parts)


def _read_command(settings: Section) -> str:
    """Return the handler of a container image: the command of the runtime that its entry point starts."""
    image = settings.section("ImageConfig")
    command = image.texts("Command") if image else None
    if image is None or command is None:
        raise settings.error(
            "PackageType is `Image` without an ImageConfig: Command to name the handler, as [handlers.whoami.handler]",
            "PackageType",
        )
    if len(command) != 1 or not _is_python_handler(command[0]):
        found = " ".join(command)
        raise image.error(f"Command is `{found}`; it must be a list of one {_PYTHON_HANDLER}", "Command")
    entry_point = image.texts("EntryPoint")
    if entry_point and not any(part.endswith(_LAMBDA_ENTRY_POINTS) for part in entry_point):
        raise image.error(
            f"EntryPoint is `{' '.join(entry_point)}`, which starts no handler; it must be left out, or end in "
            f"{' or '.join(_LAMBDA_ENTRY_POINTS)}",
            "EntryPoint",
        )
    return command[0]


def _read_python(metadata: Section) -> str:
    """Return the Python of a container image: that of SAM's `DockerBuildArgs`, else the one that this runs on."""
    arguments = metadata.section("DockerBuildArgs")
    version = arguments.text("PYTHON") if arguments else None
    runtime = f"python{version or '.'.join(map(str, sys.version_info[:2]))}"
    if arguments and not _RUNTIME.fullmatch(runtime):
        raise arguments.error(f"PYTHON is {quoted(version)}; it must be a version in quotes, such as '3.13'", "PYTHON")
    return runtime


def _read_node_handler(settings: Section) -> str:
    handler = settings.text("Handler")
    if not handler or not _NODE_HANDLER.fullmatch(handler):
        rule = (
            "file.export without a space, where the file may be in a folder, such as index.handler or src/index.handler"
        )
        raise settings.error(f"Handler is {quoted(handler)}; it must be {rule}", "Handler")
    return handler


def _read_folder(settings: Section) -> str:
    """Return the folder in `CodeUri`, which cannot be the project's own: a bundle has everything in it."""
    found = settings.text("CodeUri")
    parts = PurePosixPath(found or "").parts
    if not parts or parts[0] in ("/", *_WRITTEN) or ".." in parts:
        raise settings.error(
            f"CodeUri is {quoted(found)}; for Node.js it must be the folder of the function's code, relative to the "
            "project, such as functions/greet",
            "CodeUri",
        )
    return PurePosixPath(*parts).as_posix()


def _read_runtime(settings: Section) -> str:
    runtime = settings.text("Runtime")
    if not runtime or not _RUNTIME.fullmatch(runtime):
        message = "it must be pythonX.Y or nodejsX.x, such as python3.13 or nodejs22.x"
        raise settings.error(f"Runtime is {quoted(runtime)}; {message}", "Runtime")
    return runtime


def quoted(text: str | None) -> str:
    """Return a value as messages show it."""
    return "missing" if text is None else f"`{text}`"
