"""The page's frame, who may have it, and the description of its JSON."""

import re
from pathlib import Path

import pytest
import requests
from openapi_spec_validator import validate

from exh_dev.control_center import page
from exh_dev.control_center.openapi import description
from exh_dev.control_center.routes import routes
from exh_dev.platform.http.browsers import place_of_center
from exh_dev.remote.dev_api import BASE

STATIC = Path(page.__file__).parent / "static"
SCRIPTS = sorted(path for path in STATIC.rglob("*.js") if path.parent.name != "vendor")


def get(platform, path, **headers):
    return requests.get(f"{platform.url}{path}", headers=headers, timeout=5, allow_redirects=False)


def test_the_page_says_that_it_is_local_and_its_policy_allows_only_itself(platform):
    answer = get(platform, "/_dev/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>LOCAL" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?!( type=\"module\")? src=)| on[a-z]+=|style=", answer.text)


def test_a_browser_is_redirected_to_the_control_center_and_a_client_is_not(platform):
    answer = get(platform, "/", Accept="text/html,*/*")
    assert (answer.status_code, answer.headers["location"]) == (307, "/_dev/")
    assert get(platform, "/").json()["code"] == 903


def test_only_the_files_of_the_page_are_served(platform):
    assert get(platform, "/_dev/static/app.js").headers["content-type"].startswith("text/javascript")
    assert get(platform, "/_dev/static/style/base.css").status_code == 200
    assert get(platform, "/_dev/static/favicon.svg").headers["content-type"] == "image/svg+xml"
    for path in ("none.js", "../page.py", "%2e%2e/page.py", "..%2f..%2fmanifest.py", "views", ""):
        assert get(platform, f"/_dev/static/{path}").status_code == 404


def test_a_project_called_by_markup_stays_text(serve, tmp_path):
    center = serve()
    named = "<b>x</b>"
    center.project._project = type("Named", (), {"root": type("Root", (), {"name": named})()})()
    assert "&lt;b&gt;x&lt;/b&gt;" in get(center.platform, "/_dev/").text


HOSTS = ({"Host": "evil.example"}, {"Host": "testserver"}, {"Host": "localhost.evil.example:80"})
ORIGINS = ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:3000"})


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        *(("/_dev/api/credentials", headers) for headers in (*HOSTS, *ORIGINS)),
        *((path, headers[0]) for path in ("/_dev/", "/_dev/api", "/_dev/api/platform/users/v1/me")
          for headers in (HOSTS, ORIGINS)),
    ],
)  # fmt: skip
def test_pages_of_other_origins_are_refused(platform, path, headers):
    answer = get(platform, path, **headers)
    assert (answer.status_code, answer.json()["name"]) == (403, "FOREIGN_ORIGIN_EXCEPTION")


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_request_without_an_origin_is_refused_by_its_fetch_metadata(center, headers):
    there = center.url.replace("localhost", "127.0.0.1")
    for url in (center.url, there):
        for method, path in (("GET", "/_dev/api/credentials"), ("POST", "/_dev/api/functions/other/invoke")):
            answer = requests.request(method, url + path, headers=headers, timeout=5)
            assert (answer.status_code, answer.json()["name"]) == (403, "FOREIGN_ORIGIN_EXCEPTION")
    assert center.get("/runs")["total"] == 0


OWN = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}


def test_a_page_that_the_platform_serves_cannot_call_what_the_control_center_calls(center):
    """An API function's page, or an uploaded one, is opened at localhost, or in a sandbox at 127.0.0.1."""
    there = center.url.replace("localhost", "127.0.0.1")
    answer = requests.get(f"{center.url}/_dev/api/credentials", headers=OWN, timeout=5)
    assert (answer.status_code, f"{there}/_dev/" in answer.json()["message"]) == (403, True)
    assert requests.get(f"{there}/_dev/api/credentials", headers=OWN, timeout=5).ok
    stored = center.exh.files.create(b"<script>alert(1)</script>", name="page.html", mimetype="text/html")
    for path in ("/tasks/v1/api/answer/", f"/files/v1/{stored['tokens'][0]['token']}/file"):
        assert "content-security-policy" not in requests.get(f"{center.url}{path}", timeout=5).headers
        page = requests.get(f"{there}{path}", timeout=5)
        assert page.headers["content-security-policy"].startswith("sandbox ")
        assert "allow-same-origin" not in page.headers["content-security-policy"]


TAB = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize("site", ["same-origin", "cross-site", "none"])
@pytest.mark.parametrize("name", ["localhost", "[::1]"])
def test_what_a_page_opens_in_a_tab_of_its_own_origin_it_could_read(center, site, name):
    port = center.url.rpartition(":")[2]
    headers = {**TAB, "Sec-Fetch-Site": site, "Host": f"{name}:{port}"}
    for path in ("/_dev/api/credentials", "/_dev/api/platform/users/v1/me", "/_dev/faults"):
        answer = requests.get(center.url + path, headers=headers, timeout=5)
        assert (answer.status_code, answer.json()["name"]) == (403, "FOREIGN_ORIGIN_EXCEPTION")


@pytest.mark.slow
def test_a_link_on_a_foreign_page_runs_no_function(center):
    there = center.url.replace("localhost", "127.0.0.1")
    url = f"{there}/_dev/api/platform/tasks/v1/api/answer/"
    assert requests.get(url, headers={**TAB, "Sec-Fetch-Site": "cross-site"}, timeout=5).status_code == 403
    assert center.get("/runs")["total"] == 0
    assert requests.get(url, headers={**TAB, "Sec-Fetch-Site": "none"}, timeout=5).ok  # typed


def test_a_browser_is_led_to_the_origin_of_the_control_center(center):
    typed = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    there = center.url.replace("localhost", "127.0.0.1")
    for headers in (typed, {**typed, "Sec-Fetch-Site": "cross-site"}):  # a link in the docs
        answer = requests.get(f"{center.url}/_dev/", headers=headers, allow_redirects=False, timeout=5)
        assert (answer.status_code, answer.headers["location"]) == (307, f"{there}/_dev/")
        assert requests.get(f"{there}/_dev/", headers=headers, timeout=5).ok


def test_answers_are_kept_from_other_origins(center):
    headers = requests.get(f"{center.url}/_dev/api", timeout=5).headers
    assert (headers["cross-origin-resource-policy"], headers["x-content-type-options"]) == ("same-origin", "nosniff")


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("localhost:8420", "http://127.0.0.1:8420/_dev/"),
        ("[::1]:8420", "http://127.0.0.1:8420/_dev/"),
        ("localhost", "http://127.0.0.1/_dev/"),
        ("127.0.0.1:8420", None),
        ("127.0.0.1", None),
    ],
)
def test_the_control_center_is_at_the_loopback_address(host, place):
    assert place_of_center(host, "/_dev/") == place


def test_a_page_of_its_own_may_post(center):
    url = f"{center.url}/_dev/api/functions/other/invoke"
    assert requests.post(url, json={"event": {}}, headers={"Origin": center.url}, timeout=5).status_code == 202
    for origin in ("http://localhost:1", "http://127.0.0.1:8420", f"{center.url}.evil.example"):
        assert requests.post(url, json={"event": {}}, headers={"Origin": origin}, timeout=5).status_code == 403


# The description


@pytest.mark.slow
def test_the_description_is_valid_and_lists_all_endpoints(center):
    found = center.get("/openapi.json")
    assert found == description()
    validate(found)
    told = {(path, verb) for path, operations in found["paths"].items() for verb in operations}
    served = set()
    for route in routes(center.platform._app.context, platform=None, clock=None):
        if route.path.startswith(BASE):
            path = re.sub(r":(int|path)", "", route.path)
            served |= {(path, verb.lower()) for verb in route.methods - {"HEAD"}}
    assert told == served


@pytest.mark.slow
def test_answers_are_as_they_are_described(center):
    run = center.invoke("analyze", {"data": {"then": {"step": 2}}})
    schemas = description()["components"]["schemas"]
    assert set(schemas["Run"]["properties"]) >= set(center.get("/runs")["data"][0])
    described = {*schemas["Run"]["properties"], *schemas["RunInFull"]["properties"]}
    assert set(run) == described & set(run)
    assert set(schemas["Call"]["required"]) <= set(run["calls"][0]) <= set(schemas["Call"]["properties"])
    assert set(run["calls"][1]["checks"][0]) == {"permission", "outcome"}
    whole = center.get(f"/runs/{run['id']}/calls/1")
    assert set(whole) <= {*schemas["Call"]["properties"], *schemas["WholeCall"]["properties"]}
    assert set(whole["answer"]) <= set(schemas["Message"]["properties"])
    trace = center.get(f"/traces/{run['id']}")
    assert set(trace) == set(schemas["Trace"]["properties"])
    assert all(set(node) == set(schemas["Node"]["properties"]) for node in trace["nodes"])
    assert set(center.get("")["retention"]) == set(schemas["Retention"]["properties"])
    assert set(run["logs"][0]) == set(schemas["Line"]["properties"])


# The scripts


def test_scripts_make_text_and_never_markup():
    words = ("innerHTML", "InnerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(", "srcdoc")
    assert len(SCRIPTS) > 40
    assert [(script.name, word) for script in SCRIPTS for word in words if word in script.read_text()] == []


def test_scripts_import_what_there_is():
    statement = re.compile(r'^(?:im|ex)port \{(.+?)\} from "(.+?)";', re.MULTILINE | re.DOTALL)
    missing = []
    for script in SCRIPTS:
        for names, source in statement.findall(script.read_text()):
            exported = (script.parent / source).resolve().read_text()
            # The library's own, and what is handed on.
            listed = " ".join(re.findall(r"export\s*\{([^}]*)\}", exported))
            for name in (each.strip() for each in names.split(",")):
                defined = re.search(rf"export (async )?(function|const|class) {name}\b", exported)
                if not defined and not re.search(rf"\b{name}\b", listed):
                    missing.append((script.name, name))
    assert missing == []
