"""One search over everything."""

import requests


def search(center, words):
    return [(each["kind"], each["title"], each["href"]) for each in center.get("/search", q=words)["data"]]


def test_things_are_found_by_their_ids(center):
    document = center.exh.data.documents.create("pulse", {"pulse": 60})
    me = center.exh.users.me()
    run = center.invoke("other", {})
    stored = center.exh.files.create(b"x", name="night.edf")
    sent = center.exh.mails.send(recipients={"to": ["ada@example.com"]}, subject="Results", body="x")
    task = center.exh.tasks.create(functionName="other", data={})
    for wanted, found in [
        (document["id"], ("document", "Document of pulse", f"#/documents/pulse/{document['id']}")),
        (run["id"], ("run", "Run of other", f"#/runs/{run['id']}")),
        (me["id"], ("user", "Local Developer", f"#/users/{me['id']}")),
        (sent["id"], ("mail", "Results", f"#/mail/{sent['id']}")),
        (task["id"], ("task", "Task of other", f"#/queue/{task['id']}")),
    ]:
        assert found in search(center, wanted), wanted
    token = stored["tokens"][0]["token"]
    assert [kind for kind, title, _ in search(center, token) if title == "night.edf"] == ["file"]


def test_things_are_found_by_words_in_any_case(center):
    center.exh.mails.send(recipients={"to": ["ada@example.com"]}, subject="Your 100% RESULTS", body="x")
    assert search(center, "ANALY")[0] == ("function", "analyze", "#/functions/analyze")
    assert [each[:2] for each in search(center, "puls")] == [("schema", "pulse")]
    assert [each[:2] for each in search(center, "developer@")] == [("user", "Local Developer")]
    assert [each[:2] for each in search(center, "100% res")] == [("mail", "Your 100% RESULTS")]
    assert search(center, "1__% res") == []


def test_nothing_is_found_by_nothing_and_too_much_is_refused(center):
    assert center.get("/search")["data"] == []
    assert center.get("/search", q="  ")["data"] == []
    answer = requests.get(f"{center.url}/_dev/api/search", params={"q": "x" * 201}, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (400, 15)
    assert center.get("/search", q="'\"%_;--\\")["data"] == []
