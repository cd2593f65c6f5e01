"""Caps the loggers of libraries that print secrets or personal data; importing it is enough.

Lambda's runtime lowers the root logger, and a root level must not open them.
"""

from __future__ import annotations

import logging

#: Loggers that leak data, with the minimum level allowed. At DEBUG, `requests_oauthlib` and `oauthlib` print the
#: Authorization header, and `botocore` the bodies of Secrets Manager; at INFO, `botocore` logs the source of its
#: credentials each time. `urllib3` logs URLs with their query even at WARNING: RQL values are personal data, and the
#: query of a SideFX download is a signature.
_LEAST = {
    "requests_oauthlib": logging.INFO,
    "oauthlib": logging.INFO,
    "urllib3": logging.ERROR,
    "boto3": logging.WARNING,
    "botocore": logging.WARNING,
}

for _name, _level in _LEAST.items():
    _logger = logging.getLogger(_name)
    _logger.setLevel(max(_logger.level, _level))  # a level of its own, so that the root's no longer counts
