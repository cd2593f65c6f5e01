from extrahorizon import ExtraHorizon
from extrahorizon.transport.over_requests import RequestsTransport

with ExtraHorizon(transport=RequestsTransport()) as exh:
    print(exh.users.me()["id"])
