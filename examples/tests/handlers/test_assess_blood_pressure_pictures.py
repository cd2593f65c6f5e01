"""Pictures of the control center with this project on it: those of the README.

PICTURES=docs/img makes them anew; otherwise they are made, looked at and thrown away.
"""

import os
import shutil
from pathlib import Path

import pytest
import requests
from chromium import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SERVED = (
    "handlers",
    "shared",
    "events",
    "schemas",
    "templates",
    "localizations",
    "dispatchers.json",
    "repo-config.json",
    "template.yaml",
)
PNG = b"\x89PNG\r\n"


@pytest.fixture
def folder(project_root, tmp_path):
    folder = tmp_path / "my-tasks"
    folder.mkdir()
    for name in SERVED:
        copy = shutil.copytree if (project_root / name).is_dir() else shutil.copy
        copy(project_root / name, folder / name)
    return folder


def post(url, path, body):
    answer = requests.post(f"{url}/_dev/api{path}", json=body, timeout=30)
    assert answer.ok, answer.text
    return answer.json()


def get(url, path):
    return requests.get(f"{url}/_dev/api{path}", timeout=30).json()


def fill(url):
    """Let every function have run, and one have failed."""
    for function in ("on-task-failed", "daily-report", "patient-api"):
        for sample in get(url, f"/functions/{function}")["events"]:
            run = post(url, f"/functions/{function}/invoke", {"event": sample["event"], "seeded": True})["id"]
            while get(url, f"/runs/{run}")["status"] == "running":
                pass
    post(
        url, "/functions/assess-blood-pressure/invoke", {"event": {"data": {"documentId": "6968c1b48ab34b7d6e654710"}}}
    )
    while (
        requests.get(f"{url}/_dev/pending", timeout=30).json()["pending"] or get(url, "/runs?status=running")["total"]
    ):
        pass


@pytest.mark.rare
def test_the_control_center_can_be_shown(folder, open_page, tmp_path):
    target = Path(os.environ.get("PICTURES", tmp_path)).absolute()
    with serving(folder) as url:
        fill(url)
        chain = get(url, "/runs?function=assess-blood-pressure&status=OK")["data"][0]["id"]
        mail = get(url, "/mails")["data"][0]["id"]
        shots = [
            ("overview", "overview", 1280, "light"),
            ("run", f"runs/{chain}", 1280, "dark"),
            ("documents", "documents/blood-pressure-reading", 1280, "light"),
            ("mail", f"mail/{mail}", 390, "light"),
            ("runs", "runs", 390, "dark"),
        ]
        for name, view, width, scheme in shots:
            page = open_page(f"{url}/_dev/#/{view}", width, scheme)
            page.locator(f'main[data-shown="#/{view}"]').wait_for(state="attached")
            page.locator("#live").get_by_text("live", exact=True).wait_for(state="attached")
            picture = target / f"control-center-{name}.png"
            page.screenshot(path=picture)
            assert picture.read_bytes().startswith(PNG)
