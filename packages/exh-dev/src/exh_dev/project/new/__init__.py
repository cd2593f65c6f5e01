"""`exh-dev new`: a function that works from the start, in four files.

Each kind has a folder with what its handler, its test and its entry in `template.yaml` look like; `{name}`, `{module}`
and `{logical_id}` stand for the three spellings of the name, `{interval}` for the seconds between two runs.
"""
