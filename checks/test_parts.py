"""The three parts of this repository: which may know which, and whose files a test may read."""

import ast
import re

import pytest

#: What a part must never import.
FORBIDDEN = {
    "packages/extrahorizon/src": {"exh_dev", "shared", "handlers"},
    "packages/exh-dev/src": {"shared", "handlers", "benchmarks"},
    "handlers": {"exh_dev"},
    "shared": {"exh_dev", "handlers"},
    "examples/handlers": {"exh_dev"},
    "examples/shared": {"exh_dev", "handlers"},
}
#: Words in a handler that belong into `shared/` or are the client's business.
NOT_BUSINESS = ("requests", "urllib", "os.environ", "boto3", "http.client")


def imported(path):
    """The packages that a module imports, wherever in it, types included."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "import_module":
            yield from (str(each.value).partition(".")[0] for each in node.args if isinstance(each, ast.Constant))


@pytest.mark.parametrize("part", FORBIDDEN)
def test_a_part_imports_nothing_that_it_must_not_know(part, project_root):
    modules = list((project_root / part).rglob("*.py"))
    assert modules
    wrong = {f"{path}: {name}" for path in modules for name in imported(path) if name in FORBIDDEN[part]}
    assert wrong == set()


@pytest.mark.parametrize("folder", ["handlers", "examples/handlers"])
def test_a_handler_has_business_only(folder, project_root):
    for path in (project_root / folder).rglob("*.py"):
        text = path.read_text()
        if path.name == "hello_world.py":
            text = text.replace("requests", "")  # it shows the other way to call: OAuth1Session of requests-oauthlib
        for word in NOT_BUSINESS:
            assert word not in text, f"{path} uses {word}: that belongs in shared/"


@pytest.mark.parametrize("package", ["extrahorizon", "exh-dev"])
def test_a_packages_tests_read_nothing_outside_of_the_package(package, project_root):
    """What users own (template.yaml, pages, handlers, workflows) is no input of a package's test."""
    root = project_root / "packages" / package
    for path in sorted((root / "tests").rglob("*.py")):
        above = len(path.relative_to(root).parts)  # parents[above - 1] is the package's folder
        text = path.read_text()
        for number in map(int, re.findall(r"__file__\)\.(?:resolve\(\)\.)?parents\[(\d+)\]", text)):
            assert number < above, f"{path} looks outside of the package"
        for chain in re.findall(r"__file__\)((?:\.parent\b)+)", text):
            assert chain.count(".parent") <= above, f"{path} looks outside of the package"
