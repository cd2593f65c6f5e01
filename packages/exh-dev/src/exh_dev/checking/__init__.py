"""Static checks of a project: a module for each subject, which `gate.py` lists.

Problems that would fail `build`, `serve`, `invoke` or `exh sync`. These commands and `exh-dev check` all report the
same findings.

gate.findings(project)   all findings; there is one module for each subject
"""
