"""Interactive logins, for tools and tests; functions use ready-made OAuth1 tokens and never load this package.

OAuth1 logins give `Credentials`, which never expire. OAuth2 logins give an `OAuth2Authentication`, which refreshes
itself. `ExtraHorizon(...)` takes both, and an `OAuth1Application` without a login; `exh.auth.authenticate`
then logs in through this package.
"""

from extrahorizon.login.oauth1 import OAuth1Application, generate_sso_token
from extrahorizon.login.oauth2 import EARLY, OAuth2Authentication, Tokens, pkce
from extrahorizon.login.proxy import ProxyAuthentication

__all__ = [
    "EARLY",
    "OAuth1Application",
    "OAuth2Authentication",
    "ProxyAuthentication",
    "Tokens",
    "generate_sso_token",
    "pkce",
]
