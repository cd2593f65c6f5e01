"""`exh-dev build` on a small project: what is in a bundle, and what is refused."""

import hashlib
import importlib.util
import json
import marshal
import os
import random
import shutil
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

RUNTIME = f"python3.{sys.version_info.minor}"
TAG = sys.implementation.cache_tag
SECOND = """
  {id}:
    Type: AWS::Serverless::Function
    Metadata:
      ExtraHorizon:
        name: {name}
        targets: [{targets}]
    Properties:
      Handler: {handler}
      Runtime: {runtime}
      Timeout: 30
"""


def add_function(small, name, *, handler="handlers.greet.handler", targets="exh, aws", runtime=RUNTIME, more=""):
    template = small.root / "template.yaml"
    added = SECOND.format(
        id=name.title().replace("-", ""), name=name, handler=handler, targets=targets, runtime=runtime
    )
    template.write_text(template.read_text() + added + more)


def names(path):
    with ZipFile(path) as archive:
        return archive.namelist()


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What is in it


def test_a_bundle_is_shared_the_handler_and_the_packages_with_their_bytecode(small):
    small.write("shared/__pycache__/words.cpython-38.pyc", "old")
    small.write("shared/tests/test_words.py")
    small.write("handlers/other.py")
    small.write("tests/test_greet.py")
    small.write("exh_dev/__init__.py")
    assert small.build().code == 0
    assert names("build/greet.zip") == sorted([
        "handlers/__init__.py",
        f"handlers/__pycache__/__init__.{TAG}.pyc",
        f"handlers/__pycache__/greet.{TAG}.pyc",
        "handlers/greet.py",
        "polite/__init__.py",
        f"polite/__pycache__/__init__.{TAG}.pyc",
        "shared/__init__.py",
        f"shared/__pycache__/__init__.{TAG}.pyc",
        f"shared/__pycache__/words.{TAG}.pyc",
        "shared/words.py",
    ])  # fmt: skip
    with ZipFile("build/greet.zip") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


@pytest.mark.slow
def test_a_container_image_has_a_bundle_that_the_official_cli_does_not_see(small, wheelhouse):
    small.build()
    template = small.root / "template.yaml"
    zipped = f"Handler: handlers.greet.handler\n      Runtime: {RUNTIME}"
    image = "PackageType: Image\n      ImageConfig: {Command: [handlers.greet.handler]}"
    template.write_text(template.read_text().replace(zipped, image))
    noise = random.Random(1).randbytes(12 * 1024 * 1024)  # noqa: S311 - more than Extra Horizon takes as code
    small.lock(wheelhouse.add("polite", "1.0", {"polite/__init__.py": "PLEASE = 1", "polite/model.bin": noise}))
    assert small.build().bundles["greet"]["runtime"] == RUNTIME
    assert {"handlers/greet.py", "polite/model.bin"} <= set(names("build/greet.zip"))
    assert not Path("build/greet").exists()


def test_bytecode_is_never_compared_with_its_source_and_names_the_files_as_lambda_has_them(small):
    small.build()
    with ZipFile("build/greet.zip") as archive:
        code = archive.read(f"handlers/__pycache__/greet.{TAG}.pyc")
    assert code[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(code[4:8], "little") == 0b01  # by a hash that nobody checks
    assert marshal.loads(code[16:]).co_filename == "/var/task/handlers/greet.py"  # noqa: S302 - our own


def test_a_bundle_is_built_without_bytecode_when_asked(small):
    assert small.build("--no-bytecode").code == 0
    assert not [name for name in names("build/greet.zip") if "__pycache__" in name]


@pytest.mark.slow
def test_a_copy_elsewhere_gives_the_same_bytes(small, tmp_path, monkeypatch):
    first = small.build().bundles["greet"]
    files = contents(Path("build"))
    copy = tmp_path / "elsewhere" / "deeper"
    for source in sorted(small.root.rglob("*"), reverse=True):  # in another order, at another time
        place = copy / source.relative_to(small.root)
        if source.is_file() and not {"build", ".exh-dev"} & set(place.parts):
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
    for path in copy.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o700)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    assert small.build().bundles["greet"]["sha256"] == first["sha256"]
    assert contents(Path("build")) == files


@pytest.mark.slow
def test_a_package_handler_is_bundled_with_its_data_and_without_its_locks(small):
    add_function(small, "chart", handler="handlers.chart.handler")
    small.write("handlers/chart/__init__.py", "from handlers.chart.draw import handler\n")
    small.write("handlers/chart/draw.py", "def handler(event, context):\n    return 1\n")
    small.write("handlers/chart/colours.json", "{}")
    small.write("handlers/chart/requirements.in", "")
    small.write("handlers/chart/requirements.txt", "")
    assert small.build("chart").code == 0
    own = [name for name in names("build/chart.zip") if name.startswith("handlers/") and "__pycache__" not in name]
    assert own == [
        "handlers/__init__.py",
        "handlers/chart/__init__.py",
        "handlers/chart/colours.json",
        "handlers/chart/draw.py",
    ]


def test_modules_of_the_project_that_the_handler_imports_come_along(small):
    small.write(
        "handlers/greet.py", "from handlers import names\n\ndef handler(event, context):\n    return names.ALL\n"
    )
    small.write("handlers/names.py", "from lib.people import ALL\n")
    small.write("handlers/unused.py", "")
    small.write("lib/people.py", "ALL = []\n")
    assert small.build().code == 0
    found = [name for name in names("build/greet.zip") if not name.endswith(".pyc")]
    assert {"handlers/names.py", "lib/people.py"} <= set(found)
    assert "handlers/unused.py" not in found


@pytest.mark.slow
def test_a_function_can_have_packages_of_its_own(small, wheelhouse):
    add_function(small, "chart", handler="handlers.chart.handler")
    small.write("handlers/chart/__init__.py", "import draw\n\ndef handler(event, context):\n    return draw.LINE\n")
    small.lock(wheelhouse.add("draw", "2.1", {"draw.py": "LINE = 1\n"}), file="handlers/chart/requirements.txt")
    assert small.build().code == 0
    assert {"draw.py", f"__pycache__/draw.{TAG}.pyc", "polite/__init__.py"} <= set(names("build/chart.zip"))
    assert "draw.py" not in names("build/greet.zip")


@pytest.mark.slow
def test_boto3_stays_out_since_lambda_has_it(small):
    lock = small.root / "requirements.txt"
    lock.write_text(lock.read_text() + f"boto3==1.40.0 --hash=sha256:{'0' * 64}\n")
    small.write("handlers/greet.py", "def handler(event, context):\n    import boto3\n")
    assert small.build().code == 0


@pytest.mark.slow
def test_files_of_packages_that_nobody_needs_are_left_out(small, wheelhouse):
    small.lock(wheelhouse.add("polite", "1.0", {"polite/__init__.py": "PLEASE = 1", "polite/docs/page.html": "<p>"}))
    small.write("pyproject.toml", '[tool.exh-dev.build]\nexclude = ["polite/docs/*"]\n')
    assert small.build().code == 0
    assert "polite/docs/page.html" not in names("build/greet.zip")


@pytest.mark.slow
def test_a_wheel_is_unpacked_as_it_would_be_installed(small, wheelhouse):
    wheel = {
        "polite/__init__.py": "PLEASE = 1",
        "polite-1.0.data/purelib/more.py": "",
        "polite-1.0.data/scripts/polite": "#!python",
        "polite-1.0.data/headers/polite.h": "",
    }
    small.lock(wheelhouse.add("polite", "1.0", wheel))
    small.write("pyproject.toml", '[tool.exh-dev.build]\nwhole = ["polite"]\n')
    assert small.build().code == 0
    assert [name for name in names("build/greet.zip") if "polite" in name or "more" in name] == [
        f"__pycache__/more.{TAG}.pyc",
        "more.py",
        "polite/__init__.py",
        f"polite/__pycache__/__init__.{TAG}.pyc",
    ]


@pytest.mark.slow
def test_the_wheel_fits_the_runtime_and_the_processor(small, wheelhouse):
    for tag in (
        "cp311-cp311-manylinux_2_28_x86_64",
        "cp311-cp311-manylinux2014_x86_64",
        "cp311-abi3-manylinux_2_17_aarch64",
    ):
        wheelhouse.add("polite", "1.0", {"polite/__init__.py": f"PLEASE = '{tag}'"}, tag=tag)
    wheelhouse.add("polite", "1.0", {"polite/__init__.py": "PLEASE = 'new'"}, tag="cp312-cp312-manylinux_2_28_x86_64")
    hashes = " ".join(f"--hash=sha256:{_sha(path)}" for path in wheelhouse.folder.glob("*manylinux*"))
    small.write("requirements.txt", f"polite==1.0 {hashes}\n")
    built = {}
    for runtime in ("python3.11", "python3.12"):
        assert small.build("--runtime", runtime, "--no-bytecode").code == 0
        built[runtime] = Path("build/greet/bundle/polite/__init__.py").read_text()
    # Python 3.11 runs on Amazon Linux 2, with glibc 2.26; the later ones on Amazon Linux 2023, with 2.34
    assert "manylinux2014_x86_64" in built["python3.11"]
    assert "new" in built["python3.12"]
    template = small.root / "template.yaml"
    template.write_text(template.read_text().replace("Timeout: 30", "Timeout: 30\n      Architectures: [arm64]"))
    done = small.build("--runtime", "python3.12", "--no-bytecode")
    assert "aarch64" in Path("build/greet/bundle/polite/__init__.py").read_text()
    assert "default is x86_64" in done.message
    assert "polite" in done.message


def _sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# What lies beside it


def test_checksum_and_bill_of_materials_lie_beside_the_zip(small):
    bundle = small.build().bundles["greet"]
    assert Path("build/greet.zip.sha256").read_text() == f"{_sha(Path('build/greet.zip'))}  greet.zip\n"
    assert bundle["sha256"] == _sha(Path("build/greet.zip"))
    text = Path("build/greet.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    (component,) = bill["components"]
    assert (component["name"], component["version"], component["purl"]) == ("polite", "1.0", "pkg:pypi/polite@1.0")
    assert bill["metadata"]["component"]["hashes"][0]["content"] == bundle["sha256"]


@pytest.mark.slow
def test_the_sizes_and_the_largest_parts_are_reported(small):
    bundle = small.build().bundles["greet"]
    assert bundle["bytes"] == Path("build/greet.zip").stat().st_size
    assert bundle["files"] == len(names("build/greet.zip"))
    assert bundle["unpacked_bytes"] == sum(map(len, contents(Path("build/greet/bundle")).values()))
    assert {part["part"] for part in bundle["largest"]} == {"handlers/", "polite/", "shared/"}


@pytest.mark.slow
def test_a_terminal_gets_a_table(small, capfd):
    from exh_dev.cli.main import run_command

    assert run_command(["build", "--table"]) == 0
    out, err = capfd.readouterr()
    assert "SHA-256" in out
    assert "largest parts of build/greet" in out
    assert "`exh sync` deploys to Extra Horizon" in err


@pytest.mark.slow
def test_the_folder_is_what_the_official_cli_zips(small):
    small.build()
    config = json.loads(Path("build/greet/task-config.json").read_text())
    bundle = Path("build/greet", config["path"])
    assert sorted(path.as_posix() for path in contents(bundle)) == names("build/greet.zip")
    assert (config["entryPoint"], config["runtime"]) == ("handlers.greet.handler", RUNTIME)


@pytest.mark.slow
def test_bundles_of_removed_functions_are_deleted(small):
    add_function(small, "gone")
    assert small.build().code == 0
    small.write("build/notes.md")
    small.write("build/half/readme.txt")
    template = small.root / "template.yaml"
    template.write_text(template.read_text().partition("  Gone:")[0])
    assert small.build("greet").code == 0
    assert {path.name for path in Path("build").iterdir()} == {
        "greet", "greet.cdx.json", "greet.zip", "greet.zip.sha256", "notes.md",
    }  # fmt: skip


@pytest.mark.slow
def test_a_function_for_aws_alone_has_no_folder_at_which_the_cli_would_stop(small):
    add_function(small, "worker", targets="aws")
    assert small.build().code == 0
    assert Path("build/worker.zip").is_file()
    assert not Path("build/worker").exists()


# What is refused, and leaves everything as it was


@pytest.fixture
def built(small):
    small.build()
    return contents(Path("build"))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("shared/.env", "X=1", "shared/.env: a file of this name"),
        ("shared/.env.production", "X=1", "a file of this name"),
        ("shared/credentials", "API_HOST=x", "a file of this name"),
        ("shared/credentials.json", "{}", "a file of this name"),
        ("shared/id_ed25519", "x", "a file of this name"),
        ("shared/server.key", "x", "a file of this name"),
        ("shared/.aws/config", "[default]", "files of a folder .aws must not be deployed"),
        ("shared/ca.pem", "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE", "shared/ca.pem:1: Private Key"),
        ("shared/data.yaml", "a: 1\nkey: AKIA" + "IOSFODNN7EXAMPLE\n", "shared/data.yaml:2: AWS Access Key"),
        ("shared/a.py", f'X = "{"3f786850e387550fdab8" + "36ed7e6dc881de23001b"}"', "shared/a.py:1: a key, secret or"),
        ("shared/a.py", 'password = "correct-horse-battery"', "shared/a.py:1: a value that its name calls"),
        ("shared/a.py", 'client_secret: str = "Xy7kq9LmN2' + 'pQ4rS6tU8vW0zA"', "shared/a.py:1:"),
        ("shared/x.json", '{"tokenSecret": "3f786850e387550fdab8' + '36ed7e6dc881de23001b"}', "of Extra Horizon"),
        ("shared/x.txt", "API_OAUTH_TOKEN=3f786850e387550fdab8" + "36ed7e6dc881de23001b", "of Extra Horizon"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_refused_by_its_place_alone(small, built, name, text, told):
    small.write(name, text)
    done = small.build()
    assert done.code == 1
    assert told in done.message
    assert "Secrets Manager" in done.message
    for secret in ("MIIE", "IOSFODNN7", "3f786850", "correct-horse", "Xy7kq9"):
        assert secret not in done.message
    assert contents(Path("build")) == built


def test_a_public_certificate_is_no_secret(small):
    small.write("shared/ca.pem", "-----BEGIN CERTIFICATE-----\nMIIDdzCC\n-----END CERTIFICATE-----\n")
    assert small.build().code == 0


@pytest.mark.slow
def test_a_package_without_a_wheel_for_the_target_is_refused(small, built, wheelhouse):
    small.lock(wheelhouse.add("fast", "1.0", {"fast.py": ""}, tag="cp313-cp313-macosx_11_0_arm64"), fetched=False)
    done = small.build()
    assert done.code == 1
    assert f"no wheel of fast==1.0 for {RUNTIME} on x86_64" in done.message
    assert "PIP_FIND_LINKS" in done.message
    assert contents(Path("build")) == built


@pytest.mark.slow
def test_a_package_that_is_not_what_was_locked_is_refused(small, built, wheelhouse):
    small.lock(wheelhouse.add("fast", "1.0", {"fast.py": ""}), fetched=False)
    wheelhouse.add("fast", "1.0", {"fast.py": "import evil"})
    done = small.build()
    assert done.code == 1
    assert "not the one that was locked" in done.message
    assert "make lock" in done.message
    assert contents(Path("build")) == built


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("polite==1.0", "polite has no SHA-256 hash"),
        ("polite>=1.0 --hash=sha256:" + "0" * 64, "not pinned to one version"),
        ("polite==1.* --hash=sha256:" + "0" * 64, "not pinned to one version"),
        ("polite @ https://example.com/polite.whl", "not pinned to one version"),
        ("--index-url https://example.com/simple", "is not a package with a version"),
        ("-r other.txt", "is not a package with a version"),
    ],
)
def test_a_file_that_is_no_lock_is_refused(small, line, told):
    small.write("requirements.txt", f"# a comment\n{line}\n")
    done = small.build()
    assert done.code == 1
    assert "requirements.txt:2: " in done.message
    assert told in done.message


@pytest.mark.slow
def test_a_lock_without_something_that_the_project_asks_for_is_refused(small):
    small.write("pyproject.toml", '[project]\nname = "x"\nversion = "1"\ndependencies = ["polite>=2"]\n')
    assert "polite>=2 is wanted" in small.build().message
    small.write("pyproject.toml", '[project]\nname = "x"\nversion = "1"\ndependencies = ["polite", "kind>=1"]\n')
    assert "the lock has no kind" in small.build().message
    small.write(
        "pyproject.toml",
        '[project]\nname = "x"\nversion = "1"\ndependencies = ["polite", "kind; sys_platform == \'win32\'"]\n',
    )
    assert small.build().code == 0


def test_a_lock_that_is_older_than_what_a_function_asks_for_is_refused(small, wheelhouse):
    add_function(small, "chart", handler="handlers.chart.handler")
    small.write("handlers/chart/__init__.py", "def handler(event, context):\n    pass\n")
    small.lock(wheelhouse.add("draw", "2.1", {"draw.py": ""}), file="handlers/chart/requirements.txt")
    small.write("handlers/chart/requirements.in", "# newer\ndraw>=3\n")
    done = small.build()
    assert done.code == 1
    assert "requirements.in:2: draw>=3 is wanted, but" in done.message


def test_a_lock_that_lacks_what_a_package_needs_is_refused(small, wheelhouse):
    small.lock(wheelhouse.add("polite", "1.0", {"polite.py": "PLEASE = 1"}, needs=["manners>=2", "boto3"]))
    done = small.build()
    assert done.code == 1
    assert "polite 1.0 needs manners>=2, but the lock does not have it" in done.message


def test_two_versions_of_a_package_cannot_be_in_one_bundle(small, wheelhouse):
    add_function(small, "chart", handler="handlers.chart.handler")
    small.write("handlers/chart/__init__.py", "def handler(event, context):\n    pass\n")
    small.lock(wheelhouse.add("polite", "2.0", {"polite.py": ""}), file="handlers/chart/requirements.txt")
    assert "polite 2.0 and" in small.build("chart").message


@pytest.mark.slow
def test_a_bundle_that_is_too_large_is_refused_with_its_largest_parts(small, built, wheelhouse):
    noise = random.Random(1).randbytes(12 * 1024 * 1024)  # noqa: S311 - what cannot be compressed
    small.lock(wheelhouse.add("polite", "1.0", {"polite/__init__.py": "PLEASE = 1", "polite/model.bin": noise}))
    done = small.build()
    assert done.code == 1
    assert "greet: the zip has 12.0" in done.message
    assert "7.00 MB is the limit" in done.message
    assert "12.00 MB  polite/" in done.message
    assert "--max-size" in done.message
    assert contents(Path("build")) == built
    assert small.build("--max-size", "13").code == 0


@pytest.mark.slow
def test_the_tests_of_a_complete_package_can_be_left_out_and_the_message_says_how(small, wheelhouse):
    whole = '[tool.exh-dev.build]\nwhole = ["polite"]\n'
    small.write("pyproject.toml", whole)
    noise = random.Random(1).randbytes(4 * 1024 * 1024)  # noqa: S311 - what cannot be compressed
    files = {"polite/__init__.py": "PLEASE = 1", "polite/model.bin": noise, "polite/deep/tests/data.bin": noise[::-1]}
    small.lock(wheelhouse.add("polite", "1.0", files))
    message = small.build().message
    assert "leave out the packages' tests, 4.00 MB zipped, with `exclude = [" in message
    setting = message.partition("with `")[2].partition("`")[0]
    small.write("pyproject.toml", f"{whole}{setting}\n")
    assert small.build().code == 0
    assert [name for name in names("build/greet.zip") if name.endswith(".bin")] == ["polite/model.bin"]
    done = small.build("--max-size", "3")
    assert "leave files of packages out with `exclude` of [tool.exh-dev.build] in pyproject.toml" in done.message


@pytest.mark.slow
def test_what_lambda_would_not_unpack_is_refused_unless_it_is_an_image(small, monkeypatch):
    monkeypatch.setattr("exh_dev.packaging.sizes._UNPACKED_LIMIT", 1000)
    done = small.build()
    assert done.code == 1
    assert "greet: unpacked it has 0.00 MB, and Lambda allows 0.00 MB. Leave a package out" in done.message
    assert "or deploy a container image" in done.message
    template = small.root / "template.yaml"
    zipped = f"Handler: handlers.greet.handler\n      Runtime: {RUNTIME}"
    image = "PackageType: Image\n      ImageConfig: {Command: [handlers.greet.handler]}"
    template.write_text(template.read_text().replace(zipped, image))
    assert small.build().code == 0


@pytest.mark.slow
def test_a_bundle_for_aws_alone_may_be_larger(small, wheelhouse):
    template = small.root / "template.yaml"
    template.write_text(template.read_text().replace("[exh, aws]", "[aws]"))
    noise = random.Random(1).randbytes(12 * 1024 * 1024)  # noqa: S311 - what cannot be compressed
    small.lock(wheelhouse.add("polite", "1.0", {"polite/__init__.py": "PLEASE = 1", "polite/model.bin": noise}))
    assert small.build().code == 0


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import numpy", "handlers/greet.py:1: imports numpy, which is neither in the bundle nor"),
        ("from numpy import array", "handlers/greet.py:1: imports numpy"),
        ("def late():\n    import numpy", "handlers/greet.py:2: imports numpy"),
        ("import exh_dev.serve.local_platform", "imports exh_dev.serve.local_platform, and exh-dev is never deployed"),
        ("from tests import people", "and tests is never deployed"),
        ("try:\n    import numpy\nexcept ValueError:\n    pass", "imports numpy"),
        ("if True:\n    import numpy\nelse:\n    pass", "imports numpy"),
        ("def broken(:", "handlers/greet.py:1: SyntaxError: invalid syntax"),
    ],
)
def test_imports_that_would_fail_in_lambda_are_refused(small, code, told):
    small.write("tests/people.py")
    small.write("handlers/greet.py", f"{code}\n\n\ndef handler(event, context):\n    pass\n")
    done = small.build()
    assert done.code == 1
    assert told in done.message


@pytest.mark.parametrize(
    "code",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy",
        "import typing\nif typing.TYPE_CHECKING:\n    from numpy import array",
        "try:\n    import numpy\nexcept ImportError:\n    numpy = None",
        "try:\n    import numpy\nexcept (KeyError, ModuleNotFoundError):\n    pass",
        "import boto3, botocore.config, dateutil",
        "import xml.etree.ElementTree",
    ],
)
def test_harmless_imports_pass(small, code):
    small.write("handlers/greet.py", f"{code}\n\n\ndef handler(event, context):\n    pass\n")
    assert small.build().code == 0


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        ("handlers.gone.handler", "but there is no"),
        ("handlers.greet.handle", "but handlers/greet.py has no handle"),
    ],
)
def test_a_handler_that_is_not_there_is_refused(small, handler, told):
    template = small.root / "template.yaml"
    template.write_text(template.read_text().replace("handlers.greet.handler", handler))
    done = small.build()
    assert done.code == 2
    assert "template.yaml:10: Greet: " in done.message
    assert told in done.message


def test_files_from_outside_of_the_project_are_refused(small, tmp_path):
    (tmp_path / "elsewhere.py").write_text("")
    (small.root / "shared" / "linked.py").symlink_to(tmp_path / "elsewhere.py")
    assert "shared/linked.py is a link" in small.build().message


def test_all_functions_are_built_or_none(small, built):
    add_function(small, "broken", handler="handlers.broken.handler")
    small.write("handlers/broken.py", "import numpy\n\ndef handler(event, context):\n    pass\n")
    small.write("shared/words.py", 'HELLO = "changed"\n')
    assert small.build().code == 1
    assert contents(Path("build")) == built
    assert not list((small.root / ".exh-dev").glob("build-*"))


def test_an_unknown_function_or_runtime_is_refused(small):
    assert small.build("nobody").code == 2
    done = small.build("--runtime", "python3.9")
    assert done.code == 2
    assert "python3.11, python3.12, python3.13, python3.14" in done.message


# Python and the cache


def test_without_the_targets_python_the_message_says_what_to_do(small, monkeypatch):
    monkeypatch.setattr("exh_dev.packaging.interpreter._candidates", lambda _: iter(()))
    other = "python3.12" if RUNTIME != "python3.12" else "python3.13"
    done = small.build("--runtime", other)
    assert done.code == 1
    assert f"no Python {other.removeprefix('python')} was found" in done.message
    for way_out in ("uv python install", "--python PATH", "--runtime", "--no-bytecode"):
        assert way_out in done.message


@pytest.mark.slow
def test_a_python_that_is_another_version_is_refused(small):
    other = "python3.12" if RUNTIME != "python3.12" else "python3.13"
    done = small.build("--runtime", other, "--python", sys.executable)
    assert done.code == 2
    assert "is not CPython" in done.message
    assert small.build("--python", sys.executable).code == 0
    assert small.build("--python", "/nowhere/python").code == 2


def test_an_interpreter_is_run_before_it_is_believed(small, tmp_path, monkeypatch):
    from exh_dev.packaging.interpreter import find_python

    wanted = sys.version_info[:2]
    shim = tmp_path / "bin" / f"python{wanted[0]}.{wanted[1]}"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho 'no such version' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setattr("exh_dev.packaging.interpreter._candidates", lambda _: iter([shim, Path(sys.executable)]))
    find_python.cache_clear()
    assert find_python(wanted) == Path(sys.executable)
    find_python.cache_clear()


@pytest.mark.slow
def test_a_second_build_needs_no_network_but_checks_what_it_has(small, monkeypatch, tmp_path):
    shutil.rmtree(small.root / ".exh-dev")
    assert small.build().code == 0
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    assert small.build().code == 0
    (cached,) = (small.root / ".exh-dev" / "wheels").rglob("*.whl")
    with ZipFile(cached, "a") as archive:
        archive.writestr("polite/evil.py", "")
    done = small.build()
    assert done.code == 1
    assert "no wheel of polite==1.0" in done.message


NEEDS = """
        environment: {WORD: $A_WORD, ANOTHER: $ANOTHER, PLAIN: text}
        targets: [exh, aws]"""


NEXT = "`exh sync` deploys to Extra Horizon, `make deploy` deploys to AWS"


def test_build_names_the_variables_that_the_official_cli_will_take_from_its_environment(small, monkeypatch):
    done = small.build()
    assert (done.variables, [line["message"] for line in done.lines]) == ({}, [NEXT])
    template = (small.root / "template.yaml").read_text()
    small.write("template.yaml", template.replace("\n        targets: [exh, aws]", NEEDS))
    small.write("templates/mail.json", '{"outputs": {"body": "$FROM"}, "variables": {"FROM": "$CLINIC", "TO": "you"}}')
    small.write(".env", "A_WORD=hello\n")
    monkeypatch.setenv("CLINIC", "St. Mary")
    done = small.build()
    assert done.variables == {"A_WORD": ["greet"], "ANOTHER": ["greet"], "CLINIC": ["templates/mail.json"]}
    told, warned, following = done.lines
    assert (told["level"], warned["level"], following["message"]) == ("INFO", "WARNING", NEXT)
    assert "A_WORD (greet); ANOTHER (greet); CLINIC (templates/mail.json)" in told["message"]
    assert "neither .env nor the environment has ANOTHER: `exh sync` would stop there" in warned["message"]


def test_a_function_for_aws_alone_takes_no_variable_from_the_environment(small):
    template = (small.root / "template.yaml").read_text()
    small.write("template.yaml", template.replace("\n        targets: [exh, aws]", NEEDS.replace("exh, ", "")))
    done = small.build()
    assert (done.variables, [line["message"] for line in done.lines]) == ({}, ["`make deploy` deploys to AWS"])
