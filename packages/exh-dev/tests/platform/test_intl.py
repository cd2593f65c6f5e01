"""Numbers, dates and spans of time as Node.js writes them.

`data/intl.json` has what the classes of `Intl` in Node.js 20 (ICU 78, CLDR 48) say: the helper, the language, the
value, the options, and the text.
"""

import json
from pathlib import Path

import pytest

from exh_dev.platform.templates.handlebars import TemplateError, render

ROWS = json.loads((Path(__file__).parent.parent / "data" / "intl.json").read_text(encoding="utf-8"))


def written(helper, language, value, options, time_zone="UTC"):
    named = " ".join(f"{name}={json.dumps(option)}" for name, option in options.items())
    source = f"{{{{{{{helper} @inputs.value {named}}}}}}}"
    return render(source, {"value": value}, language=language, time_zone=time_zone, translate=lambda _: None)


@pytest.mark.parametrize("helper", ["number", "currency", "datetime", "relativetime"])
def test_a_helper_writes_what_node_writes(helper):
    rows = [row for row in ROWS if row[0] == helper]
    assert len(rows) > 30
    differing = {}
    for _, language, value, options, text in rows:
        found = written(helper, language, value, options)
        if found != text:
            differing[language, value, json.dumps(options)] = (found, text)
    assert differing == {}


@pytest.mark.parametrize(
    ("language", "value", "text"),
    [
        ("EN", 1.5, "in 1.5 months"),
        ("NL", 1.5, "over 1,5 maanden"),
        ("FR", -1.5, "il y a 1,5 mois"),
        ("PL", 1.5, "za 1,5 miesiąca"),
        ("EN", 0.0005, "in 0 months"),  # half to even, unlike a number
        ("EN", 0.0015, "in 0.002 months"),
        ("DE", 1e21, "in 1.000.000.000.000.000.000.000 Monaten"),
    ],
)
def test_a_span_of_time_keeps_its_fraction(language, value, text):
    assert written("relativetime", language, value, {"range": "month"}) == text


@pytest.mark.parametrize(
    ("language", "value", "text"),
    [
        ("SV", -5, "\N{MINUS SIGN}5"),
        ("FI", -0.4, "\N{MINUS SIGN}0,4"),
        ("NB", -1234, "\N{MINUS SIGN}1\xa0234"),
        ("DA", -5, "-5"),
        ("DE-CH", 1234567, "1'234'567"),
        ("IT-CH", 1234.5, "1234.5"),
        ("DE-AT", 1234567, "1\xa0234\xa0567"),
        ("EN", 1e21, "1,000,000,000,000,000,000,000"),
        ("EN", -3e22, "-30,000,000,000,000,000,000,000"),
        ("HI", 12345678, "1,23,45,678"),
        ("ES", 1234, "1234"),
        ("ES", 12345, "12.345"),
    ],
)
def test_signs_and_groups_are_those_of_the_language(language, value, text):
    assert written("number", language, value, {}) == text


def test_the_largest_number_is_written_out():
    text = written("number", "EN", 1.7976931348623157e308, {})
    assert text.startswith("179,769,313,486,231,570,000,")
    assert len(text.replace(",", "")) == 309


@pytest.mark.parametrize(
    ("language", "zone", "text"),
    [
        ("EN", "Europe/Brussels", "1:04 AM GMT+2"),
        ("EN-GB", "Europe/Brussels", "01:04 CEST"),
        ("EN", "Asia/Kolkata", "4:34 AM GMT+5:30"),
        ("FR", "America/New_York", "19:04 UTC\N{MINUS SIGN}4"),
        ("DA", "Asia/Kolkata", "04.34 GMT+5.30"),
        ("EN", "UTC", "11:04 PM UTC"),
    ],
)
def test_a_time_zone_is_named_as_in_the_language(language, zone, text):
    options = {"hour": "numeric", "minute": "2-digit", "timeZoneName": "short", "timeZone": zone}
    assert written("datetime", language, 1_719_788_645_000, options) == text


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"hour": "2-digit", "minute": "2-digit"}, "23 h 13"),
        ({"hour": "numeric", "minute": "2-digit", "second": "2-digit"}, "23 h 13 min 20 s"),
        ({"timeStyle": "short"}, "23 h 13"),
        ({"hour": "numeric", "minute": "2-digit", "hour12": True}, "11 h 13 p.m."),
    ],
)
def test_canadians_who_speak_french_count_24_hours(options, text):
    assert written("datetime", "FR-CA", 1_700_000_000_000, options, "Europe/Brussels") == text


def test_a_month_alone_is_in_the_language_that_is_asked_for_whatever_was_before():
    languages = ("JA", "KO", "HE", "HR", "DE-AT")
    said = [written("datetime", each, 1_700_000_000_000, {"month": "long"}) for each in languages]
    assert said == ["11月", "11월", "נובמבר", "studeni", "November"]


@pytest.mark.parametrize("value", ["1e999", float("inf")])
def test_a_value_that_is_not_a_number_is_refused(value):
    with pytest.raises(TemplateError, match="is not a number"):
        written("number", "EN", value, {})
