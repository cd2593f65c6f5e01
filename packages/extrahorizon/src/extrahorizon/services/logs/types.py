"""Answer types of the log service."""

from typing import Required, TypedDict


class AccessLog(TypedDict, total=False):
    """A logged call; `duration` is in seconds. Personal data: never log it, never return all of it."""

    timestamp: Required[str]
    httpStatus: Required[int]
    duration: Required[float]
    applicationId: str
    userId: Required[str]
    userAddress: Required[str]
    host: Required[str]
    request: Required[str]
    responseBodySize: Required[int]
    userAgent: Required[str]
