"""Transports: how one signed request travels to the platform and its response comes back.

The `Transport` protocol, the transport over sockets and the one over requests are here. Signing, retries and the
typed errors for the platform's answers are in the layer above, `extrahorizon.session`.
"""

from extrahorizon.transport.protocol import Headers, Request, RequestInfo, Response, ResponseInfo, Transport

__all__ = ["Headers", "Request", "RequestInfo", "Response", "ResponseInfo", "Transport"]
