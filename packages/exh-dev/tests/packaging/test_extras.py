"""`exh-dev build` and extras: what only `package[extra]` needs is in the bundle, or the build refuses."""

from pathlib import Path
from zipfile import ZipFile

import pytest

HANDLER = "def handler(event, context):\n    pass\n"


@pytest.fixture
def wheels(wheelhouse):
    """`polite[formal]` needs `bow`; `polite[court-yard]` needs `bow[deep]`, and this one `knee` from version 2 on."""
    return {
        "polite": wheelhouse.add(
            "polite",
            "1.0",
            {"polite/__init__.py": "PLEASE = 1"},
            needs=[
                'bow; extra == "formal"',
                'Bow[DEEP]; extra == "court-yard"',
                'polite[formal,court-yard]; extra == "all"',
                'absent; extra == "never"',
                'windows-only; extra == "formal" and sys_platform == "win32"',
                'boto3; extra == "formal"',
            ],
            extras=["formal", "Court_Yard", "all", "never"],
        ),
        "bow": wheelhouse.add("bow", "1.0", {"bow.py": ""}, needs=['knee>=2; extra == "deep"'], extras=["deep"]),
        "knee": wheelhouse.add("knee", "2.0", {"knee.py": ""}),
        "old-knee": wheelhouse.add("knee", "1.0", {"knee.py": "OLD = 1"}),
    }


def asking(small, wheels, requirement, *locked):
    """The function asks for `requirement`, and its own lock has these."""
    small.write("handlers/greet.py").unlink()
    small.write("handlers/greet/__init__.py", HANDLER)
    small.write("handlers/greet/requirements.in", f"# what greeting takes\n{requirement}\n")
    small.lock(wheels["polite"])
    small.lock(*(wheels[each] for each in ("polite", *locked)), file="handlers/greet/requirements.txt")
    return small.build()


@pytest.mark.parametrize(
    ("requirement", "locked", "told"),
    [
        ("polite[formal]", [], "polite[formal] 1.0 needs bow, but the lock does not have it"),
        ("polite[FORMAL]>=1", [], "polite[formal] 1.0 needs bow, but the lock does not have it"),
        ("polite[court.yard]", [], "polite[court-yard] 1.0 needs Bow[DEEP], but the lock does not have it"),
        ("polite[court-yard]", ["bow"], "bow[deep] 1.0 needs knee>=2, but the lock does not have it"),
        ("polite[all]", ["bow"], "bow[deep] 1.0 needs knee>=2, but the lock does not have it"),
        ("polite[all]", ["bow", "old-knee"], "bow[deep] 1.0 needs knee>=2, but the lock has 1.0"),
    ],
)
def test_what_an_extra_needs_and_the_lock_lacks_is_refused(small, wheels, requirement, locked, told):
    done = asking(small, wheels, requirement, *locked)
    assert done.code == 1
    assert f"handlers/greet/requirements.in:2: {told}; make it again with `make lock`" in done.message
    assert not Path("build").exists()


@pytest.mark.parametrize(
    ("requirement", "locked"),
    [
        ("polite", []),
        ("polite[formal]", ["bow"]),
        ("polite[all]", ["bow", "knee"]),
        ("polite[never]; sys_platform == 'win32'", []),
    ],
)
def test_a_function_whose_extras_are_locked_is_built(small, wheels, requirement, locked):
    assert asking(small, wheels, requirement, *locked).code == 0
    with ZipFile("build/greet.zip") as archive:
        assert {f"{each}.py" for each in locked} <= set(archive.namelist())


@pytest.mark.slow
def test_the_projects_own_dependencies_may_have_extras_too(small, wheels):
    small.write("handlers/greet.py", HANDLER)
    small.write("pyproject.toml", '[project]\nname = "x"\nversion = "1"\ndependencies = ["polite[formal]"]\n')
    small.lock(wheels["polite"])
    assert "pyproject.toml: polite[formal] 1.0 needs bow" in small.build().message
    small.lock(wheels["polite"], wheels["bow"])
    assert small.build().code == 0


@pytest.mark.slow
def test_extras_of_one_function_are_not_asked_of_another(small, wheels):
    template = small.root / "template.yaml"
    function = template.read_text().partition("  Greet:")[2]
    other = function.replace("name: greet", "name: other").replace("handlers.greet", "handlers.other")
    template.write_text(f"{template.read_text()}\n  Other:{other}")
    small.write("handlers/other.py", HANDLER)
    assert asking(small, wheels, "polite[formal]", "bow").code == 0
    with ZipFile("build/other.zip") as archive:
        assert "bow.py" not in archive.namelist()


def test_a_package_that_another_one_needs_with_an_extra(small, wheels, wheelhouse):
    small.write("handlers/greet.py", HANDLER)
    host = wheelhouse.add("host", "3.0", {"host.py": ""}, needs=["polite[formal]", "polite[gone]"])
    small.lock(host, wheels["polite"])
    done = small.build()
    assert done.code == 1
    assert "requirements.txt:1: polite[formal] 1.0 needs bow, but the lock does not have it" in done.message
    small.lock(host, wheels["polite"], wheels["bow"])  # it may ask for an extra that is no more
    assert small.build().code == 0


def test_extras_that_only_the_lock_names_count(small, wheels):
    small.write("handlers/greet.py", HANDLER)
    lock = small.lock(wheels["polite"])
    lock.write_text(lock.read_text().replace("polite==", "polite[formal]=="))
    assert "requirements.txt:1: polite[formal] 1.0 needs bow" in small.build().message


def test_an_extra_that_there_is_not_is_refused(small, wheels):
    done = asking(small, wheels, "polite[fomal]")
    assert done.code == 1
    assert "requirements.in:2: polite 1.0 has no extra `fomal` (did you mean `formal`?)" in done.message
    assert "it has: all, court-yard, formal, never" in done.message
