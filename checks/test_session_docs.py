"""The page about the session shows files that run."""

import runpy

import pytest
from doc_blocks import check_blocks


def test_each_code_block_is_the_file_it_names(project_root):
    check_blocks(project_root, "session.md", "session")


@pytest.fixture
def run(project_root, platform, monkeypatch, capsys):
    """Runs a snippet against the local platform and returns what it prints, a list of lines."""
    first = platform.details()
    monkeypatch.setenv("CLIENT_ID", first["oauth2_client_id"])
    monkeypatch.setenv("CLIENT_SECRET", first["oauth2_client_secret"])
    monkeypatch.setenv("EMAIL", first["email"])
    monkeypatch.setenv("PASSWORD", first["password"])
    for name, value in platform.environment().items():
        monkeypatch.setenv(name, value)

    def run(name):
        runpy.run_path(str(project_root / "docs" / "snippets" / name))
        return capsys.readouterr().out.splitlines()

    return run


def test_the_snippets_print_what_the_page_says(run, platform):
    me = platform.credentials.user_id
    assert run("session_me.py") == [me, f"200 {me}"]
    assert run("session_errors.py") == ["404 903 SERVICE_NOT_FOUND_EXCEPTION 1"]
    assert run("session_fan_out.py") == ["{200}"]
    for name in ("credentials", "options", "oauth1", "transport"):
        assert run(f"session_{name}.py") == [me]
    assert run("session_asyncio.py") == [f"{me} 1"]
    assert run("session_login.py") == [me]
    tokens, user = run("session_oauth2.py")
    assert tokens.startswith("Tokens(expires_at=")
    assert user == me
