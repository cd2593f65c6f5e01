"""The logic of a function, tested with a client that calls nothing."""

import pytest
from exh_dev.testing import handle, task_event

from handlers.hello_world import handler


@pytest.mark.parametrize(("name", "greeting"), [("Ada", "Hello, Ada!"), (None, "Hello, world!"), ("", "Hello, world!")])
def test_it_greets_by_name(fake_exh, name, greeting):
    assert handle(handler, task_event({"name": name}), fake_exh) == {"greeting": greeting}
    assert fake_exh.calls == []
