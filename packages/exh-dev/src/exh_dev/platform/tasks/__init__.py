"""The task service: functions, the tasks that run them, schedules, direct execution and API functions."""
