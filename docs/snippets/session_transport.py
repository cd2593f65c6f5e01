from extrahorizon import ExtraHorizon
from extrahorizon.transport.over_http_client import HttpClientTransport

with ExtraHorizon(transport=HttpClientTransport()) as exh:
    print(exh.users.me()["id"])
