"""The local control center: a page on the platform's port, and its JSON API below `/_dev/api`.

context    the data sources of the page: the platform's parts and the served project
page       the page, its scripts and styles, and their security headers
runs, calls, replays, functions, mails, records, live, as_first_user
           the endpoints
wanted_runs
           the filters of runs
openapi    their description
"""
