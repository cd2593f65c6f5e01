"""The composition of the local platform: application, server, data directory, hot reload, execution of cases.

Platform, runtime and project are put together here and nowhere else; of the other rooms, only the command line and the
test helpers import this one.
"""
