import pytest
from user_service import UNKNOWN

from exh_dev.platform.localizations.service import translation

BASE = "/localizations/v1"
HEART = {"key": "heart_rate", "text": {"EN": "On $1 at $2: $3 bpm", "NL": "$3 hsm op $1"}}


def save(app, *localizations, method="POST", **options):
    return app.as_user(method, BASE, json={"localizations": list(localizations)}, **options)


def test_new_keys_are_created_and_others_stay(app):
    answer = save(app, HEART).json()
    assert answer == {"created": 1, "existing": 0, "existing_ids": []}
    answer = save(app, {"key": "heart_rate", "text": {"EN": "changed"}}, {"key": "b", "text": {"EN": "b"}}).json()
    assert answer == {"created": 1, "existing": 1, "existing_ids": ["heart_rate"]}
    found = app.send(None, "GET", f"{BASE}?eq(key,heart%255Frate)").json()["data"]
    timestamp = int(app.now * 1000)
    assert found == [{**HEART, "creation_timestamp": timestamp, "update_timestamp": timestamp}]


def test_an_update_merges_languages(app):
    save(app, HEART)
    app.now += 1
    changed = {"key": "heart_rate", "text": {"NL": "nieuw", "FR": "neuf"}}
    answer = save(app, changed, {"key": "gone", "text": {"EN": "x"}}, method="PUT").json()
    assert answer == {"updated": 1, "missing": 1, "missing_ids": ["gone"]}
    (found,) = app.as_user("GET", BASE).json()["data"]
    assert found["text"] == {**HEART["text"], "NL": "nieuw", "FR": "neuf"}
    assert found["update_timestamp"] == found["creation_timestamp"] + 1000


def test_english_is_needed(app, refused):
    refused(save(app, HEART, {"key": "b", "text": {"NL": "b"}}), 400, 801, "DEFAULT_LOCALIZATION_MISSING")
    assert app.as_user("GET", BASE).json()["page"]["total"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 14),
        ({"localizations": {}}, 15),
        ({"localizations": ["a"]}, 15),
        ({"localizations": [{"key": "a"}]}, 14),
        ({"localizations": [{"key": "", "text": {"EN": ""}}]}, 15),
        ({"localizations": [{"key": "a,b", "text": {"EN": ""}}]}, 15),
        ({"localizations": [{"key": "a", "text": "b"}]}, 15),
        ({"localizations": [{"key": "a", "text": {"EN": 1}}]}, 15),
        ({"localizations": [{"key": "a", "text": {"EN": "", "english": ""}}]}, 15),
        ({"localizations": [{"key": "a", "text": {"EN": "", "XX": ""}}]}, 15),
    ],
)
def test_invalid_localizations_are_refused(app, body, code):
    for method in ("POST", "PUT"):
        answer = app.as_user(method, BASE, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_key_comes_once_in_a_request(app):
    for method in ("POST", "PUT"):
        answer = save(app, HEART, HEART, method=method)
        assert (answer.status_code, answer.json()["name"]) == (400, "DUPLICATE_LOCALIZATION_INPUT_KEYS")


def test_texts_are_requested_with_arguments(app):
    save(app, HEART, {"key": "plain", "text": {"EN": "costs $1, $22"}})
    body = {"localization_codes": ["NL", "FR"], "localizations": ["heart_rate, 6/10, 21:00, 63", "plain", "unknown"]}
    assert app.as_application("POST", f"{BASE}/request", json=body).json() == {
        "heart_rate": {"NL": "63 hsm op 6/10", "EN": "On 6/10 at 21:00: 63 bpm"},
        "plain": {"EN": "costs $1, $22"},
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, 14), ({"localizations": ["a"]}, 14), ({"localizations": ["a"], "localization_codes": ["nl"]}, 15)],
)
def test_an_invalid_request_of_texts_is_refused(app, body, code):
    assert app.as_user("POST", f"{BASE}/request", json=body).json()["code"] == code


def test_deleting_is_by_query(app, refused):
    save(app, HEART, {"key": "b", "text": {"EN": "b"}})
    refused(app.as_user("DELETE", BASE), 400, 20, "EMPTY_RQL_EXCEPTION")
    assert app.as_user("DELETE", f"{BASE}?in(key,b,c)").json() == {"records_affected": 1}
    assert [each["key"] for each in app.as_user("GET", BASE).json()["data"]] == ["heart_rate"]


def test_languages_countries_and_regions(app, refused):
    assert "NL" in app.send(None, "GET", f"{BASE}/languages").json()["data"]
    countries = app.send(None, "GET", f"{BASE}/countries").json()["data"]
    assert len(countries) == 249
    assert {"BE", "US"} < set(countries)
    assert app.send(None, "GET", f"{BASE}/countries/BE/regions").json() == {"data": []}
    refused(app.send(None, "GET", f"{BASE}/countries/ZZ/regions"), *UNKNOWN)


def test_a_text_falls_back_to_english(app):
    save(app, HEART)
    assert translation(app.store, "heart_rate", "nl") == HEART["text"]["NL"]
    assert translation(app.store, "heart_rate", "DE") == HEART["text"]["EN"]
    assert translation(app.store, "unknown", "EN") is None
