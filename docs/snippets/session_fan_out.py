from extrahorizon.client import ExtraHorizon

exh = ExtraHorizon()
answers = exh.fan_out(lambda number: exh.session.get(f"/users/v1/health?number={number}"), range(20), workers=8)
print(sum(answer.status_code == 200 for answer in answers))
