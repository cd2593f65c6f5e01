"""A local SideFX: the documented Web API functions over a small made-up catalogue, with fault injection.

The client that functions use is `extrahorizon.sidefx`.
"""

from exh_dev.sidefx.app import routes, standalone_app
from exh_dev.sidefx.state import Call, LocalSideFX

__all__ = ["Call", "LocalSideFX", "routes", "standalone_app"]
