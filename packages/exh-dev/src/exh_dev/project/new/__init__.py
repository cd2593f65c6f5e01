"""`exh-dev new`: create a working function in four files.

Each kind has a folder of templates for its handler, test and entry in `template.yaml`. `{name}`, `{module}` and
`{logical_id}` are the three spellings of the name, `{interval}` the seconds between two runs.
"""
