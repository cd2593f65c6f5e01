"""Lines that `exh-dev serve` prints at start: what is served and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from exh_dev.project.configuration.configuration import Configuration
    from exh_dev.project.project import Project

_MOST_NAMES = 8  # more are counted


def lines_of_start(project: Project, configuration: Configuration | None, served: Collection[str]) -> Iterator[str]:
    """Yield the lines.

    Args:
        project: what is served.
        configuration: the files that were loaded.
        served: names of the project's functions that run on the platform.
    """
    try:
        specs = project.manifest.functions
    except DevkitError:  # reported as a finding
        specs = ()
    for_exh = [spec.name for spec in specs if "exh" in spec.targets]
    for_aws = [spec.name for spec in specs if "exh" not in spec.targets]
    parts = [_counted(len(served), "function", [name for name in for_exh if name in served])]
    if for_aws:
        parts.append(f"{len(for_aws)} for AWS alone{_named(for_aws)}")
    if configuration is not None:
        templates = len(configuration.templates) + len(configuration.templates_v1)
        parts += [
            _counted(count, what)
            for count, what in (
                (len(configuration.schemas), "schema"),
                (templates, "template"),
                (len(configuration.localizations), "localization"),
                (len(configuration.dispatchers), "dispatcher"),
            )
            if count
        ]
    yield f"Serving {project.root.name}: {', '.join(parts)}"
    if skipped := [name for name in for_exh if name not in served]:
        yield f"Not served until it is mended: {', '.join(skipped)}"


def _counted(count: int, what: str, names: Collection[str] = ()) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}{_named(names)}"


def _named(names: Collection[str]) -> str:
    if not names:
        return ""
    shown = [*names][:_MOST_NAMES]
    return f" ({', '.join(shown)}{' …' if len(names) > _MOST_NAMES else ''})"
