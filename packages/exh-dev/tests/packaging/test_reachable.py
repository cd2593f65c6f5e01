"""What of packages is in a bundle: what the function's code can reach, what is kept whole, and what cut code says."""

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import certifi
import pytest

pytestmark = pytest.mark.slow

HANDLER = "\n\ndef handler(event, context):\n    pass\n"


def packed(name="greet"):
    with ZipFile(f"build/{name}.zip") as archive:
        return set(archive.namelist())


def imported(code, name="greet"):
    """What a program says that runs with nothing but the bundle."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env={"PYTHONPATH": f"build/{name}/bundle"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.fixture
def with_package(small, wheelhouse):
    """Build a function with the files of `polite`, and of other packages; the names of what is in the bundle."""

    def build(handler, files, *others, pyproject="", needs=()):
        small.write("handlers/greet.py", handler + HANDLER)
        small.write("pyproject.toml", pyproject)
        wheels = [wheelhouse.add("polite", "1.0", files, needs=[*needs, *(name for name, _ in others)])]
        wheels += [wheelhouse.add(name, "1.0", contents) for name, contents in others]
        small.lock(*wheels)
        done = small.build()
        assert done.code == 0, done.message
        return packed()

    return build


def test_an_import_of_what_was_left_out_says_how_to_keep_it(with_package):
    files = {"polite/__init__.py": "", "polite/used.py": "", "polite/deep/__init__.py": "", "polite/deep/more.py": ""}
    found = with_package("import polite.used", files)
    assert "polite/used.py" in found
    assert "polite/deep/more.py" not in found
    for code in (
        "import polite.deep",
        "from polite import deep",
        "import polite.deep.more",
        "from polite.deep import x",
    ):
        said = imported(code)
        assert said.startswith("ModuleNotFoundError: polite.deep was left out of this bundle")
        assert 'write "polite" into `whole` of [tool.exh-dev.build] in pyproject.toml' in said
    assert imported("try:\n import polite.deep\nexcept ImportError:\n print('without')") == "without"


def test_the_option_whole_keeps_a_complete_package_and_refuses_a_name_without_a_lock(with_package, small):
    files = {"polite/__init__.py": "", "polite/deep/more.py": "", "polite/tests/test_it.py": "", "polite/all.pyi": ""}
    whole = '[tool.exh-dev.build]\nwhole = ["Polite"]\n'
    assert set(files) <= with_package("import polite", files, pyproject=whole)
    small.write("pyproject.toml", whole.replace("Polite", "poltie"))
    done = small.build()
    assert done.code == 2
    assert "`whole` of [tool.exh-dev.build] names poltie, and no lock has such a package" in done.message


def test_tests_stubs_and_what_an_installer_writes_stay_out_and_licences_stay(with_package):
    files = {
        "polite/__init__.py": "from polite import words",
        "polite/words.py": "",
        "polite/words.pyi": "",
        "polite/py.typed": "",
        "polite/table.json": "{}",
        "polite/LICENSE.txt": "free",
        "polite/tests/__init__.py": "",
        "polite/tests/data.json": "{}",
        "polite/other/__init__.py": "",
        "polite/other/large.json": "{}",
        "polite-1.0.dist-info/licenses/LICENSE": "free",
        "polite-1.0.dist-info/entry_points.txt": "[console_scripts]\npolite = polite:main\n",
    }
    found = {name for name in with_package("import polite", files) if "polite" in name and "__pycache__" not in name}
    assert found == {
        "polite/__init__.py",
        "polite/words.py",
        "polite/table.json",
        "polite/LICENSE.txt",
        "polite/other/__init__.py",  # which says what was left out
        "polite-1.0.dist-info/licenses/LICENSE",
    }


@pytest.mark.parametrize(
    "code",
    [
        "def late():\n    from polite import deep",
        "from . import deep",
        "from .deep import more",
        "try:\n    import polite.deep\nexcept ImportError:\n    pass",
        "import importlib\nimportlib.import_module('polite.deep')",
        "import importlib\nimportlib.import_module('.deep', __name__)",
        "import importlib\nfor each in ('deep', 'polite.deep'):\n    importlib.import_module(each)",
        (
            "from importlib import import_module\nTABLE = {'a': 'deep'}\ndef __getattr__(name):\n"
            "    return import_module(f'{__name__}.{TABLE[name]}')"
        ),
        "import importlib\ndef load(name):\n    return importlib.import_module(f'polite.{name}')",
        "import importlib\ndef load(name):\n    return importlib.import_module('polite.' + name)",
        "import importlib\ndef load(name):\n    return importlib.import_module('polite.%s' % name)",
        "import importlib\ndef load(name):\n    return importlib.import_module(name)",
        "def load(name):\n    return __import__(name)",
        "import pkgutil\nALL = list(pkgutil.iter_modules(__path__))",
        "LAZY = {'deep': 'polite.deep:Thing'}",
        "from polite.names import *",
        "import sys\nif sys.version_info >= (3, 11):\n    import polite.deep",
        "import sys\nif sys.platform != 'win32':\n    import polite.deep",
    ],
)
def test_whatever_may_import_a_module_keeps_it(with_package, code):
    files = {"polite/__init__.py": code, "polite/names.py": "from polite import deep"}
    with_package("import polite", {**files, "polite/deep.py": "DEEP = 1"})
    assert "DEEP" in Path("build/greet/bundle/polite/deep.py").read_text()


@pytest.mark.parametrize(
    "code",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import polite.deep",
        "import sys\nif sys.platform == 'win32':\n    import polite.deep",
        "import sys\nif sys.version_info < (3, 9):\n    import polite.deep",
        "'''Like polite.deep.'''",
    ],
)
def test_code_that_never_runs_on_lambda_keeps_no_package(with_package, code):
    with_package("import polite", {"polite/__init__.py": code, "polite/deep.py": "DEEP = 1"})
    assert "DEEP" not in Path("build/greet/bundle/polite/deep.py").read_text()


def test_a_module_that_lacks_its_own_needs_is_left_out_with_what_it_imports(with_package):
    files = {
        "polite/__init__.py": "def late():\n    from polite import fancy",
        "polite/fancy.py": "import pydantic\nimport polite.large",
        "polite/large.py": "LARGE = 1",
    }
    with_package("import polite", files)
    assert "LARGE" not in Path("build/greet/bundle/polite/large.py").read_text()


def test_a_package_without_imports_is_complete_where_the_project_requires_it_and_else_left_out(with_package, small):
    others = (("data", {"data/__init__.py": "", "data/zones.bin": "z"}), ("unused", {"unused/__init__.py": "UNUSED"}))
    pyproject = '[project]\nname = "p"\nversion = "1"\ndependencies = ["polite", "data"]\n'
    found = with_package("import polite", {"polite/__init__.py": ""}, *others, pyproject=pyproject)
    assert {"data/__init__.py", "data/zones.bin"} <= found
    assert imported("import unused").startswith("ModuleNotFoundError: unused was left out of this bundle")
    bill = json.loads(Path("build/greet.cdx.json").read_text())
    assert sorted(each["name"] for each in bill["components"]) == ["data", "polite"]


def test_what_a_package_with_computed_imports_needs_is_kept_too(with_package):
    code = "import importlib\ndef load(name):\n    return importlib.import_module(name)"
    found = with_package("import polite", {"polite/__init__.py": code}, ("plug", {"plug/__init__.py": "PLUG = 1"}))
    assert "PLUG = 1" in Path("build/greet/bundle/plug/__init__.py").read_text()
    assert "plug/__init__.py" in found


def test_a_package_with_entry_points_is_kept_where_somebody_looks_for_them(with_package):
    offers = {
        "plug/__init__.py": "PLUG = 1",
        "plug-1.0.dist-info/entry_points.txt": "[polite.plugins]\nplug = plug\n",
    }
    code = "from importlib.metadata import entry_points\nFOUND = entry_points(group='polite.plugins')"
    found = with_package("import polite", {"polite/__init__.py": code}, ("plug", offers))
    assert {"plug/__init__.py", "plug-1.0.dist-info/entry_points.txt", "plug-1.0.dist-info/METADATA"} <= found
    assert imported("import polite; print([each.load().PLUG for each in polite.FOUND])") == "[1]"


@pytest.mark.parametrize("asked", ["'polite'", "__name__", "NAME"])
def test_a_package_whose_version_is_asked_for_keeps_its_metadata(with_package, asked):
    code = f"from importlib.metadata import version\nNAME = 'polite'\nVERSION = version({asked})"
    with_package("import polite", {"polite/__init__.py": code})
    assert imported("import polite; print(polite.VERSION)") == "1.0"


def test_zone_names_of_a_package_are_there_for_those_who_ask_for_zones(with_package):
    zones = {"tzdata/__init__.py": "", "tzdata/zoneinfo/__init__.py": "", "tzdata/zoneinfo/UTC": "TZif"}
    assert "tzdata/zoneinfo/UTC" in with_package("import polite", {"polite.py": "import zoneinfo"}, ("tzdata", zones))
    assert "tzdata/zoneinfo/UTC" not in with_package("import polite", {"polite.py": ""}, ("tzdata", zones))


def test_compiled_modules_keep_their_package_unless_their_text_is_there(with_package):
    files = {
        "polite/__init__.py": "import polite.fast",
        "polite/fast.cpython-313-x86_64-linux-gnu.so": "native",
        "polite/other.py": "OTHER = 1",
        "0a1b__mypyc.cpython-313-x86_64-linux-gnu.so": "shared",
    }
    assert "polite/other.py" in with_package("import polite", files)
    assert "OTHER" in Path("build/greet/bundle/polite/other.py").read_text()
    found = with_package("import polite", {**files, "polite/fast.py": "import json"})
    assert "OTHER" not in Path("build/greet/bundle/polite/other.py").read_text()
    assert {name for name in found if "fast" in name or "mypyc" in name} == {
        "polite/fast.cpython-313-x86_64-linux-gnu.so",
        "0a1b__mypyc.cpython-313-x86_64-linux-gnu.so",
    }


def test_packages_are_complete_in_a_project_with_computed_imports(with_package):
    code = "import importlib\ndef load(name):\n    return importlib.import_module(name)"
    with_package(code, {"polite/__init__.py": "", "polite/deep.py": "DEEP = 1"})
    assert "DEEP" in Path("build/greet/bundle/polite/deep.py").read_text()


def test_the_certificates_are_there_for_the_client_and_for_nobody_else(with_package):
    pem = Path(certifi.where()).read_text()
    files = {"certifi/__init__.py": "", "certifi/cacert.pem": pem}
    assert not [name for name in with_package("import certifi", files) if "authorities" in name]
    client = {"extrahorizon/__init__.py": "import extrahorizon.transport", "extrahorizon/transport/__init__.py": ""}
    found = with_package("import certifi, extrahorizon", files | client)
    assert "certifi/cacert.pem" in found
    assert len([name for name in found if name.startswith("extrahorizon/transport/authorities/")]) > 100


# From build to build


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_build_gives_the_same_and_leaves_alone_what_nobody_touched(small):
    small.build()
    first, about = contents(Path("build")), Path("build/greet/bundle/polite/__init__.py").stat()
    assert small.build().code == 0
    assert contents(Path("build")) == first
    assert Path("build/greet/bundle/polite/__init__.py").stat() == about


@pytest.mark.parametrize("touched", ["polite/__init__.py", "polite/new.py", "gone", "handlers"])
def test_a_file_that_was_changed_in_an_unpacked_bundle_is_built_again(small, touched):
    small.build()
    first = contents(Path("build"))
    path = Path("build/greet/bundle") / touched
    if touched == "gone":
        path.with_name("shared").joinpath("words.py").unlink()
    elif path.is_dir():
        path.chmod(0o700)
    else:
        path.write_text("touched")
    assert small.build().code == 0
    assert contents(Path("build")) == first
    assert Path("build/greet/bundle/handlers").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_a_damaged_or_missing_cache_is_built_again(small, damage):
    small.build()
    first, kept = contents(Path("build")), small.root / ".exh-dev" / "built.db"
    if damage is None:
        content = bytearray(kept.read_bytes())
        for index in range(4096, len(content), 7):
            content[index] ^= 0xFF
        kept.write_bytes(bytes(content))
    else:
        kept.write_bytes(damage)
    assert small.build().code == 0
    assert contents(Path("build")) == first


def test_the_cache_of_builds_has_a_limit(tmp_path):
    from exh_dev.packaging.kept import Kept

    for number in range(20):
        with Kept(tmp_path, most_bytes=5000) as kept:
            kept.put(bytes(1000), "thing", str(number).encode())
            kept.get("thing", b"0")
    with Kept(tmp_path, most_bytes=5000) as kept:
        there = [number for number in range(20) if kept.get("thing", str(number).encode()) is not None]
    assert len(there) <= 5
    assert there[-1] == 19


def test_two_builds_at_once_give_what_one_gives(small):
    small.build()
    first = contents(Path("build"))
    command = [sys.executable, "-m", "exh_dev", "build"]
    builds = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [each.wait() for each in builds] == [0, 0]
    assert contents(Path("build")) == first


# Bytecode that nobody would read


@pytest.mark.parametrize("command", ["check", "build"])
def test_a_variable_that_loses_the_bytecode_is_refused(small, capfd, command):
    from exh_dev.cli.main import run_command

    template = small.root / "template.yaml"
    text = template.read_text()
    template.write_text(f"{text}      Environment: {{Variables: {{PYTHONOPTIMIZE: '1'}}}}\n")
    assert run_command([command]) == 1
    said = "".join(capfd.readouterr())
    assert "PYTHONOPTIMIZE makes Python pass over the bytecode" in said
    assert "template.yaml:13" in said or '"line": 13' in said


def test_a_module_that_a_dockerfile_runs_is_there(with_package, small):
    files = {"polite/__init__.py": "", "polite/job.py": "JOB = 1", "polite/other.py": "OTHER = 1"}
    small.write("Dockerfile", 'ENTRYPOINT ["python", "-m", "polite.job"]\n')
    with_package("import polite", files)
    assert "JOB" in Path("build/greet/bundle/polite/job.py").read_text()
    assert "OTHER" not in Path("build/greet/bundle/polite/other.py").read_text()
