"""The surroundings of somebody who has just come: an empty home, and of the machine only how packages are fetched."""

import os
import re
from pathlib import Path

#: What a fresh machine needs to install packages where its network is a special one; nothing else is passed on.
KEPT = re.compile(r"PATH|LANG|(PIP_|SSL_|REQUESTS_|UV_).*|.*_PROXY|.*_proxy")
#: Packages that one test has fetched are there for the next.
_CACHE = Path(__file__).parents[1] / ".exh-dev" / "uv-cache"


def surroundings(home):
    """The variables of somebody who has told git a name and has nothing else."""
    home.mkdir(exist_ok=True)
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    return {"UV_CACHE_DIR": str(_CACHE)} | kept | {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
