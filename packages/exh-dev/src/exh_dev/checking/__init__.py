"""Static checks of a project: problems that would fail `build`, `serve`, `invoke` or `exh sync`.

These commands and `exh-dev check` report the same findings. There is a module for each subject; `gate` collects the
findings of all. Parsers of the files are in `exh_dev.project`.
"""
