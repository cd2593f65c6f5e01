import os

from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import MfaRequiredError
from extrahorizon.login import OAuth1Application

host = os.environ["API_HOST"]
consumer_key, consumer_secret = os.environ["API_OAUTH_CONSUMER_KEY"], os.environ["API_OAUTH_CONSUMER_SECRET"]
application = OAuth1Application(host, consumer_key, consumer_secret)
try:
    credentials = application.log_in(os.environ["EMAIL"], os.environ["PASSWORD"])
except MfaRequiredError as error:
    mfa = error.mfa
    credentials = application.confirm_mfa(mfa["token"], mfa["methods"][0]["id"], input("Code: "))
print(ExtraHorizon(credentials).users.me()["id"])
