"""Pages that are not the control center's own, in the same browser: none can run a function or read a secret."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

ATTACK = """<!doctype html><title>hostile</title>
<img src="{target}/_dev/api/functions/analyze/invoke">
<iframe src="{target}/_dev/"></iframe>
<form id="form" method="post" enctype="text/plain" target="frame" action="{target}/_dev/api/functions/analyze/invoke">
  <input name='{{"event": {{}}, "x": "' value='"}}'></form>
<iframe name="frame"></iframe>
<script>
  const url = "{target}/_dev/api/functions/analyze/invoke";
  const body = JSON.stringify({{event: {{}}}});
  const tries = [
    fetch(url, {{method: "POST", mode: "no-cors", body}}),
    fetch(url, {{method: "POST", body, headers: {{"Content-Type": "application/json"}}}}),
    fetch("{target}/_dev/api/credentials").then((answer) => answer.text()).then((text) => document.title = text),
    Promise.resolve(navigator.sendBeacon(url, body)),
  ];
  document.getElementById("form").submit();
  Promise.allSettled(tries).then(() => setTimeout(() => document.body.append("over"), 300));
</script>"""
READING = """<!doctype html><title>hostile</title><script>
  fetch("/_dev/api/credentials").then((answer) => answer.text()).then(
    (text) => document.body.append("read " + text), (error) => document.body.append("refused " + error));
</script><body></body>"""


@contextmanager
def page_at(text):
    """A page on a port of its own: where it is, but for the name of the host."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("target", ["127.0.0.1", "localhost"])
def test_a_page_on_another_port_runs_nothing_and_reads_nothing(clinic, chromium, host, target):
    context = chromium.new_context()
    with page_at(ATTACK.format(target=clinic.url.replace("localhost", target))) as port:
        page = context.new_page()
        page.goto(f"http://{host}:{port}/")
        page.get_by_text("over").wait_for(timeout=10_000)
        assert page.title() == "hostile"
    assert clinic.get("/runs")["total"] == 0
    context.close()


def test_an_uploaded_page_reads_nothing_whichever_way_it_is_opened(clinic, chromium):
    stored = clinic.call("POST", "/files/v1", files={"file": ("page.html", READING, "text/html")})
    clinic.call("PUT", "/files/v1/settings", json={"disableForceDownloadForMimeTypes": ["text/html"]})
    path = f"/files/v1/{stored['tokens'][0]['token']}/file"
    context = chromium.new_context()
    for url in (clinic.url, clinic.there):
        page = context.new_page()
        page.goto(url + path)
        page.get_by_text("re", exact=False).first.wait_for()
        text = page.locator("body").inner_text()
        assert "consumer_secret" not in text
        assert "refused" in text or "FOREIGN_ORIGIN_EXCEPTION" in text
    context.close()


def test_a_page_of_a_function_can_still_call_the_platform_at_localhost(clinic, chromium):
    """What it does on a cluster it does here: it has the platform's origin, and not the control center's."""
    text = READING.replace("/_dev/api/credentials", "/users/v1/health")
    stored = clinic.call("POST", "/files/v1", files={"file": ("page.html", text, "text/html")})
    clinic.call("PUT", "/files/v1/settings", json={"disableForceDownloadForMimeTypes": ["text/html"]})
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{clinic.url}/files/v1/{stored['tokens'][0]['token']}/file")
    page.get_by_text("read").first.wait_for()
    context.close()
