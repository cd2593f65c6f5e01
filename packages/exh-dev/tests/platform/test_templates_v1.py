"""Version 1 of the template service: Velocity, by the typed client over a socket; bodies that it does not send, without
one.
"""

import io
import os
import signal
import threading
import time
from contextlib import ExitStack

import pytest
from local_app import local_app
from people import person
from user_service import BAD_ID, UNKNOWN

from exh_dev.extras import how_to_install
from exh_dev.platform.child_process import ChildEndedError, KeptProcess
from exh_dev.platform.templates import pdf_renderer
from exh_dev.platform.templates.pdf_renderer import PROGRAM
from exh_dev.platform.templates_v1 import engine, renderer, velocity, worker
from exh_dev.remote.client import client_of
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.errors import (
    IllegalArgumentError,
    LocalizationKeyMissingError,
    ResourceUnknownError,
    TemplateFillingError,
)
from extrahorizon.query import rql

BASE = "/templates/v1"
MISSING = "b" * 24
FILLING = (400, 1003, "TEMPLATE_FILLING_EXCEPTION")
ORDER = {
    "name": "order-ready",
    "description": "tells that an order is ready",
    "schema": {"type": "object", "fields": {"customer": {"type": "string"}, "count": {"type": "number"}}},
    "fields": {"subject": "Order of $content.customer", "body": "<p>${content.count} pieces</p>"},
}


@pytest.fixture(scope="module")
def exh():
    with LocalPlatform() as platform:
        platform.start()
        yield client_of(platform.environment())


def made(exh, body="", **changes):
    """The id of a template with a field `body`; `schema` may be given by its fields alone."""
    fields = {"body": body, **changes.pop("fields", {})}
    schema = {"type": "object", "fields": changes.pop("schema", {})}
    return exh.templates.create(name="a", description="d", schema=schema, fields=fields)["id"]


def body_of(exh, source, content=None, schema=None, **options):
    """What a field becomes, with content that is declared as texts unless `schema` says otherwise."""
    schema = schema or {name: {"type": "string"} for name in content or {}}
    return exh.templates.resolve_as_json(made(exh, source, schema=schema), content=content or {}, **options)["body"]


def create(app, token=None, **changes):
    return app.as_user("POST", f"{BASE}/", json={**ORDER, **changes}, token=token)


def resolve(app, template_id, token=None, path="resolve", **body):
    return app.as_user("POST", f"{BASE}/{template_id}/{path}", json=body, token=token)


# What templates do to the platform


@pytest.fixture
def in_a_hurry(monkeypatch):
    """A template may take half a second; answers what fills in the requests' templates."""
    impatient = renderer.Renderer(0.5)
    monkeypatch.setattr(renderer, "of_threads", impatient)
    yield impatient
    impatient.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "\n#foreach($i in [1..2000000000])#end",
        "\n#foreach($i in [1..2000000000])more and more#end",
        "\n#set($x = 10)#foreach($i in [1..99])#set($x = $x * $x)#end$x",
        "\n#set($x = 'ab')#foreach($i in [1..99])#set($x = $x + $x)#end$x",
        "\n#set($x = 'ab')#foreach($i in [1..99])#set($x = \"$x$x\")#end$x",
        "\n$content.text.replaceAll('(a+)+$', '')",
        "\n#macro(again)#again()#end#again()",
        "\n#set($x = " + "[$a.b(" * 18 + ")]" * 18 + ")",
    ],
)
def test_a_template_that_would_never_end_is_stopped_and_its_line_named(app, refused, in_a_hurry, source):
    schema = {"type": "object", "fields": {"text": {"type": "string"}}}
    template = create(app, schema=schema, fields={"body": source}).json()
    body = refused(resolve(app, template["id"], content={"text": "a" * 40 + "b"}), *FILLING)
    assert body["message"].startswith("The field body, line 2, cannot be filled in: it ")
    fine = create(app, schema={}, fields={"body": "fine"}).json()
    assert resolve(app, fine["id"], content={}).json() == {"body": "fine"}


def test_a_template_nested_without_end_is_refused(app, refused):
    template = create(app, fields={"body": "#if(true)" * 3000 + "#end" * 3000}, schema={}).json()
    assert "nested too deeply" in refused(resolve(app, template["id"], content={}), *FILLING)["message"]


@pytest.mark.parametrize(
    "source",
    [
        "$content.__class__",
        "$content.text.__class__.__mro__",
        "$content.text.format('x')",
        "$content.getClass().forName('java.lang.Runtime')",
        "$content.text.getClass()",
        "$content.text.join($content)",
    ],
)
def test_a_template_reaches_nothing_but_its_content(exh, source):
    assert body_of(exh, source, {"text": "a"}) == source


def test_a_template_takes_up_no_file(exh):
    with pytest.raises(TemplateFillingError, match="line 1, .*: there is no /etc/passwd that it could take up"):
        body_of(exh, "#include('/etc/passwd')")


def test_what_a_template_writes_is_bounded(monkeypatch):
    monkeypatch.setattr(engine, "_MOST_WRITTEN", 100)
    with pytest.raises(velocity.VelocityError, match="becomes larger than 100 characters"):
        velocity.render({"body": "$x" * 26}, {"x": "more"})


@pytest.mark.slow
def test_others_are_answered_while_a_template_takes_its_time(exh, monkeypatch):
    monkeypatch.setattr(renderer, "of_threads", renderer.Renderer(2))
    slow = made(exh, "#foreach($i in [1..2000000000])#end")
    errors = []

    def fill_in():
        with pytest.raises(TemplateFillingError) as raised:
            exh.templates.resolve_as_json(slow, content={})
        errors.append(raised.value)

    thread = threading.Thread(target=fill_in)
    thread.start()
    began = time.monotonic()
    answered = 0
    while not errors:
        assert exh.users.me()["id"]
        answered += 1
    thread.join()
    assert answered > 10
    assert time.monotonic() - began > 1
    renderer.of_threads.close()


class Quick:
    """Stands in for Velocity, which takes its own time to make as much."""

    def __init__(self, *pieces):
        self.made = "".join(pieces)

    def render(self, fields, _content):
        return dict.fromkeys(fields, self.made)


@pytest.mark.slow
def test_others_are_answered_while_localizations_are_inserted(exh, monkeypatch):
    exh.localizations.create(localizations=[{"key": "greeting", "text": {"EN": "Hello, $1"}}])
    template = made(exh, "{{greeting}}{{$content.key}}")
    places = [f"{{{{greeting, {number}}}}}{{{{unknown-{number}}}}}" for number in range(150_000)]
    monkeypatch.setattr(renderer, "of_threads", Quick(*places))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(exh.templates.resolve_as_json(template, content={})))
    thread.start()
    began = before = time.monotonic()
    longest = 0
    while not answers and thread.is_alive():
        assert exh.users.me()["id"]
        before, last = time.monotonic(), before
        longest = max(longest, before - last)
    thread.join()
    assert answers[0]["body"].startswith("Hello, 0unknown-0Hello, 1unknown-1")
    assert longest < (time.monotonic() - began) / 2


@pytest.mark.slow
def test_a_process_that_was_killed_is_replaced(exh, monkeypatch):
    monkeypatch.setattr(renderer, "of_threads", renderer.Renderer())
    template = made(exh, "fine")
    assert exh.templates.resolve_as_json(template, content={}) == {"body": "fine"}
    killed = renderer.of_threads._process.pid
    os.kill(killed, signal.SIGKILL)
    assert exh.templates.resolve_as_json(template, content={}) == {"body": "fine"}
    assert renderer.of_threads._process.pid != killed
    renderer.of_threads.close()


def test_a_late_timer_ends_neither_the_process_nor_the_next_template(exh, monkeypatch):
    monkeypatch.setattr(renderer, "of_threads", renderer.Renderer())
    template = made(exh, "fine")
    assert exh.templates.resolve_as_json(template, content={}) == {"body": "fine"}
    pid = renderer.of_threads._process.pid
    os.kill(pid, signal.SIGALRM)  # as a timer does that was to be stopped just then
    assert exh.templates.resolve_as_json(template, content={}) == {"body": "fine"}
    assert renderer.of_threads._process.pid == pid
    renderer.of_threads.close()


def test_a_timer_of_the_template_before_is_not_taken_for_this_ones(monkeypatch):
    def render(fields, _content):
        os.kill(os.getpid(), signal.SIGALRM)
        return fields

    monkeypatch.setattr(worker, "render", render)
    before = signal.signal(signal.SIGALRM, worker._limit.at_signal)
    try:
        assert worker.answer({"fields": {"a": "b"}, "content": {}, "seconds": 60}) == {"fields": {"a": "b"}}
    finally:
        signal.signal(signal.SIGALRM, before)


#: Answers its first message, and is killed when it reads the second, or any that says so.
KILLED_SOON = """
import os, signal, struct, sys
source, target = sys.stdin.buffer, sys.stdout.buffer
for number in range(2):
    message = source.read(struct.unpack(">Q", source.read(8))[0])
    if number or message == b"kill":
        os.kill(os.getpid(), signal.SIGKILL)
    target.write(struct.pack(">Q", 4) + b"fine")
    target.flush()
"""


def test_a_process_that_is_killed_while_it_is_asked_is_replaced_once():
    kept = KeptProcess("-c", KILLED_SOON)
    with ExitStack() as resources:
        resources.callback(kept.end)
        assert [kept.ask(b"fill in", 10) for _ in range(3)] == [b"fine"] * 3
        with pytest.raises(ChildEndedError):
            kept.ask(b"kill", 10)
        assert kept.pid is None


def test_a_process_that_ignores_signals_is_killed(monkeypatch):
    monkeypatch.setattr(renderer, "_GRACE", 0)
    impatient = renderer.Renderer(0.001)  # no time for the process to start
    with pytest.raises(renderer.FillingError, match="it takes longer than"):
        impatient.render({"body": ""}, {})
    impatient.close()


# What cannot be filled in


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("a\n\n#if($content.a)\nb", 3, "#if has no #end"),
        ("a\n#foreach($x in $content.a)\n#if($x)b#end", 2, "#foreach has no #end"),
        ("a\n#end\nb", 2, "#end closes nothing"),
        ("a\n${content.a\nb", 2, "expected }"),
        ('a\n\n#set($x = "one\n${content.a")', 3, "expected }"),
        ("a\n\n$content.a.substring(9)\nb", 3, "substring(9, 1)"),
        ('a\n#set($x = "\n\n$content.a.substring(9)")', 2, "substring(9, 1)"),
        ("a\n#set($x = [1])$x.get(7)", 2, "index out of range"),
        ("a\n$content.a.substring('b')", 2, "substring() does not take these arguments"),
        ("a\n$content.a.matches('(')", 2, "unterminated"),
    ],
)
def test_an_error_names_the_field_and_the_line(exh, source, line, reason):
    template = made(exh, "fine", schema={"a": {"type": "string"}}, fields={"subject": source})
    with pytest.raises(TemplateFillingError) as raised:
        exh.templates.resolve_as_json(template, content={"a": "x"})
    assert f"The field subject, line {line}, cannot be filled in: " in raised.value.body["message"]
    assert reason in raised.value.body["message"]


def test_an_error_in_an_included_field_names_that_field(exh):
    template = made(exh, "$content.subject", fields={"subject": "a\n${"})
    with pytest.raises(TemplateFillingError) as raised:
        exh.templates.resolve_as_json(template, content={})
    assert "The field subject, line 2" in raised.value.body["message"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ({"type": "string"}, 1),
        ({"type": "string"}, None),
        ({"type": "number"}, "1"),
        ({"type": "number"}, True),
        ({"type": "boolean"}, 1),
        ({"type": "object_id"}, "abc"),
        ({"type": "date"}, "tomorrow"),
        ({"type": "date"}, 1e300),
        ({"type": "array", "type_configuration": {"type": "string"}}, ["a", 1]),
        ({"type": "array", "items": {"type": "string"}}, "a"),
        ({"type": "object", "fields": {"b": {"type": "string"}}}, {}),
        ({"type": "object", "properties": {"b": {"type": "string"}}}, {"b": 1}),
        ({"type": "number", "options": [{"type": "min", "value": 1}]}, 0),
        ({"type": "number", "options": [{"min": 0}, {"max": 120}]}, 121),
        ({"type": "object", "options": [{"type": "max_bytes", "value": 10}]}, {"b": "more than ten"}),
    ],
)
def test_content_of_a_wrong_type_is_refused(exh, kind, value):
    template = made(exh, schema={"a": kind})
    with pytest.raises(TemplateFillingError) as raised:
        exh.templates.resolve_as_json(template, content={"a": value})
    assert " a" in raised.value.body["message"]


def test_declared_content_must_be_there(exh):
    template = made(exh, schema={"a": {"type": "string"}, "b": {"type": "string"}})
    with pytest.raises(TemplateFillingError) as raised:
        exh.templates.resolve_as_json(template, content={"a": "x"})
    assert raised.value.body["message"] == "The content has no b, which the template's schema declares"


def test_a_localization_that_is_not_there_is_named_with_its_line(exh):
    template = made(exh, "a\n{{greeting_nobody_wrote, x}}")
    with pytest.raises(LocalizationKeyMissingError) as raised:
        exh.templates.resolve_as_json(template, content={})
    assert "greeting_nobody_wrote" in raised.value.body["message"]
    assert "the field body has it in line 2" in raised.value.body["message"]


def test_what_is_not_there_is_unknown(exh):
    body = {name: value for name, value in ORDER.items() if name != "id"}
    for call in (
        lambda: exh.templates.update(MISSING, **body),
        lambda: exh.templates.remove(MISSING),
        lambda: exh.templates.resolve_as_json(MISSING, content={}),
        lambda: exh.templates.resolve_as_json_using_code(MISSING, "NL", content={}),
        lambda: exh.templates.resolve_as_pdf(MISSING, content={}),
        lambda: exh.templates.resolve_as_pdf_using_code(MISSING, "NL", content={}),
    ):
        with pytest.raises(ResourceUnknownError):
            call()
    assert exh.templates.find_by_id(MISSING) is None
    assert exh.templates.find_by_name("nothing") is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": None}, 14),
        ({"name": ""}, 15),
        ({"name": 1}, 15),
        ({"description": 1}, 15),
        ({"fields": None}, 14),
        ({"fields": []}, 15),
        ({"fields": {"a": 1}}, 15),
        ({"schema": []}, 15),
        ({"schema": {"type": "array"}}, 15),
        ({"schema": {"fields": []}}, 15),
        ({"schema": {"fields": {"a": "string"}}}, 15),
        ({"schema": {"fields": {"a": {"type": "integer"}}}}, 15),
        ({"schema": {"fields": {"a": {"type": "object", "fields": {"b": {}}}}}}, 15),
        ({"schema": {"fields": {"a": {"type": "array", "type_configuration": []}}}}, 15),
        ({"schema": {"fields": {"a": {"type": "number", "options": {"min": 1}}}}}, 15),
    ],
)
def test_an_invalid_template_is_refused(app, changes, code):
    answer = create(app, **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_anybody_resolves_a_template(app):
    template = create(app).json()
    content = {"customer": "Ann", "count": 1}
    assert resolve(app, template["id"], person(app), content=content).status_code == 200
    path = f"{BASE}/{template['id']}/resolve"
    assert app.send(None, "POST", path, json={"content": content}).status_code == 200


def test_a_template_is_reached_by_its_id_alone(app, refused):
    create(app)
    refused(resolve(app, "order-ready", content={}), *BAD_ID)
    refused(app.send(None, "POST", f"{BASE}/{MISSING}/resolve", json={"content": {}}), *UNKNOWN)


def test_a_request_to_resolve_is_checked(app, refused):
    template = create(app).json()["id"]
    refused(app.send(None, "POST", f"{BASE}/{template}/resolve"), 400, 13, "EMPTY_BODY_EXCEPTION")
    refused(resolve(app, template), 400, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION")
    for body in ({"content": []}, {"content": {}, "language": "Dutch"}, {"content": {}, "time_zone": "Mars"}):
        refused(resolve(app, template, **body), 400, 15, "FIELD_FORMAT_EXCEPTION")
    refused(resolve(app, template, path="resolve/Dutch", content={}), 400, 15, "FIELD_FORMAT_EXCEPTION")


# Templates that are kept


def test_a_template_is_created_found_changed_and_deleted(app):
    template = create(app, **{"$schema": "x"}).json()
    stamps = {"creation_timestamp": int(app.now * 1000), "update_timestamp": int(app.now * 1000)}
    assert template == {"id": template["id"], **ORDER, **stamps}
    other = create(app, name="other", description=None, schema=None).json()
    assert (other["schema"], "description" in other) == ({"type": "object"}, False)
    for query in (f"eq(id,{template['id']})", "eq(name,order%252Dready)", "eq(schema.fields.count.type,number)"):
        assert app.as_user("GET", f"{BASE}/?{query}").json()["data"] == [template]
    app.now += 1
    changed = app.as_user("PUT", f"{BASE}/{template['id']}", json={**ORDER, "fields": {"body": "x"}}).json()
    assert changed == {**template, "fields": {"body": "x"}, "update_timestamp": int(app.now * 1000)}
    assert app.as_user("DELETE", f"{BASE}/{template['id']}").json() == {"records_affected": 1}
    assert app.as_user("GET", BASE).json()["data"] == [other]


def test_the_typed_client_manages_templates(exh):
    template = exh.templates.create(**{**ORDER, "name": "managed"})
    assert exh.templates.find_by_name("managed") == exh.templates.find_by_id(template["id"]) == template
    changed = exh.templates.update(template["id"], **{**ORDER, "name": "renamed"})
    assert (changed["name"], exh.templates.find(rql.eq("name", "managed")).total) == ("renamed", 0)
    assert exh.templates.remove(template["id"]) == 1
    assert exh.templates.find_by_id(template["id"]) is None


# Velocity


def test_content_is_filled_in(exh):
    template = exh.templates.create(**ORDER)
    outputs = exh.templates.resolve_as_json(template["id"], content={"customer": "Ann <b>", "count": 3, "more": 1})
    assert outputs == {"subject": "Order of Ann <b>", "body": "<p>3 pieces</p>"}


CONTENT = {
    "name": "Ann", "none": "", "on": True, "off": False, "whole": 7, "half": 2.5,
    "list": [{"a": "x", "b": 1}, {"a": "y", "b": 2}], "texts": ["p", "q"],
    "object": {"k": "v", "n": 2},
}  # fmt: skip
SCHEMA = {
    "name": {"type": "string"},
    "none": {"type": "string"},
    "on": {"type": "boolean"},
    "off": {"type": "boolean"},
    "whole": {"type": "number"},
    "half": {"type": "number"},
    "list": {
        "type": "array",
        "type_configuration": {"type": "object", "fields": {"a": {"type": "string"}, "b": {"type": "number"}}},
    },
    "texts": {"type": "array", "type_configuration": {"type": "string"}},
    "object": {"type": "object", "fields": {"k": {"type": "string"}, "n": {"type": "number"}}},
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("$content.name, ${content.name}s $name.", "Ann, Anns Ann."),
        ("$content.gone $!content.gone| $other.x $!{other.x}|", "$content.gone | $other.x |"),
        ("$content.on $content.half $content.texts $content.object", "true 2.5 [p, q] {k=v, n=2}"),
        ("$5.00 #fff #header { } $(document) 100%", "$5.00 #fff #header { } $(document) 100%"),
        ("\\$content.name \\", "$content.name \\"),
        ("$content.name(s) #3(x) a@b.c", "Ann(s) #3(x) a@b.c"),
        ("#if($content.on)yes#else no#end", "yes"),
        ("#if($content.off)yes#{else}no#end", "no"),
        ("#if($content.gone)yes#elseif($content.whole > 6 && $content.name == 'Ann')other#end", "other"),
        ("#if($content.gone > 1 || !$content.on)yes#end", ""),
        ("#if($content.whole == '7')same#end#if($content.none == '')empty#end", "sameempty"),
        ("#foreach($i in $content.list)$foreach.count.$i.a$i.b#if($foreach.hasNext), #end#end", "1.x1, 2.y2"),
        ("#foreach($i in $content.list)$velocityCount#end", "12"),
        ("#foreach($v in $content.object)$v #end", "v 2 "),
        ("#foreach($e in $content.object.entrySet())$e.key=$e.getValue();#end", "k=v;n=2;"),
        ("#foreach($i in [1..9])#if($i == 3)#break#end$i#end!", "12!"),
        ("#foreach($i in $content.name)x#end#foreach($i in $content.gone)x#end", ""),
        ("$content.texts.size() $content.texts.get(1) $content.texts[0] $content.object['k']", "2 q p v"),
        ("$content.name.toUpperCase() $content.name.length() $content.name.substring(1, 2)", "ANN 3 n"),
        ("$content.name.replaceAll('(A)n', '$1x') $content.name.contains('nn')", "Axn true"),
        ("#set($x = $content.whole / 2)$x #set($y = $content.half * 2)$y #set($z = 'a' + 1)$z", "3 5.0 a1"),
        ("#set($x = 1 / 0)$x", "$x"),
        ("#set($text = \"<$content.name>\")$text#set($plain = '$content.name')$plain", "<Ann>$content.name"),
        ("#macro(row $a $b)<$a:$b>#end#row('x' $content.whole)", "<x:7>"),
        ("#define($block)[$content.name]#end$block$block", "[Ann][Ann]"),
        ("## nothing\na#* nor\nthis *#b", "ab"),
        ("a#stop b", "a"),
        ("#evaluate('$content.name')", "Ann"),
        ("$content.list[9][0]| #unknown(1) #foreach($i in [1..$content.half])$i#end|",
         "$content.list[9][0]| #unknown(1) |"),
    ],
)  # fmt: skip
def test_velocity_is_rendered(exh, source, text):
    assert body_of(exh, source, CONTENT, SCHEMA) == text


def test_a_field_includes_other_fields(exh):
    template = made(exh, "<title>$content.subject</title>$content.body", fields={"subject": "Hi $content.name"},
                    schema={"name": {"type": "string"}})  # fmt: skip
    assert exh.templates.resolve_as_json(template, content={"name": "Ann"}) == {
        "subject": "Hi Ann", "body": "<title>Hi Ann</title>$content.body",
    }  # fmt: skip


def test_dates_are_written_for_whom_they_are(exh):
    for at in (1_700_000_000_000, "2023-11-14T22:13:20.000Z"):
        template = made(exh, "$content.at", schema={"at": {"type": "date"}})
        asked = {"content": {"at": at}, "language": "NL", "time_zone": "Asia/Tokyo"}
        assert exh.templates.resolve_as_json(template, **asked)["body"] == "15 nov 2023, 07:13"
        brussels = exh.templates.resolve_as_json(template, content={"at": at}, language="NL", time_zone=None)
        assert brussels["body"] in {
            "14 nov 2023, 23:13",
            "14 nov 2023, 22:13",
        }  # the user's own time zone, if it has one


# Localizations


def test_localizations_take_arguments_and_the_language_that_is_asked_for(exh):
    texts = {"EN": "Dear $1, you are $2", "NL": "Beste $1, u bent $2"}
    exh.localizations.create(localizations=[{"key": "dear", "text": texts}, {"key": "bye", "text": {"EN": "Bye"}}])
    schema = {"name": {"type": "string"}, "age": {"type": "number"}}
    source = (
        "{{dear, $content.name,$content.age}}. {{ bye }} {{$content.name}} #foreach($i in [1..2]){{dear,$i,x}}; #end"
    )
    template, content = made(exh, source, schema=schema), {"name": "Ann", "age": 50}
    dutch = "Beste Ann, u bent 50. Bye Ann Beste 1, u bent x; Beste 2, u bent x; "
    assert exh.templates.resolve_as_json(template, content=content, language="NL") == {"body": dutch}
    assert exh.templates.resolve_as_json_using_code(template, "NL", content=content, language="EN") == {"body": dutch}
    english = exh.templates.resolve_as_json(template, content=content, language="FR")["body"]
    assert english.startswith("Dear Ann, you are 50. Bye")
    assert body_of(exh, "{{d$content.rest, 1, 2}}", {"rest": "ear"}) == "Dear 1, you are 2"


def test_braces_in_content_are_text(exh):
    assert body_of(exh, "<$content.a>", {"a": "{{nobody_wrote_this}}"}) == "<{{nobody_wrote_this}}>"


def test_the_language_is_the_users(app):
    texts = {"key": "hello", "text": {"EN": "Hello", "NL": "Dag"}}
    app.as_user("POST", "/localizations/v1", json={"localizations": [texts]})
    template = create(app, schema={}, fields={"body": "{{hello}}"}).json()["id"]
    token = person(app)
    user = app.store.get("users", token["userId"])
    app.store.put("users", {**user, "language": "NL"})
    assert resolve(app, template, token, content={}).json() == {"body": "Dag"}
    assert resolve(app, template, content={}).json() == {"body": "Hello"}
    assert app.send(None, "POST", f"{BASE}/{template}/resolve", json={"content": {}}).json() == {"body": "Hello"}


# The kinds of templates that the vendor's public projects have


def test_a_report_takes_a_document_as_its_content(exh):
    schema = {"fileToken": {"type": "string"}, "remarks": {"type": "string"}}
    source = '<img src="https://api.example.com/files/v1/$content.fileToken/file">\n<p>\n  $content.remarks\n</p>'
    template = made(exh, source, schema=schema, fields={"filename": "report"})
    data = {"fileToken": "abc-1", "remarks": "none", "category": "normal", "signal": [1, 2]}
    outputs = exh.templates.resolve_as_json(template, content=data)
    assert outputs["filename"] == "report"
    assert outputs["body"] == '<img src="https://api.example.com/files/v1/abc-1/file">\n<p>\n  none\n</p>'


def test_a_title_may_be_the_subject_that_is_a_field_and_is_declared_as_well(exh):
    schema = {"name": {"type": "string"}, "subject": {"type": "string"}}
    body = "<title>{{ $content.subject }}</title><h2>$content.name, look after yourself</h2>"
    template = made(exh, body, schema=schema, fields={"subject": "$content.name, take care! "})
    mail = exh.mails.send(template_id=template, recipients={"to": ["ann@example.com"]}, content={"name": "Ann"})
    assert mail["subject"] == "Ann, take care! "
    assert mail["body"] == "<title>Ann, take care!</title><h2>Ann, look after yourself</h2>"


# Mails


def test_a_mail_names_a_template_by_its_id_and_tracks_it(exh):
    schema = {"heartRate": {"type": "number"}, "tracking_hash": {"type": "string"}}
    template = made(exh, "<b>$content.heartRate BPM</b>/mail/v1/$content.tracking_hash/open", schema=schema,
                    fields={"subject": "Alert"})  # fmt: skip
    mail = exh.mails.send(template_id=template, recipients={"to": ["a@example.com"]}, content={"heartRate": 130})
    assert (mail["subject"], mail["template_id"]) == ("Alert", template)
    tracking_hash = mail["body"].split("/")[-2]
    assert exh.mails.track(tracking_hash) == 1


def test_a_mail_by_a_template_that_cannot_be_filled_in_is_refused(exh):
    to = {"to": ["a@example.com"]}
    broken = made(exh, "a\n${", fields={"subject": "s"})
    with pytest.raises(TemplateFillingError, match="line 2"):
        exh.mails.send(template_id=broken, recipients=to, content={})
    with pytest.raises(IllegalArgumentError):
        exh.mails.send(template_id=made(exh, "no subject"), recipients=to, content={})
    exh.templates.create(**{**ORDER, "name": "of-the-first-version"})
    with pytest.raises(ResourceUnknownError, match="by its id"):
        exh.mails.send(template_name="of-the-first-version", recipients=to, content={})


# PDFs


@pytest.fixture
def pdf_app(tmp_path):
    with local_app(folder=tmp_path) as app:
        yield app


def test_a_template_without_a_body_is_no_pdf(exh):
    template = exh.templates.create(**{**ORDER, "fields": {"subject": "x"}, "schema": {"type": "object"}})
    with pytest.raises(IllegalArgumentError, match="body"):
        exh.templates.resolve_as_pdf(template["id"], content={})


@pytest.mark.slow
def test_without_weasyprint_the_answer_names_what_to_install(app, refused, monkeypatch):
    program = PROGRAM.replace("from weasyprint import", "from weasyprint.no import")
    monkeypatch.setattr(pdf_renderer, "renderer", pdf_renderer.Renderer(program))
    template = create(app, schema={}).json()["id"]
    body = refused(resolve(app, template, path="pdf", content={}), 503, 4, "SERVICE_UNREACHABLE_EXCEPTION")
    assert body["message"].startswith(how_to_install("html-to-pdf", "pdf"))


@pytest.mark.slow
def test_a_template_becomes_a_pdf(exh):
    pypdf = pytest.importorskip("pypdf")
    exh.localizations.create(localizations=[{"key": "rate", "text": {"EN": "Rate $1", "NL": "Tempo $1"}}])
    template = made(exh, "<h1>{{rate,$content.rate}}</h1>", schema={"rate": {"type": "number"}})
    for text, pdf in (
        ("Rate 61", exh.templates.resolve_as_pdf(template, content={"rate": 61}, language="EN")),
        ("Tempo 61", exh.templates.resolve_as_pdf_using_code(template, "NL", content={"rate": 61})),
    ):
        assert pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text().strip() == text
