"""The page about functions: its example for Node.js works beside a function in Python, both ways."""

import json
import shutil

import pytest
from folder_projects import GREETING, write

PLACE = "functions/greet-twice"
SNIPPETS = {"node_function.yaml": "yaml", "node_function.mjs": "javascript", "node_platform.mjs": "javascript"}
CALLER = """\
from extrahorizon.task import task_handler


@task_handler
def handler(task, exh):
    return exh.tasks.functions.execute("greet-twice", data={"name": "Ada"})["result"]
"""


@pytest.mark.parametrize(("name", "kind"), SNIPPETS.items())
def test_the_page_shows_the_snippet(project_root, name, kind):
    text = (project_root / "docs" / "functions.md").read_text()
    assert f"```{kind}\n{(project_root / 'docs' / 'snippets' / name).read_text()}```\n" in text


@pytest.mark.skipif(shutil.which("node") is None, reason="no `node` on the PATH: the page's example is NOT TESTED")
def test_the_functions_call_each_other(project_root, tmp_path, monkeypatch, exh_dev):
    added, function, platform = ((project_root / "docs" / "snippets" / name).read_text() for name in SNIPPETS)
    asking = GREETING["template.yaml"].partition("Resources:\n")[2].replace("HelloWorld", "AskNode")
    asking = asking.replace("hello-world", "ask-node").replace("hello_world", "ask_node")
    allowed = '        executionCredentials: {permissions: ["EXECUTE_TASK_FUNCTION:greet-twice"]}\n'
    files = {
        "template.yaml": GREETING["template.yaml"] + asking + allowed + added.removeprefix("Resources:\n"),
        f"{PLACE}/index.mjs": function,
        f"{PLACE}/platform.mjs": platform,
        "handlers/ask_node.py": CALLER,
        "events/ask-node.json": {},
    }
    monkeypatch.chdir(write(tmp_path, files, {**GREETING, **files}))

    code, out, lines = exh_dev("run", "ask-node")

    (result,) = json.loads(out)["results"]
    assert code == 0, lines
    assert result["result"] == {"greeting": "Hello, Ada! Hello, Ada!"}
    assert [run["function"] for run in result["chain"]] == ["greet-twice", "hello-world"]
