"""Patterns of properties are JavaScript's: the official CLI checks them by it, and so does the platform."""

import pytest


@pytest.fixture
def fits(app):
    """Whether a document is taken, of a schema whose only property has this pattern."""

    def fits(pattern, text):
        app.as_user("POST", "/data/v1", json={"name": "words", "description": "Words"})
        path = "/data/v1/words/properties"
        app.as_user("DELETE", f"{path}/word")
        made = app.as_user("POST", path, json={"name": "word", "configuration": {"type": "string", "pattern": pattern}})
        assert made.status_code == 200, made.text
        answer = app.as_user("POST", "/data/v1/words/documents", json={"word": text})
        assert answer.status_code == 200 or answer.json()["code"] == 26, answer.text
        return answer.status_code == 200

    return fits


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^[\p{L}' -]+$", "Zoë O'Neil", "R2D2"),
        (r"^\p{Lu}\p{Ll}+$", "Élan", "élan"),
        (r"^\P{N}+$", "none", "on3"),
        (r"^[^\P{Letter}x]+$", "ab", "ax"),
        (r"^\p{General_Category=Nd}+$", "\u09e8\u09e93", "x"),
        (r"^(?<year>\d{4})-\k<year>$", "2024-2024", "2024-2025"),
        (r"^(?<=^)a(?<!b)$", "a", "b"),
        (r"^\d+$", "12", "\u09e8\u09e9"),
        (r"^a$", "a", "a\n"),
        (r"^[^]$", "\n", ""),
        (r"^[[&|~]+$", "[&|~", "a"),
        (r"^\u{1F600}\/\u0041$", "😀/A", "/A"),
        (r"^[a-z]{2}$", "ab", "abc"),
        (r"cost: \$", "cost: $", "cost: "),
    ],
)
def test_a_pattern_means_what_it_means_in_javascript(fits, pattern, good, bad):
    assert (fits(pattern, good), fits(pattern, bad)) == (True, False)


@pytest.mark.parametrize("pattern", ["(", "[a", r"(?i)a", r"(?P<y>a)", 7, ["a"]])
def test_what_is_no_pattern_or_not_known_here_is_refused(app, pattern):
    app.as_user("POST", "/data/v1", json={"name": "words", "description": "Words"})
    configuration = {"type": "string", "pattern": pattern}
    answer = app.as_user("POST", "/data/v1/words/properties", json={"name": "word", "configuration": configuration})
    assert (answer.status_code, answer.json()["code"]) == (400, 26), answer.text
    assert "the pattern is not a regular expression" in answer.json()["message"]
