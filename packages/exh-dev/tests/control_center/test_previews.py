"""What a template rendered, kept for a frame: only so much of it, and only so many."""

import requests

from exh_dev.control_center import previews


def kept(center, html):
    return requests.post(f"{center.url}/_dev/api/previews", json={"html": html}, timeout=10)


def shown(center, name):
    return requests.get(f"{center.url}/_dev/api/previews/{name}", timeout=10)


def test_the_latest_are_kept(center):
    names = [kept(center, f"<p>{number}").json()["id"] for number in range(previews._MOST + 1)]
    assert shown(center, names[0]).json()["code"] == 16
    assert shown(center, names[1]).text == "<p>1"
    assert shown(center, names[-1]).text == f"<p>{previews._MOST}"


def test_a_preview_that_is_too_large_is_refused(center, monkeypatch):
    monkeypatch.setattr(previews, "_LARGEST", 10)
    assert kept(center, "a" * 10).status_code == 201
    answer = kept(center, "a" * 11)
    assert (answer.status_code, answer.json()["code"]) == (400, 15)
