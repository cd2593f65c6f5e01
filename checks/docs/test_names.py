"""Names on pages exist: commands and options, make targets, files, modules, methods of the client."""

import importlib
import re
import shlex
from pathlib import Path

import pytest
from doc_blocks import blocks, pages, prose
from exh_dev.cli.main import app
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from places import MAKEFILES, ROOMS, place_of
from typer.main import get_command

ROOT = Path(__file__).parents[2]
PAGES = {str(page.relative_to(ROOT)): page.read_text() for page in pages(ROOT)}
#: It has methods of both languages, which its own test distinguishes.
WITH_JAVASCRIPT = "docs/migrating-from-javascript.md"
#: Where a command in a block ends.
END = re.compile(r"(?:\)| (?:\||&&|#)).*")
#: What is made when something runs, or is for the reader to make.
MADE = re.compile(r"(handlers|tests)/.*(NAME|name|greet|warn)|handlers/documents\.py")


def inline(text):
    return re.findall(r"`([^`\n]+)`", prose(text))


def commands(text):
    """Each call of exh-dev in a page, as words."""
    lines = (
        line
        for block in blocks(text, "sh")
        for line in block.text.replace("\\\n", " ").splitlines()
        if "exh-dev " in line and not line.startswith("#")
    )
    for line in (*lines, *(code for code in inline(text) if code.startswith(("exh-dev ", ".venv/bin/exh-dev ")))):
        for call in re.split(r"exh-dev ", line)[1:]:
            if words := [word for word in shlex.split(END.sub("", call)) if word != "…"]:
                yield words


@pytest.mark.parametrize("page", PAGES)
def test_each_command_takes_what_the_page_gives_it(page):
    exh_dev = get_command(app)
    for name, *arguments in commands(PAGES[page]):
        if name.startswith("-"):
            exh_dev.make_context("exh-dev", [name, *arguments], resilient_parsing=True)
            continue
        assert name in exh_dev.commands, name
        command = exh_dev.commands[name]
        if hasattr(command, "commands"):
            command = command.commands[arguments[0]]
        known = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
        given = [word for word in arguments if re.match(r"--?[a-z]", word)]
        assert set(given) <= known | {"--help"}, (name, arguments)


@pytest.mark.parametrize("page", PAGES)
def test_each_target_of_make_is_there(page):
    targets = set(re.findall(r"^([a-z-]+):.*##", MAKEFILES, re.MULTILINE))
    lines = [line for block in blocks(PAGES[page], "sh") for line in block.text.splitlines()] + inline(PAGES[page])
    for line in lines:
        if found := re.fullmatch(r"make((?: [a-z-]+)*)(?: [A-Z]+=\S+)*(?: +#.*)?", line):
            assert set(found[1].split()) <= targets, line


@pytest.mark.parametrize("page", PAGES)
def test_each_file_in_the_rooms_is_there(page):
    for code in inline(PAGES[page]):
        if re.fullmatch(
            rf"({ROOMS}|benchmarks|\.ci|\.github)/[\w./-]+",
            code,
        ):
            assert place_of(code).exists() or MADE.match(code), code


@pytest.mark.parametrize("page", PAGES)
def test_each_module_and_each_name_in_it_is_there(page):
    for code in inline(PAGES[page]):
        if found := re.match(r"((?:extrahorizon|exh_dev)(?:\.\w+)+)", code):
            if code.endswith((".py", ".__version__")):
                continue
            parts, rest = found[1].split("."), []
            while True:
                try:
                    member = importlib.import_module(".".join(parts))
                    break
                except ModuleNotFoundError:
                    rest.insert(0, parts.pop())
            for part in rest:
                member = getattr(member, part)


@pytest.mark.parametrize("page", sorted(set(PAGES) - {WITH_JAVASCRIPT}))
def test_each_method_of_the_client_is_there(page):
    exh = ExtraHorizon(Credentials("https://api.acme.io", "key", "secret", "token", "secret"))
    for code in inline(PAGES[page]):
        for name in re.findall(r"\bexh\.([a-z_]\w*(?:\.\w+)*)", code):
            member = exh
            for part in name.split("."):
                if part.isupper():  # `exh.tasks.NAME` is what a role is called
                    break
                assert hasattr(member, part), f"exh.{name}"
                member = getattr(member, part)
                if callable(member):
                    break


@pytest.mark.parametrize("page", PAGES)
def test_each_test_that_a_page_names_is_there(page):
    """`path::test`: a promise, and what holds it."""
    for path, name in re.findall(r"`([\w.-]+/[\w./-]+\.py)::(\w+)`", PAGES[page]):
        assert re.search(rf"^ *def {name}\(", (ROOT / path).read_text(), re.MULTILINE), f"{path}::{name}"
