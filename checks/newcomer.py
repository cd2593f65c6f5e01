"""The environment of a new user: an empty home, and only the machine's package index settings."""

import os
import re
from pathlib import Path

#: What a fresh machine needs to install packages where its network is a special one; nothing else is passed on.
KEPT = re.compile(r"PATH|LANG|(PIP_|SSL_|REQUESTS_|UV_).*|.*_PROXY|.*_proxy")
#: Packages that one test has fetched are there for the next.
_CACHE = Path(__file__).parents[1] / ".exh-dev" / "uv-cache"


def surroundings(home):
    """Return the environment of a user who has configured only a git name."""
    home.mkdir(exist_ok=True)
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    return {"UV_CACHE_DIR": str(_CACHE)} | kept | {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
