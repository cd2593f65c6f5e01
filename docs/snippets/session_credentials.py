import os

from extrahorizon import ExtraHorizon

with ExtraHorizon(
    host=os.environ["API_HOST"],
    consumer_key=os.environ["API_OAUTH_CONSUMER_KEY"],
    consumer_secret=os.environ["API_OAUTH_CONSUMER_SECRET"],
    token=os.environ["API_OAUTH_TOKEN"],
    token_secret=os.environ["API_OAUTH_TOKEN_SECRET"],
) as exh:
    print(exh.users.me()["id"])
