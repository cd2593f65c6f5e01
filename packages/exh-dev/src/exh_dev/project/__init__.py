"""The developer's project on disk: the manifest, function specifications, configuration files and `.env`.

Commands that change a project (`init`, `new`, `rename`, `remove`, `upgrade`) do it here. Checks are in
`exh_dev.checking`; nothing here runs a function.
"""
