"""Which name is suggested for one that does not exist."""

import pytest

from exh_dev.suggestions import did_you_mean


@pytest.mark.parametrize(
    ("text", "known", "suggested"),
    [
        ("Retrypolicy", ["name", "retryPolicy"], " (did you mean `retryPolicy`?)"),
        ("mon", ["monthly-report", "daily"], " (did you mean `monthly-report`?)"),
        ("mon", ["monthly-report", "monitoring-data"], ""),
        ("mo", ["monthly-report"], ""),
        ("zzz", ["name"], ""),
    ],
)
def test_the_closest_name_is_suggested_or_the_only_one_that_begins_so(text, known, suggested):
    assert did_you_mean(text, known) == suggested
