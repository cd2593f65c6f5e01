"""`exh-dev build`: the zip file of each function, reproducible and complete.

Target runtime, locks and wheels, the selection of files, the secret scan, sizes, the bill of materials and the official
CLI's `task-config.json` are here. The manifest that a build starts from is read in `exh_dev.project`.
"""
