"""A real browser for tests: Debian's Chromium, driven by Playwright. Where one of them is missing, tests skip."""

import json
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOW = "`sudo apt install chromium` and `make .venv/.browser` bring what the tests in a browser need"


@pytest.fixture(scope="session")
def chromium():
    """One browser, with a fresh profile, for all tests."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip(f"Playwright is not installed; {HOW}")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip(f"Chromium is not installed; {HOW}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """Open a page of a width and a colour scheme. At the end of the test nothing may have gone wrong in any of them."""
    contexts, wrong = [], []

    def open_page(url, width=1280, scheme="light"):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if _is_wrong(message) else None)
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def _is_wrong(message):
    """Whether the console tells of a mistake: that the platform has refused something, or a sandbox, is none."""
    harmless = ("Failed to load resource", "Blocked script execution in", "Loading the image")
    return message.type == "error" and not message.text.startswith(harmless)


@contextmanager
def serving(folder, port=0):
    """`exh-dev serve` in a folder, as a process of its own: where it is."""
    command = [sys.executable, "-m", "exh_dev", "serve", "--port", str(port), "--ephemeral"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            line = process.stdout.readline()
            assert line, process.stderr.read().decode()
            yield json.loads(line)["url"]
        finally:
            process.terminate()
            process.communicate(timeout=20)


def nodes_of(page):
    """Return how many nodes of the DOM a page has, those that are in no document among them."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    found = session.send("Memory.getDOMCounters")["nodes"]
    session.detach()
    return found


def heap_of(page):
    """Return how many bytes the objects of a page take that are still in use."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used
