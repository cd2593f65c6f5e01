"""The pages about deploying are true: their commands are there, their links lead somewhere."""

import json
import os
import re
import shlex
import subprocess
import tomllib

import pytest
from aws_stack import source
from doc_blocks import blocks
from exh_dev.cli.main import app
from typer.main import get_command

from benchmarks.work_cost import Measured, costs

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
        assert parameters["capabilities"] == ["CAPABILITY_IAM"]  # no macro and no nested stack asks for more
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


def test_the_costs_are_those_of_what_was_measured(project_root):
    page = (project_root / "docs" / "scale.md").read_text()
    said = re.search(
        r"([\d.]+) s of waiting, ([\d.]+) s of computing, ([\d.]+) bytes of log and a cold start of ([\d.]+) s", page
    )
    parts = costs(Measured(*map(float, said.groups())))
    assert [f"| {part} | {units} | {usd:.2f} |" for part, units, usd in parts] == re.findall(
        r"^\| .+ \| .+ \| \d+\.\d\d \|$", page.partition("## What it costs")[2].partition("| together")[0], re.MULTILINE
    )
    assert f"| together | | {sum(usd for _, _, usd in parts):.2f} |" in page


@pytest.mark.parametrize("name", ["deploy-aws.md", "scale.md"])
def test_commands_of_aws_name_a_region_and_no_secret(project_root, name):
    """Without a region the user's profile decides, and `ps` shows command lines."""
    text = "\n".join(block.text for block in blocks((project_root / "docs" / name).read_text(), "sh"))
    commands = re.findall(r"\baws [a-z-]+ [a-z-]+(?:.*\\\n)*.*", text)
    assert commands
    for command in commands:
        assert command.count("aws ") == command.count("--region "), command
        assert "--secret-string" not in command or "--secret-string file://" in command
        assert ("lambda invoke" in command) == ("--cli-binary-format raw-in-base64-out" in command)


def test_the_file_of_the_official_cli_becomes_the_secret(project_root, tmp_path):
    page = (project_root / "docs" / "deploy-aws.md").read_text()
    (pipe,) = re.findall(r"^(tr .*) \|\n  aws secretsmanager", page, re.MULTILINE)
    (tmp_path / ".exh").mkdir()
    values = {"API_HOST": "https://api.dev.acme.extrahorizon.io", "API_OAUTH_TOKEN": "a=b/c+d"}
    lines = "".join(f"{name}={value}\r\n" for name, value in values.items())
    (tmp_path / ".exh" / "credentials").write_text(lines)
    done = subprocess.run(
        ["bash", "-c", pipe], env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]}, capture_output=True, check=True
    )
    assert json.loads(done.stdout) == values


def test_the_tests_that_a_reviewer_is_told_of_are_there(project_root):
    page = (project_root / "docs" / "deploy-aws.md").read_text()
    table = page.partition("## What a reviewer asks")[2].partition("\n## ")[0]
    tests = "".join(path.read_text() for path in (project_root / "examples" / "tests" / "aws").glob("*.py"))
    named = re.findall(r"`(?:[\w./]+::)?(test_\w+)`", table)
    assert len(named) > 10
    assert [name for name in named if f"def {name}(" not in tests] == []
    for path in re.findall(r"`((?:examples|packages)/[\w./-]+\.py)`", table):
        assert (project_root / path).exists()
