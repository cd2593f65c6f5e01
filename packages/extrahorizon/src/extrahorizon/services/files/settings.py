"""Settings of the file service: how it hands out files."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Resource
from extrahorizon.services.files import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.files.types import FileServiceSettings, FileServiceSettingsUpdate


class Settings(Resource):
    """`exh.files.settings`."""

    def get(self) -> FileServiceSettings:
        """Return the settings. Needs `VIEW_FILE_SERVICE_SETTINGS`."""
        return cast("FileServiceSettings", self._object("GET", f"{BASE}/settings"))

    def update(self, **body: Unpack[FileServiceSettingsUpdate]) -> int:
        """Change the settings. Needs `UPDATE_FILE_SERVICE_SETTINGS`.

        Args:
            body: `disableForceDownloadForMimeTypes`, the content types that a browser may show instead of saving them;
                `*/*` is all of them.
        """
        return self._affected("PUT", f"{BASE}/settings", json=self._body("FileServiceSettingsUpdate", body))
