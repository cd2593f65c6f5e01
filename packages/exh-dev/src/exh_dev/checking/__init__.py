"""What is wrong with a project, found without running its code: what `build`, `serve`, `invoke` or `exh sync` would
stumble over. Each of these commands, and `exh-dev check`, tells these findings and no others of its own.

gate.findings(project)   all of them; a module for each subject finds its own
"""
