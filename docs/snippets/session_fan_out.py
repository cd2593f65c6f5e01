from extrahorizon.client import ExtraHorizon

exh = ExtraHorizon()
answers = exh.fan_out(lambda number: exh.session.get(f"/users/v1/health?number={number}"), range(20), workers=8)
print({answer.status_code for answer in answers})
