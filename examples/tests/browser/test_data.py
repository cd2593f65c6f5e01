"""Data that is looked at, created and changed from the page."""

import pytest
import requests
from clinic import expect, loaded

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PULSE = "/data/v1/pulse/documents"


def test_a_document_is_created_as_it_is_typed_moved_and_found(clinic):
    page = clinic.open("documents/pulse")
    page.get_by_text("There is no document yet").wait_for()
    page.get_by_role("button", name="Create a document").click()
    page.get_by_label("pulse", exact=True).press_sequentially("-1")
    page.get_by_text("0 or more is expected").wait_for()
    page.get_by_label("pulse", exact=True).fill("")
    page.get_by_label("pulse", exact=True).press_sequentially("36.05")
    page.get_by_role("dialog").get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/#/documents/pulse/*")
    (document,) = clinic.call("GET", PULSE)["data"]
    assert document["data"] == {"pulse": 36.05}

    page.get_by_role("button", name="finish → done").click()
    page.get_by_label("category", exact=True).select_option("low")
    page.get_by_role("button", name="Make the transition").click()
    page.locator(".page-head").get_by_text("done").wait_for()
    page.get_by_role("tab", name="History").click()
    entries = page.get_by_role("list", name="History").locator("li b")
    assert entries.all_inner_texts() == ["finish", "creation"]
    page.get_by_role("button", name="Why not the other 1").click()
    page.get_by_text("it starts from new, and the document is done").wait_for()
    page.get_by_role("tab", name="States").click()
    expect(page.locator("svg .node.current")).to_have_count(1)

    page.get_by_role("link", name="pulse", exact=True).click()
    page.get_by_label("Field").select_option("status")
    page.get_by_label("Value").fill("new")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("No document is like this").wait_for()
    page.get_by_label("RQL").fill("nonsense((")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("alert").filter(has_text="RQL").wait_for()


def test_an_edit_leaves_what_others_wrote_meanwhile(clinic):
    document = clinic.call("POST", PULSE, json={"pulse": 60})
    page = clinic.open(f"documents/pulse/{document['id']}")
    page.get_by_role("button", name="Edit").click()
    clinic.call("PUT", f"{PULSE}/{document['id']}", json={"category": "high"})
    page.get_by_text("The data was changed meanwhile").wait_for()
    page.get_by_label("pulse", exact=True).fill("61")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Edit").wait_for()
    (found,) = clinic.call("GET", PULSE)["data"]
    assert found["data"] == {"pulse": 61, "category": "high"}


def test_what_is_deleted_can_be_taken_back(clinic):
    document = clinic.call("POST", PULSE, json={"pulse": 60})
    page = clinic.open(f"documents/pulse/{document['id']}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(f"**/#/documents/pulse/{document['id']}")
    assert len(clinic.call("GET", PULSE)["data"]) == 1


def test_a_refused_call_says_why_and_faults_are_switched(clinic):
    page = clinic.open("users?tab=refused")
    page.get_by_text("No call was refused").wait_for()
    requests.get(f"{clinic.url}/users/v1/me", timeout=5)
    page.locator(".refusal summary").click()
    assert "nobody: no valid credentials" in page.locator(".refusal").inner_text()
    page.get_by_role("link", name="Faults").click()
    page.get_by_label("Rule", exact=True).fill("nonsense")
    page.get_by_role("button", name="Add rule").click()
    page.get_by_role("alert").filter(has_text="cannot be used").wait_for()
    page.get_by_label("Path").fill("/users/*")
    expect(page.get_by_label("Rule", exact=True)).to_have_value("* /users/*:503")
    page.get_by_role("button", name="Add rule").click()
    switch = page.get_by_role("checkbox")
    switch.wait_for()
    assert requests.get(f"{clinic.url}/users/v1/me", timeout=5).status_code == 503
    switch.uncheck()
    page.wait_for_timeout(200)
    assert requests.get(f"{clinic.url}/users/v1/me", timeout=5).status_code == 401
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("Nothing goes wrong on purpose").wait_for()


def test_secrets_are_shown_after_a_click(clinic):
    page = clinic.open("connect")
    page.get_by_text("consumer key").wait_for()
    secret = clinic.get("/credentials")["consumer_secret"]
    assert secret not in page.content()
    page.get_by_role("button", name="Show the secrets too").click()
    page.get_by_text(secret).first.wait_for()


def test_one_search_finds_a_run_by_its_id_with_the_keyboard_alone(clinic):
    run = clinic.invoke("analyze", {})
    page = clinic.open("connect")
    page.keyboard.press("Control+k")
    expect(page.get_by_label("Search everything")).to_be_focused()
    page.keyboard.type(run["id"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/#/runs/{run['id']}")
    loaded(page, f"runs/{run['id']}")


def test_users_are_found_and_given_a_role(clinic):
    clinic.call("POST", "/users/v1/register", json={"email": "ada@example.com", "first_name": "Ada",
                "last_name": "Nurse", "password": "Secret-1234", "phone_number": "1", "language": "EN"})  # fmt: skip
    clinic.call("POST", "/users/v1/roles", json={"name": "nurse", "description": ""})
    page = clinic.open("users")
    page.get_by_label("Search", exact=True).fill("ada@")
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    page.get_by_role("link", name="ada@example.com").click()
    page.get_by_label("Permission", exact=True).fill("VIEW_DOCUMENTS")
    page.get_by_role("button", name="Ask").click()
    page.get_by_text("These roles would give it: local.developer").wait_for()
    page.get_by_label("Role", exact=True).select_option("local.developer")
    page.get_by_role("button", name="Give").click()
    page.get_by_role("button", name="Take away").wait_for()
    page.get_by_role("button", name="Ask").click()
    page.get_by_text("Yes, everywhere").wait_for()


LOADED = """async (count) => {
  const until = performance.now() + 20000;
  while (document.querySelector("table[aria-label=Files]").ariaRowCount < count) {
    if (performance.now() > until) throw new Error("not all are loaded");
    scrollTo(0, document.documentElement.scrollHeight);
    await new Promise((done) => setTimeout(done, 20));
  }
  scrollTo(0, 0);
}"""


@pytest.mark.rare
def test_a_list_that_is_sorted_in_the_page_keeps_all_its_rows_when_it_changes(clinic):
    for number in range(500):  # in no order
        content = (f"{number * 77 % 500:03}.txt", b"x", "text/plain")
        clinic.call("POST", "/files/v1", files={"file": content})
    page = clinic.open("files")
    page.evaluate(LOADED, 501)
    table = page.get_by_role("table", name="Files")
    table.get_by_role("button", name="Name").click()
    first = [f"{number:03}.txt" for number in range(8)]
    names = page.locator("main .row-link")
    expect(names.first).to_have_text(first[0])
    clinic.call("POST", "/files/v1", files={"file": ("later.txt", b"x", "text/plain")})
    expect(table).to_have_attribute("aria-rowcount", "502")
    assert names.all_inner_texts()[:8] == first
