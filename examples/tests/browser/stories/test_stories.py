"""What people come to the control center for, each in fewer than ten actions."""

import re

import pytest
import requests
from clinic import expect

READER = """\
from extrahorizon.task import task_handler


@task_handler
def handler(task, exh):
    return exh.session.get(task.data["path"]).status_code
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def test_find_why_a_mail_did_not_arrive(clinic, open_page):
    run = clinic.run("remind", {"data": {"name": "Ada"}})
    assert run["status"] == "FAILED"
    page = open_page(f"{clinic.url}/_dev/#/runs")
    page.get_by_label("Status").select_option("FAILED")
    page.get_by_role("link", name="remind").first.click()
    expect(page.get_by_role("region", name="Error")).to_contain_text("handlers/remind.py")
    page.get_by_role("group", name="Steps").get_by_role("button", name="POST /mail/v1", exact=True).click()
    call = page.get_by_role("region", name="Call", exact=True)
    expect(call.get_by_role("alert")).to_contain_text("needs the permission SEND_MAILS")
    expect(call).to_contain_text("ada@example.com")
    assert "call=" in page.url  # which another developer can open


def test_create_a_document_move_it_and_watch_what_that_sets_off(clinic, open_page):
    page = open_page(f"{clinic.url}/_dev/#/documents/pulse")
    page.get_by_role("button", name="Create a document").click()
    page.get_by_label("pulse", exact=True).fill("-1")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("0 or more is expected")
    page.get_by_label("pulse", exact=True).fill("71")
    page.get_by_role("dialog").get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("button", name="finish → done").click()
    page.get_by_label("category").select_option("high")
    page.get_by_role("button", name="Make the transition").click()
    page.get_by_role("tab", name="What has to do with it").click()
    runs = page.get_by_role("region", name="Runs")
    runs.get_by_role("link").first.click()
    steps = page.get_by_role("group", name="Steps")
    expect(steps).to_contain_text("finish")
    expect(steps).to_contain_text("analyze")


def test_run_the_failures_again_after_a_fix(served, rows, open_page):
    page = open_page(f"{served.url}/_dev/#/runs")
    for name in ("Ada", "Grace"):
        assert served.run("greet", {"data": {"name": name}})["status"] == "FAILED"
    wrong = served.folder / "handlers/greet.py"
    wrong.write_text(wrong.read_text().replace("nmae", "name"))
    rows(page, 2)
    page.get_by_label("Status").select_option("FAILED")
    page.get_by_role("button", name="Replay failed").click()
    page.get_by_role("button", name="Run them again").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("2 runs started again.")
    page.get_by_role("button", name="Show the runs").click()
    expect(page.locator("main tbody .status.good")).to_have_count(2)
    rows(page, 4)
    page.get_by_role("link", name="Mail", exact=True).click()
    rows(page, 2)


def test_send_an_event_and_see_what_it_set_off(clinic, open_page):
    page = open_page(f"{clinic.url}/_dev/#/events")
    page.get_by_role("tab", name="Send").click()
    page.get_by_label("Type").fill("patient_admitted")
    expect(page.get_by_text("It starts: task of analyze")).to_be_visible()
    page.get_by_label("Content").fill('{"ward": 3}')
    page.get_by_role("button", name="Send the event").click()
    steps = page.get_by_role("group", name="Steps")
    steps.get_by_role("button", name="run analyze").click()
    page.wait_for_url("**/#/runs/*")
    expect(steps).to_contain_text("patient_admitted")


def test_edit_a_document_and_see_the_difference(clinic, open_page):
    document = clinic.platform("POST", "/data/v1/pulse/documents", json={"pulse": 60})
    page = open_page(f"{clinic.url}/_dev/#/documents/pulse/{document['id']}")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("pulse", exact=True).fill("90")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("tab", name="History").click()
    page.get_by_text("Data, and what changed").first.click()
    difference = page.get_by_role("region", name="What changed").first
    assert "90" in difference.locator(".new").inner_text()
    assert "60" in difference.locator(".gone").inner_text()


def test_find_why_a_user_may_not_and_give_the_role_with_the_keyboard_alone(clinic, open_page):
    role = clinic.platform("POST", "/users/v1/roles", json={"name": "reader", "description": ""})
    named = f"/users/v1/roles/add_permissions?eq(id,{role['id']})"
    clinic.platform("POST", named, json={"permissions": ["VIEW_DOCUMENTS"]})
    person = {"first_name": "Nell", "last_name": "Nobody", "phone_number": "1", "language": "EN"}
    nell = {**person, "email": "nell@example.com", "password": "Secret-1234"}
    user = clinic.platform("POST", "/users/v1/register", json=nell)
    page = open_page(f"{clinic.url}/_dev/#/overview")
    page.get_by_role("heading", name="Overview").wait_for()
    keys = page.keyboard
    keys.press("Control+k")
    keys.type("nell@example")
    expect(page.get_by_role("option").first).to_contain_text("nell")
    keys.press("Enter")
    page.wait_for_url(f"**/#/users/{user['id']}")
    page.get_by_role("heading", name="Nell Nobody").wait_for()
    tab_to(page, "permission")
    keys.type("VIEW_DOCUMENTS")
    keys.press("Enter")
    expect(page.get_by_text("These roles would give it")).to_contain_text("reader")
    tab_to(page, "role", "Shift+Tab")
    keys.type("reader")  # chooses in the closed list
    keys.press("Tab")
    keys.press("Enter")
    page.get_by_text("The roles were changed").wait_for()
    tab_to(page, "permission")
    keys.press("Enter")
    expect(page.get_by_text("Yes, everywhere")).to_contain_text("reader")


def test_a_user_becomes_a_nurse_of_a_ward_and_leaves_it(clinic, open_page):
    ward, other = "6968c1b48ab34b7d6e6547aa", "6968c1b48ab34b7d6e6547ab"
    role = {"name": "nurse", "description": ""}
    nurse = clinic.platform("POST", f"/users/v1/groups/{ward}/roles", json=role)
    named = f"/users/v1/groups/{ward}/roles/add_permissions?eq(id,{nurse['id']})"
    clinic.platform("POST", named, json={"permissions": ["VIEW_DOCUMENTS"]})
    person = {"first_name": "Wim", "last_name": "Ward", "phone_number": "1", "language": "EN"}
    wim = {**person, "email": "wim@example.com", "password": "Secret-1234"}
    user = clinic.platform("POST", "/users/v1/register", json=wim)
    page = open_page(f"{clinic.center}#/users/{user['id']}")
    field = page.get_by_label("Group", exact=True)
    form = page.get_by_role("form", name="Enlist in a group")
    staff, patient = (page.get_by_role("region", name=name) for name in ("Staff of", "Patient of"))

    def enlist(group, kind):
        field.fill(group)
        page.get_by_label("As what").select_option(kind)
        form.get_by_role("button", name="Enlist").click()

    def stored():
        return clinic.platform("GET", f"/users/v1/{user['id']}")

    enlist("the ward", "patient")
    expect(form.get_by_role("alert")).to_have_text("An id has 24 hexadecimal characters, in lower case")
    enlist(ward, "patient")
    expect(patient.get_by_role("group", name=ward)).to_be_visible()
    enlist(ward, "patient")
    expect(form.get_by_role("alert")).to_contain_text("The user is in this group as a patient already")
    page.route("**/patient_enlistments", lambda route: route.fulfill(status=500, json={"message": "It is closed"}))
    enlist(other, "patient")
    expect(form.get_by_role("alert")).to_have_text("It is closed")

    enlist(ward, "staff")
    of_ward = staff.get_by_role("group", name=ward)
    of_ward.get_by_label("Role in the group").select_option("nurse")
    of_ward.get_by_role("button", name="Give the role in the group").click()
    of_ward.get_by_role("button", name="Take the role nurse away").wait_for()
    page.get_by_label("Permission", exact=True).fill("VIEW_DOCUMENTS")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("Yes, in the groups")).to_contain_text(ward)

    patient.get_by_role("button", name="Take out").click()
    expect(patient.get_by_text("left in a moment")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(patient.get_by_role("button", name="Take out")).to_be_enabled()
    assert [each["group_id"] for each in stored()["patient_enlistments"]] == [ward]

    of_ward.get_by_role("button", name="Take the role nurse away").click()
    expect(of_ward.get_by_text("without a role")).to_be_visible()
    expect(page.get_by_text("Yes, in the groups")).to_have_count(0)
    for region in (patient, staff):
        region.get_by_role("button", name="Take out").click()
    expect(staff.get_by_text("no group")).to_be_visible(timeout=15_000)
    expect(patient.get_by_text("no group")).to_be_visible()
    assert (stored()["staff_enlistments"], stored()["patient_enlistments"]) == ([], [])

    form.get_by_role("button", name="New id").click()
    form.get_by_role("button", name="Enlist").click()
    staff.get_by_role("group").wait_for()


def tab_to(page, identifier, key="Tab"):
    """Press Tab until an element has the focus, as often as the page has elements at most."""
    for _ in range(60):
        if page.evaluate("document.activeElement?.id") == identifier:
            return
        page.keyboard.press(key)
    raise AssertionError(f"{identifier} cannot be reached by {key}")


def test_upload_a_file_and_look_at_it(clinic, open_page, tmp_path):
    (tmp_path / "notes.txt").write_text("<b>as it is</b>")
    page = open_page(f"{clinic.url}/_dev/#/files")
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "notes.txt")
    page.get_by_label("Tags").fill("first, second")
    page.get_by_role("dialog").get_by_role("button", name="Upload").click()
    page.get_by_role("link", name="notes.txt").click()
    expect(page.get_by_role("region", name="Preview of notes.txt")).to_have_text("<b>as it is</b>")
    expect(page.get_by_role("region", name="notes.txt", exact=True)).to_contain_text("first, second")


def test_add_a_fault_by_the_form_and_see_the_call_that_was_tried_again(clinic, open_page):
    page = open_page(f"{clinic.url}/_dev/#/faults")
    page.get_by_label("Path").fill("/users/*")
    page.get_by_label("For so many requests").fill("1")
    assert page.get_by_label("Rule").input_value() == "* /users/*:503 x1"
    page.get_by_role("button", name="Add rule").click()
    page.get_by_text("* /users/*:503 x1").first.wait_for()
    run = clinic.run("greet", {"data": {"name": "Ada"}})
    assert run["status"] == "OK", run.get("failure")
    page.goto(f"{clinic.center}#/runs/{run['id']}")
    calls = page.get_by_role("group", name="Steps").get_by_role("button", name="GET /users/v1/me", exact=True)
    expect(calls).to_have_count(2)
    calls.nth(1).click()
    expect(page.get_by_role("region", name="Call", exact=True)).to_contain_text(re.compile("2, after .*s"))
    requests.delete(f"{clinic.url}/_dev/faults/0", timeout=5)


def test_copy_a_call_of_a_file_without_its_token(served, open_page):
    (served.folder / "handlers/greet.py").write_text(READER)
    stored = served.platform("POST", "/files/v1", files={"file": ("report.txt", "fine", "text/plain")})
    token = stored["tokens"][0]["token"]
    file_id = token.split("-")[0]
    run = served.run("greet", {"data": {"path": f"/files/v1/{token}/details"}})
    assert run["status"] == "OK", run["failure"]
    page = open_page(f"{served.center}#/runs/{run['id']}?call={run['id']}/1")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    call = page.get_by_role("region", name="Call", exact=True)
    for name in ("Copy as curl", "as Python", "as exh-dev call"):
        call.get_by_role("button", name=name).click()
        page.get_by_text("Copied").first.wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert f"/files/v1/{file_id}-[redacted]/details" in copied
        assert copied.startswith(f"# Put the token of the file in the place of {file_id}-[redacted]")
    assert token not in call.inner_html()  # the event has it: what a function got is kept as it is
    call.get_by_role("link", name=file_id).click()
    page.get_by_role("heading", name="report.txt").wait_for()


def test_render_a_template_while_typing(clinic, open_page):
    page = open_page(f"{clinic.url}/_dev/#/templates")
    page.get_by_role("link", name="invitation").click()
    heading = page.frame_locator("iframe.preview").locator("h1")
    expect(heading).to_have_text("Dear name")
    page.get_by_label("name").fill("Ada <3")
    expect(heading).to_have_text("Dear Ada <3")
    page.get_by_role("tab", name="Template").click()
    expect(page.get_by_role("region", name="Template").first).to_contain_text("{{@inputs.name}}")


def test_find_a_run_by_its_id_with_the_keyboard_alone(clinic, open_page):
    run = clinic.run("analyze", {})
    page = open_page(f"{clinic.url}/_dev/#/overview")
    page.get_by_role("heading", name="Overview").wait_for()
    page.keyboard.press("Control+k")
    page.keyboard.type(run["id"])
    expect(page.get_by_role("option").first).to_contain_text("analyze")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/#/runs/{run['id']}")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_compare_two_runs(clinic, open_page):
    clinic.run("greet", {"data": {"name": "Ada"}})
    clinic.run("greet", {"data": {"name": "Grace"}})
    page = open_page(f"{clinic.url}/_dev/#/runs?function=greet")
    boxes = page.get_by_role("checkbox", name="Choose")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("link", name="Compare the two").click()
    event = page.get_by_role("region", name="Differences of the event")
    assert "Ada" in event.locator(".gone").inner_text()
    assert "Grace" in event.locator(".new").inner_text()
    expect(page.get_by_role("table", name="Calls")).to_contain_text("POST /mail/v1")


def test_save_an_event_as_a_sample_with_the_keyboard_alone(clinic, open_page):
    page = open_page(f"{clinic.url}/_dev/#/functions")
    page.get_by_role("link", name="greet").wait_for()
    keys = page.keyboard
    keys.press("j")
    keys.press("Enter")
    page.get_by_role("button", name="Invoke").wait_for()
    tab_to(page, "event")
    keys.press("Control+a")
    keys.type('{"data": {"name": "Kept"}}')
    tab_to(page, "sample", "Shift+Tab")
    keys.press("Tab")
    keys.press("Enter")
    page.get_by_role("dialog").wait_for()
    tab_to(page, "case")
    keys.type("kept")
    keys.press("Enter")
    page.get_by_text("Saved as events/greet.kept.json").wait_for()
    assert '"Kept"' in (clinic.folder / "events/greet.kept.json").read_text()
