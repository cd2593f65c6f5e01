"""The map of the code is true: what it names is there, what is there it names, and the rooms keep their rules."""

import re

import pytest
from doc_blocks import table_rows
from places import ROOMS, place_of


@pytest.fixture
def page(project_root):
    return (project_root / "docs" / "architecture.md").read_text()


def folders(room):
    """The folders with code in a room, as the page writes them."""
    return {f"{path.name}/" for path in room.iterdir() if any(path.glob("*.py"))}


@pytest.mark.parametrize("room", ["extrahorizon", "exh_dev"])
def test_the_tables_of_a_room_name_what_is_there_and_every_folder(room, project_root, page):
    first_cells = [cells[0] for cells in table_rows(page, room)]
    named = [name for cell in first_cells for name in re.findall(r"`([\w/]+(?:\.py)?)`", cell)]
    assert len(named) == len(set(named)) > 5
    assert [name for name in named if not (place_of(room) / name).exists()] == []
    assert folders(place_of(room)) <= set(named)


def test_every_path_that_it_names_is_there(project_root, page):
    named = set(re.findall(rf"(?<![\w/])(?:{ROOMS}|events)/[\w./-]*\w", page))
    assert {
        "exh_dev/project/manifest.py",
        "extrahorizon/session.py",
        "events/whoami.json",
    } <= named
    assert [path for path in sorted(named) if not place_of(path).exists()] == []


def test_every_module_in_the_picture_is_there(project_root, page):
    picture = re.search(r"```text\n(.*?)```", page, re.DOTALL)[1]
    room = None
    for line in picture.splitlines():
        if found := re.match(r"┌ (\w+)/ ", line):
            room = place_of(found[1])
        elif line.startswith("│"):
            names = re.findall(r"\w+\.py|\w+/", line)
            assert names
            assert [name for name in names if not (room / name).exists()] == []
