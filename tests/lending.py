"""What `make` has installed here, lent to a clone: installing it again takes a minute."""


def lend(project_root, clone):
    """Make the clone's `.venv` of links, and say which variables its commands need then; none where nothing is lent.

    The commands of `.venv/bin` come with this project's own code, so that the clone's has to be found first.
    """
    there, here = project_root / ".venv", clone / ".venv"
    if not (there / ".ready").exists():
        return {}
    here.mkdir()
    for path in there.iterdir():
        if not path.name.startswith("."):
            (here / path.name).symlink_to(path)
    for name in (".made", ".tools", ".run", ".examples", ".ready"):  # in this order
        (here / name).touch()
    return {"PYTHONPATH": str(clone)}
