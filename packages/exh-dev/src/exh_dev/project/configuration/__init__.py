"""A project's configuration in the official CLI's files.

Schemas, templates, localizations, dispatchers, service settings. This package reads and checks it; `exh-dev check`
reports problems, and the local platform loads it.
"""
