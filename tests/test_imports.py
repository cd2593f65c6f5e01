"""What starting a function costs, as the modules it imports. Each one is paid at every cold start."""

import json
import subprocess
import sys

import pytest


def modules_after(statement, project_root):
    code = f"import sys, json\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=project_root, capture_output=True, check=True, env={})
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("handler", ["handlers.whoami", "handlers.hello_world"])
def test_a_handler_imports_nothing_heavy(handler, project_root):
    loaded = modules_after(f"import {handler}", project_root)
    for forbidden in ("boto3", "botocore.session", "botocore.client", "pydantic", "devkit", "moto", "yaml", "asyncio"):
        assert forbidden not in loaded
    assert not {name for name in loaded if name.startswith(("devkit", "shared.services."))}


def test_shared_alone_imports_none_of_its_parts(project_root):
    assert not {name for name in modules_after("import shared", project_root) if name.startswith("shared.")}


def test_secrets_manager_is_loaded_only_by_who_uses_it(project_root):
    assert "shared.secrets_manager" not in modules_after("import handlers.whoami", project_root)


def test_the_command_line_starts_without_the_platform_or_rich(project_root):
    loaded = modules_after("import devkit.cli", project_root)
    for forbidden in ("starlette", "uvicorn", "rich", "yaml", "moto", "boto3", "pydantic", "requests"):
        assert forbidden not in loaded


@pytest.mark.parametrize("room", ["shared", "handlers"])
def test_what_is_deployed_never_names_what_is_not(room, project_root):
    for path in (project_root / room).rglob("*.py"):
        text = path.read_text()
        assert "devkit" not in text, path
        if room == "handlers":
            for word in ("requests", "urllib", "os.environ", "boto3", "http.client"):
                assert word not in text, f"{path} uses {word}: that belongs in shared/"


def test_the_toolbox_never_imports_a_handler(project_root):
    for path in (project_root / "devkit").rglob("*.py"):
        assert "import handlers" not in path.read_text()
        assert "from handlers" not in path.read_text()
