"""A project's own configuration, in the files that the official CLI reads: schemas, templates, localizations,
dispatchers and service settings. Read and checked here; `exh-dev check` tells what is wrong, and the local platform is
set up by it.
"""
