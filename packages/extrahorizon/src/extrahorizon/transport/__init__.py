"""How requests reach the platform: the protocol that the session speaks through, and what implements it.

`extrahorizon.transport.protocol` says what a transport is, `extrahorizon.transport.default` which one a client has.
Signing, retries and typed errors of the platform lie above it, in `extrahorizon.session`.
"""

from extrahorizon.transport.protocol import Headers, Request, RequestInfo, Response, ResponseInfo, Transport

__all__ = ["Headers", "Request", "RequestInfo", "Response", "ResponseInfo", "Transport"]
