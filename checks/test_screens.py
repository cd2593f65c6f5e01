"""README and tutorial, typed into a terminal of 80 columns and 24 rows: what is on it is what `docs/screens/` shows.

`EXH_WRITE_SCREENS=1` rewrites those files; read what has changed, line by line, before it is kept. What differs each
time (times, ids, ports, paths, sizes) has a placeholder of the same width there.
"""

import difflib
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from doc_blocks import fences
from newcomer import surroundings
from terminal import COLUMNS, Terminal

#: Rare, for the pages' commands run in `make test-all` too, without a terminal.
pytestmark = [pytest.mark.slow, pytest.mark.rare, pytest.mark.timeout(400)]

#: Asked for now: no test sees such a variable.
REWRITES = os.environ.get("EXH_WRITE_SCREENS")
VOLATILE = [
    (r"\b\d\d:\d\d:\d\d\.\d{3}\b", "12:34:56.789"),
    (r"\b\d\d:\d\d:\d\d\b", "12:34:56"),
    (r"\b[0-9a-f]{24}\b", "0123456789abcdef01234567"),
    (r"\b[0-9a-f]{12}$", "0123456789ab"),
    (r"localhost:\d{5}\b", "localhost:18420"),
    (r"/tmp/exh\w{8}", "/home/ada/source"),
    (r"Python 3\.13\.\d+", "Python 3.13.9"),
    (r"the \d+ packages", lambda found: re.sub(r"\d", "9", found[0])),
    (r"\b\d+ files, \d+ lines", lambda found: re.sub(r"\d", "9", found[0])),
    (r"\b[\d.]+ (ms|MB|KB)(?= |$)", lambda found: re.sub(r"\d", "9", found[0])),
    (r"(?<=MB  )\s*\d+(?=  \w)", lambda found: re.sub(r"\d", "9", found[0])),
    (r" --port 0$", ""),  # of the documents' command, which has a port of its own
]
#: In the place of a function that works, and of files that are right: what they say then is on two screens.
BREAK = r"sed -i.bak 's/\"creatorId\"\]/\"creator\"]/' handlers/warn_patient.py"
MISTAKES = [
    BREAK,
    "sed -i.bak 's/^def handler/async def handler/' handlers/warn_patient.py",
    "sed -i.bak 's/VIEW_MAILS/VIEW_MALES/' template.yaml",
    "sed -i.bak 's/300, \"desc/300,, \"desc/' schemas/heart-rate.json",
    'sed -i.bak \'s/"first_name"/"frist_name"/\' events/warn-patient.seed.json',
    "rm handlers/*.bak schemas/*.bak events/*.bak *.bak",
]


def commands(page):
    """The commands of a page, in blocks: a line each, but those that go over several."""
    for block in fences(page.read_text()):
        if block.language == "sh":
            text = block.text.strip()
            yield [text] if "<<" in text or "\\\n" in text else text.splitlines()


def steady(lines):
    """A screen with placeholders."""
    text = "\n".join(lines).strip("\n")
    for pattern, placeholder in VOLATILE:
        text = re.sub(pattern, placeholder, text, flags=re.MULTILINE)
    return text + "\n"


def compared(text):
    """A screen without the widths of what differs each time."""
    return [re.sub(r" +", " ", re.sub(r"9+(\.9+)?", "9", line)) for line in text.splitlines()]


class Walk:
    """Input for one or two terminals, and the screens to store."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="exh", dir="/tmp"))  # as wide on every machine
        self.environment = surroundings(self.folder / "home")
        self.screens = {}

    def typed(self, terminal, command, screen=None, code=0, answers=()):
        got, lines = terminal.run(command, *answers)
        assert got == code, "\n".join(lines)
        if screen:
            self.keep(screen, lines)
        return lines

    def keep(self, name, lines):
        self.screens[name] = steady(lines)


@pytest.fixture(scope="module")
def screens(project_root):
    """The screens by their names."""
    walk = Walk()
    readme, tutorial = (project_root / name for name in ("README.md", "docs/tutorial.md"))
    try:
        with Terminal(walk.folder, walk.environment) as terminal, Terminal(walk.folder, walk.environment) as other:
            walk.typed(terminal, f"git clone -q '{project_root}' extra-horizon-tasks; cd extra-horizon-tasks")
            _read_me(walk, terminal, readme)
            _tutorial(walk, terminal, other, tutorial)
            walk.typed(terminal, ".venv/bin/exh-dev runs", "runs")
            walk.typed(terminal, BREAK)
            walk.typed(terminal, ".venv/bin/exh-dev invoke warn-patient --fresh", "failure", code=1)
            for mistake in MISTAKES:
                walk.typed(terminal, mistake)
            walk.typed(terminal, ".venv/bin/exh-dev check", "check", code=1)
            walk.typed(terminal, "git checkout -q template.yaml")
            walk.typed(terminal, ".venv/bin/exh-dev build whoami hello-world", "build")
            other.type("\x03")
            other.until("stopping")
    finally:
        shutil.rmtree(walk.folder)
    return walk.screens


def _read_me(walk, terminal, page):
    ask = [("Name of the project", ""), ("Author", ""), ("Deploy to", "")]
    shown = {"make run": "make-run", "init": "init", "new": "new"}
    for command in [each for block in commands(page) for each in block]:
        if "exh-dev serve" in command or "exh-dev build" in command:
            continue  # later, when there is more to see
        word = command if command.startswith("make") else "".join(command.split()[1:2])
        lines = walk.typed(terminal, command, shown.pop(word, None), answers=ask if word == "init" else ())
        if any("functions run on python" in line for line in lines):
            pytest.skip("the screens are those of Python 3.13, which is not here")


def _tutorial(walk, terminal, other, page):
    first, second, *rest = commands(page)
    # As in README.md, and done. A block ends with init: it asks, and would take what is pasted after it for answers.
    assert (first[-1], second) == (".venv/bin/exh-dev init ../my-clinic", ["cd ../my-clinic", "make run"])
    for command in [each for block in rest for each in block]:
        if "exh-dev serve" in command:
            walk.typed(other, "cd my-clinic; clear")
            other.type(f"{command} --port 0\n")
            other.until("Ctrl-C")
        elif "invoke" in command:
            *files, check, invoke = command.rsplit("\n", 2)
            walk.typed(terminal, "\n".join(files))
            walk.typed(terminal, check)
            walk.typed(terminal, invoke, "invoke")
        else:
            walk.typed(terminal, command)
    walk.keep("serve", other.until("OK in"))


def test_the_screens_are_those_of_the_pages(screens, project_root):
    folder = project_root / "docs" / "screens"
    if REWRITES:
        folder.mkdir(exist_ok=True)
        for name, text in screens.items():
            (folder / f"{name}.txt").write_text(text)
    assert {path.stem for path in folder.glob("*.txt")} == set(screens)
    different = []
    for name, text in screens.items():
        kept = (folder / f"{name}.txt").read_text()
        if compared(kept) != compared(text):
            different += difflib.unified_diff(kept.splitlines(), text.splitlines(), f"{name}.txt", "now", lineterm="")
    assert different == [], "\n".join(different)


def test_no_screen_shows_what_no_person_can_read(screens):
    for name, text in screens.items():
        for ugly in ("Traceback", "\u240a", "\u2409", "defect", "None"):
            assert ugly not in text, (name, text)
        assert max(map(len, text.splitlines())) <= COLUMNS
