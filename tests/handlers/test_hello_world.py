import json

import pytest

from handlers.hello_world import greet, handler


def test_the_sample_event_is_greeted_without_any_credentials(project_root):
    event = json.loads((project_root / "events" / "hello-world.json").read_text())
    assert handler(event, None) == {"greeting": "Hello, Extra Horizon!"}


@pytest.mark.parametrize(("name", "greeting"), [("Ada", "Hello, Ada!"), (None, "Hello, world!"), ("", "Hello, world!")])
def test_greet(name, greeting):
    assert greet(name) == greeting
