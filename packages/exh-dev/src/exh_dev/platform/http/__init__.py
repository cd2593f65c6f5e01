"""HTTP as all services share it: routing, the gateway, signatures, permissions, request bodies and error answers.

Listening on a port is the part of `exh_dev.serve`; a service's endpoints are in its own package.
"""
