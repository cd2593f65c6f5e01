"""The page about the local platform shows a file that runs, and its tables name what there is."""

import re
import runpy

import requests
from doc_blocks import check_blocks, table_rows
from exh_dev.platform.http.error_answers import KNOWN


def test_each_code_block_is_the_file_it_names(project_root):
    check_blocks(project_root, "platform.md", "platform")


def test_the_snippet_prints_what_the_page_says(project_root, platform, monkeypatch, capsys):
    for name, value in platform.environment().items():
        monkeypatch.setenv(name, value)
    runpy.run_path(str(project_root / "docs" / "snippets" / "platform_payments.py"))
    printed = "task_started\n['started_with_free_trial', 'renewed']\n"
    assert capsys.readouterr().out == printed
    assert f"```text\n{printed}```" in (project_root / "docs" / "platform.md").read_text()


def test_the_login_by_a_provider_prints_what_the_page_says(project_root, platform, monkeypatch, capsys):
    details = platform.details()
    client = {"CLIENT_ID": details["oauth2_client_id"], "CLIENT_SECRET": details["oauth2_client_secret"]}
    for name, value in (platform.environment() | client).items():
        monkeypatch.setenv(name, value)
    runpy.run_path(str(project_root / "docs" / "snippets" / "platform_oidc.py"))
    printed = capsys.readouterr().out
    assert printed == "Ada ada@example.com\n"
    assert f"```text\n{printed}```" in (project_root / "docs" / "platform.md").read_text()


def test_the_paths_of_the_local_provider_are_there(project_root, platform):
    rows = table_rows((project_root / "docs" / "platform.md").read_text(), "OpenID Connect")
    paths = [row[0].strip("`").split() for row in rows if "/_dev/" in row[0]]
    assert len(paths) == 7
    for method, path in paths:
        answer = requests.request(method, f"{platform.url}{path}", timeout=5)
        assert "ENDPOINT_EXCEPTION" not in answer.text, path


def test_the_paths_of_the_page_are_there_and_the_changes_are_those_of_the_stores(project_root, platform):
    def asked(path):
        return requests.post(f"{platform.url}{path}", json={"change": "none", "type": "t"}, timeout=5).json()

    rows = table_rows((project_root / "docs" / "platform.md").read_text(), "Payments")
    paths = {path for row in rows for path in re.findall(r"^`POST (/_dev/[\w/]+)`$", row[0])}
    assert len(paths) == 8
    for path in paths:
        assert asked(path).get("name") != "ENDPOINT_EXCEPTION", path
    named = {row[0].strip("`"): row[1:] for row in rows if not row[0].startswith("`POST")}
    for kind, column in (("app_store", 0), ("play_store", 1)):
        told = asked(f"/_dev/{kind}/purchases/ID/changes")["message"].partition(" must be one of ")[2]
        assert {name for name, cells in named.items() if cells[column] != "—"} == set(told.split(", "))


def test_each_refusal_has_a_code_of_the_platform_and_a_source(project_root):
    rows = table_rows((project_root / "docs" / "platform.md").read_text(), "What is refused on whose word")
    assert len(rows) > 40
    for _, what, codes, source in rows[:-1]:
        assert what
        for code in re.findall(r"\b\d+\b", codes.partition("`")[0]):
            assert code in {"404", "413", "431"} or int(code) in KNOWN, code
        assert re.match(r"(docs|OpenAPI|SDK|CLI|ours|a limit of this platform)\b", source), source
