"""requests and `OAuth1Session` without what they bring along and nothing here uses: a tenth of a cold start.

- charset_normalizer guesses the encoding of a text that does not name it. The platform's answers do; without the
  guesser, `response.text` reads such a text as UTF-8.
- `requests_oauthlib` imports OAuth2 and OpenID Connect beside OAuth1.

Whoever else wants one of these can still import it.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from requests_oauthlib import OAuth1Session


def _import_requests() -> None:
    if "requests" in sys.modules or "charset_normalizer" in sys.modules:
        return
    sys.modules["charset_normalizer"] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # requests says that it cannot guess
            import_module("requests")
    finally:
        del sys.modules["charset_normalizer"]


def _oauth1_session() -> Any:
    name = "requests_oauthlib"
    spec = find_spec(name)
    if spec is None or name in sys.modules:
        return import_module(name).OAuth1Session
    package: Any = module_from_spec(spec)  # not executed: only the place where its modules are
    sys.modules[name] = package
    try:
        package.OAuth1 = import_module(f"{name}.oauth1_auth").OAuth1
        return import_module(f"{name}.oauth1_session").OAuth1Session
    finally:
        del sys.modules[name]


_import_requests()
if not TYPE_CHECKING:
    OAuth1Session = _oauth1_session()

__all__ = ["OAuth1Session"]
