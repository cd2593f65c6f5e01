"""Others are served while a template of version 2 is rendered."""

import threading

import pytest

from exh_dev.platform.templates import handlebars
from exh_dev.remote.client import client_of
from extrahorizon.errors import TemplateResolvingError

SLOW = "{{#each @inputs.a}}{{#each @inputs.a}}{{length (join @inputs.a)}}{{/each}}{{/each}}"


@pytest.fixture
def exh(platform):
    return client_of(platform.environment())


def by_hand(exh):
    exh.templates_v2.resolve("slow", inputs={"a": list(range(2000))})


def by_mail(exh):
    exh.mails.send(template_name="slow", recipients={"to": ["a@example.com"]}, content={"a": list(range(2000))})


@pytest.mark.slow
@pytest.mark.parametrize("render", [by_hand, by_mail])
def test_others_are_served_while_a_template_takes_its_time(platform, exh, monkeypatch, render):
    monkeypatch.setattr(handlebars, "_LONGEST", 1)
    listed = {"a": {"type": "array", "items": {"type": "number"}}}
    exh.templates_v2.create(name="slow", inputs=listed, outputs={"subject": "s", "body": SLOW})
    errors = []

    def wait():
        with pytest.raises(TemplateResolvingError) as told:
            render(client_of(platform.environment()))
        errors.append(told.value)

    waiting = threading.Thread(target=wait)
    waiting.start()
    answered = 0
    while waiting.is_alive():
        assert exh.users.me()["id"]
        answered += 1
    waiting.join()
    assert len(errors) == 1
    assert answered > 10


def test_texts_are_looked_up_in_the_language_that_is_asked_for(exh):
    exh.localizations.create(localizations=[{"key": "hello", "text": {"EN": "Hello", "NL": "Hallo"}}])
    exh.templates_v2.create(name="greeting", outputs={"body": "{{t 'hello'}} {{t 'hello'}} {{t 'unknown'}}|"})
    assert exh.templates_v2.resolve("greeting", language="NL")["body"].startswith("Hallo Hallo ")
    assert exh.templates_v2.resolve("greeting")["body"].startswith("Hello Hello ")
