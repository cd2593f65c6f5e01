"""Commands on a platform that is running, local or real: one call, tasks, logs, schedules, activity.

Which credentials are used, and the confirmation before a real cluster is changed, are decided here. The client itself
is `extrahorizon`.
"""
