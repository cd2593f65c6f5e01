"""What `whoami` is held against: the shortest handler that does the same, with `OAuth1Session` and nothing else.

No logging, no retries, no typed errors, no deadline.
"""

import os

from requests_oauthlib import OAuth1Session

session = OAuth1Session(
    os.environ["API_OAUTH_CONSUMER_KEY"],
    os.environ["API_OAUTH_CONSUMER_SECRET"],
    os.environ["API_OAUTH_TOKEN"],
    os.environ["API_OAUTH_TOKEN_SECRET"],
)


def handler(event: object, context: object) -> dict[str, str]:  # noqa: ARG001 - Lambda passes it
    response = session.get(os.environ["API_HOST"] + "/users/v1/me")
    response.raise_for_status()
    return {"user_id": response.json()["id"]}
