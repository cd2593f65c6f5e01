from extrahorizon import ExtraHorizon

exh = ExtraHorizon()
patient = exh.with_options(timeout=120, headers={"X-Reason": "nightly report"})
print(patient.users.me()["id"])
