from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import NotFoundError, PlatformUnreachableError

exh = ExtraHorizon()
try:
    exh.session.call("POST", "/tasks/v2/", json={"functionName": "whoami"})
except NotFoundError as error:
    print(error.status, error.code, error.name, error.attempts)
except PlatformUnreachableError as error:
    print("was it done?", "perhaps" if error.sent else "no")
