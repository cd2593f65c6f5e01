"""A platform that has ended leaves nothing in memory: a suite of a thousand tests may make one for each."""

import gc
import weakref

from local_app import LocalApp

from exh_dev.platform.storage.store import Store


def test_a_platform_that_has_ended_is_gone():
    store = Store()
    app = LocalApp(store)
    assert app.as_user("POST", "/tasks/v1/", json={"functionName": "x"}).status_code < 500
    app.close()
    store.close()
    seen = weakref.ref(store)
    del app, store
    gc.collect()
    assert seen() is None
