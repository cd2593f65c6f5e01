"""The command of `exh-dev` for editors."""

from __future__ import annotations

from exh_dev.cli.options import JsonOption
from exh_dev.cli.output import choose_output
from exh_dev.errors import DevkitError


def editor(as_json: JsonOption = None) -> None:
    """Write VS Code settings for the project into .vscode/.

    JSON Schemas of what is this project's own: Metadata: ExtraHorizon in template.yaml, events/NAME.seed.json and
    dispatchers.json, for completion and descriptions; the settings that name them; a recipe to debug a function.
    Files there that are yours are left as they are. In PyCharm, add the files of .vscode/schemas/ under JSON Schema
    Mappings.

    exh-dev editor
    """
    from exh_dev.project.editor.files import write_editor_files
    from exh_dev.project.project import Project

    output = choose_output(as_json=as_json)
    try:
        written = write_editor_files(Project.find().root)
    except OSError as error:
        raise DevkitError(f"{error.filename} cannot be written: {str(error.strerror).lower()}") from error
    output.summary(written.as_json(), written.as_lines())
