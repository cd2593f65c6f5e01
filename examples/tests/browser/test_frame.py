"""The frame of the page: keys, themes, what comes from outside, accessibility, and where it is."""

import pytest
from clinic import AXE, VIEWS, expect, loaded

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

#: What axe looks at: a theme changes colours alone.
RULES = {"light": "{iframes: false}", "dark": "{iframes: false, runOnly: ['color-contrast']}"}
SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) {
      if (!each.hadRecentInput) window.shifts.push([each.value, each.sources.map((one) => one.node?.className)]);
    }
  }).observe({ type: "layout-shift", buffered: true });
}"""

ONE_BY_ONE = """{
  const ask = window.fetch;
  let number = 0;
  window.fetch = async (...all) => {
    const wait = 40 * Math.max(0, (%s));
    number += 1;
    const answer = await ask(...all);
    await new Promise((done) => setTimeout(done, wait));
    return answer;
  };
}"""


def test_keys(clinic):
    page = clinic.open("functions")
    page.locator(".row-link").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "analyze"
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/#/functions/greet")
    page.get_by_role("button", name="Invoke").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    page.keyboard.press("/")
    page.keyboard.type("3?")
    assert page.get_by_label("Search", exact=True).input_value() == "3?"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("next, previous row").wait_for()


@pytest.mark.rare
def test_keys_lead_through_all_rows_of_a_long_list(clinic):
    run = clinic.invoke("analyze", {})
    for number in range(330):
        clinic.post("/runs", {**run, "id": f"7{number:023x}", "request_id": str(number), "chain": str(number)})
    page = clinic.open("runs")
    rows = page.locator("main tbody .row-link")
    expect(rows.first).to_have_attribute("href", f"#/runs/7{329:023x}")
    page.route("**/_dev/api/runs?*before=*", lambda route: (page.wait_for_timeout(100), route.continue_()))

    def is_at(number):
        expect(page.locator(f'.row-link[href="#/runs/7{number:023x}"]')).to_be_focused()

    for number in range(329, -1, -1):
        page.keyboard.press("j")
        is_at(number)
    assert rows.count() < 120
    box = page.locator(".row-link:focus").bounding_box()
    assert 0 < box["y"] < 900 - box["height"]
    page.keyboard.press("j")  # to the run that was first of all
    expect(page.locator(f'.row-link[href="#/runs/{run["id"]}"]')).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(f'.row-link[href="#/runs/{run["id"]}"]')).to_be_focused()
    for number in range(330):
        page.keyboard.press("k")
        is_at(number)
    page.keyboard.press("k")
    is_at(329)
    heading, row = page.locator("thead").bounding_box(), page.locator(".row-link:focus").bounding_box()
    assert heading["y"] + heading["height"] <= row["y"]


def test_keys_go_on_from_what_is_in_sight(clinic):
    run = clinic.invoke("analyze", {})
    for number in range(250):
        clinic.post("/runs", {**run, "id": f"7{number:023x}", "request_id": str(number), "chain": str(number)})
    page = clinic.open("runs")
    page.keyboard.press("j")
    page.mouse.move(600, 400)
    page.mouse.wheel(0, 6000)
    expect(page.locator(f'.row-link[href="#/runs/7{249:023x}"]')).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("j")
    box = page.locator(".row-link:focus").bounding_box()
    assert 0 < box["y"] < 900
    assert page.evaluate("scrollY") > 2000


def test_the_keyboard_goes_on_where_it_left(clinic):
    page = clinic.open("functions")
    page.get_by_role("link", name="analyze").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="analyze").wait_for()
    expect(page.get_by_role("heading", name="analyze")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("link", name="analyze")).to_be_focused()


def test_the_theme_is_chosen_and_kept(clinic):
    page = clinic.open("overview", scheme="dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Theme: auto").click()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark, light) == ("rgb(22, 23, 26)", "rgb(255, 255, 255)")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light


def test_markup_stays_text_everywhere(clinic, full):
    page = clinic.open("overview")
    for view in (*VIEWS, *full):
        clinic.show(page, view)
        assert page.locator("main script, main img:not([alt])").count() == 0, view
        for details in page.locator("main details").all():
            details.evaluate("each => { each.open = true; }")


@pytest.mark.parametrize("width", [1280, *(pytest.param(each, marks=pytest.mark.rare) for each in (768, 390))])
def test_no_rule_of_accessibility_is_broken_and_nothing_is_cut_off(clinic, full, width):
    wrong = {}
    for scheme in ("light", "dark") if width == 1280 else ("light",):
        page = clinic.open("overview", width, scheme)
        for view in (*VIEWS, *full):
            clinic.show(page, view)
            page.evaluate(AXE.read_text())
            found = page.evaluate(f"axe.run(document, {RULES[scheme]})")["violations"]
            if found:
                wrong[view, scheme] = [(each["id"], each["nodes"][0]["html"][:200]) for each in found]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong[view, "width"] = page.evaluate("document.documentElement.scrollWidth")
    assert wrong == {}


@pytest.mark.rare
@pytest.mark.parametrize(("width", "is_first_fast"), [(1280, True), (1280, False), (390, True), (390, False)])
def test_nothing_moves_while_a_view_is_loaded(clinic, full, open_page, width, is_first_fast):
    """In whatever order the answers come."""
    moved = {}
    for view in (*VIEWS, *full):
        page = open_page("about:blank", width)
        page.add_init_script(ONE_BY_ONE % ("number" if is_first_fast else "4 - number"))
        page.goto(f"{clinic.there}/_dev/#/{view}")
        loaded(page, view)
        page.evaluate(SHIFTS)
        page.wait_for_timeout(200)  # changes that are told as one comes make views load anew
        if found := page.evaluate("window.shifts"):
            moved[view] = found
        page.context.close()
    assert moved == {}


def test_nothing_moves_when_something_new_comes(clinic):
    clinic.invoke("analyze", {})
    for view in ("overview", "runs", "functions", "queue"):
        page = clinic.open(view)
        page.evaluate(SHIFTS)
        page.wait_for_timeout(100)
        page.evaluate("window.shifts = []")
        clinic.invoke("analyze", {})
        page.wait_for_timeout(400)
        moved = [each for each in page.evaluate("window.shifts") if each[0] > 0.02]
        assert view == "runs" or moved == [], (view, moved)  # a list grows at its top
