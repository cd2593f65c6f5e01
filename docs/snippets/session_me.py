from extrahorizon.client import ExtraHorizon

exh = ExtraHorizon()
print(exh.users.me()["id"])
answer = exh.session.get("/users/v1/me?select(id,email)")
print(answer.status_code, answer.json()["id"])
