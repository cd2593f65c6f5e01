"""The local control center: a page on the platform's own port, and the JSON below `/_dev/api` that it is made from.

context    what the page works with: the platform's parts, and the project that is served
page       the page itself, its scripts and styles, and what a browser may do with them
runs, calls, replays, functions, mails, records, live, as_first_user
           the endpoints
wanted_runs
           what runs are filtered by
openapi    their description
"""
