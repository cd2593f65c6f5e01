"""Mail a clinic's staff the measurements of the day before as a PDF with a chart.

A task starts it, or a schedule that `schedule-many` makes for each clinic. `due_days.py` has the days that a run
reports, `day.py` the hours of a day in its time zone, `chart.py` the chart, `reporting.py` the report and its mails.
"""

from __future__ import annotations

from typing import Any

from handlers.daily_report.day import time_zone
from handlers.daily_report.due_days import due_days, named_day
from handlers.daily_report.reporting import Clinic, report
from shared.session import ExtraHorizon, Task, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    zone = time_zone(task.text("timeZone"))
    language = task.text("language") if "language" in task.data else "EN"
    clinic = Clinic(task.text("clinic"), zone, language)
    if "date" in task.data:
        days = [named_day(task.text("date"), zone)]
    else:
        days = due_days(exh, clinic, task.raw.get("startTimestamp") or task.raw.get("creationTimestamp"))
    reports = [report(exh, clinic, day, task.first_id or "") for day in days]
    made, mailed = (sum(int(each[name]) for each in reports) for name in ("made", "mailed"))
    return {"days": [day.isoformat() for day in days], "made": made, "mailed": mailed}
