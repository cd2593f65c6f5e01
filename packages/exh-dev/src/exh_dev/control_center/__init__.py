"""The control center: a web page on the platform's port, and its JSON API below `/_dev/api`.

It reads the platform's storage and the served project, through one `Context`. Its records (calls, runs, refused
calls) are in `exh_dev.platform`.
"""
