"""Errors of SideFX.

SideFXError
├── AuthorizationError    no access token was given for the client id and secret
├── APIError              a call was refused, or its answer cannot be used
└── DownloadError         a file is not the one that was announced

The names, and `http_code`, are those of SideFX's own client; there they derive from `Exception`.
"""

from __future__ import annotations

from extrahorizon.errors import ExtraHorizonError


class SideFXError(ExtraHorizonError):
    """Base of what SideFX answers instead of a result."""


class _RefusedError(SideFXError):
    def __init__(self, http_code: int, message: str) -> None:
        """Say what SideFX said with this HTTP status."""
        super().__init__(message)
        self.http_code = http_code


class AuthorizationError(_RefusedError):
    """The token request was refused: `args[0]` is `"<status>: <text>"`.

    Attributes:
        http_code: HTTP status; 401 and 403 both mean that id or secret is wrong.
    """


class APIError(_RefusedError):
    """A call was refused, or failed: `args[0]` is SideFX's text, or the traceback of the failed function.

    Attributes:
        http_code: HTTP status; 200 when the answer cannot be read as a result.
    """

    def __str__(self) -> str:
        """Return the status and the message."""
        return f"{self.http_code} {self.args[0]}"


class DownloadError(SideFXError):
    """A downloaded file has not the size or the MD5 that SideFX announced, or was announced in an unusable way."""
