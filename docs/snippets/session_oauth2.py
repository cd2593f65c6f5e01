import os

from extrahorizon.client import ExtraHorizon
from extrahorizon.login import OAuth2Authentication

authentication = OAuth2Authentication(
    os.environ["API_HOST"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"], on_tokens=print
)
authentication.log_in(os.environ["EMAIL"], os.environ["PASSWORD"])
print(ExtraHorizon(authentication).users.me()["id"])
