"""The page about SideFX shows files that run."""

import runpy
from types import SimpleNamespace

import pytest
from doc_blocks import check_blocks
from extrahorizon.sidefx.account import ID_NAMES, URL_NAMES

pytest_plugins = ["sidefx.conftest"]  # a local SideFX


@pytest.fixture
def run(project_root, urls, monkeypatch, tmp_path):
    """Runs a snippet against the local SideFX, in an empty directory."""
    values = ("client-id-Zq81", "client/secret+é:Xy27", urls["access_token_url"], urls["endpoint_url"])
    for name, value in zip((*ID_NAMES, *URL_NAMES), values, strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return lambda name: runpy.run_path(str(project_root / "docs" / "snippets" / name))


def test_each_code_block_is_the_file_it_names(project_root):
    check_blocks(project_root, "sidefx.md", "sidefx")


def test_builds_are_listed(run, capsys):
    run("sidefx_list_builds.py")
    assert capsys.readouterr().out.splitlines() == [
        "20.5 584 linux_x86_64_gcc11.2 2025/05/25 good",
        "20.5 410 linux_x86_64_gcc11.2 2025/03/17 good",
    ]


def test_the_latest_production_build_is_downloaded(run, capsys, sidefx, tmp_path):
    run("sidefx_download.py")
    name = "houdini-20.5.584-linux_x86_64_gcc11.2.tar.gz"
    content = next(build for build in sidefx.builds if build.filename == name).content
    assert capsys.readouterr().out == f"builds/{name} {len(content)}\n"
    assert (tmp_path / "builds" / name).read_bytes() == content


def test_the_function_answers(run):
    handler = run("sidefx_task.py")["handler"]
    context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 3000)
    assert handler({"data": {"product": "docker"}}, context)["latest"]["build"] == "613"


def test_errors_are_told(run, capsys, sidefx):
    from exh_dev.sidefx import failures

    run("sidefx_errors.py")
    sidefx.fail(failures.refused("No such version"))
    run("sidefx_errors.py")
    sidefx.fail(failures.cut_connection(), times=4)
    run("sidefx_errors.py")
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == ["2 changes in a week", "SideFX refused the call, HTTP 422 No such version"]
    assert told[2].startswith("SideFX did not answer: ")
