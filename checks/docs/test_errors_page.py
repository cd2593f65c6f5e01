"""The page about errors names every error there is, with the platform's code and status, and none that there is not."""

import importlib
import inspect
import json
import pkgutil
import re

import extrahorizon
import pytest
from awslambdaric.lambda_runtime_exception import FaultException
from doc_blocks import table_rows
from exh_dev.errors import DevkitError, UsageError
from exh_dev.runtime import failures
from extrahorizon import errors
from extrahorizon.errors import ExtraHorizonError, OAuth2LoginError, PlatformError, platform_error

ROW = re.compile(r"^\| `(\w+)` \| (—|\d+) \| (—|[\d, ]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


@pytest.fixture
def page(project_root):
    return (project_root / "docs" / "errors.md").read_text()


@pytest.fixture
def rows(page):
    return {name: (code, status) for name, code, status, _, _ in ROW.findall(page)}


def classes_of(module):
    return {name: each for name, each in vars(module).items() if inspect.isclass(each) and issubclass(each, Exception)}


def status_of(cls):
    """The status that an answer without a known code must have to get this class, or one that it derives from."""
    for status in range(400, 600):
        by_status = type(platform_error(status, b"", {}, method="GET", url="https://api.acme.io/"))
        if by_status is not PlatformError and issubclass(cls, by_status):
            return str(status)
    return "—"


def test_it_names_every_class_of_shared_errors_once_and_no_other(page, rows):
    assert set(rows) == set(classes_of(errors))
    assert len(ROW.findall(page)) == len(rows)


def test_code_and_status_are_those_of_the_class(rows):
    for name, cls in classes_of(errors).items():
        code, status = rows[name]
        assert code == (", ".join(map(str, getattr(cls, "codes", ()))) if "codes" in vars(cls) else "") or "—", name
        if not issubclass(cls, OAuth2LoginError):
            assert status == status_of(cls), name


def test_the_status_of_what_the_token_endpoint_answers_is_that_of_the_catalogue(project_root, rows):
    catalogue = json.loads((project_root / "packages/extrahorizon/tests/data/errors.json").read_text())
    known = {entry["sdk_class"]: entry["http_status"] for entry in catalogue}
    token_errors = {name: each for name, each in classes_of(errors).items() if issubclass(each, OAuth2LoginError)}
    assert len(token_errors) > 5
    for name in token_errors:
        if known[name] is not None:
            assert str(known[name]) in rows[name][1].split(", "), name


def test_each_says_what_it_means_and_what_to_do(page):
    for name, _, _, meaning, remedy in ROW.findall(page):
        assert len(meaning) > 8, name
        assert len(remedy) > 3, name


def test_it_names_the_errors_of_the_rest_of_shared(page):
    for module in pkgutil.walk_packages(extrahorizon.__path__, "extrahorizon."):
        importlib.import_module(module.name)

    def below(cls):
        return {cls} | {each for child in cls.__subclasses__() for each in below(child)}

    other = {each for each in below(ExtraHorizonError) if each.__module__.startswith("extrahorizon.")}
    other = {each.__name__: each.__module__ for each in other if not each.__module__.startswith("extrahorizon.errors")}
    named = {cells[0].strip("`"): cells[1].strip("`") for cells in table_rows(page, "Of this project")}
    assert set(named) == {name for name in other if not name.startswith("_")}
    for name, module in named.items():
        assert hasattr(importlib.import_module(module), name)


def test_the_names_of_lambda_are_those_of_its_runtime(page):
    of_the_client = {value for name, value in vars(FaultException).items() if name.isupper()}
    of_lambda = {
        failures.response_too_large()["errorType"], failures.exited("r", 1)["errorType"],
    }  # fmt: skip
    named = {cells[0].strip("`") for cells in table_rows(page, "Of Lambda") if cells[0].startswith("`")}
    assert named <= of_the_client | of_lambda
    assert of_lambda <= named


def test_the_exit_codes_are_those_of_the_command(page, exh_dev, tmp_path, monkeypatch):
    codes = [cells[0] for cells in table_rows(page, "Of exh-dev")]
    assert codes == ["0", str(DevkitError.exit_code), str(UsageError.exit_code), "130", "128 + n"]
    monkeypatch.chdir(tmp_path)
    assert exh_dev("--version")[0] == 0
    assert exh_dev("credentials", "--data-dir", tmp_path)[0] == 1
    assert exh_dev("no-such-command")[0] == 2
