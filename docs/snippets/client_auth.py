from collections.abc import Callable

from extrahorizon.client import ExtraHorizon
from extrahorizon.query import rql


def new_key(exh: ExtraHorizon, application: str, version: str, keep: Callable[[str, str], object]) -> str:
    """Add a version to an application and hand its key and secret to `keep`; they are never printed or returned."""
    found = exh.auth.applications.find_by_name(application)
    if found is None:
        raise LookupError("there is no application with this name")
    made = exh.auth.applications.create_version(found["id"], name=version)
    keep(made.get("consumerKey", ""), made.get("consumerSecret", ""))
    return made["id"]


def end_logins(exh: ExtraHorizon, user_id: str) -> int:
    """A phone was lost: end every OAuth1 login of its owner. All are listed before the first is removed."""
    tokens = list(exh.auth.oauth1.tokens.find_all(rql.eq("userId", user_id)))
    return sum(exh.auth.oauth1.tokens.remove(token["id"]) for token in tokens)
