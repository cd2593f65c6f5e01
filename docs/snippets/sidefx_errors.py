from extrahorizon.errors import PlatformUnreachableError
from extrahorizon.sidefx import APIError, AuthorizationError, service

sidefx = service()
try:
    entries = sidefx.changelog.get_latest_changelog_entries("20.5")
except AuthorizationError as error:
    print("SideFX does not know this client id and secret:", error)
except APIError as error:
    print("SideFX refused the call, HTTP", error.http_code, error.args[0])
except PlatformUnreachableError as error:
    print("SideFX did not answer:", error.reason)
else:
    print(len(entries), "changes in a week")
