"""What a build makes of a Dockerfile, for tests on machines without a container engine: the image as a folder.

No more of the language than this project's Dockerfile uses; anything else is refused, and so is what a build refuses.
"""

import json
import re
import shlex
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from docker.utils.build import PatternMatcher

IMAGE = re.compile(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}")
VARIABLE = re.compile(r"\$\{(\w+)(?::\?([^}]*))?\}|\$(\w+)")
#: What AWS's base image sets: https://docs.aws.amazon.com/lambda/latest/dg/python-image.html
BASE = {"LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime"}


class BuildError(Exception):
    """What a build would end with."""


@dataclass
class Stage:
    name: str | None
    base: str
    workdir: str = "/var/task"
    user: str = ""
    entrypoint: list[str] = field(default_factory=lambda: ["/lambda-entrypoint.sh"])
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=lambda: dict(BASE))
    labels: dict[str, str] = field(default_factory=dict)
    copies: list[tuple[str, str, int]] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)


def instructions(text):
    """The keyword and the rest of each instruction."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", "", lines).splitlines():
        if line.strip():
            keyword, _, rest = line.strip().partition(" ")
            yield keyword.upper(), rest.strip()


def build(text, arguments, target=None):
    """The stage that a build with these `--build-arg` ends with."""
    defaults, stages, stage = {}, [], None
    for keyword, rest in instructions(text):
        if keyword == "ARG":
            name, equals, default = rest.partition("=")
            known = defaults if stage is None else stage.arguments
            if name in arguments or equals or name in defaults:
                known[name] = arguments.get(name, default or defaults.get(name, ""))
        elif keyword == "FROM":
            image, _, name = _expand(rest, defaults).partition(" AS ")
            stage = _from(image, name, stages)
            stages.append(stage)
        else:
            _apply(stage, keyword, rest)
    if target is None:
        return stages[-1]
    return next(each for each in stages if each.name == target)


def _from(image, name, stages):
    for earlier in stages:
        if earlier.name == image:
            copied = {key: type(value)(value) for key, value in vars(earlier).items() if isinstance(value, dict | list)}
            return replace(earlier, name=name, **copied)
    if not IMAGE.fullmatch(image):
        raise BuildError(f"{image}: invalid reference format")
    return Stage(name, image)


def _apply(stage, keyword, rest):
    known = {**stage.arguments, **stage.environment}
    match keyword:
        case "ENV" | "LABEL":
            pairs = dict(each.split("=", 1) for each in shlex.split(_expand(rest, known)))
            (stage.environment if keyword == "ENV" else stage.labels).update(pairs)
        case "WORKDIR":
            stage.workdir = _expand(rest, known)
        case "USER":
            stage.user = _expand(rest, known)
        case "COPY":
            mode, source, destination = re.fullmatch(r"--chmod=(0\d+) (\S+) (\S+)", _expand(rest, known)).groups()
            stage.copies.append((source, destination, int(mode, 8)))
        case "ENTRYPOINT":
            stage.entrypoint, stage.command = json.loads(rest), []
        case "CMD":
            stage.command = json.loads(rest)
        case _:
            raise BuildError(f"{keyword} is not expected here")


def _expand(text, known):
    def value(found):
        name, message = found[1] or found[3], found[2]
        if message and not known.get(name):
            raise BuildError(f"{name}: {message}")
        return known.get(name, "")

    return VARIABLE.sub(value, text)


def sent(context):
    """The files that `.dockerignore` lets a build have, relative to its folder."""
    patterns = [line for line in (context / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    files = {path for path in PatternMatcher(patterns).walk(str(context)) if (context / path).is_file()}
    return files - {".dockerignore"}  # which the library always adds, for servers of old


def lay_out(stage, context, root):
    """Put the files of an image into the folder `root`."""
    (root / stage.workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
    files = sent(context)
    for source, destination, mode in stage.copies:
        folder = Path(source)
        copied = [Path(path) for path in files if Path(path).is_relative_to(folder)]
        if not copied:
            raise BuildError(f"{source}: not found")
        for path in copied:
            place = root / stage.workdir.lstrip("/") / destination / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(context / path, place)
            place.chmod(mode)
