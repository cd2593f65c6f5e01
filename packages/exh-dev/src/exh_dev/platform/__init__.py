"""The local Extra Horizon platform: a package for each service, and what all services share.

It has no server and no project: `exh_dev.serve` puts these parts together and listens on a port.
"""
