from extrahorizon import ExtraHorizon

exh = ExtraHorizon()
session = exh.oauth1_session()
print(session.get(f"{exh.host}/users/v1/me").json()["id"])
