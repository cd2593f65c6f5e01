"""What the log service sends."""

from typing import TypedDict


class AccessLog(TypedDict, total=False):
    """A call that was made; `duration` is in seconds. Personal data: never log it, never return it whole."""

    timestamp: str
    httpStatus: int
    duration: float
    applicationId: str
    userId: str
    userAddress: str
    host: str
    request: str
    responseBodySize: int
    userAgent: str
