import pytest

from exh_dev.platform.templates import handlebars
from exh_dev.platform.templates.handlebars import TemplateError, check_syntax, render

TEXTS = {"hello": "Hello {{name}}, {{ count }} new", "plain": "<b>"}
PEOPLE = [{"name": "An", "age": 30}, {"name": "Bo", "age": 5}]
MOMENT = 1_700_000_000_000


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a\n{{#if @inputs.x}}\n{{#if @inputs.y}}b{{/if}}", "line 2: unclosed block"),
        ("a\n{{#if @inputs.x}}\n{{#each @inputs.y}}b{{/if}}", "line 3: unexpected closing tag if"),
        ("a\n\n{{/if}}", "line 3: unexpected closing tag if"),
        ("{{@inputs.x}}\n{{else}}", "line 2: "),
        ("{{@inputs.x}}\n{{@inputs.y", "line 2: unclosed tag"),
        ("a\n{{ }}", "line 2: a tag is empty"),
        ("{{#if @inputs.x}}a{{/if}}\n{{#if}}x{{/if}}", "line 2: #if requires exactly one argument"),
        ("{{! {{x}} \n}}\n{{> part}}", "line 3: the partial part"),
        (
            "a\n{{#if @inputs.no}}\n{{currency 1}}{{else}}\n{{! c }}x\n{{number 'a'}}{{/if}}",
            'line 5: "a" is not a number',
        ),
        ("{{^if @inputs.no}}\nn{{else}}\ny\n{{/if}}\n{{number 'a'}}", "line 5: "),
        ("{{#if @inputs.no}}A{{else if @inputs.yes}}B\n{{number 'x'}}{{else}}C{{/if}}", "line 2: "),
        ("{{{{raw}}}}\n{{x}}{{{{/raw}}}}\n{{number 'a'}}", "line 3: "),
        ("{{#each @inputs.l}}\n{{number this}}{{/each}}", 'line 2: "b" is not a number'),
    ],
)
def test_an_error_names_its_line(source, message):
    with pytest.raises(TemplateError) as raised:
        made(source, yes=True, l=[1, "b"])
    assert str(raised.value).startswith(message)


def made(source, language="EN", time_zone="UTC", **inputs):
    return render(source, inputs, language=language, time_zone=time_zone, translate=TEXTS.get)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        # values
        ("{{@inputs.html}}", "&lt;b&gt; &amp; &quot;c&quot;"),
        ("{{{@inputs.html}}}", '<b> & "c"'),
        ("{{&@inputs.html}}", '<b> & "c"'),
        ("[{{@inputs.missing}}{{@inputs.missing.deeper}}{{inputs.name}}{{name}}]", "[]"),
        ("{{@inputs.people.[1].name}} {{@inputs.people.length}} {{@inputs.name.length}}", "Bo 2 2"),
        ("{{@inputs.yes}} {{@inputs.two}} {{@inputs.half}} {{@inputs.tiny}}", "true 2 0.5 1e-7"),
        (r"\{{@inputs.name}}", "{{@inputs.name}}"),
        # blocks
        ("{{#if @inputs.yes}}a{{else}}b{{/if}}", "a"),
        ("{{#if @inputs.zero}}a{{else if @inputs.empty}}b{{else if @inputs.yes}}c{{else}}d{{/if}}", "c"),
        ("{{#if @inputs.none}}a{{^}}b{{/if}}", "b"),
        ("{{#unless @inputs.empty}}a{{else}}b{{/unless}}", "a"),
        ("{{#with @inputs.people.[0]}}{{name}} {{this.age}}{{else}}none{{/with}}", "An 30"),
        ("{{#with @inputs.none}}{{name}}{{else}}none{{/with}}", "none"),
        ("{{#each @inputs.people}}{{@index}}{{@first}}{{@last}}{{name}};{{/each}}", "0truefalseAn;1falsetrueBo;"),
        ("{{#each @inputs.empty}}x{{else}}nobody{{/each}}", "nobody"),
        ("{{#each @inputs.tags}}{{this}}{{#unless @last}}, {{/unless}}{{/each}}", "x, y"),
        ("{{#each @inputs.map}}{{@key}}={{this}} {{/each}}", "k=v "),
        ("{{#each @inputs.people as |one at|}}{{at}}{{one.name}}{{/each}}", "0An1Bo"),
        ("{{#each @inputs.people}}{{#each @inputs.tags}}{{../name}}{{this}}{{/each}}{{/each}}", "AnxAnyBoxBoy"),
        # comments and whitespace
        ("a{{! no }}b{{!-- {{neither}} --}}c", "abc"),
        ("a {{~@inputs.name~}} b", "aAnb"),
        ("a\n{{#if @inputs.yes}}\nb\n{{/if}}\nc", "a\nb\nc"),
        ("{{#if @inputs.yes}} {{@inputs.name}}{{/if}}.", " An."),
        ("{{#if @inputs.yes}} {{/if}}.\n{{! c }} {{@inputs.name}}", " .\n An"),
        ("{{#if @inputs.yes}} \n {{@inputs.name}}{{/if}}\n{{! c }}  ", " An\n"),
        # sub-expressions and helpers
        ("{{lookup @inputs.tags 1}}{{lookup @inputs.map 'k'}}{{lookup @inputs.tags 9}}", "yv"),
        ("{{sum (multiply 2 3) (subtract 10 1)}} {{divide 1 4}} {{mod 7 3}}", "15 0.25 1"),
        ("{{floor 1.9}} {{ceil 1.1}} {{round 2.5}} {{round -2.5}}", "1 2 3 -2"),
        ("{{eq 1 1}} {{eq 1 '1'}} {{ne 1 2}} ", "true false true "),
        ("{{gt 2 1}} {{ge 2 2}} {{lt 'a' 'b'}} {{le 3 2}}", "true true true false"),
        ("{{#eq @inputs.name 'An'}}yes{{else}}no{{/eq}}", "yes"),
        ("{{#if (and @inputs.yes (not @inputs.zero))}}yes{{/if}}", "yes"),
        ("{{#or @inputs.zero @inputs.empty}}a{{else eq @inputs.name 'Bo'}}b{{else}}c{{/or}}", "c"),
        ("{{#gt @inputs.two 1}}<i>{{/gt}}", "<i>"),
        ("{{length @inputs.tags}} {{length 'abc'}}", "2 3"),
        ("{{includes @inputs.tags 'x'}} {{includes 'abc' 'z'}}", "true false"),
        ("{{join @inputs.tags}} {{join @inputs.tags '-'}}", "x, y x-y"),
        ("<script>{{toJsonString @inputs.script}}</script>", '<script>{"a":"<\\/script>"}</script>'),
        # braces between quotation marks
        ('{{join @inputs.tags " }} "}}', "x }} y"),
        ("{{join @inputs.tags '}}'}} {{@inputs.name}}", "x}}y An"),
        ('{{{join @inputs.tags "}}}"}}} {{&join @inputs.tags "{{"}}', "x}}}y x{{y"),
        ('{{join @inputs.tags separator="} {"}}{{~join @inputs.tags "}}"~}} !', "x} {yx}}y!"),
        ('{{#if (eq @inputs.name "}}")}}a{{else if (eq (join @inputs.tags "{{") "x{{y")}}b{{/if}}', "b"),
        ("it's {{@inputs.name}}, it's", "it's An, it's"),
        ('{{! "}} {{join @inputs.tags "}}"}} {{!-- \'}} --}}.', " x}}y ."),
        ("{{{{raw}}}}{{x ' }}{{{{/raw}}}}{{join @inputs.tags '}}'}}", "{{x ' }}x}}y"),
        (r"\{{join @inputs.tags '}}'}}", "{{join @inputs.tags '}}'}}"),
        # texts
        ("{{t 'hello' name=@inputs.html count=2}}", "Hello &lt;b&gt; &amp; &quot;c&quot;, 2 new"),
        ("{{t 'plain'}} {{{t 'plain'}}} {{t 'unknown'}}", "&lt;b&gt; <b> unknown"),
    ],
)  # fmt: skip
def test_a_handlebars_template_is_rendered(source, text):
    inputs = {
        "html": '<b> & "c"', "name": "An", "people": PEOPLE, "yes": True, "two": 2.0, "half": 0.5, "zero": 0,
        "tiny": 1e-7, "empty": [], "none": None, "tags": ["x", "y"], "map": {"k": "v"}, "script": {"a": "</script>"},
    }  # fmt: skip
    assert made(source, **inputs) == text


@pytest.mark.parametrize(
    ("source", "language", "text"),
    [
        ("{{number 1234567.8915}}", "EN", "1,234,567.892"),
        ("{{number 1234567.8915 maximumFractionDigits=1}}", "NL", "1.234.567,9"),
        ("{{number 2.5 maximumFractionDigits=0}}", "EN", "3"),
        ("{{number 0.256 style='percent'}}", "EN", "26%"),
        ("{{number 5 minimumIntegerDigits=2 minimumFractionDigits=2}}", "EN", "05.00"),
        ("{{number 123456 maximumSignificantDigits=3 useGrouping=false}}", "EN", "123000"),
        ("{{number 12 style='unit' unit='kilometer'}}", "EN", "12 km"),
        ("{{number 1234567 notation='compact'}}", "EN", "1.2M"),
        ("{{currency 1234.5 currency='EUR'}}", "NL", "€\xa01.234,50"),
        ("{{currency 1234.5 currency='JPY'}}", "EN", "¥1,235"),
        ("{{currency 2 currency='EUR' currencyDisplay='name'}}", "EN", "2.00 euros"),
        ("{{datetime @inputs.at}}", "EN", "11/14/2023"),
        ("{{datetime @inputs.at}}", "NL", "14-11-2023"),
        ("{{datetime '2023-11-14T22:13:20.000Z' dateStyle='long'}}", "DE", "14. November 2023"),
        ("{{datetime @inputs.at year='numeric' month='long' day='numeric'}}", "FR", "14 novembre 2023"),
        ("{{datetime @inputs.at hour='2-digit' minute='2-digit' hour12=false}}", "EN", "23:13"),
        ("{{datetime @inputs.at hour='numeric' minute='2-digit'}}", "EN", "11:13 PM"),
        ("{{datetime @inputs.at dateStyle='short' timeZone='Asia/Tokyo'}}", "NL", "15-11-2023"),
        ("{{datetime @inputs.missing}}{{number @inputs.missing}}{{relativetime @inputs.missing}}", "EN", ""),
        ("{{relativetime -3}} / {{relativetime 1 range='hour' style='short'}}", "EN", "3 days ago / in 1 hr."),
        ("{{relativetime 2 range='month'}}", "NL", "over 2 maanden"),
        ("{{number 1.5}}", "XX", "1.5"),
        ("{{datetime @inputs.at dateStyle='long' timeStyle='short'}}", "NL", "14 november 2023 om 23:13"),
        ("{{number 1234}} {{number 12345}}", "ES", "1234 12.345"),
        ("{{relativetime 2 range='month' style='narrow'}}", "DE", "in 2 Monaten"),
    ],
)
def test_numbers_and_dates_are_written_for_a_language_and_a_time_zone(source, language, text):
    assert made(source, language, "Europe/Brussels", at=MOMENT) == text


@pytest.mark.parametrize(
    "source",
    [
        "{{", "{{#if x}}", "{{/if}}", "{{#if a}}{{/each}}", "{{}}", "{{else}}", "{{#if}}{{/if}}", "{{foo (bar}}",
        "{{> partial}}", "{{#> partial}}{{/partial}}", '{{#*inline "a"}}{{/inline}}', "{{* decorator}}",
        "{{foo (bar %)}}", "{{foo a=(bar (%))}}", "{{!-- ", "{{#each}}{{/each}}",
        "{{#if a}}" * 101 + "{{/if}}" * 101, "{{a " + "(a " * 5000 + ")" * 5000 + "}}", "x" * (1024 * 1024 + 1),
    ],
)  # fmt: skip
def test_a_template_that_is_not_handlebars_is_refused(source):
    with pytest.raises(TemplateError) as caught:
        check_syntax(source)
    assert str(caught.value)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{unknown 1}}", "unknown"),
        ("{{number 'abc'}}", '"abc" is not a number'),
        ("{{divide 1 0}}", "divide"),
        ("{{eq 1}}", "eq takes 2 arguments"),
        ("{{currency 1}}", "currency"),
        ("{{currency 1 currency='QQQ'}}", "currency"),
        ("{{number 1 maximumFractionDigits=99}}", "maximumFractionDigits"),
        ("{{number 1 style='unit' unit='furlongs-per'}}", "unit"),
        ("{{datetime 'tomorrow'}}", "datetime"),
        ("{{datetime 99999999999999999}}", "range"),
        ("{{datetime 0 timeZone='Mars/Base'}}", "time zone"),
        ("{{datetime 0 month='wide'}}", "month"),
        ("{{relativetime 1 range='fortnight'}}", "range"),
        ("{{t}}", "t takes"),
        ("{{multiply @inputs.large @inputs.large}}", "number"),
    ],
)
def test_a_template_that_cannot_be_rendered_is_an_error(source, reason):
    check_syntax(source)
    with pytest.raises(TemplateError, match=reason):
        made(source, large=10**200)


@pytest.mark.slow
def test_an_output_is_bounded():
    body = "{{#each @inputs.a}}" * 8 + "x" + "{{/each}}" * 8
    with pytest.raises(TemplateError, match="too large"):
        made(body, a=list(range(100)))
    with pytest.raises(TemplateError, match="too large"):
        made("{{#each @inputs.a}}{{@inputs.b}}{{/each}}", a=list(range(1000)), b="x" * 100_000)


def test_deep_blocks_are_rendered():
    assert made("{{#if @inputs.a}}" * 60 + "x" + "{{/if}}" * 60, a=1) == "x"


def test_nothing_of_python_can_be_reached(capsys):
    assert made("{{@inputs.a.__class__}}{{a.__init__}}{{lookup @inputs.a '__class__'}}{{log 'x'}}", a={"b": 1}) == ""
    assert capsys.readouterr().out == ""


def test_the_library_is_the_one_that_was_adapted():
    assert handlebars._render._render_one is handlebars._render_within_budget


@pytest.mark.parametrize("source", ["{{#each @inputs.a}}{{/each}}", "{{length (join @inputs.a)}}"])
def test_what_writes_next_to_nothing_has_a_cost(monkeypatch, source):
    monkeypatch.setattr(handlebars, "_MOST", 10_000)
    with pytest.raises(TemplateError, match="too large"):
        made(source, a=["x" * 10] * 5000)


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "{{#each @inputs.a}}" * 4 + "{{/each}}" * 4,
        "{{#each @inputs.a}}{{#each @inputs.a}}{{length (join @inputs.a)}}{{/each}}{{/each}}",
    ],
)
def test_rendering_ends_though_nothing_is_written(source):
    with pytest.raises(TemplateError, match="takes too long"):
        render(source, {"a": list(range(2000))}, language="EN", time_zone="UTC", translate=lambda _: None)
