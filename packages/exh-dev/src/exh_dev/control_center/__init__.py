"""The control center: a web page on the platform's port, and its JSON API below `/_dev/api`.

It reads the platform's storage and the served project, through one `Context`. What is recorded for it (calls, runs,
refused calls) is in `exh_dev.platform`.
"""
