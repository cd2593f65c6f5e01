"""The OpenAPI description of `/_dev/api`."""

from __future__ import annotations

from typing import Any

import extrahorizon
from exh_dev.control_center.openapi import data_paths, paths
from exh_dev.control_center.openapi.schemas import SCHEMAS


def description() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The local control center",
            "version": extrahorizon.__version__,
            "description": "What the page at /_dev/ shows, for programs. It answers this machine alone, and needs no "
            "credentials. Names are in snake_case; what the platform itself stores is in its own.",
        },
        "paths": {**paths.paths(), **data_paths.paths()},
        "components": {"schemas": SCHEMAS},
    }
