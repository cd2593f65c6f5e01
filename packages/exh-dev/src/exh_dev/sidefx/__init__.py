"""A local SideFX: the documented functions of its Web API over a small made-up catalogue, with failures on demand."""

from exh_dev.sidefx.app import routes, standalone_app
from exh_dev.sidefx.state import Call, LocalSideFX

__all__ = ["Call", "LocalSideFX", "routes", "standalone_app"]
