"""Patterns of properties are JavaScript's: the official CLI checks them by it, and so does the platform.

Which patterns there are, and what they find, is in `test_patterns.py`.
"""

import pytest


def test_a_document_has_to_fit_the_pattern_as_javascript_reads_it(app):
    app.as_user("POST", "/data/v1", json={"name": "words", "description": "Words"})
    configuration = {"type": "string", "pattern": r"^\p{Lu}\p{Ll}+$"}
    app.as_user("POST", "/data/v1/words/properties", json={"name": "word", "configuration": configuration})
    assert app.as_user("POST", "/data/v1/words/documents", json={"word": "Élan"}).status_code == 200
    refused = app.as_user("POST", "/data/v1/words/documents", json={"word": "Élan\n"})
    assert (refused.status_code, refused.json()["code"]) == (400, 26)


@pytest.mark.parametrize("pattern", ["(?P<y>a)", 7, ["a"]])
def test_a_property_with_a_pattern_that_is_not_javascripts_is_refused(app, pattern):
    app.as_user("POST", "/data/v1", json={"name": "words", "description": "Words"})
    configuration = {"type": "string", "pattern": pattern}
    answer = app.as_user("POST", "/data/v1/words/properties", json={"name": "word", "configuration": configuration})
    assert (answer.status_code, answer.json()["code"]) == (400, 26), answer.text
    assert "the pattern is not a regular expression" in answer.json()["message"]
