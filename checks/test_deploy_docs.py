"""The pages about deploying are true: their commands are there, their links lead somewhere."""

import json
import re
import shlex
import tomllib

import pytest
from aws_stack import source
from exh_dev.cli.main import app
from typer.main import get_command

PAGE = "deploy-extra-horizon.md"


@pytest.fixture
def page(project_root):
    return (project_root / "docs" / PAGE).read_text()


def test_its_commands_take_what_it_gives_them(page):
    found = re.findall(r"^(?:\.venv/bin/)exh-dev (.+?)(?: +#.*)?$|`exh-dev ([a-z][^`…]+)`", page, re.MULTILINE)
    commands = [shlex.split(block or inline) for block, inline in found]
    assert {command[0] for command in commands} >= {"build", "call", "check", "logs", "schedules", "tasks"}
    for name, *arguments in commands:
        command = get_command(app).commands[name]
        context = command.make_context(name, arguments)
        if hasattr(command, "commands"):
            subcommand, *options = arguments
            command.commands[subcommand].make_context(subcommand, options, parent=context)


@pytest.mark.parametrize("name", [PAGE, "deploy-aws.md", "scale.md"])
def test_links_lead_somewhere(project_root, name):
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", (project_root / "docs" / name).read_text()):
        assert (project_root / "docs" / link).exists(), link


def test_an_environment_that_can_be_deployed_to_has_a_section(project_root):
    sections = tomllib.loads((project_root / "examples" / "samconfig.toml").read_text())
    for name in ("dev", "staging", "production"):
        parameters = sections[name]["deploy"]["parameters"]
        assert parameters["template_file"] == "template.yaml"
        assert {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"} <= set(parameters["capabilities"])
        known = source(project_root / "examples")["Parameters"]
        for each in parameters["parameter_overrides"].split():
            key, _, value = each.partition("=")
            assert re.fullmatch(str(known[key].get("AllowedPattern", ".*")), value)
            assert value in map(str, known[key].get("AllowedValues", [value]))


def test_it_shows_the_limit_that_there_is(page):
    from exh_dev.packaging.sizes import LIMIT, MEGABYTE

    assert f"{LIMIT // MEGABYTE} MB by default" in page


def test_the_permissions_to_deploy_are_those_that_were_tried(project_root):
    page = (project_root / "docs" / "deploy-extra-horizon.md").read_text()
    table = dict(re.findall(r"^\| ([^|]+) \| ((?:`[A-Z_]+` ?)+)\|$", page, re.MULTILINE))
    tried = json.loads((project_root / "packages/exh-dev/tests/data/deploy_permissions.json").read_text())
    assert {row.strip(): re.findall("[A-Z_]+", names) for row, names in table.items()} == tried
