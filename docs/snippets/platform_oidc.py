import os

from exh_dev.testing import oidc_code, oidc_provider
from extrahorizon.client import ExtraHorizon
from extrahorizon.login import OAuth2Authentication

host = os.environ["API_HOST"]
exh = ExtraHorizon()
provider = exh.auth.oidc.providers.create(**oidc_provider(host, redirect_uri="http://localhost:3000/callback"))
exh.auth.oidc.providers.enable(provider["id"])

app = ExtraHorizon(OAuth2Authentication(host, os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]))
url = app.auth.generate_oidc_authentication_url("local", state="made-up")["authenticationUrl"]
code = oidc_code(url, email="ada@example.com", first_name="Ada")  # what a user does at `url`, in a browser
app.auth.authenticate_with_oidc("local", authorization_code=code)
me = app.users.me()
print(me["first_name"], me["email"])
