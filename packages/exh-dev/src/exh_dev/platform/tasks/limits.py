"""Limits on the content of tasks."""

MOST_DATA = 250 * 1024
"""Bytes of a task's data as JSON."""
